"""What a stage is called, everywhere."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("dev", "prod")


class Refusal(Exception):
    """A command cannot be carried out; the message is one line that says what to do."""


def checked(stage: str = "") -> str:
    if stage not in STAGES:
        raise Refusal(f"There is no stage {stage!r}: set STAGE={' or STAGE='.join(STAGES)}.")
    return stage


def stack_name(stage: str) -> str:
    return f"handrail-{stage}"


def output_folder(stage: str) -> Path:
    return ROOT / ".cache" / "package" / stage
