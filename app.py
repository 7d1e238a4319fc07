"""The Chalice app: every route, the functions fed by the change stream, and the scheduled ones. No logic.

On one machine all of it is there. On AWS each function loads only what it serves.
"""

from __future__ import annotations

from chalice.app import CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.kernel import logs
from chalicelib.kernel.app import App
from chalicelib.kernel.settings import settings

function = settings().function
logs.start(settings().log_level)
app = App("handrail", configure_logs=False)
app.api.binary_types = ["application/octet-stream"]

if function:
    from chalicelib.aws import start

    start.start(app)

if function in {"", "api"}:
    from chalicelib.kernel import serving
    from chalicelib.wiring import api

    serving.install(app, api.routes)

if function in {"", "stream"}:
    from chalicelib.kernel import listening
    from chalicelib.wiring import stream as wired_stream

    @app.on_dynamodb_record(stream_arn="*", name="stream")
    def stream(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
        return listening.handle(event.to_dict()["Records"], wired_stream.listeners)


if function in {"", "notify"}:
    from chalicelib.wiring import notify as wired_notify

    @app.on_dynamodb_record(stream_arn="*", name="notify")
    def notify(event: DynamoDBEvent) -> dict[str, list[dict[str, str]]]:
        return wired_notify.notify(event.to_dict()["Records"])


if function in {"", "maintenance"}:
    from chalicelib.kernel import due
    from chalicelib.wiring import maintenance as wired_maintenance

    @app.schedule(Rate(1, unit=Rate.MINUTES), name="maintenance")
    def maintenance(event: CloudWatchEvent) -> dict[str, int]:
        return wired_maintenance.run_due_work(due.time_for(event.context))
