from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.aws.secrets import AGAIN, FRESH, Secrets, from_secrets_manager
from chalicelib.kernel import clock, settings
from chalicelib.kernel.settings import ConfigurationError, Settings

BASE = Settings(workspace_table="w", region="eu-west-1", secret="arn:secret")


class Store:
    """What Secrets Manager would answer, and how often it was asked."""

    def __init__(self, **values: object) -> None:
        self.text = json.dumps(values)
        self.asked = 0
        self.down = False

    def __call__(self) -> str:
        self.asked += 1
        if self.down:
            raise ConnectionError
        return self.text


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_current", BASE)


def test_what_the_secret_says_is_laid_over_the_environment() -> None:
    Secrets(BASE, Store(signing_key="k" * 40, signing_key_since="12")).refresh()
    now = settings.settings()
    assert (now.signing_key, now.signing_key_since, now.workspace_table) == ("k" * 40, 12, "w")


def test_it_is_fetched_once_and_again_when_it_is_old() -> None:
    store = Store(signing_key="old")
    secrets = Secrets(BASE, store)
    secrets.refresh()
    secrets.refresh()
    assert store.asked == 1
    store.text = json.dumps({"signing_key": "new", "previous_signing_key": "old"})
    with clock.moved(FRESH + 1):
        secrets.refresh()
    assert store.asked == 2
    assert settings.settings().signing_key == "new"


def test_a_setting_that_is_no_longer_in_it_is_no_longer_in_use() -> None:
    store = Store(signing_key="k", push_contact="mailto:a@example.com")
    secrets = Secrets(BASE, store)
    secrets.refresh()
    store.text = json.dumps({"signing_key": "k"})
    with clock.moved(FRESH + 1):
        secrets.refresh()
    assert settings.settings().push_contact == ""


def test_what_is_known_stays_in_use_while_it_cannot_be_fetched() -> None:
    store = Store(signing_key="k")
    secrets = Secrets(BASE, store)
    secrets.refresh()
    store.down = True
    with clock.moved(FRESH + 1):
        secrets.refresh()
        secrets.refresh()
        assert store.asked == 2
    assert settings.settings().signing_key == "k"
    with clock.moved(FRESH + 1 + AGAIN):
        secrets.refresh()
    assert store.asked == 3


def test_without_any_secret_nothing_is_served() -> None:
    store = Store(signing_key="k")
    store.down = True
    secrets = Secrets(BASE, store)
    for _ in range(2):
        with pytest.raises(ConnectionError):
            secrets.refresh()
    store.down = False
    secrets.refresh()
    assert settings.settings().signing_key == "k"


@pytest.mark.parametrize("text", ['{"signing_key": 3}', "[]", "no json", '{"push_key": "short"}', '{"portt": "1"}'])
def test_a_secret_that_cannot_be_used_is_refused(text: str) -> None:
    store = Store()
    store.text = text
    with pytest.raises((ConfigurationError, ValueError)):
        Secrets(BASE, store).refresh()
    assert settings.settings() is BASE


def test_a_function_that_is_told_of_no_secret_says_so() -> None:
    with pytest.raises(ConfigurationError, match="HANDRAIL_SECRET"):
        from_secrets_manager(Settings())


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """An endpoint that answers as Secrets Manager does; what it was asked."""
    asked: list[object] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append((self.headers["x-amz-target"], body))
            answer = json.dumps({"SecretString": '{"signing_key": "k"}'}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_comes_from_secrets_manager_by_the_name_in_the_settings(secrets_manager: list[object]) -> None:
    assert from_secrets_manager(BASE)() == '{"signing_key": "k"}'
    assert secrets_manager == [("secretsmanager.GetSecretValue", {"SecretId": "arn:secret"})]
