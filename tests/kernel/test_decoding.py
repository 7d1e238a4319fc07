"""The first use of a type by two threads at once, forced: what would kill the process happens in one of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# One thread works out what `Outer` is made of, and is held up at `Inner`; the other uses `Outer` meanwhile.
TWO_THREADS = """
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from chalicelib.kernel.decoding import convert, decode

begun, may_go_on = threading.Event(), threading.Event()

def held_up():
    begun.set()
    may_go_on.wait()
    return int

class Inner(msgspec.Struct):
    number: "held_up()"

class Outer(msgspec.Struct):
    inner: "Inner"
    name: str = ""

with ThreadPoolExecutor(2) as threads:
    first = threads.submit(decode, b'{"name": "first", "inner": {"number": 1}}', Outer)
    assert begun.wait(10)
    second = threads.submit(USE)
    threading.Timer(0.05, may_go_on.set).start()
    assert first.result(10).name == "first"
    assert second.result(10) == Outer(Inner(2), "second")
print("both")
"""
USES = {
    "decode": """decode, '{"name": "second", "inner": {"number": 2}}', Outer""",
    "convert": """convert, {"name": "second", "inner": {"number": 2}}, Outer""",
}


@pytest.mark.parametrize("use", USES)
def test_a_type_that_another_thread_is_still_working_out_is_waited_for(use: str) -> None:
    script = TWO_THREADS.replace("USE", USES[use])
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "both\n"), done.stderr


def past_this_module(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        is_typed = any(keyword.arg == "type" for keyword in node.keywords)
        if name == "msgspec.convert" or (name.startswith("msgspec.") and name.endswith(".decode") and is_typed):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {name}"


def test_nothing_else_decodes_what_a_thread_may_still_be_working_out() -> None:
    paths = {ROOT / "app.py", *ROOT.glob("chalicelib/**/*.py")} - {ROOT / "chalicelib/kernel/decoding.py"}
    assert len(paths) > 100
    assert [found for path in sorted(paths) for found in past_this_module(path)] == []
    assert list(past_this_module(ROOT / "chalicelib/kernel/decoding.py")) != []
