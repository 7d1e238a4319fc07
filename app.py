"""The Chalice app: every route, the functions fed by the change stream, and the scheduled ones. No logic."""

from __future__ import annotations

from chalice.app import CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib import wiring
from chalicelib.kernel import listening, logs
from chalicelib.kernel.serving import App, install
from chalicelib.kernel.settings import settings

logs.start(settings().log_level)
app = App("handrail", configure_logs=False)
app.api.binary_types = ["application/octet-stream"]
install(app, wiring.routes)


@app.on_dynamodb_record(stream_arn="*", name="stream")
def stream(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
    return listening.handle(event.to_dict()["Records"], wiring.listeners)


@app.on_dynamodb_record(stream_arn="*", name="notify")
def notify(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
    return wiring.notify(event.to_dict()["Records"])


@app.schedule(Rate(1, unit=Rate.MINUTES), name="maintenance")
def maintenance(event: CloudWatchEvent) -> dict[str, int]:
    return wiring.run_due_work()
