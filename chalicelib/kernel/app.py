"""Chalice's app object, made safe for threads. Every function has one, also those that serve no HTTP."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from chalice.app import Chalice, Request, RestAPIEventHandler

_current: ContextVar[Request | None] = ContextVar("current_request", default=None)


class Handler(RestAPIEventHandler):
    """Chalice's own, but for its refusal of downloads to clients that did not ask for binary: browsers never do."""

    def _validate_binary_response(self, request_headers: object, response_headers: object) -> bool:
        return True


class App(Chalice):
    """Chalice keeps the current request on the app object; here it belongs to the thread or task that serves it."""

    @property
    def current_request(self) -> Request | None:
        return _current.get()

    @current_request.setter
    def current_request(self, request: Request | None) -> None:
        _current.set(request)

    @property
    def lambda_context(self) -> Any:
        return None

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        """Nothing here reads it, and kept on the app it would be another request's."""

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        handler = Handler(
            self.routes, self.api, self.log, self.debug, middleware_handlers=self._get_middleware_handlers("http")
        )
        self.current_request = handler.create_request_object(event, context)
        answer: dict[str, Any] = handler(event, context)
        return answer
