"""Making tasks from the recorded calls of a snapshot, and auditing them."""
