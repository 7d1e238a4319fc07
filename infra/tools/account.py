"""The AWS account to work in, or the one thing that is missing for it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

from infra.tools.stages import ROOT, Refusal

DASHBOARD = ROOT / "dashboard" / "dist"


class Clients(Protocol):
    """What makes a client for a service of AWS by its name."""

    def client(self, service: str) -> Any: ...


@dataclass(frozen=True)
class Account:
    id: str
    region: str
    clients: Clients


class _Session:
    def __init__(self, session: Any) -> None:
        self._session = session

    def client(self, service: str) -> Any:
        patient = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=10)
        return self._session.client(service, config=patient)


def check_tools() -> None:
    """Refuse where something is missing that packaging and deploying need on this machine."""
    if importlib.util.find_spec("pip") is None:
        raise Refusal("pip is missing from this Python: run 'make deploy', which makes an environment that has it.")
    if not (DASHBOARD / "index.html").exists():
        raise Refusal("The dashboard is not built: run 'make dashboard', or 'make deploy', which does.")


def account(environment: Mapping[str, str] = os.environ) -> Account:
    """The account that the credentials at hand belong to, in the region that is chosen."""
    try:
        session = boto3.session.Session(region_name=environment.get("AWS_REGION"))
        if session.region_name is None:
            raise Refusal("No AWS region is chosen: set AWS_REGION, for example AWS_REGION=eu-central-1.")
        identity = _Session(session).client("sts").get_caller_identity()
    except ProfileNotFound as error:
        raise Refusal(f"{error}: set AWS_PROFILE to one that ~/.aws/config has.") from error
    except NoCredentialsError as error:
        raise Refusal("No AWS credentials were found: set AWS_PROFILE, or sign in with 'aws sso login'.") from error
    except ClientError as error:
        raise Refusal(f"AWS does not accept these credentials: {error.response['Error']['Message']}") from error
    except BotoCoreError as error:
        raise Refusal(f"AWS cannot be used from here: {error}") from error
    return Account(identity["Account"], session.region_name, _Session(session))
