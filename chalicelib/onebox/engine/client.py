"""What PynamoDB needs of a botocore client, and the place where it is plugged in.

Every `Connection` of PynamoDB, those of models and of transactions alike, asks its `client` property for
the botocore client. `install` replaces that one property; nothing else of PynamoDB is touched.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pynamodb.connection import Connection

_SEAM = "client"


@dataclass(frozen=True, slots=True)
class ClientMeta:
    endpoint_url: str


class EngineClient:
    def __init__(self, call: Callable[[str, Mapping[str, object]], dict[str, object]], endpoint_url: str) -> None:
        self._call = call
        self.meta = ClientMeta(endpoint_url)

    def _make_api_call(self, operation_name: str, operation_kwargs: Mapping[str, object]) -> dict[str, object]:
        return self._call(operation_name, operation_kwargs)


def install(client: EngineClient) -> None:
    """From now on every PynamoDB connection, also one that exists already, uses this client."""
    setattr(Connection, _SEAM, property(lambda connection: client))


@contextmanager
def installed(client: EngineClient) -> Iterator[None]:
    before = Connection.__dict__[_SEAM]
    install(client)
    try:
        yield
    finally:
        setattr(Connection, _SEAM, before)
