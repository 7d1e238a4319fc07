"""What a function does when it starts on Lambda, and what it leaves for its first request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.kernel.late import LATE

ROOT = Path(__file__).resolve().parents[2]
# Nothing answers at this address: whoever asks at the start fails.
NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
SETTINGS = {
    "HANDRAIL_SECRET": "arn:secret",
    "HANDRAIL_ATTACHMENTS_BUCKET": "files",
    "HANDRAIL_TENANT_ROLE": "arn:tenant",
    "HANDRAIL_OVERVIEW_ROLE": "arn:overview",
}


def run(function: str, code: str) -> dict[str, object]:
    """What `code` prints as JSON, in a new interpreter that is this function."""
    environment = os.environ | NOWHERE | SETTINGS | {"HANDRAIL_FUNCTION": function, "HANDRAIL_LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed: dict[str, object] = json.loads(done.stdout)
    return printed


SNAPSHOT = """
import json, random, sys
random.seed(1)
import app
from snapshot_restore_py import get_after_restore, get_before_snapshot
for function, arguments, named in get_before_snapshot():
    function(*arguments, **named)
before = set(sys.modules)
state = random.getstate()
for function, arguments, named in get_after_restore():
    function(*arguments, **named)
print(json.dumps({"late": sorted(before), "spread": random.getstate() != state}))
"""


@pytest.mark.parametrize("function", sorted(LATE))
def test_a_snapshot_is_taken_without_asking_for_anything_and_has_what_loads_late(function: str) -> None:
    found = run(function, SNAPSHOT)
    late = found["late"]
    assert isinstance(late, list)
    assert set(LATE[function]) <= set(late)
    assert found["spread"] is True


WITHOUT_SECRET = """
import json, app
try:
    answer = getattr(app, app.function)({"Records": []}, None)
except Exception as error:
    answer = type(error).__name__
print(json.dumps({"answer": answer}))
"""


@pytest.mark.parametrize("function", ["notify"])
def test_no_request_is_served_before_the_keys_are_known(function: str) -> None:
    assert run(function, WITHOUT_SECRET) == {"answer": "EndpointConnectionError"}


PUBLISHED = """
import json, app
from chalicelib.kernel import grip
try:
    grip.publish([grip.close("ses-1")])
except Exception as error:
    said = f"{type(error).__name__}: {error}"
print(json.dumps({"served": app.stream({"Records": []}, None), "said": said}))
"""


def test_the_stream_function_needs_no_secret_and_publishes_to_every_task_of_the_relay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HANDRAIL_GRIP_PUBLISH_URL", "http://127.0.0.1:9")
    found = run("stream", PUBLISHED)
    assert found["served"] == {"batchItemFailures": []}
    assert found["said"] == "NotPublished: no relay can be reached: http://127.0.0.1:9"
