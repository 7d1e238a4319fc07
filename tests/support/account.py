"""The stack's own policy documents, enforced: an AWS account of which only IAM is there, before the embedded engine.

Credentials are made as STS would make them, if the role's trust policy lets the function. Every request is then
judged by the policies of who signed it, as real DynamoDB would have them judged.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from chalicelib.aws.client import NarrowedClient
from chalicelib.aws.credentials import Narrowed, tags_of
from chalicelib.kernel import tenancy
from chalicelib.kernel.settings import settings
from chalicelib.kernel.tenancy import Reach
from chalicelib.onebox.engine import Engine, installed
from chalicelib.onebox.engine.client import EngineClient
from infra.tools import template
from tests.support.iam import Asked, Document, allows, asked_by

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, STACK = "123456789012", "handrail-dev"
FUNCTIONS = ("api", "notify", "maintenance")
FUNCTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/{STACK}-ApiHandlerRole-A1B2C3"
_NAMES = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": "eu-central-1", "AWS::StackName": STACK}


def arn_of(resource: str) -> str:
    if resource.endswith("Role"):
        return f"arn:aws:iam::{ACCOUNT}:role/{STACK}-{resource}-X1Y2Z3"
    if resource.endswith("Table"):
        return f"arn:aws:dynamodb:eu-central-1:{ACCOUNT}:table/{STACK}-{resource}-X1Y2Z3"
    return f"arn:aws:other:::{resource}"


WORKSPACE, DIRECTORY = arn_of("WorkspaceTable"), arn_of("DirectoryTable")


def resolved(value: Any) -> Any:
    """A part of a template, as CloudFormation would deploy it."""
    if isinstance(value, list):
        return [resolved(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        return arn_of(value["Fn::GetAtt"][0])
    if "Ref" in value:
        return arn_of(value["Ref"])
    if "Fn::Sub" in value:
        return re.sub(
            r"\$\{([\w:]+)(\.Arn)?\}", lambda found: _NAMES.get(found[1]) or arn_of(found[1]), value["Fn::Sub"]
        )
    return {name: resolved(one) for name, one in value.items()}


_resources = cast(dict[str, Any], template.compose(template.files_of("dev"))["Resources"])


def policies_of(role: str) -> list[Document]:
    return [resolved(policy["PolicyDocument"]) for policy in _resources[role]["Properties"]["Policies"]]


def trust_of(role: str) -> Document:
    document: Document = resolved(_resources[role]["Properties"]["AssumeRolePolicyDocument"])
    return document


def policy_of_function(function: str) -> Document:
    document: Document = resolved(json.loads((ROOT / ".chalice" / f"policy-{function}.json").read_text()))
    return document


def assumption(role: str, tags: list[dict[str, str]], caller: str = FUNCTION_ROLE) -> list[Asked]:
    """What assuming `role` with `tags` asks for."""
    context: dict[str, tuple[str, ...]] = {"aws:PrincipalArn": (caller,)}
    for tag in tags:
        context[f"aws:RequestTag/{tag['Key']}"] = (tag["Value"],)
    if tags:
        context["aws:TagKeys"] = tuple(tag["Key"] for tag in tags)
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if tags else [])]
    return [Asked(action, arn_of(role), context) for action in actions]


def may_assume(role: str, tags: list[dict[str, str]], function: str = "api", caller: str = FUNCTION_ROLE) -> bool:
    """Whether the function's policy and the role's trust both let it."""
    own, trust = policy_of_function(function), trust_of(role)
    return all(allows([own], one) and allows([trust], one) for one in assumption(role, tags, caller))


class Account:
    """Sessions that were made, and what was refused since."""

    def __init__(self) -> None:
        self.refused: list[Asked] = []
        self.assumed: list[Reach] = []
        self._sessions: dict[str, tuple[str, dict[str, str]]] = {}
        self._numbers = itertools.count(1)
        self._own = [policy_of_function("api")]
        self._policies = {role: policies_of(role) for role in ("TenantRole", "OverviewRole")}

    def assume(self, reach: Reach) -> ReadOnlyCredentials:
        role, tags = ("TenantRole" if len(reach) == 1 else "OverviewRole"), tags_of(reach)
        assert may_assume(role, tags), f"the function may not assume {role} with {tags}"
        self.assumed.append(reach)
        key = f"ASIA{next(self._numbers)}"
        self._sessions[key] = (role, {f"aws:PrincipalTag/{tag['Key']}": tag["Value"] for tag in tags})
        return ReadOnlyCredentials(key, "secret", "token")

    def check(self, signed_by: str | None, operation: str, arguments: dict[str, Any]) -> None:
        """Raises what AWS answers where something in the request is not allowed to who signed it."""
        role, principal = self._sessions[signed_by] if signed_by else ("", {})
        policies = self._policies[role] if role else self._own
        arn = {settings().workspace_table: WORKSPACE, settings().directory_table: DIRECTORY}
        for asked in asked_by(operation, arguments, arn):
            if not allows(policies, asked.by(principal)):
                self.refused.append(asked)
                text = f"{role or 'the function'} is not authorized to perform {asked.action} on {asked.resource}"
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": text}}, operation)


class Events:
    def __init__(self) -> None:
        self.handlers: list[Callable[..., None]] = []

    def register(self, name: str, handler: Callable[..., None]) -> None:
        assert name == "before-call.dynamodb"
        self.handlers.append(handler)


class Meta:
    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url, self.events = endpoint_url, Events()


class SignedClient:
    """Stands for botocore's client: asks with what a request is to be signed, then for leave, then the engine."""

    def __init__(self, engine: Engine, account: Account) -> None:
        self._engine, self._account = engine, account
        self.meta = Meta(engine.client.meta.endpoint_url)

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        context: dict[str, Any] = {}
        for handler in self.meta.events.handlers:
            handler(context=context)
        keys = context.get("signing", {}).get("request_credentials")
        signed_by = keys.get_frozen_credentials().access_key if keys else None
        self._account.check(signed_by, operation_name, operation_kwargs)
        return self._engine.client._make_api_call(operation_name, operation_kwargs)


@contextmanager
def walled(engine: Engine) -> Iterator[Account]:
    """All that happens inside happens as on AWS: with narrowed credentials, judged by the stack's policies."""
    account, before = Account(), tenancy.keeper()
    narrowed = Narrowed(account.assume)
    client = NarrowedClient(SignedClient(engine, account), narrowed, settings().workspace_table)
    tenancy.keep_with(narrowed)
    try:
        with installed(cast(EngineClient, client)):
            yield account
    finally:
        tenancy.keep_with(before)
