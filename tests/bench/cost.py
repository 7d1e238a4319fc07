"""What a month of the hosted stack costs, from counted requests: `python -m tests.bench.cost` prints infra/COST.md.

`tests/infra/test_cost.py` holds the document to the counts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from chalicelib.kernel.settings import Settings
from chalicelib.onebox.program import Program
from chalicelib.push.sending import https
from tests.bench.costs import bill, workload
from tests.bench.costs.metering import Counts, metering
from tests.support.clients import close_clients
from tests.support.push import Nowhere
from tests.support.unlimited import unlimited

HOSTED_RECHECK = 300
SCALES = (1, 10, 100)


def measured() -> dict[str, Counts]:
    https.send_through(Nowhere())
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with TemporaryDirectory() as folder:
        chosen = Settings(port=0, data=Path(folder), log_level="WARNING", oidc_client_id="nobody")
        program = Program(unlimited(chosen)).start()
        try:
            with metering(program) as meter:
                return workload.counted(meter, program.url)
        finally:
            close_clients()
            program.stop()


def document(found: Mapping[str, Counts]) -> str:
    return "\n".join(_document(found)) + "\n"


def _document(found: Mapping[str, Counts]) -> Iterator[str]:
    months = [bill.month(found, HOSTED_RECHECK, scale) for scale in SCALES]
    bills = [bill.bill(one) for one in months]
    totals = [sum(line.dollars for line in lines) for lines in bills]
    yield INTRODUCTION
    yield "## What a request costs\n"
    yield (
        "Capacity units of DynamoDB: of the request itself, and of the two stream functions that its events wake. "
        "Published: items to the relay.\n"
    )
    yield "| request | a day | reads | writes | later reads | later writes | events | published |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    yield from _requests(found)
    yield "\n## A month\n"
    yield "| line | quantity | | 1,000 workspaces | 10,000 | 100,000 |"
    yield "|---|--:|---|--:|--:|--:|"
    for same in zip(*bills, strict=True):
        first = same[0]
        dollars = " | ".join(f"${line.dollars:,.0f}" for line in same)
        yield f"| {first.what} | {first.quantity:,.1f} | {first.unit} | {dollars} |"
    yield f"| **all** | | | {' | '.join(f'**${total:,.0f}**' for total in totals)} |"
    agents = workload.WORKSPACES * workload.AGENTS
    yield f"\nThat is ${totals[0] / workload.WORKSPACES:,.2f} a workspace and ${totals[0] / agents:,.3f} an agent.\n"
    yield "## What dominates\n"
    for scale, lines, total in zip(SCALES, bills, totals, strict=True):
        largest = sorted(lines, key=lambda line: -line.dollars)[:4]
        shares = "; ".join(f"{line.what} {line.dollars / total:.0%}" for line in largest)
        yield f"- {workload.WORKSPACES * scale:,} workspaces: {shares}."
    often = bill.bill(bill.month(found, Settings().agent_recheck))
    yield (
        f"\nWith a question for each agent's stream every {Settings().agent_recheck} s, as on one machine, the month "
        f"would cost ${sum(line.dollars for line in often):,.0f} instead of ${totals[0]:,.0f}."
    )
    yield CONCLUSION


def _requests(found: Mapping[str, Counts]) -> Iterator[str]:
    days = [("agent", workload.BY_AGENT), ("person", workload.BY_PERSON)]
    rows = [(name, f"{times} by {who}") for who, day in days for name, times in day.items()]
    for name, times in [*rows, (workload.FOLLOW, "by relay")]:
        one = found[name]
        counted = (one.reads, one.writes, one.later_reads, one.later_writes, one.events, one.publishes)
        numbers = " | ".join(f"{number:g}" for number in counted)
        yield f"| {name} | {times} | {numbers} |"


INTRODUCTION = f"""\
# What a month costs

Made by `python -m tests.bench.cost > infra/COST.md`; `tests/infra/test_cost.py` holds it to the code.

- **Counted** on the embedded engine, from the real code, by DynamoDB's rules: what each request consumes, the events
  that it writes, what it publishes, its bytes. A write to an index is one unit however large the item is.
- **Not verified**: the prices (`tests/bench/costs/prices.py`). They are list prices of us-east-1 from memory, without
  free tiers, discounts, taxes and support.
- **Assumed**, as nothing was deployed (`tests/bench/costs/bill.py`): {bill.API_SECONDS * 1000:.0f} ms for a request \
on {bill.API_GB:g} GB of memory, {bill.LATER_SECONDS * 1000:.0f} ms for a
  batch of events on {bill.LATER_GB:g} GB; one batch for each request's events, which is the most that it can be; \
{bill.TRACED:.0%} of invocations
  traced; files of {bill.FILE_BYTES // 1000} KB.

The workload: {workload.WORKSPACES:,} workspaces with {workload.AGENTS} agents each, who make \
{workload.CALLS} calls a day, and {workload.PEOPLE} people; all of them hold a stream for
the same {workload.CONNECTED_HOURS} hours of {workload.DAYS} days. Which calls they are is in the first table.
"""

CONCLUSION = f"""
What lowers it, where it pays:

- **Questions of the relay.** For agents they come every {HOSTED_RECHECK} s when hosted, instead of every minute
  (`HANDRAIL_AGENT_RECHECK` in `infra/template/functions.yaml`): what ends a stream, or brings something new, is
  published at once anyway. The price: an agent that vanished without a word is shown as connected for eleven minutes.
- **Writes.** Each change writes the head, the entity, its index entries and its event in one transaction, which costs
  twice as much as single writes: that is the price of a gap-free order, exact counts and no lost events.
- **API Gateway.** Above some hundred million requests a month, Lambda behind the load balancer that is there already
  (or a function URL behind CloudFront) costs a fraction of REST API requests. The handlers would see other events.
- **Two functions at each event.** `notify` wakes for every event to see whether something waits for a person anew. An
  attribute that only such events have, named in its filter, would let it sleep for the rest.
- **10,000 and 100,000 workspaces** hold more streams at once than the eight tasks of one relay do (22,400, at 2,800
  each): they need several relays, for which nothing is built yet, so their relay lines are arithmetic only.
"""


if __name__ == "__main__":
    print(document(measured()), end="")
