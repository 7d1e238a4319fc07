"""Which of the relay's tasks a publish goes to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chalicelib.aws import relays
from chalicelib.aws.relays import FRESH, LINGER, PATIENCE, PAUSE, Patient, Tasks
from chalicelib.kernel.grip import Item, close
from chalicelib.kernel.relays import NotPublished, Relays

URL = "http://relay.handrail.internal:5561"


class Name:
    """A name in DNS and a clock."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = set(addresses)
        self.asked: list[str] = []
        self.time = 1000.0

    def lookup(self, name: str) -> set[str]:
        self.asked.append(name)
        return set(self.addresses)

    def tasks(self) -> Tasks:
        return Tasks(URL, self.lookup, lambda: self.time)


def test_every_address_of_the_name_is_a_task() -> None:
    name = Name("10.0.1.7", "10.0.2.9")
    assert name.tasks()() == ["http://10.0.1.7:5561", "http://10.0.2.9:5561"]
    assert name.asked == ["relay.handrail.internal"]


def test_the_name_is_looked_up_once_in_a_while_not_for_each_publish() -> None:
    name = Name("10.0.1.7")
    tasks = name.tasks()
    for _ in range(5):
        tasks()
    assert len(name.asked) == 1
    name.addresses.add("10.0.2.9")
    name.time += FRESH
    assert len(tasks()) == 2


def test_a_task_that_left_the_name_is_served_until_its_streams_are_drained_and_then_forgotten() -> None:
    name = Name("10.0.1.7", "10.0.2.9")
    tasks = name.tasks()
    tasks()
    name.addresses = {"10.0.2.9"}
    name.time += LINGER
    assert tasks() == ["http://10.0.1.7:5561", "http://10.0.2.9:5561"]
    name.time += FRESH
    assert tasks() == ["http://10.0.2.9:5561"]


def test_a_task_that_came_back_is_there_again() -> None:
    name = Name("10.0.1.7")
    tasks = name.tasks()
    tasks()
    for addresses in (set[str](), {"10.0.1.7"}, {"10.0.1.7"}):
        name.addresses = addresses
        name.time += LINGER
        assert tasks() == ["http://10.0.1.7:5561"]


def test_no_task_at_all_is_no_address() -> None:
    assert Name().tasks()() == []


class Task:
    """A relay that takes items at `address`; all listen on one port."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.taken: list[str] = []
        task = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                task.taken.append(self.rfile.read(int(self.headers["content-length"])).decode())
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer((address, port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_each_task_hears_of_everything_while_tasks_come_and_go() -> None:
    one = Task("127.0.0.1")
    two = Task("127.0.0.2", one.port)
    name = Name("127.0.0.1", "127.0.0.2")
    publisher = Relays(Tasks(f"http://relay.handrail.internal:{one.port}", name.lookup, lambda: name.time))
    publisher.publish([close("ses-both")])
    name.addresses = {"127.0.0.2"}
    name.time += FRESH
    publisher.publish([close("ses-drains")])
    one.stop()
    publisher.publish([close("ses-gone")])
    two.stop()
    assert [["both" in text, "drains" in text] for text in one.taken] == [[True, False], [False, True]]
    assert ["gone" in text for text in two.taken] == [False, False, True]
    with pytest.raises(NotPublished):
        publisher.publish([close("ses-nobody")])


def test_an_ip_address_is_its_own_name_and_one_that_is_nobodys_has_no_tasks() -> None:
    assert relays.addresses_of("127.0.0.1") == {"127.0.0.1"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", _raising(socket.EAI_NONAME))
        assert relays.addresses_of("relay.handrail.internal") == set()


def test_a_name_server_that_does_not_answer_is_not_taken_for_there_being_no_task() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", _raising(socket.EAI_AGAIN))
        with pytest.raises(socket.gaierror):
            Tasks(URL)()


def _raising(code: int) -> object:
    def getaddrinfo(*_: object) -> None:
        raise socket.gaierror(code, "no")

    return getaddrinfo


class Away:
    """A relay that takes nothing for its first calls, of which each takes some seconds of the clock."""

    def __init__(self, calls: int, error: Exception, seconds: float = 0.0) -> None:
        self.calls, self.error, self.seconds = calls, error, seconds
        self.time, self.got = 0.0, list[Sequence[Item]]()

    def publish(self, items: Sequence[Item]) -> None:
        self.got.append(items)
        self.time += self.seconds
        if len(self.got) <= self.calls:
            raise self.error

    def pause(self) -> None:
        self.time += PAUSE

    def patient(self) -> Patient:
        return Patient(self, lambda: self.time, self.pause)


@pytest.mark.parametrize("error", [NotPublished("there is no relay"), socket.gaierror(socket.EAI_AGAIN, "later")])
def test_a_relay_that_is_away_for_some_seconds_gets_the_same_when_it_is_back(error: Exception) -> None:
    away = Away(3, error)
    away.patient().publish([close("a")])
    assert away.got == [[close("a")]] * 4
    assert away.time == 3 * PAUSE


@pytest.mark.parametrize("seconds", [0.0, 6.0])
def test_one_that_stays_away_is_given_up_in_time_for_the_function_to_say_so(seconds: float) -> None:
    away = Away(1_000, NotPublished("there is no relay"), seconds)
    with pytest.raises(NotPublished):
        away.patient().publish([close("a")])
    assert PATIENCE - 2 * PAUSE <= away.time <= PATIENCE + seconds


def test_a_defect_is_not_tried_again() -> None:
    away = Away(1, ValueError("no item"))
    with pytest.raises(ValueError, match="no item"):
        away.patient().publish([close("a")])
    assert len(away.got) == 1
