"""Making tasks from a snapshot, and proving them sound. So far: the audit."""
