"""The embedded DynamoDB engine. This is all that the rest of the program uses of it."""

from chalicelib.onebox.engine.changes import Change
from chalicelib.onebox.engine.client import EngineClient, install, installed
from chalicelib.onebox.engine.engine import Engine
from chalicelib.onebox.engine.errors import (
    EngineClosed,
    EngineError,
    EngineLocked,
    EngineTooNew,
    EngineUnwritable,
    UnsupportedOperation,
    UnsupportedParameter,
)

__all__ = [
    "Change",
    "Engine",
    "EngineClient",
    "EngineClosed",
    "EngineError",
    "EngineLocked",
    "EngineTooNew",
    "EngineUnwritable",
    "UnsupportedOperation",
    "UnsupportedParameter",
    "install",
    "installed",
]
