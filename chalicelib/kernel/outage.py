"""What a client is told when storage cannot be reached, or has more to do than it can.

Storage is retried below (botocore, `store`, `unit`) before anything of this is seen. What stays is passed on as
`Unavailable`, with the time to wait; everything else that goes wrong there is a defect of ours and stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from chalicelib.kernel.errors import Problem, Unavailable

OVERLOAD = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "Throttling",
    "ThrottlingError",
    "TransactionInProgressException",
}
FAILURES = {"InternalServerError", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException"}
EXPIRED = {"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"}

PAUSE = 2


class Overloaded(Exception):
    """Storage refused the work for now. It was not carried out."""


def as_problem(error: Exception) -> Problem | None:
    """`error` as a client may see it; None where it is no outage."""
    for one in _causes(error):
        if isinstance(one, Problem):
            return one
        if isinstance(one, Overloaded) or code_of(one) in OVERLOAD:
            return Unavailable(
                "The storage has more to do than it can right now, and did not do this. "
                f"Wait {PAUSE} seconds, then send the same again.",
                PAUSE,
            )
        if isinstance(one, ConnectionError | HTTPClientError) or code_of(one) in FAILURES | EXPIRED:
            return Unavailable(
                "The storage did not answer. A change may have been made all the same: look before you repeat it, "
                f"or repeat it after {PAUSE} seconds with the idempotency key that it had, which makes it once only.",
                PAUSE,
            )
    return None


def code_of(error: BaseException) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it was made of, the outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = getattr(seen, "cause", None) or seen.__cause__
