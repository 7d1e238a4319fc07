"""A plain HTTP client that reads a held answer line by line, each read under a deadline."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager

DEADLINE = 30.0


class Held:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self._answer = answer
        self.status, self.headers = answer.status, answer.headers

    def line(self) -> str:
        """The next line without its end; empty when the answer has ended."""
        return self._answer.readline().decode().removesuffix("\n")

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def rest(self) -> str:
        return self._answer.read().decode()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def sent(
    port: int, path: str, method: str = "POST", body: bytes = b"{}", **headers: str
) -> Iterator[http.client.HTTPConnection]:
    """A request on its way, whose answer may be a while in coming."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body or None, named)
        yield connection
    finally:
        connection.close()


@contextmanager
def opened(port: int, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Iterator[Held]:
    with sent(port, path, method, body, **headers) as connection:
        held = Held(connection.getresponse())
        try:
            yield held
        finally:
            held.close()
