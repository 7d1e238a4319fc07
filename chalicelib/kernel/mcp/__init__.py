"""MCP without a socket: one request in, one answer out, on two URLs for the two generations of the protocol.

registry    what features offer: tools, resources, notifications they understand
messages    JSON-RPC in and out; the wire types are those of `mcp_types`, loaded when first needed
calls       calling a tool, and holding a call that waits for a person
sessions    the session id, a signed value
era_session    `/mcp/{ws}`: initialize, the server's stream, push
era_stateless  `/mcp/{ws}/stateless`: server/discover, subscriptions/listen
"""
