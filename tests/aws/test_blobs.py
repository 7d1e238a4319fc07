"""Attachments in object storage, which clients reach themselves at signed addresses. moto stands in for S3: it keeps
objects and preconditions, but checks no signature, so what an address is bound to is read from the address."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
import requests
from moto import mock_aws

from chalicelib.attachments import tools
from chalicelib.aws.blobs import AT_ONCE, DOWNLOAD_LIFETIME, UPLOAD_LIFETIME, S3Blobs
from chalicelib.kernel import blobs, clock
from chalicelib.kernel.ids import new_id
from tests.support.clients import Agent, Json, Person
from tests.support.files import announce

BUCKET, REGION = "handrail-test-attachments", "eu-central-1"
PLACE = ("0ZPO4WBMZIP", "0ZPO4WBMZIQ")


@pytest.fixture
def storage() -> Iterator[S3Blobs]:
    with mock_aws():
        where = {"LocationConstraint": REGION}
        client: Any = botocore.session.get_session().create_client("s3", region_name=REGION)
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        yield S3Blobs(BUCKET, REGION)


@pytest.fixture
def hosted(storage: S3Blobs) -> Iterator[S3Blobs]:
    """The program keeps its attachments in object storage."""
    before = blobs.blobs()
    blobs.keep_in(storage)
    yield storage
    blobs.keep_in(before)


def send(upload: Json, content: bytes) -> int:
    return requests.request(upload["method"], upload["url"], data=content, headers=upload["headers"]).status_code


def test_blobs_are_kept_by_ids_only(storage: S3Blobs) -> None:
    storage.put(*PLACE, b"kept")
    assert (storage.get(*PLACE), storage.size(*PLACE)) == (b"kept", 4)
    assert (storage.get(PLACE[0], new_id()), storage.size(PLACE[0], new_id())) == (None, None)
    for workspace_id, id in (("..", PLACE[1]), (PLACE[0], "../handrail")):
        with pytest.raises(ValueError, match="ids made here"):
            storage.put(workspace_id, id, b"escaped")
    storage.delete(*PLACE)
    storage.delete(*PLACE)
    assert storage.get(*PLACE) is None


def test_the_blobs_of_one_workspace_are_deleted_a_bounded_number_at_a_time(storage: S3Blobs) -> None:
    neighbour = (PLACE[0][:-1] + "Q", new_id())
    storage.put(*neighbour, b"stays")
    for _ in range(AT_ONCE + 1):
        storage.put(PLACE[0], new_id(), b"")
    assert [storage.delete_some(PLACE[0]) for _ in range(3)] == [AT_ONCE, 1, 0]
    assert storage.get(*neighbour) == b"stays"


def test_an_upload_address_is_bound_to_place_size_type_and_to_nothing_being_there(storage: S3Blobs) -> None:
    address = storage.upload_address(*PLACE, 5)
    parts, query = urlsplit(address.url), parse_qs(urlsplit(address.url).query)
    assert (parts.scheme, parts.hostname) == ("https", f"{BUCKET}.s3.{REGION}.amazonaws.com")
    assert parts.path == "/" + "/".join(PLACE)
    assert query["X-Amz-SignedHeaders"] == ["content-length;content-type;host;if-none-match"]
    assert query["X-Amz-Expires"] == [str(UPLOAD_LIFETIME)]
    assert address.headers == {"Content-Type": "application/octet-stream", "If-None-Match": "*"}
    other = storage.upload_address(*PLACE, 6)
    assert parse_qs(urlsplit(other.url).query)["X-Amz-Signature"] != query["X-Amz-Signature"]


def test_the_address_names_the_bucket_in_its_region_everywhere(storage: S3Blobs) -> None:
    address = S3Blobs(BUCKET, "us-east-1").upload_address(*PLACE, 5)
    assert urlsplit(address.url).hostname == f"{BUCKET}.s3.us-east-1.amazonaws.com"


def test_a_download_is_an_attachment_of_a_neutral_type(storage: S3Blobs) -> None:
    storage.put(*PLACE, b"<script>")
    address = storage.download_address(*PLACE, "käse \r\n.html")
    assert parse_qs(urlsplit(address.url).query)["X-Amz-Expires"] == [str(DOWNLOAD_LIFETIME)]
    answer = requests.get(address.url)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''k%C3%A4se%20%0D%0A.html"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.usefixtures("hosted")
def test_a_file_goes_to_object_storage_and_comes_from_there(person: Person, workspace_id: str) -> None:
    content = os.urandom(1_000)
    made = announce(person, workspace_id, len(content))
    refused = {"title": "t", "attachments": [{"id": made["id"]}]}
    tasks = f"/api/workspaces/{workspace_id}/tasks"
    assert "has not arrived" in person.ask("POST", tasks, 422, json=refused)["detail"]
    assert send(made["upload"], content) == 200
    task = person.create_task(workspace_id, attachments=[{"id": made["id"]}])
    assert send(made["upload"], b"changed") == 412
    answer = person.http.get(f"/api/workspaces/{workspace_id}/attachments/{made['id']}")
    assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (303, b"", "no-store")
    assert requests.get(answer.headers["location"]).content == content
    assert task["attachments"][0]["size"] == len(content)


def test_bytes_of_another_size_than_announced_are_not_attached(
    hosted: S3Blobs, person: Person, workspace_id: str
) -> None:
    """S3 refuses them by the signed length; were they there all the same, they would not be used."""
    made = announce(person, workspace_id, 3)
    hosted.put(workspace_id, made["id"], b"much more")
    body = {"title": "t", "attachments": [{"id": made["id"]}]}
    person.ask("POST", f"/api/workspaces/{workspace_id}/tasks", 422, json=body)
    person.ask("GET", f"/api/workspaces/{workspace_id}/attachments/{made['id']}", 404)


@pytest.mark.usefixtures("hosted")
def test_nobody_is_given_the_address_of_a_foreign_file(person: Person, workspace_id: str, agent: Agent) -> None:
    made = announce(person, workspace_id, 1)
    assert send(made["upload"], b"a") == 200
    task = person.create_task(workspace_id, attachments=[{"id": made["id"]}])
    other = person.create_workspace("other")["id"]
    person.ask("GET", f"/api/workspaces/{other}/attachments/{made['id']}", 404)
    foreign = person.agent(other).initialize()
    refused = foreign.result("downloadAttachment", task_id=task["id"], attachment_id=made["id"])
    assert refused["structuredContent"]["code"] == "not_found"


@pytest.mark.usefixtures("hosted")
def test_an_agent_gets_small_files_in_the_answer_and_the_address_of_large_ones(
    person: Person, workspace_id: str, agent: Agent
) -> None:
    contents = [os.urandom(tools.LARGEST_ANSWERED), os.urandom(tools.LARGEST_ANSWERED + 1)]
    files = [announce(person, workspace_id, len(content)) for content in contents]
    for made, content in zip(files, contents, strict=True):
        assert send(made["upload"], content) == 200
    task = person.create_task(workspace_id, attachments=[{"id": made["id"]} for made in files])
    answers = [agent.post("tools/call", _download(agent, task["id"], made["id"])) for made in files]
    assert all(len(answer.content) < 6 * 1024**2 for answer in answers)
    small, large = (answer.json()["result"]["structuredContent"] for answer in answers)
    assert (base64.b64decode(small["data"]), small["url"]) == (contents[0], None)
    assert large["data"] is None
    assert large["expires_at"] > clock.now().isoformat()
    assert requests.get(large["url"]).content == contents[1]


def _download(agent: Agent, task_id: str, id: str) -> Json:
    arguments = {"workspace_id": agent.workspace_id, "task_id": task_id, "attachment_id": id}
    return {"name": "downloadAttachment", "arguments": arguments}
