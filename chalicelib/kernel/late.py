"""What only some requests need, and so is imported where it is needed: too slow to be paid at every start.

Where there is time before the first request (a program that starts, a snapshot that is taken), it is loaded ahead.
"""

from __future__ import annotations

import importlib

LATE = {
    "api": ("jose.jwt", "jose.backends", "mcp_types.methods", "tree_sitter_bash"),
    "stream": ("tree_sitter_bash",),
    "notify": ("jose.jwt", "jose.backends", "http_ece"),
    "maintenance": (),
}


def load(function: str) -> None:
    """Load what `function` needs late; "" stands for all of them."""
    for name, modules in LATE.items():
        if function in {"", name}:
            for module in modules:
                importlib.import_module(module)
