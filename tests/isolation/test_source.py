"""What the source itself must keep: no scan, few doors to the workspace table, marked crossings, one way of imports.

Every check is a function from source text to what is wrong in it, and is shown a sample that it must object to.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = "CROSS-WORKSPACE BY DESIGN:"
KERNEL, ONEBOX, WIRING = "chalicelib.kernel", "chalicelib.onebox", "chalicelib.wiring"
AWS = "chalicelib.aws"

# Who may touch the workspace table itself. Everything else goes through a scope or a unit of work.
DOORS = {
    "chalicelib.kernel.store",  # declares it
    "chalicelib.kernel.scope",  # reads by key, in the scope's workspace
    "chalicelib.kernel.unit",  # writes, in one transaction with the event
    "chalicelib.kernel.pages",  # queries of one partition
    "chalicelib.workspaces.rules",  # the purge of a deleted workspace
    "chalicelib.tasks.listeners",  # the removal of a deleted task's thread
}
TABLE = {"WorkspaceItem", "dispatch", "TransactWrite", "TransactGet"}
# Whoever calls one of these sees several workspaces at once.
CROSSINGS = {"memberships", "due_by", "heads_of", "for_each", "farewells"}
# Who makes scopes, and from what.
SCOPE_MAKERS = {
    "Scope": {"chalicelib.kernel.scope"},
    "for_session": {"chalicelib.kernel.scope", "chalicelib.kernel.serving", "chalicelib.members.invitations"},
    "for_invited": {"chalicelib.members.invitations"},
    "for_token": {"chalicelib.kernel.serving"},
    "for_link": {"chalicelib.kernel.links"},
    "for_new": {"chalicelib.workspaces.rules", "chalicelib.archive.importing"},
    "for_system": {
        "chalicelib.archive.exporting",
        "chalicelib.archive.importing",
        "chalicelib.attachments.rules",
        "chalicelib.tasks.claims",
        "chalicelib.tasks.listeners",
        "chalicelib.permissions.rules",
        "chalicelib.tokens.rules",
        "chalicelib.tokens.listeners",
        "chalicelib.tokens.presence",
        "chalicelib.members.invitations",
        "chalicelib.members.listeners",
        "chalicelib.workspaces.rules",
        "chalicelib.push.listeners",
    },
}
PRIVATE_TO_A_FEATURE = {"routes", "tools", "listeners", "stream", "person_stream", "push"}

Check = Callable[[str, ast.Module], Iterator[str]]


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in [ROOT / "app.py", *sorted((ROOT / "chalicelib").rglob("*.py"))]:
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(file.read_text(), str(file))


def is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def called(node: ast.AST) -> str:
    """The name of what a call calls."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def names(tree: ast.AST) -> set[str]:
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}


def imports(name: str, tree: ast.Module) -> set[str]:
    """The modules of this program that are imported, at the top or inside of a function."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*name.split(".")[: -node.level], *filter(None, [node.module])])
            found.add(base)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return {one for one in found if one.partition(".")[0] in {"chalicelib", "app", "tests"}}


# -- the checks ---------------------------------------------------------------------------


def scans(name: str, tree: ast.Module) -> Iterator[str]:
    if is_in(name, f"{ONEBOX}.engine"):
        return
    for node in ast.walk(tree):
        if called(node) in {"scan", "rate_limited_scan"}:
            yield "calls scan"
        if isinstance(node, ast.Constant) and node.value in {"Scan", "ExecuteStatement"}:
            yield f"names the operation {node.value}"


def back_doors(name: str, tree: ast.Module) -> Iterator[str]:
    if name not in DOORS and not is_in(name, ONEBOX):
        yield from (f"reaches the workspace table by {one}" for one in sorted(names(tree) & TABLE))
    if name not in {"chalicelib.kernel.store", "chalicelib.kernel.directory", "chalicelib.kernel.unit"} and (
        "DirectoryItem" in names(tree)
    ):
        yield "reaches the directory by DirectoryItem"
    for node in ast.walk(tree):
        if called(node) == "batch_get" and name not in DOORS and not _is_empty(node):
            yield "reads items of a workspace by batch_get"


def _is_empty(call: ast.AST) -> bool:
    """Whether a `batch_get` asks for nothing of the workspace table."""
    first = call.args[0] if isinstance(call, ast.Call) and call.args else None
    return isinstance(first, ast.List) and not first.elts


def strange_partitions(name: str, tree: ast.Module) -> Iterator[str]:
    """A query of the workspace table names a partition, and it is a scope's own."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or called(node) != "query" or is_in(name, ONEBOX):
            continue
        if "WorkspaceItem" not in names(tree):
            continue
        first = ast.unparse(node.args[0]) if node.args else ""
        if first not in {"workspace_id", "scope.workspace_id", "self.workspace_id"}:
            yield f"queries the partition {first!r}"


def unmarked_crossings(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and MARK not in (ast.get_docstring(node) or ""):
            crossed = {called(inner) for inner in ast.walk(node)} & CROSSINGS
            yield from (f"{node.name} calls {one} without the mark" for one in sorted(crossed))
    for statement in tree.body:
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            crossed = {called(inner) for inner in ast.walk(statement)} & CROSSINGS
            yield from (f"calls {one} outside of a function" for one in sorted(crossed))


def made_scopes(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        maker = called(node)
        if maker in SCOPE_MAKERS and name not in SCOPE_MAKERS[maker] and not is_in(name, ONEBOX):
            yield f"makes a scope with {maker}"
        if maker == "for_system" and isinstance(node, ast.Call):
            of = ast.unparse(node.args[0])
            if of not in {"due.workspace_id", "event.workspace_id", "workspace_id"}:
                yield f"acts as the system in {of}"


def set_reaches(name: str, tree: ast.Module) -> Iterator[str]:
    """Which workspaces work is for follows from its scope: nobody else says it."""
    allowed = {"chalicelib.kernel.scope", "chalicelib.kernel.tenancy"}
    seen = "chalicelib.kernel.tenancy" in imports(name, tree) or "tenancy" in names(tree)
    if seen and name not in allowed and not is_in(name, "chalicelib.aws"):
        yield "decides by itself which workspaces it is for"


def wrong_imports(name: str, tree: ast.Module) -> Iterator[str]:
    for wanted in sorted(imports(name, tree)):
        if not _may_import(name, wanted):
            yield f"imports {wanted}"


def _may_import(name: str, wanted: str) -> bool:
    if is_in(wanted, "tests"):
        return False
    if is_in(name, ONEBOX):
        return True
    if is_in(wanted, ONEBOX) or is_in(wanted, "app"):
        return False
    if is_in(name, KERNEL):
        return is_in(wanted, KERNEL) or wanted == "chalicelib"
    if is_in(name, AWS):
        return is_in(wanted, KERNEL) or is_in(wanted, AWS) or wanted == "chalicelib"
    if name in {"app", "chalicelib"}:
        return True
    if is_in(wanted, AWS):
        return False
    if is_in(name, WIRING):
        return True
    feature = ".".join(name.split(".")[:2])
    if is_in(wanted, KERNEL) or is_in(wanted, feature):
        return True
    return not is_in(wanted, WIRING) and not PRIVATE_TO_A_FEATURE & set(wanted.split(".")[2:3])


# -- applied to the program, and to samples -----------------------------------------------

CHECKS: list[tuple[Check, list[tuple[str, str]]]] = [
    (
        scans,
        [
            ("chalicelib.tasks.rules", "rows = store.WorkspaceItem.scan()"),
            ("chalicelib.kernel.store", "connection().dispatch('Scan', {})"),
        ],
    ),
    (
        back_doors,
        [
            ("chalicelib.tasks.rules", "from chalicelib.kernel.store import WorkspaceItem"),
            ("chalicelib.inbox.rules", "store.WorkspaceItem('other', 'head').delete()"),
            ("chalicelib.people.rules", "store.DirectoryItem.query('person#1')"),
            ("chalicelib.tokens.rules", "batch_get([(workspace_id, 'head')], [key])"),
        ],
    ),
    (
        strange_partitions,
        [("chalicelib.workspaces.rules", "store.WorkspaceItem.query(request.path['ws'])")],
    ),
    (
        unmarked_crossings,
        [
            ("chalicelib.inbox.rules", 'def peek(session):\n    """All of it."""\n    return for_each(session)'),
            (
                "chalicelib.inbox.rules",
                "def peek(who):\n    def inner():\n        return memberships(who)",
            ),
            ("chalicelib.inbox.rules", "EVERYTHING = heads_of('')"),
        ],
    ),
    (
        made_scopes,
        [
            ("chalicelib.tasks.tools", "Scope(head, actor, 'system', 'x')"),
            ("chalicelib.tasks.tools", "scope.for_system(arguments.workspace_id)"),
            ("chalicelib.tasks.listeners", "for_system(entity['workspace_id'])"),
        ],
    ),
    (
        set_reaches,
        [
            ("chalicelib.tasks.rules", "from chalicelib.kernel import tenancy\nwith tenancy.within('other'): ..."),
            ("chalicelib.tasks.rules", "from chalicelib.kernel.tenancy import within"),
        ],
    ),
    (
        wrong_imports,
        [
            ("chalicelib.kernel.unit", "from chalicelib.tasks import rules"),
            ("chalicelib.kernel.unit", "def late():\n    import chalicelib.wiring"),
            ("chalicelib.tasks.rules", "from chalicelib.inbox.routes import routes"),
            ("chalicelib.tasks.rules", "from chalicelib.inbox import tools"),
            ("chalicelib.tasks.rules", "from ..inbox import routes"),
            ("chalicelib.tasks.rules", "from chalicelib.onebox.engine import Engine"),
            ("chalicelib.tasks.rules", "from chalicelib import wiring"),
            ("chalicelib.aws.start", "from chalicelib.tasks import rules"),
            ("chalicelib.kernel.settings", "from chalicelib.aws import secrets"),
            ("chalicelib.tasks.rules", "from chalicelib.aws import blobs"),
            ("chalicelib.wiring.api", "from chalicelib.aws import start"),
            ("app", "from chalicelib.onebox import program"),
            ("chalicelib.onebox.program", "from tests.support import clients"),
        ],
    ),
]


@pytest.mark.parametrize("check", [check for check, _ in CHECKS], ids=lambda check: check.__name__)
def test_the_program_keeps_the_rule(check: Check) -> None:
    assert [f"{name} {wrong}" for name, tree in modules() for wrong in check(name, tree)] == []


@pytest.mark.parametrize(
    ("check", "name", "sample"),
    [(check, name, sample) for check, samples in CHECKS for name, sample in samples],
)
def test_the_check_objects_to_a_sample(check: Check, name: str, sample: str) -> None:
    assert list(check(name, ast.parse(sample)))


def test_a_marked_crossing_is_allowed() -> None:
    marked = f'def overview(person):\n    """{MARK} because."""\n    return heads_of(person)'
    assert not list(unmarked_crossings("chalicelib.inbox.rules", ast.parse(marked)))


def test_the_lists_of_this_test_name_nothing_that_is_gone() -> None:
    """A door that nobody uses any more is closed here too."""
    trees = dict(modules())
    assert {door for door in DOORS if not names(trees[door]) & (TABLE | {"batch_get"})} == set()
    made = {(maker, name) for name, tree in trees.items() for node in ast.walk(tree) if (maker := called(node))}
    assert {(m, name) for m, allowed in SCOPE_MAKERS.items() for name in allowed if (m, name) not in made} == set()
    assert {maker for maker, _ in made} >= CROSSINGS
    features = {name.split(".")[1] for name in trees if name.count(".") == 2}
    assert features > {"kernel", "onebox", "tasks", "tokens"}
