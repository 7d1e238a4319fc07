"""The cost document says what the code does: it is made anew, and every figure in it compared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.kernel.settings import Settings
from tests.bench.cost import HOSTED_RECHECK, document
from tests.bench.costs import workload
from tests.bench.costs.bill import ALARMS, SECRETS, bill, month, tiered
from tests.bench.costs.metering import Counts
from tests.infra.conftest import Packaged

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
ADVICE = "Run `python -m tests.bench.cost > infra/COST.md`, and look at what became dearer."


def differences(old: str, new: str) -> list[tuple[str, str]]:
    """Lines that say something else; figures may differ by 5 %, and where they are small, by one unit."""
    before, now = old.splitlines(), new.splitlines()
    if len(before) != len(now):
        return [(f"{len(before)} lines", f"{len(now)} lines")]
    return [(one, other) for one, other in zip(before, now, strict=True) if not _agree(one, other)]


def _agree(one: str, other: str) -> bool:
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    pairs = zip(_numbers(one), _numbers(other), strict=True)
    return all(abs(a - b) <= max(1.0 if a < 20 else 0.0, 0.05 * a) for a, b in pairs)


def _numbers(line: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(line)]


def test_the_document_is_what_the_code_costs() -> None:
    """In a process of its own, as the counts must be of nothing else."""
    made = subprocess.run([sys.executable, "-m", "tests.bench.cost"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    written = (ROOT / "infra" / "COST.md").read_text()
    assert differences(written, made.stdout) == [], ADVICE


@pytest.mark.parametrize(
    ("old", "new", "agree"),
    [
        ("| reply | 8 | $1,000 |", "| reply | 9 | $1,049 |", True),
        ("| reply | 8 | $1,000 |", "| reply | 10 | $1,000 |", False),
        ("| reply | 8 | $1,000 |", "| reply | 8 | $1,060 |", False),
        ("| reply | 8 |", "| reply all | 8 |", False),
        ("one\n", "one\ntwo\n", False),
    ],
)
def test_what_differs_is_noticed(old: str, new: str, agree: bool) -> None:
    assert (differences(old, new) == []) is agree


def test_the_workload_is_the_one_that_is_asked_for() -> None:
    assert sum(workload.BY_AGENT.values()) == workload.CALLS == 200
    assert (workload.WORKSPACES, workload.AGENTS) == (1_000, 20)


def test_what_is_paid_by_the_piece_is_counted_as_it_is_in_the_stack(both: dict[str, Packaged]) -> None:
    stack = both["prod"]
    assert len(stack.of_type("AWS::CloudWatch::Alarm")) == ALARMS
    assert len(stack.of_type("AWS::SecretsManager::Secret")) == SECRETS


def test_the_stack_asks_as_seldom_as_the_document_says() -> None:
    functions = (ROOT / "infra" / "template" / "functions.yaml").read_text()
    assert f'HANDRAIL_AGENT_RECHECK: "{HOSTED_RECHECK}"\n' in functions
    (timeout,) = re.findall(r'HANDRAIL_PRESENCE_TIMEOUT: "(\d+)"', functions)
    assert int(timeout) > 2 * HOSTED_RECHECK
    assert Settings().agent_recheck < HOSTED_RECHECK


def test_a_larger_count_is_a_larger_bill() -> None:
    names = [*workload.BY_AGENT, *workload.BY_PERSON, workload.FOLLOW]
    cheap = {name: Counts(reads=1, writes=1) for name in names}
    dear = cheap | {"reply": Counts(reads=1, writes=2)}
    totals = [sum(line.dollars for line in bill(month(found, 300))) for found in (cheap, dear)]
    assert totals[1] - totals[0] == pytest.approx(30 * 20_000 * 50 * 0.625e-6)
    assert document(cheap) != document(dear)


def test_the_first_requests_cost_the_most() -> None:
    assert tiered(333e6) == pytest.approx(333 * 3.50)
    assert tiered(433e6) == pytest.approx(333 * 3.50 + 100 * 2.80)
