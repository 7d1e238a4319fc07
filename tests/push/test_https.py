"""The real sender, over real TLS: one POST to one place, whatever the other side says or does not say."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.kernel import clock
from chalicelib.push.sending.https import HttpsSender, Unreachable
from tests.support.waiting import DEADLINE

NAME = "localhost"
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for `NAME` that nobody but these tests trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = clock.now()
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(plain + signed.public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def sender(certificate: Path) -> HttpsSender:
    return HttpsSender(ssl.create_default_context(cafile=str(certificate)))


class Peer:
    """Answers each connection with the same bytes, and notes what it was sent. Without an answer it stays silent."""

    def __init__(self, certificate: Path) -> None:
        self.heard: list[bytes] = []
        self.answer: bytes | None = OK
        self._silent: list[ssl.SSLSocket] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def url(self, path: str = "/push?token=a%2Fb") -> str:
        return f"https://{NAME}:{self.port}{path}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            try:
                self._take(self._context.wrap_socket(connection, server_side=True))
            except OSError:
                connection.close()

    def _take(self, secured: ssl.SSLSocket) -> None:
        request = b""
        while b"\r\n\r\nbody" not in request:
            received = secured.recv(65_536)
            if not received:
                break
            request += received
        self.heard.append(request)
        if self.answer is None:
            self._silent.append(secured)
            return
        with secured:
            secured.sendall(self.answer)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(DEADLINE)
        for one in self._silent:
            one.close()


@pytest.fixture
def peer(certificate: Path) -> Iterator[Peer]:
    peer = Peer(certificate)
    yield peer
    peer.close()


def test_it_posts_what_it_is_given_where_it_is_told(peer: Peer, sender: HttpsSender) -> None:
    answer = sender.post(peer.url(), {"TTL": "60", "Topic": "t"}, b"body")
    assert (answer.status, answer.said, answer.retry_after) == (201, "", "")
    (request,) = peer.heard
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /push?token=a%2Fb HTTP/1.1"
    assert {f"Host: {NAME}:{peer.port}", "Content-Length: 4", "TTL: 60", "Topic: t"} <= set(lines)
    assert body == b"body"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_nothing_is_sent_where_it_points(
    status: int, peer: Peer, sender: HttpsSender
) -> None:
    location = f"Location: https://{NAME}:{peer.port}/elsewhere"
    peer.answer = f"HTTP/1.1 {status} Moved\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode()
    assert sender.post(peer.url(), {}, b"body").status == status
    assert len(peer.heard) == 1


def test_it_says_how_long_a_service_asks_to_be_left_alone(peer: Peer, sender: HttpsSender) -> None:
    peer.answer = b"HTTP/1.1 429 Slow down\r\nRetry-After: 30\r\nContent-Length: 4\r\n\r\nslow"
    answer = sender.post(peer.url(), {}, b"body")
    assert (answer.status, answer.said, answer.retry_after) == (429, "slow", "30")


def test_an_answer_without_an_end_is_read_no_further_than_is_useful(peer: Peer, sender: HttpsSender) -> None:
    peer.answer = b"HTTP/1.1 400 No\r\n\r\n" + b"x" * 100_000
    assert sender.post(peer.url(), {}, b"body").said == "x" * 200


@pytest.mark.parametrize("answer", [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n", b"\0" * 200_000])
def test_what_is_no_answer_is_no_contact(answer: bytes, peer: Peer, sender: HttpsSender) -> None:
    peer.answer = answer
    with pytest.raises(Unreachable):
        sender.post(peer.url(), {}, b"body")


def test_a_service_that_never_answers_is_not_waited_for(peer: Peer, certificate: Path) -> None:
    peer.answer = None
    impatient = HttpsSender(ssl.create_default_context(cafile=str(certificate)), timeout=0.2)
    with pytest.raises(Unreachable, match="timed out"):
        impatient.post(peer.url(), {}, b"body")


def test_a_service_that_is_not_there_is_no_contact(peer: Peer, sender: HttpsSender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable):
        sender.post(f"https://{NAME}:{port}/x", {}, b"body")


def test_a_certificate_that_nobody_vouches_for_is_refused(peer: Peer) -> None:
    with pytest.raises(Unreachable, match="certificate"):
        HttpsSender().post(peer.url(), {}, b"body")
    assert peer.heard == []


def test_a_certificate_for_another_name_is_refused(peer: Peer, sender: HttpsSender) -> None:
    with pytest.raises(Unreachable, match="certificate"):
        sender.post(peer.url().replace(NAME, "127.0.0.1"), {}, b"body")
    assert peer.heard == []


def test_a_proxy_in_the_environment_is_not_asked(
    peer: Peer, sender: HttpsSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sender.post(peer.url(), {}, b"body").status == 201
