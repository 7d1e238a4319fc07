"""HTTP: the tokens of a workspace."""

from __future__ import annotations

import msgspec

from chalicelib.kernel.http import Call, Listing, Nothing, Reply, Routes
from chalicelib.tokens import rules
from chalicelib.tokens.model import Generated, Token
from chalicelib.tokens.rules import TokenName

routes = Routes()
BASE = "/api/workspaces/{ws}/tokens"


class Tokens(msgspec.Struct):
    items: list[Token]
    next_cursor: str | None
    seq: int


@routes.route("GET", BASE, query=Listing, answer=Tokens)
def tokens(call: Call[Nothing, Listing]) -> Tokens:
    """The tokens of the workspace, the newest first."""
    page = rules.tokens(call.scope, call.query.limit, call.query.cursor)
    return Tokens(page.items, page.next_cursor, call.scope.head.seq)


@routes.route("POST", BASE, body=TokenName, answer=Generated, status=201)
def generate(call: Call[TokenName, Nothing]) -> Generated:
    """Generate a token. This answer is the only place where its secret ever stands."""
    return rules.generate(call.scope, call.body.name)


@routes.route("POST", BASE + "/{token_id}/rotation", answer=Generated, status=201)
def rotate(call: Call[Nothing, Nothing]) -> Generated:
    """Replace a token with a new one; the old one is dead at once."""
    return rules.rotate(call.scope, call.path["token_id"])


@routes.route("DELETE", BASE + "/{token_id}", status=204)
def revoke(call: Call[Nothing, Nothing]) -> Reply:
    """Revoke a token; what it holds open is closed."""
    rules.revoke(call.scope, call.path["token_id"])
    return Reply(204)
