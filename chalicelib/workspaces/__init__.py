"""Workspaces: one per project, walled off from every other."""
