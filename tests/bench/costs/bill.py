"""What a month costs: counted requests times prices, line by line. What no count can say is assumed here, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.kernel.settings import Settings
from tests.bench.costs import prices
from tests.bench.costs.metering import Counts
from tests.bench.costs.workload import (
    AGENTS,
    BY_AGENT,
    BY_PERSON,
    CONNECTED_HOURS,
    DAYS,
    FOLLOW,
    PEOPLE,
    WORKSPACES,
)

GB = 1e9
HOURS = 730
API_GB, LATER_GB = 1.0, 0.5
# Assumed: how long an invocation takes. No stack was deployed; its reports say how long they do.
API_SECONDS, LATER_SECONDS = 0.060, 0.040
# Assumed: of what Lambda itself writes to the log of an invocation, and of how much X-Ray takes a trace.
PLATFORM_LOG, TRACED = 350, 0.05
FILE_BYTES = 200_000
EVENT_DAYS = 14
# The relay's tasks, as infra/template/relay.yaml has them.
STREAMS_A_TASK, LEAST_TASKS, TASK_CPU, TASK_GB = 2_800, 2, 0.5, 1.0
ALARMS, SECRETS = 23, 2


@dataclass(frozen=True)
class Month:
    """`calls` are what clients ask for, `follows` what the relay asks for streams."""

    scale: int
    calls: float
    follows: float
    counts: Counts
    streams: float


@dataclass(frozen=True)
class Line:
    what: str
    quantity: float
    unit: str
    dollars: float


def month(found: Mapping[str, Counts], recheck: int, scale: int = 1) -> Month:
    """`recheck`: seconds between two questions of a relay for an agent's stream."""
    total, calls = Counts(), 0.0
    for people, day in ((WORKSPACES * AGENTS, BY_AGENT), (WORKSPACES * PEOPLE, BY_PERSON)):
        for name, times in day.items():
            number = float(scale * people * times * DAYS)
            total, calls = total.plus(found[name], number), calls + number
    streams = float(scale * WORKSPACES * (AGENTS + PEOPLE))
    often = AGENTS / recheck + PEOPLE / Settings().stream_recheck
    follows = scale * WORKSPACES * often * CONNECTED_HOURS * 3600 * DAYS
    # A hint reaches who is connected; of an offer to all, so many ask what it is.
    connected = CONNECTED_HOURS / 24
    follows += total.hints_to_one + total.hints_to_all * AGENTS * connected
    total = total.plus(found[FOLLOW], follows)
    return Month(scale, calls, follows, total, streams)


def bill(one: Month) -> list[Line]:
    counts, requests = one.counts, one.calls + one.follows
    files = one.scale * WORKSPACES * PEOPLE * DAYS * BY_PERSON["POST /api/workspaces/{ws}/attachments"]
    seen = one.scale * WORKSPACES * PEOPLE * DAYS * BY_PERSON["GET /api/workspaces/{ws}/attachments/{attachment_id}"]
    gb_seconds = requests * API_GB * API_SECONDS + 2 * counts.events * LATER_GB * LATER_SECONDS
    invocations = requests + 2 * counts.events
    logged = (counts.logged + invocations * PLATFORM_LOG) / GB
    stored = counts.stored / GB
    out = counts.bytes_out / GB
    tasks = max(LEAST_TASKS, -(-one.streams // STREAMS_A_TASK))
    task_hours = (tasks * CONNECTED_HOURS + LEAST_TASKS * (24 - CONNECTED_HOURS)) * HOURS / 24
    units = max(1.0, one.streams / 3_000) * HOURS * CONNECTED_HOURS / 24 + HOURS * (1 - CONNECTED_HOURS / 24)
    reads, writes = counts.reads + counts.later_reads, counts.writes + counts.later_writes
    return [
        Line("DynamoDB: writes", writes / 1e6, "million units", writes * prices.WRITE_UNITS),
        Line("DynamoDB: reads", reads / 1e6, "million units", reads * prices.READ_UNITS),
        Line("DynamoDB: a month's growth, with its backups", stored, "GB", stored * prices.TABLE_GB),
        Line("DynamoDB streams: what triggers functions", counts.events / 1e6, "million events", 0.0),
        Line("API Gateway: calls of clients", one.calls / 1e6, "million", tiered(requests) * one.calls / requests),
        Line(
            "API Gateway: questions of the relay",
            one.follows / 1e6,
            "million",
            tiered(requests) * one.follows / requests,
        ),
        Line("Lambda: invocations", invocations / 1e6, "million", invocations * prices.LAMBDA_REQUEST),
        Line("Lambda: time (assumed)", gb_seconds / 1e6, "million GB-s", gb_seconds * prices.LAMBDA_GB_SECOND),
        Line("STS: credentials for workspaces", 0.0, "", 0.0),
        Line(
            "CloudFront: requests and their function",
            one.calls / 1e6,
            "million",
            one.calls * (prices.CDN_REQUEST + prices.CDN_FUNCTION),
        ),
        Line("CloudFront: answers", out, "GB", out * prices.CDN_GB),
        Line(
            "Firewall at the edge",
            one.calls / 1e6,
            "million",
            prices.FIREWALL + one.calls * prices.FIREWALL_REQUEST,
        ),
        Line(
            "S3: files up and down, and a month's growth",
            (files + seen) / 1e6,
            "million",
            files * prices.BUCKET_PUT + seen * prices.BUCKET_GET + files * FILE_BYTES / GB * prices.BUCKET_GB,
        ),
        Line(
            "Relay: tasks with their addresses",
            task_hours,
            "hours",
            task_hours * (TASK_CPU * prices.TASK_CPU_HOUR + TASK_GB * prices.TASK_GB_HOUR + prices.ADDRESS_HOUR),
        ),
        Line(
            "Relay: load balancer",
            units,
            "unit hours",
            HOURS * prices.BALANCER_HOUR + units * prices.BALANCER_UNIT_HOUR,
        ),
        Line("Relay: items published to it", counts.publishes / 1e6, "million", 0.0),
        Line("Logs", logged, "GB", logged * prices.LOGS_GB),
        Line("Traces", invocations * TRACED / 1e6, "million", invocations * TRACED * prices.TRACE),
        Line(
            "Alarms, operations dashboard, secrets",
            ALARMS,
            "alarms",
            ALARMS * prices.ALARM + prices.OPERATIONS_DASHBOARD + SECRETS * prices.SECRET,
        ),
    ]


def tiered(requests: float) -> float:
    dollars, before = 0.0, 0.0
    for up_to, price in prices.API_TIERS:
        dollars += max(0.0, min(requests, up_to) - before) * price
        before = up_to
    return dollars
