"""Structured logs: one JSON object a line, with the request id, and never a secret.

Whatever looks like an MCP token, a session cookie or a bearer header is masked before it is written.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar

from chalicelib.kernel import clock

request_id: ContextVar[str] = ContextVar("request_id", default="")

_SECRETS = re.compile(
    r"hr_[0-9A-Za-z]{6,}|(?i:bearer)\s+[\w.~+/=-]+|ey[\w-]{8,}\.[\w-]+\.[\w-]+|(?<=handrail_session=)[^;\s]+"
)


def masked(text: str) -> str:
    return _SECRETS.sub("[secret]", text)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": clock.now().isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if current := request_id.get():
            line["request_id"] = current
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line |= {key: masked(str(value)) for key, value in fields.items()}
        if record.exc_info:
            line["error"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def start(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for wordy in ("uvicorn", "pynamodb", "botocore"):
        logging.getLogger(wordy).setLevel(max(logging.WARNING, root.level))
