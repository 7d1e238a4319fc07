"""Sending to push services: encrypted for the browser (RFC 8291), signed by this server (RFC 8292), over HTTPS."""
