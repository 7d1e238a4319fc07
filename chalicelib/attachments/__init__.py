"""Files that belong to tasks and messages."""
