"""The systems that are asked the same question: each takes `call(operation, parameters)` and answers alike.

moto runs in a subprocess of its own under a memory cap; ministack in an environment of its own; any other endpoint
through botocore.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, TypeAlias, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.ministack import ministack_server

ROOT = Path(__file__).resolve().parents[3]
MOTO_MEMORY = 2 * 1024**3
START_SECONDS = 60.0

Call: TypeAlias = Callable[[str, Mapping[str, object]], dict[str, object]]


class Oracle(Protocol):
    name: str
    call: Call


class Named:
    def __init__(self, name: str, call: Call) -> None:
        self.name = name
        self.call = call


@contextmanager
def table_on(oracles: Sequence[Oracle], definition: Mapping[str, object]) -> Iterator[None]:
    """The same empty table on every system, gone again at the end."""
    name = {"TableName": definition["TableName"]}
    for oracle in oracles:
        oracle.call("CreateTable", definition)
        deadline = time.monotonic() + START_SECONDS
        while cast(dict[str, object], oracle.call("DescribeTable", name)["Table"])["TableStatus"] != "ACTIVE":
            assert time.monotonic() < deadline, f"{oracle.name} does not finish its table"
            time.sleep(0.1)  # only a remote endpoint takes its time, and it sends no word
    try:
        yield
    finally:
        for oracle in oracles:
            oracle.call("DeleteTable", name)


@contextmanager
def moto() -> Iterator[Oracle]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.contract.dynamodb.moto_worker", str(MOTO_MEMORY)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        yield Named("moto", _piped(worker.stdin, worker.stdout))
    finally:
        worker.stdin.close()
        worker.wait(timeout=10)
        worker.stdout.close()


def _piped(requests: IO[bytes], answers: IO[bytes]) -> Call:
    def call(operation: str, parameters: Mapping[str, object]) -> dict[str, object]:
        pickle.dump((operation, dict(parameters)), requests)
        requests.flush()
        answer = pickle.load(answers)
        if "refused" in answer:
            raise ClientError(answer["refused"], operation)
        return cast(dict[str, object], answer)

    return call


@contextmanager
def ministack() -> Iterator[Oracle]:
    with ministack_server("dynamodb", "dynamodbstreams") as url, endpoint(url, "ministack") as oracle:
        yield oracle


@contextmanager
def endpoint(url: str, name: str = "endpoint") -> Iterator[Oracle]:
    session = botocore.session.Session()
    credentials = session.get_credentials() if name == "endpoint" else None
    client = session.create_client(
        "dynamodb",
        region_name=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        endpoint_url=url,
        aws_access_key_id=credentials.access_key if credentials else "local",
        aws_secret_access_key=credentials.secret_key if credentials else "local",
        aws_session_token=credentials.token if credentials else None,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    try:
        yield Named(name, cast(Call, getattr(client, "_make_api_call")))  # noqa: B009  the seam of PynamoDB too
    finally:
        client.close()
