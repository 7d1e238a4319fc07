"""Which permission rules allow which tool call. Pure: rules and the agent's own words in, a verdict out.

A rule is a tool's name and a pattern. For a shell tool the pattern is one simple command, matched word by
word; a trailing ` *` stands for any number of further plain arguments. For any other tool it is the canonical
JSON of one exact input, or `*`, which only a person writes by hand.
- What was cut off or is not understood matches no rule, `*` included, and writes none.
- `rule_for` is never wider than the input that it was made from.
- A stored pattern is read by the same rules as a new one: what `check_pattern` refuses allows nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from chalicelib.permissions.command_line import (
    SimpleCommand,
    has_hidden_characters,
    parse_command_line,
    parse_commands,
    quote_command,
)
from chalicelib.permissions.open_ended import PIPE_FILTERS, PLAIN_ARGUMENT, names, why_not_open_ended

MAX_INPUT = 65_536
MAX_PATTERN = 4096
MAX_TOOL_NAME = 128

SHELL_TOOLS = names(
    "bash sh zsh shell local_shell terminal execute_bash exec_command execute_command run_command"
    " run_in_terminal run_shell_command run_terminal_cmd run_terminal_command shell_execute"
)
_OTHER_COMMAND_TOOLS = names("powershell pwsh cmd")
_SHELL_FIELDS = frozenset({"command", "description", "timeout"})

_CUT_OFF = re.compile(r"…|\.\.\.\s*$|[\[(<][^\])>]{0,40}\btruncated\b[^\])>]{0,40}[\])>]\s*$", re.IGNORECASE)
_GO_PACKAGES = "./..."
_LONGEST_GO_LINE = 80  # well below where agents cut, so that these dots are the agent's own
_TOOL_NAME = re.compile(r"[^\s*]+")


class Rule(Protocol):
    @property
    def tool_name(self) -> str: ...

    @property
    def pattern(self) -> str: ...


R = TypeVar("R", bound=Rule)


class PatternError(ValueError):
    """A pattern that no rule may have; the message says what to write instead."""


class _Input(NamedTuple):
    fields: dict[str, object]
    canonical: str


class _CommandPattern(NamedTuple):
    words: tuple[str, ...]
    takes_more: bool

    def allows(self, words: tuple[str, ...]) -> bool:
        if not self.takes_more:
            return words == self.words
        count = len(self.words)
        return words[:count] == self.words and all(map(PLAIN_ARGUMENT.fullmatch, words[count:]))


def rule_for(tool_name: str, input: str) -> str | None:
    """The pattern that "always allow" writes for this very input, if one can be written."""
    call = _read_input(input)
    if call is None or not _is_tool_name(tool_name):
        return None
    pattern: str | None = call.canonical
    if is_shell_tool(tool_name):
        pattern = _one_command(_shell_line(call.fields))
    return pattern if pattern is not None and len(pattern) <= MAX_PATTERN else None


def matches(rules: Iterable[R], tool_name: str, input: str) -> tuple[R, ...] | None:
    """The rules that together allow the call: on a shell line, one for every simple command."""
    call = _read_input(input)
    if call is None:
        return None
    own_rules = [rule for rule in rules if rule.tool_name == tool_name]
    if is_shell_tool(tool_name):
        line = _shell_line(call.fields)
        commands = None if line is None else parse_commands(line)
        return None if commands is None else _rules_for_all(own_rules, commands)
    accepted = {call.canonical} if _runs_commands(tool_name) else {call.canonical, "*"}
    return next(((rule,) for rule in own_rules if rule.pattern in accepted), None)


def check_pattern(tool_name: str, pattern: str) -> str:
    """The pattern in the form in which it is stored; PatternError says what to write instead."""
    if not _is_tool_name(tool_name):
        raise PatternError("Name one tool exactly as the agent calls it: no spaces, no `*`.")
    pattern = pattern.strip()
    if is_shell_tool(tool_name):
        command = _read_command_pattern(pattern)
        normal = quote_command(command.words) + (" *" if command.takes_more else "")
    elif pattern == "*":
        if _runs_commands(tool_name):
            raise PatternError("This tool runs commands: give the JSON of one exact input instead of `*`.")
        normal = pattern
    else:
        call = _read_input(pattern)
        if call is None:
            raise PatternError("Give the JSON object of one exact, complete input, or `*` for any input.")
        normal = call.canonical
    if len(normal) > MAX_PATTERN:
        raise PatternError(f"Keep the pattern within {MAX_PATTERN} characters.")
    return normal


def is_shell_tool(tool_name: str) -> bool:
    return tool_name.lower() in SHELL_TOOLS


def _runs_commands(tool_name: str) -> bool:
    own_name = tool_name.lower().rpartition("__")[2]  # mcp__<server>__<tool>
    return own_name in SHELL_TOOLS | _OTHER_COMMAND_TOOLS


def _is_tool_name(name: str) -> bool:
    fits = len(name) <= MAX_TOOL_NAME and _TOOL_NAME.fullmatch(name)
    return bool(fits) and not has_hidden_characters(name)


def _rules_for_all(rules: list[R], commands: tuple[SimpleCommand, ...]) -> tuple[R, ...] | None:
    patterns = list(_readable_patterns(rules))
    used: dict[int, R] = {}
    for words, reads_pipe in commands:
        if reads_pipe and words[0] not in PIPE_FILTERS:
            return None
        rule = next((rule for rule, pattern in patterns if pattern.allows(words)), None)
        if rule is None:
            return None
        used[id(rule)] = rule
    return tuple(used.values())


def _readable_patterns(rules: Iterable[R]) -> Iterator[tuple[R, _CommandPattern]]:
    for rule in rules:
        try:
            yield rule, _read_command_pattern(rule.pattern)
        except PatternError:  # written past check_pattern: it allows nothing, and the person is asked
            continue


def _read_command_pattern(pattern: str) -> _CommandPattern:
    if pattern == "*":
        raise PatternError("Name at least the command before `*`, such as `npm test *`.")
    takes_more = pattern.endswith(" *")
    commands = parse_command_line(pattern.removesuffix(" *"))
    if commands is None or len(commands) != 1:
        raise PatternError(
            "Write one plain command such as `git status`, or `npm test *` to allow further plain arguments:"
            " `*` only at the end, quotes around special characters, no operators, expansions or assignments."
        )
    if takes_more:
        objection = why_not_open_ended(commands[0])
        if objection:
            raise PatternError(objection)
    return _CommandPattern(commands[0], takes_more)


def _one_command(line: str | None) -> str | None:
    commands = None if line is None else parse_command_line(line)
    if commands is None or len(commands) != 1:
        return None
    pattern = quote_command(commands[0])
    return pattern if parse_command_line(pattern) == commands else None


def _shell_line(fields: dict[str, object]) -> str | None:
    command, timeout = fields.get("command"), fields.get("timeout")
    understood = (
        fields.keys() <= _SHELL_FIELDS
        and isinstance(fields.get("description"), str | None)
        and isinstance(timeout, int | float | None)
        and not isinstance(timeout, bool)
    )
    return command if understood and isinstance(command, str) else None


def _read_input(text: str) -> _Input | None:
    """A complete JSON object whose every literal has one reading, and no sign that the agent cut it."""
    if len(text) > MAX_INPUT:
        return None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_int=_exact_int,
            parse_float=_exact_float,
            parse_constant=_no_constant,
        )
        canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):  # not the JSON of one input: the answer is None, not an error
        return None
    if not isinstance(value, dict) or any(map(_looks_cut, _strings(value))):
        return None
    return _Input(value, re.sub(r"[^ -~]", _escape_hidden, canonical))


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is there twice: readers differ in which one they take")
    return fields


def _exact_int(literal: str) -> int:
    number = int(literal)
    if str(number) != literal:
        raise ValueError("not the one way to write this number")
    return number


def _exact_float(literal: str) -> float:
    number = float(literal)
    if repr(number) != literal:
        raise ValueError("not the one way to write this number")
    return number


def _no_constant(literal: str) -> float:
    raise ValueError(f"{literal} is not JSON")


def _strings(value: object) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            pending += item


def _looks_cut(text: str) -> bool:
    if not _CUT_OFF.search(text):
        return False
    return "…" in text or len(text) > _LONGEST_GO_LINE or text.split()[-1] != _GO_PACKAGES


def _escape_hidden(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if has_hidden_characters(match[0]) else match[0]
