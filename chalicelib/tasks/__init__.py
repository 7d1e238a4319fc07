"""Tasks and their threads, between people and agents."""
