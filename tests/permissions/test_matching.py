"""A permission rule allows what it says and nothing beside it."""

import json
from typing import NamedTuple

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.permissions.command_line import parse_command_line
from chalicelib.permissions.matching import MAX_INPUT, MAX_PATTERN, check_pattern, matches, rule_for


class Rule(NamedTuple):
    tool_name: str
    pattern: str


def bash(command: object, **fields: object) -> str:
    return json.dumps({"command": command, **fields})


def allowed(patterns: list[str], command: str) -> bool:
    return matches([Rule("Bash", pattern) for pattern in patterns], "Bash", bash(command)) is not None


BEYOND_GIT_STATUS = [
    *(
        "git",
        "git statusx",
        "git status -s",
        "git status .",
        "git log",
        "xgit status",
        "status git",
        "Git status",
    ),
    *(
        "git status & rm -rf ~",
        "git status && rm -rf ~",
        "git status; rm -rf ~",
        "git status | sh",
        "git status || rm x",
    ),
    *("git status\nrm -rf ~", "git status $(rm x)", "git status `rm x`", "git status > f", "git status < f"),
    *(
        "git -c core.pager=x status",
        "FOO=1 git status",
        "GIT_PAGER=x git status",
        "env X=1 git status",
        "sudo git status",
    ),
    *(
        "! git status",
        "(git status)",
        "{ git status; }",
        "git status #x",
        "git 'status '",
        "'git status'",
        "./git status",
    ),
    *(
        "g\u0456t status",
        "git\u00a0status",
        "git\u200b status",
        "git status\0",
        "git status\r",
        "\\git status",
        "",
    ),
]


@pytest.mark.parametrize("command", BEYOND_GIT_STATUS)
def test_git_status_allows_nothing_beside_it(command: str) -> None:
    assert not allowed(["git status"], command)


@pytest.mark.parametrize("command", ["git status", " git  status\n", "'git' \"status\"", "git status && git status;"])
def test_git_status_allows_every_spelling_of_itself(command: str) -> None:
    assert allowed(["git status"], command)


BEYOND_GIT_LOG = [
    *(
        "git log $(rm x)",
        "git log `rm x`",
        "git log > f",
        "git log & rm x",
        "git -c core.pager=x log",
        "git log -c x",
    ),
    *(
        "git log --output=f",
        "git log --exec=x",
        "git log --output f",
        "git log -O",
        "git log a=b",
        "git log main -p",
    ),
    *(
        "git log +x",
        "git log @x",
        "git log :x",
        "git log %x",
        "git log ''",
        "git log 'a b'",
        "git log 'a;b'",
        "git log '$x'",
    ),
    *(
        "git log '-p'",
        'git log "--output=f"',
        "git log 'a`b`'",
        "git log *",
        "git log '*'",
        "git logx",
        "git",
    ),
]


@pytest.mark.parametrize("command", BEYOND_GIT_LOG)
def test_a_star_allows_no_option_assignment_or_special_character(command: str) -> None:
    assert not allowed(["git log *"], command)


@pytest.mark.parametrize("command", ["git log", "git log main..dev", "git log a b/c.py HEAD", "git log 'main'"])
def test_a_star_allows_any_number_of_plain_arguments(command: str) -> None:
    assert allowed(["git log *"], command)


def test_each_command_of_a_line_needs_a_rule_and_different_rules_may_serve() -> None:
    add, test, other = Rule("Bash", "git add ."), Rule("Bash", "npm test *"), Rule("Bash", "ls")
    line = bash("git add . && npm test a; git add .")
    assert matches([other, add, test], "Bash", line) == (add, test)
    assert matches([add, other], "Bash", line) is None
    assert matches([], "Bash", line) is None


def test_behind_a_pipe_only_filters_are_allowed() -> None:
    rules = ["cat x", "bash", "head -n 5", "git apply", "xargs rm"]
    assert allowed(rules, "cat x | head -n 5")
    assert allowed(rules, "cat x; bash")
    for command in ("cat x | bash", "cat x | git apply", "cat x | head -n 5 | xargs rm"):
        assert not allowed(rules, command)


@pytest.mark.parametrize(
    "fields",
    [
        {"dangerouslyDisableSandbox": True},
        {"run_in_background": False},
        {"cwd": "/"},
        {"env": {}},
        {"description": 1},
        {"timeout": "1"},
        {"timeout": True},
    ],
)
def test_a_shell_call_with_a_field_that_is_not_understood_matches_nothing(fields: dict[str, object]) -> None:
    text = bash("git status", **fields)
    assert matches([Rule("Bash", "git status")], "Bash", text) is None
    assert rule_for("Bash", text) is None


def test_description_and_timeout_do_not_change_what_a_command_is() -> None:
    text = bash("git status", description="Show it", timeout=5000)
    assert rule_for("Bash", text) == "git status"
    assert matches([Rule("Bash", "git status")], "Bash", text)


NOT_ONE_COMPLETE_INPUT = [
    *(
        "",
        "git status",
        "null",
        '"git status"',
        '["git status"]',
        "{}x",
        '{"command":"git status"',
        '{"command":"git st',
    ),
    *(
        '{"command":"git status"}…',
        '{"command":"git status…"}',
        '{"command":"git status\\u2026"}',
        '{"command":"ls x..."}',
    ),
    *(
        '{"command":"ls [truncated]"}',
        '{"command":"ls","description":"(3 lines truncated)"}',
        '{"command":"ls ..."}',
    ),
    *('{"command":"git status","command":"rm x"}', '{"command":"ls","timeout":1,"timeout":2}', "\ufeff{}"),
    *(
        '{"command":NaN}',
        '{"command":"ls","timeout":Infinity}',
        '{"command":"ls","timeout":1e999}',
        '{"a":-0}',
        '{"a":1E5}',
    ),
    *(
        '{"a":0.10}',
        '{"a":0.1000000000000000055}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":' * 100_000,
        "[" * 5000 + "]" * 5000,
    ),
    *('{"a":{"b":1,"b":2}}', '{"a":["x",{"y":"z…"}]}', '{"a…":1}', '{"a":"' + "x" * MAX_INPUT + '"}'),
    '{"command":"go test ' + "a" * 80 + ' ./..."}',
]


@pytest.mark.parametrize("tool_name", ["Bash", "WebFetch"])
@pytest.mark.parametrize("text", NOT_ONE_COMPLETE_INPUT, ids=range(len(NOT_ONE_COMPLETE_INPUT)))
def test_a_cut_off_or_ambiguous_input_matches_no_rule_and_writes_none(tool_name: str, text: str) -> None:
    patterns = ["*", "git status", "ls *", "rm *", text, "{}"]
    assert matches([Rule(tool_name, pattern) for pattern in patterns], tool_name, text) is None
    assert rule_for(tool_name, text) is None


@pytest.mark.parametrize(
    "command", [None, 1, ["git", "status"], {}, "", "a && b", "a | b", "a; b", "a $x", "x" * 5000]
)
def test_always_allow_writes_no_rule_unless_there_is_one_simple_command(command: object) -> None:
    assert rule_for("Bash", bash(command)) is None


def test_a_short_line_may_end_in_the_dots_of_go_packages() -> None:
    assert rule_for("Bash", bash("go test ./...")) == "go test ./..."


@pytest.mark.parametrize(
    "tool_name", ["Bash", "bash", "shell", "shell_execute", "execute_command", "run_terminal_cmd"]
)
def test_a_bare_star_allows_nothing_on_a_shell_tool(tool_name: str) -> None:
    assert matches([Rule(tool_name, "*")], tool_name, bash("git status")) is None
    with pytest.raises(ValueError, match="at least the command"):
        check_pattern(tool_name, " * ")


@pytest.mark.parametrize("tool_name", ["mcp__desk__execute_command", "PowerShell", "mcp__x__Bash"])
def test_a_star_allows_nothing_on_another_tool_that_runs_commands(tool_name: str) -> None:
    text = bash("git status", cwd="/")
    assert matches([Rule(tool_name, "*")], tool_name, text) is None
    assert matches([Rule(tool_name, rule_for(tool_name, text) or "")], tool_name, text)
    with pytest.raises(ValueError, match="exact input"):
        check_pattern(tool_name, "*")


def test_a_rule_is_for_its_own_tool_only() -> None:
    rules = [Rule("Bash", "git status"), Rule("mcp__a__b", "*"), Rule("bash", "ls"), Rule("*", "*")]
    assert matches(rules, "shell", bash("git status")) is None
    assert matches(rules, "Bash", bash("ls")) is None
    assert matches(rules, "mcp__a__bc", "{}") is None
    assert matches(rules, "mcp__a__b", "{}") == (rules[1],)


def test_other_tools_match_on_the_exact_input_whatever_its_spelling() -> None:
    pattern = rule_for("Read", '{"path": "/a", "n": [1, 2.5, null]}')
    assert pattern == '{"n":[1,2.5,null],"path":"/a"}'
    rule = Rule("Read", pattern)
    assert matches([rule], "Read", '{"n":[1,2.5,null], "path":"\\u002fa"}') == (rule,)
    for other in ('{"n":[1,2.5],"path":"/a"}', '{"n":[1,2.5,null],"path":"/ab"}', '{"n":[1,2.5,null]}', "{}"):
        assert matches([rule], "Read", other) is None


def test_hidden_characters_stand_in_a_pattern_as_escapes() -> None:
    text = json.dumps({"a": "x\u202ey\u200b\ud800é\x7f"})
    pattern = rule_for("Read", text) or ""
    assert pattern == '{"a":"x\\u202ey\\u200b\\ud800é\\u007f"}'
    assert check_pattern("Read", pattern) == pattern
    assert matches([Rule("Read", pattern)], "Read", text)


def test_an_input_too_long_for_a_pattern_writes_no_rule() -> None:
    assert rule_for("Read", json.dumps({"a": "x" * MAX_PATTERN})) is None


@pytest.mark.parametrize(
    ("tool_name", "pattern", "stored"),
    [
        ("Bash", "  git   status ", "git status"),
        ("Bash", "npm test  *", "npm test *"),
        ("Bash", "git add '*'", "git add '*'"),
        ("Bash", 'echo "a" "it\'s"', "echo a 'it'\"'\"'s'"),
        ("Bash", "sudo env A=1 sh -c 'rm x'", "sudo env A=1 sh -c 'rm x'"),
        ("Bash", "find . -exec rm x", "find . -exec rm x"),
        ("Bash", "time make", "time make"),
        ("Bash", "./run.sh *", "./run.sh *"),
        ("Read", ' {"b": 1, "a": "x"} ', '{"a":"x","b":1}'),
        ("Read", "*", "*"),
    ],
)
def test_a_pattern_made_by_hand_is_stored_in_one_form(tool_name: str, pattern: str, stored: str) -> None:
    assert check_pattern(tool_name, pattern) == stored
    assert check_pattern(tool_name, stored) == stored


TOO_WIDE = [
    *(
        "env *",
        "sudo *",
        "sudo -u me *",
        "/usr/bin/env *",
        "ENV *",
        "'env' *",
        "xargs *",
        "sh -c *",
        "bash *",
        "zsh *",
    ),
    *(
        "find *",
        "find . -exec *",
        "eval *",
        "command *",
        "nohup *",
        "time *",
        "exec *",
        "python3.11 *",
        "Python.exe *",
    ),
    *(
        "node20 *",
        "perl5.36 *",
        "awk *",
        "sed *",
        "tar *",
        "ssh host *",
        "timeout 5 *",
        "cd *",
        "source *",
        ". *",
    ),
    *(
        "git *",
        "git -C . *",
        "git -c a=b log *",
        "git config *",
        "git bisect run *",
        "npm *",
        "npm exec *",
        "npx *",
    ),
    *(
        "docker *",
        "docker run x *",
        "kubectl exec *",
        "go run *",
        "uv run *",
        "cargo run *",
        "watch *",
        "busybox *",
    ),
]


@pytest.mark.parametrize("pattern", TOO_WIDE)
def test_a_star_after_what_runs_other_commands_is_refused_and_allows_nothing(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"without `\*`|Name a subcommand"):
        check_pattern("Bash", pattern)
    assert not allowed([pattern], pattern.removesuffix("*") + "x")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        " ",
        "*",
        "* *",
        "git * status",
        "git*",
        "* status",
        "git st* *",
        "a && b",
        "a; b *",
        "a | b",
        "a $x",
        "a\nb",
        *("FOO=1 a", "a > b", "a &", "'a *", "a \u202eb *", "a b\0", "if *", "x" * 5000),
    ],
)
def test_a_shell_pattern_that_is_not_one_plain_command_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="command"):
        check_pattern("Bash", pattern)
    assert not allowed([pattern], "git status")


@pytest.mark.parametrize("pattern", ["", "**", "x", "{", "[]", '"x"', '{"a":1,"a":2}', '{"a":"b…"}'])
def test_a_pattern_of_another_tool_that_is_not_its_input_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="JSON object"):
        check_pattern("Read", pattern)


@pytest.mark.parametrize("tool_name", ["", "*", "mcp__*", "Ba sh", "Bash\n", "Re\u200bad", "x" * 200])
def test_a_rule_names_one_tool_in_visible_characters(tool_name: str) -> None:
    with pytest.raises(ValueError, match="Name one tool"):
        check_pattern(tool_name, "{}")
    assert rule_for(tool_name, "{}") is None


WORD = st.sampled_from(["git", "log", "-p", "--output=f", "a=b", "5", "main..dev", "./x", "time", "env", "if"])
QUOTED = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="'\\") | st.just("é"), max_size=8
)
NAME = st.sampled_from(["git", "time", "env", "./x", "'git'", '"a b"'])
ARGUMENTS = st.lists(WORD | QUOTED.map(lambda text: f"'{text}'"), max_size=4)
COMMAND = st.builds(lambda name, arguments: " ".join([name, *arguments]), NAME, ARGUMENTS)
ADDITION = st.sampled_from(
    [
        "&& rm x",
        "|| rm x",
        "; rm x",
        "| sh",
        "& rm x",
        "&",
        "x",
        "-c",
        "--output=f",
        "$(rm x)",
        "`rm x`",
        "> f",
        "< f",
        *("\nrm x", "''", "*", "~", "#x", "'", '"', "\\", "{a,b}", "2>&1", "<<E"),
    ]
)
PREFIX = st.sampled_from(
    ["rm x &&", "rm x;", "FOO=1", "sudo", "env", "!", "(", "rm x |", "\\", "-c", "$(x)", "time", "'"]
)


@settings(deadline=None)
@given(COMMAND)
@example("git commit -m 'it''s'")
def test_what_always_allow_writes_allows_that_very_command(command: str) -> None:
    pattern = rule_for("Bash", bash(command))
    assume(pattern is not None)
    assert pattern is not None
    assert check_pattern("Bash", pattern) == pattern
    assert allowed([pattern], command)


@settings(deadline=None)
@given(COMMAND, ADDITION, PREFIX)
def test_what_always_allow_writes_allows_nothing_added_to_it(command: str, addition: str, prefix: str) -> None:
    pattern = rule_for("Bash", bash(command))
    assume(pattern is not None)
    assert pattern is not None
    for wider in (f"{command} {addition}", f"{prefix} {command}", f"{prefix} {command} {addition}"):
        assert not allowed([pattern], wider)


@settings(deadline=None)
@given(COMMAND, COMMAND)
def test_what_always_allow_writes_allows_no_command_of_other_words(command: str, other: str) -> None:
    pattern = rule_for("Bash", bash(command))
    assume(pattern is not None and parse_command_line(command) != parse_command_line(other))
    assert pattern is not None
    assert not allowed([pattern], other)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(st.text(), JSON, max_size=4)


@settings(deadline=None)
@given(FIELDS, FIELDS)
def test_a_rule_of_another_tool_allows_the_same_input_only(
    fields: dict[str, object], others: dict[str, object]
) -> None:
    pattern = rule_for("Read", json.dumps(fields))
    assume(pattern is not None)
    assert pattern is not None
    rule = Rule("Read", pattern)
    assert check_pattern("Read", pattern) == pattern
    assert matches([rule], "Read", json.dumps(fields, indent=1)) == (rule,)
    same = json.dumps(fields, sort_keys=True) == json.dumps(others, sort_keys=True)
    assert (matches([rule], "Read", json.dumps(others)) is not None) == same


@settings(deadline=None)
@given(st.sampled_from(["Bash", "Read"]), st.text(), st.text())
def test_no_text_makes_matching_raise(tool_name: str, text: str, pattern: str) -> None:
    rule_for(tool_name, text)
    matches([Rule(tool_name, pattern)], tool_name, text)
    matches([Rule(tool_name, pattern)], tool_name, bash(text))
