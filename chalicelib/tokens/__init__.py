"""MCP tokens: how agents enter a workspace, and how they are shut out."""
