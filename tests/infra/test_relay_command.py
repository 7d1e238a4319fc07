"""The relay's container, as far as it can be run here: its command, settings and routes, with Debian's Pushpin.

What differs from AWS: the folders, the ports, the task's own address, and that the API is on this machine, by HTTP.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from chalicelib.kernel.grip import MOST_CHANNELS, frame, stream
from chalicelib.kernel.relays import Relays, listed
from chalicelib.onebox.pushpin import instance, origin_server
from infra.tools import template
from tests.contract.grip import pushpin
from tests.contract.grip.origin import Asked, Given, Origin
from tests.support.waiting import eventually

API = "${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
BALANCER = "internal-relay-1.eu-central-1.elb.amazonaws.com"
HOST = "abc123.execute-api.eu-central-1.amazonaws.com"
EVENTS = "/live/api/workspaces/w/events"
PORTS = ("7999", "5560", "5561", "5562", "5563")


def container() -> dict[str, Any]:
    resources: Any = template.compose(template.files_of("prod"))["Resources"]
    found: dict[str, Any] = resources["RelayTask"]["Properties"]["ContainerDefinitions"][0]
    return found


def environment() -> dict[str, str]:
    values = {one["Name"]: one["Value"] for one in container()["Environment"]}
    return {name: value["Fn::Sub"] if isinstance(value, dict) else value for name, value in values.items()}


class Image:
    """What the image brings: Pushpin's own configuration, which starts all it needs, and certificates."""

    def __init__(self, folder: Path, origin_port: int) -> None:
        self.folder = folder
        self._places = [instance.reserve("127.0.0.1", 0) for _ in PORTS]
        self.ports = {port: str(place.getsockname()[1]) for port, place in zip(PORTS, self._places, strict=True)}
        internal = Path("/usr/lib/pushpin/internal.conf").read_text()
        for kind in ("zurl_out_specs=", "zurl_out_stream_specs=", "zurl_in_specs="):
            internal = internal.replace(f"{kind}ipc:///var/run/zurl/", f"{kind}ipc://{{rundir}}/{{ipc_prefix}}")
        (folder / "internal.conf").write_text(internal)
        own = (
            Path("/etc/pushpin/pushpin.conf").read_text().replace("{libdir}/internal.conf", f"{folder}/internal.conf")
        )
        (folder / "pushpin.conf").write_text(own.replace("services=condure,", "services=condure,zurl,"))
        (folder / "certificates").touch()
        self.environment = {name: self._here(value) for name, value in environment().items()}
        routes = self.environment["RELAY_ROUTES"]
        self.environment["RELAY_ROUTES"] = routes.replace(f"{API}:443,ssl", f"127.0.0.1:{origin_port}").replace(
            API, HOST
        )

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.ports['7999']}"

    @property
    def publish_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['5561']}"

    def command(self) -> list[str]:
        return [self._here(part) for part in container()["Command"]]

    def health(self) -> bool:
        kind, check = container()["HealthCheck"]["Command"]
        assert kind == "CMD-SHELL"
        done = subprocess.run(["sh", "-c", self._here(check)], capture_output=True, check=False)
        return done.returncode == 0

    def run(self) -> subprocess.CompletedProcess[str]:
        """Where it ends by itself."""
        with self._reserved():
            return subprocess.run(
                self.command(),
                env=os.environ | self.environment,
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )

    @contextmanager
    def running(self) -> Iterator[Image]:
        with self._reserved():
            process = subprocess.Popen(
                self.command(),
                env=os.environ | self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                eventually(lambda: self.health(), "the health check")
                yield self
            finally:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(5)

    @contextmanager
    def _reserved(self) -> Iterator[None]:
        """Its ports are its own until the end."""
        with ExitStack() as places:
            for place in self._places:
                places.enter_context(place)
            yield

    def _here(self, text: str) -> str:
        text = text.replace("/etc/pushpin/", f"{self.folder}/").replace("/tmp/relay", f"{self.folder}/relay")
        text = text.replace("/etc/ssl/certs/ca-certificates.crt", f"{self.folder}/certificates")
        text = text.replace("$(hostname -I)", "127.0.0.1")
        text = text.replace("push_in_http_addr=0.0.0.0", "push_in_http_addr=127.0.0.1")
        return re.sub("|".join(PORTS), lambda found: self.ports[found[0]], text)


@pytest.fixture(scope="module")
def origin() -> Origin:
    return Origin()


@pytest.fixture(scope="module")
def image(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    pushpin.must_be_installed()
    with origin_server(origin) as server, Image(tmp_path_factory.mktemp("r"), server.port).running() as image:
        eventually(lambda: serves(image), "an answer of Pushpin")
        yield image


@contextmanager
def got(
    image: Image, path: str, headers: Mapping[str, str] | None = None, timeout: float = 10.0
) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(image.url, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Host": BALANCER, **(headers or {})})
        with connection.getresponse() as answer:
            yield answer
    finally:
        connection.close()


def serves(image: Image) -> bool:
    """Pushpin accepts connections before its processes have found each other; what comes then is lost."""
    try:
        with got(image, "/", {"Host": image.url}, 0.5) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_the_health_check_is_answered_by_pushpin_itself(image: Image, origin: Origin) -> None:
    resources: Any = template.compose(template.files_of("prod"))["Resources"]
    path = resources["RelayTargets"]["Properties"]["HealthCheckPath"]
    with got(image, path, {"Host": image.url}) as answer:
        assert answer.status == 200
    assert origin.asked("/live/") == []
    with got(image, path) as answer:
        assert answer.status == 404
    assert len(origin.asked("/live/")) == 1


def test_requests_reach_the_stage_of_the_api_under_its_own_name_and_say_whom_they_come_from(
    image: Image, origin: Origin
) -> None:
    origin.on("/live/mcp/w", Given(b"{}"))
    sent = {"X-Handrail-Origin-Secret": "s", "X-Handrail-Client-Address": "192.0.2.7", "Authorization": "Bearer t"}
    with got(image, "/mcp/w", sent) as answer:
        assert answer.read() == b"{}"
    asked = origin.wait_asked("/live/mcp/w", 1)
    assert asked.headers["host"] == HOST
    assert {name: asked.headers[name.lower()] for name in sent} == sent


def compressing(headers: dict[str, str]) -> Any:
    """As API Gateway does it, for who can read it."""

    def answer(asked: Asked) -> Given:
        body = b": handrail\n\n" * 200
        if "gzip" not in asked.headers.get("accept-encoding", ""):
            return Given(body, tuple(headers.items()))
        return Given(gzip.compress(body), (*headers.items(), ("Content-Encoding", "gzip")))

    return answer


def test_a_stream_is_held_followed_through_its_link_and_fed_whatever_the_api_compresses(
    image: Image, origin: Origin
) -> None:
    held = {"Content-Type": "text/event-stream", **stream({"ws-w": "1"}, "/grip/next?link=x", 60)}
    origin.on(EVENTS, compressing(held))
    origin.on("/live/grip/next", Given(b": followed\n", tuple(held.items())))
    with got(image, "/api/workspaces/w/events", {"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.getheader("content-encoding") is None
        for _ in range(400):
            assert answer.readline() in {b": handrail\n", b"\n"}
        assert origin.wait_asked("/live/grip/next", 1).headers["host"] == HOST
        assert answer.readline() == b": followed\n"
        Relays(listed(image.publish_url)).publish([frame("ws-w", "data: 2\n\n", 2), frame("ws-w", "data: 3\n\n", 3)])
        assert [answer.readline() for _ in range(4)] == [b"data: 2\n", b"\n", b"data: 3\n", b"\n"]


def set_in(text: str) -> dict[str, str]:
    return {name: value for name, sign, value in (one.partition("=") for one in text.split()) if sign}


def test_it_holds_and_orders_as_the_one_that_everything_is_tested_with() -> None:
    tested, deployed = set_in(instance.CONFIGURATION), set_in(environment()["RELAY_SETTINGS"])
    assert deployed["connection_subscription_max"] == str(MOST_CHANNELS)
    assert tested["connection_subscription_max"] == "{channels}"
    deciding = ("message_", "id_cache", "client_buffer", "subscription_linger", "push_in_http_max_body")
    names = {name for name in tested if name.startswith(deciding)}
    assert len(names) == 7
    assert {name: deployed[name] for name in names} == {name: tested[name] for name in names}


def test_an_image_without_certificates_ends_with_a_line_that_says_so(tmp_path: Path) -> None:
    pushpin.must_be_installed()
    bare = Image(tmp_path, 9)
    (tmp_path / "certificates").unlink()
    done = bare.run()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no CA certificates" in done.stderr


def test_a_version_without_one_of_the_settings_ends_with_a_line_that_names_it(tmp_path: Path) -> None:
    pushpin.must_be_installed()
    older = Image(tmp_path, 9)
    conf = tmp_path / "pushpin.conf"
    conf.write_text(conf.read_text().replace("message_wait=", "message_delay="))
    done = older.run()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no setting message_wait" in done.stderr


def test_everything_it_runs_with_is_in_the_template() -> None:
    assert container()["Image"] == {"Ref": "RelayImage"}
    assert json.dumps(container()).count("resolve:") == 0
