"""What every feature stands on: scopes, storage, units of work, events, errors, ids, HTTP, MCP and GRIP.

The kernel imports no feature. Features register their routes, tools and listeners with it.
"""
