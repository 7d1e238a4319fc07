"""What can go wrong, in two families.

`EngineError`: the engine itself cannot serve (locked, too new, unsupported by design); a defect or an
operator's problem, never retried. `Refusal`: DynamoDB's own answer to a bad or losing call; `Engine.call`
turns it into the botocore `ClientError` that callers of DynamoDB expect.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.exceptions import _ClientErrorResponseTypeDef


class EngineError(Exception):
    """Base of everything that is not DynamoDB's own answer."""


class EngineLocked(EngineError):
    """Another process has the database open."""


class EngineTooNew(EngineError):
    """The file was written by a newer version of this program."""


class EngineUnwritable(EngineError):
    """The file or its folder cannot be written, or the file is not ours."""


class EngineClosed(EngineError):
    """The engine was closed."""


class UnsupportedOperation(EngineError):
    """An operation of DynamoDB that the embedded engine does not offer."""


class UnsupportedParameter(EngineError):
    """A parameter of a supported operation that the embedded engine does not offer."""


class Refusal(Exception):
    """DynamoDB says no: an error code, a message and what else the answer carries."""

    def __init__(self, code: str, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}

    def as_client_error(self, operation: str) -> ClientError:
        response = {
            "Error": {"Message": self.message, "Code": self.code},
            "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}, "RetryAttempts": 0},
            **self.details,
        }
        return ClientError(cast("_ClientErrorResponseTypeDef", response), operation)


class ConditionFailed(Refusal):
    def __init__(self, item: Mapping[str, object] | None) -> None:
        details = {"Item": dict(item)} if item else None
        super().__init__("ConditionalCheckFailedException", "The conditional request failed", details)


class TransactionCanceled(Refusal):
    def __init__(self, reasons: Sequence[Mapping[str, object]]) -> None:
        codes = ", ".join(str(reason["Code"]) for reason in reasons)
        super().__init__(
            "TransactionCanceledException",
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            {"CancellationReasons": list(reasons)},
        )


def invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)


def invalid_parameters(message: str) -> Refusal:
    return invalid(f"One or more parameter values were invalid: {message}")


def invalid_values(message: str) -> Refusal:
    return invalid(f"One or more parameter values are not valid. {message}")


def unreadable(message: str) -> Refusal:
    return Refusal("SerializationException", message)


def table_not_found(name: str | None = None) -> Refusal:
    suffix = f": Table: {name} not found" if name else ""
    return Refusal("ResourceNotFoundException", f"Requested resource not found{suffix}")
