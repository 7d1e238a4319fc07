"""The CloudFormation that is merged into what Chalice makes: all of `infra/template/` and of the stage's folder.

Each file is a fragment with one subject. They are merged deeply: a resource may be told of in several files, but no
two may say the same thing of it; that is refused with the file and the name.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import yaml

from chalicelib.kernel.errors import Json

Object: TypeAlias = dict[str, Json]

FOLDER = Path(__file__).resolve().parents[1] / "template"
SECTIONS = {"Globals", "Parameters", "Mappings", "Conditions", "Resources", "Outputs"}
BARE = {"Ref", "Condition"}


class TemplateError(Exception):
    """A fragment cannot be used; the message names its file."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, such as `!Ref`, as the long ones that JSON has."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Object:
    value: Json
    if isinstance(node, yaml.ScalarNode):
        value = str(loader.construct_scalar(node))
        if suffix == "GetAtt":
            value = list(value.split(".", 1))
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = {str(key): part for key, part in loader.construct_mapping(node, deep=True).items()}
    return {suffix if suffix in BARE else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)
# A date is a text here, as `Version: 2012-10-17` of a policy is.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def fragment(file: Path) -> Object:
    loaded = yaml.load(file.read_text(), _Loader)
    if not isinstance(loaded, dict) or set(loaded) - SECTIONS:
        raise TemplateError(
            f"{file.name} is not a fragment of a template: it may have {', '.join(sorted(SECTIONS))}."
        )
    return loaded


def files_of(stage: str, folder: Path = FOLDER) -> list[Path]:
    return [*sorted(folder.glob("*.yaml")), *sorted((folder / stage).glob("*.yaml"))]


def compose(files: Iterable[Path]) -> Object:
    """All fragments as one."""
    whole: Object = {}
    for file in files:
        _add(whole, fragment(file), file.name, "")
    return whole


def _add(whole: Object, part: Object, file: str, place: str) -> None:
    for name, value in part.items():
        path = f"{place}.{name}".lstrip(".")
        present = whole.get(name)
        if name not in whole:
            whole[name] = value
        elif isinstance(present, dict) and isinstance(value, dict) and not _is_function(present, value):
            _add(present, value, file, path)
        else:
            raise TemplateError(f"{file} says {path} once more; another file has it already.")


def _is_function(*values: Object) -> bool:
    return any(name in BARE or name.startswith("Fn::") for value in values for name in value)
