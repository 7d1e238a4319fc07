"""The people of a workspace: who belongs to it, and who is invited."""
