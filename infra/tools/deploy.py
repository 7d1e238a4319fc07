"""`python -m infra.tools.deploy STAGE [Parameter=value ...]`: bring a stage up to date; prints its URL.

package ──► upload ──► change set ──► keys and address into the secret ──► dashboard ──► URL

Doing it again changes nothing. A parameter of the template, once given, keeps its value until it is given anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.tools import ground, stages
from infra.tools.account import DASHBOARD, Account, account, check_tools
from infra.tools.command import run
from infra.tools.package import ALIAS, package
from infra.tools.secret import Secret
from infra.tools.site import Site
from infra.tools.stack import Stack
from infra.tools.stages import Refusal
from infra.tools.upload import upload

# What AWS leaves to functions that reserve nothing, at least.
UNRESERVED = 100

Say = Callable[[str], None]


def deploy(stage: str, folder: Path, chosen: Mapping[str, str], at: Account, stack: Stack, say: Say) -> str:
    """Bring the stage up from the package in `folder`; the address at which it is served."""
    before = stack.parameters()
    if before is None:
        chosen = _first_time(at, folder) | dict(chosen)
    uploaded = upload(at, stage, folder, (before or {}) | dict(chosen))
    declared = set(uploaded.template.get("Parameters", {}))
    unknown = sorted(chosen.keys() - declared)
    if unknown:
        raise Refusal(f"The template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}.")
    say(f"Bringing up the stack {stack.name} in {at.region}; a first time takes about a quarter of an hour ...")
    changed = stack.bring_to(uploaded.template_url, declared, chosen)
    say("The stack is up." if changed else "The stack was up to date.")
    outputs = stack.outputs()
    secrets = at.clients.client("secretsmanager")
    shown = secrets.get_secret_value(SecretId=outputs["OriginSecret"])["SecretString"]
    if Secret(secrets, outputs["Secret"]).complete(outputs["Url"], shown):
        say("Keys and address are in the secret; functions that run already read them within four minutes.")
    say(Site(at.clients.client("s3"), at.clients.client("cloudfront"), outputs).publish(DASHBOARD))
    if stage == "prod":
        stack.protect()
    _forget_old_versions(at, stack)
    return outputs["Url"]


def _first_time(at: Account, folder: Path) -> dict[str, str]:
    """What has to be so before anything is made, and the parameters that only the account can tell."""
    template = json.loads((folder / "sam.json").read_text())
    _check_room(at, template)
    if any(resource["Type"] == "AWS::ECS::Cluster" for resource in template["Resources"].values()):
        ground.allow_containers(at.clients.client("iam"))
    return ground.zones(at.clients.client("ec2")) if "ZoneA" in template["Parameters"] else {}


def _check_room(at: Account, template: Mapping[str, dict[str, dict[str, dict[str, int]]]]) -> None:
    """Refuse before anything is made where the account cannot reserve what the functions ask for."""
    wanted = sum(
        resource.get("Properties", {}).get("ReservedConcurrentExecutions", 0)
        for resource in template["Resources"].values()
    )
    limits = at.clients.client("lambda").get_account_settings()["AccountLimit"]
    if wanted and limits["UnreservedConcurrentExecutions"] - wanted < UNRESERVED:
        raise Refusal(
            f"This account may run {limits['ConcurrentExecutions']} functions at a time, {wanted} of them are to be "
            f"reserved, and AWS keeps {UNRESERVED} free: ask for more under Service Quotas, AWS Lambda, "
            "Concurrent executions."
        )


def _forget_old_versions(at: Account, stack: Stack) -> None:
    """Delete published versions that serve no more: AWS charges for the snapshot of each."""
    functions = at.clients.client("lambda")
    for name in stack.physical_ids("AWS::Lambda::Function"):
        live = functions.get_alias(FunctionName=name, Name=ALIAS)["FunctionVersion"]
        for page in functions.get_paginator("list_versions_by_function").paginate(FunctionName=name):
            for version in page["Versions"]:
                if version["Version"] not in {"$LATEST", live}:
                    functions.delete_function(FunctionName=name, Qualifier=version["Version"])


def pairs(arguments: Sequence[str]) -> dict[str, str]:
    chosen = dict(argument.partition("=")[::2] for argument in arguments)
    wrong = [argument for argument in arguments if "=" not in argument]
    if wrong:
        raise Refusal(f"{wrong[0]!r} has no value: write {wrong[0]}=value.")
    return chosen


def main(arguments: Sequence[str]) -> bool:
    stage = stages.checked(*arguments[:1])
    chosen = pairs(arguments[1:])
    check_tools()
    at = account()
    print(f"Packaging {stage} ...")
    folder = package(stage, stages.output_folder(stage))
    stack = Stack(at.clients.client("cloudformation"), stages.stack_name(stage))
    print(deploy(stage, folder, chosen, at, stack, print))
    return True


if __name__ == "__main__":
    sys.exit(run(main))
