"""What happens to a call between the agent's message and the reply."""
