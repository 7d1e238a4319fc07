"""The only reading of a shell line that a permission may rest on.

`parse_command_line` gives the argv of every simple command, joined by `&&`, `||`, `;`, `|` or a newline, and
None for every other line: nothing is expanded, redirected, assigned, escaped, backgrounded or nested, in bash
or in zsh. Two readings that share no code, a lexer of what is plain and the bash grammar, must agree; where
they differ the line is not understood. All is pure and answers None instead of raising, whatever the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Language, Node

MAX_LENGTH = 4096

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
    |   (?P<joint>&&|\|\||;|\||\n)
    |   (?P<bare>[A-Za-z0-9_./:,@%+=-]+)
    |   '(?P<single>[^'\n\t]*)'
    |   "(?P<double>[^"$`!\n\t]*)"
    """,
    re.VERBOSE,
)
_BARE_WORD = re.compile(r"[A-Za-z0-9_./:,@+-][A-Za-z0-9_./:,@%+=-]*")
# No `=`: an assignment in one shell or another. No leading `-`, `+`, `%`, `@`: zsh modifiers, bash jobs.
_COMMAND_NAME = re.compile(r"[A-Za-z0-9_./][^=]*")
_RESERVED = re.compile(
    "if|then|else|elif|fi|for|foreach|while|until|do|done|case|esac|select|function|in|coproc|repeat|end"
    "|nocorrect|noglob"
)
# Unicode files these under letters, marks and symbols, yet they are drawn as nothing.
_DRAWN_AS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_GROUPS = frozenset({"program", "list", "pipeline"})
_JOINTS = frozenset({"&&", "||", ";", "|", "\n"})


class SimpleCommand(NamedTuple):
    words: tuple[str, ...]
    reads_pipe: bool


class _Token(NamedTuple):
    text: str
    is_joint: bool


def parse_command_line(text: str) -> tuple[tuple[str, ...], ...] | None:
    commands = parse_commands(text)
    return None if commands is None else tuple(command.words for command in commands)


def parse_commands(text: str) -> tuple[SimpleCommand, ...] | None:
    if len(text) > MAX_LENGTH or "\\" in text or has_hidden_characters(text):
        return None
    tokens = _tokens(text)
    commands = None if tokens is None else _grouped(tokens)
    if not commands or not all(_is_plain_name(command.words[0]) for command in commands):
        return None
    return commands if _grammar_reading(text) == [command.words for command in commands] else None


def has_hidden_characters(text: str) -> bool:
    """Whether a person who reads the text may not see, or see in another order, what it holds."""
    return any(not _is_visible(char) for char in text)


def quote_command(words: tuple[str, ...]) -> str:
    """The line that parses to this one command."""
    return " ".join(_quoted(word) for word in words)


def _is_visible(char: str) -> bool:
    if char.isascii():
        return char.isprintable() or char in "\n\t"
    return unicodedata.category(char)[0] not in "CZ" and not _DRAWN_AS_NOTHING.match(char)


def _is_plain_name(name: str) -> bool:
    return not _RESERVED.fullmatch(name) and _COMMAND_NAME.fullmatch(name) is not None


def _quoted(word: str) -> str:
    if _BARE_WORD.fullmatch(word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _tokens(text: str) -> list[_Token] | None:
    tokens: list[_Token] = []
    end, glued = 0, False
    for match in _TOKEN.finditer(text):
        if match.start() != end:
            return None
        end, kind = match.end(), str(match.lastgroup)
        value = match[kind]
        if kind == "bare" and not glued and not _BARE_WORD.fullmatch(value):
            return None
        if kind in {"blank", "joint"}:
            glued = False
            if kind == "joint":
                tokens.append(_Token(value, True))
        elif glued:
            tokens[-1] = _Token(tokens[-1].text + value, False)
        else:
            tokens.append(_Token(value, False))
            glued = True
    return tokens if end == len(text) else None


def _grouped(tokens: list[_Token]) -> tuple[SimpleCommand, ...] | None:
    commands: list[SimpleCommand] = []
    words: list[str] = []
    joint = "\n"
    for token in [*tokens, _Token("\n", True)]:
        if not token.is_joint:
            words.append(token.text)
        elif words:
            commands.append(SimpleCommand(tuple(words), reads_pipe=joint == "|"))
            words, joint = [], token.text
        elif token.text != "\n":
            return None
    return None if joint in {"&&", "||", "|"} else tuple(commands)


def _grammar_reading(text: str) -> list[tuple[str, ...]] | None:
    from tree_sitter import Parser

    root = Parser(_bash()).parse(text.encode()).root_node
    if root.has_error:
        return None
    commands: list[tuple[str, ...]] = []
    pending = [root]
    while pending:  # not recursive: a list of a thousand commands nests a thousand deep
        node = pending.pop()
        if node.type in _GROUPS:
            pending.extend(reversed(node.children))
        elif node.type == "command":
            words = [_word(child) for child in node.children]
            commands.append(tuple(word for word in words if word is not None))
            if None in words:
                return None
        elif node.type not in _JOINTS:
            return None
    return commands


@cache
def _bash() -> Language:
    import tree_sitter_bash
    from tree_sitter import Language

    return Language(tree_sitter_bash.language())


def _word(node: Node) -> str | None:
    text = (node.text or b"").decode()
    match node.type:
        case "word" | "number":
            return text
        case "raw_string":
            return text[1:-1]
        case "string" if all(child.type in {'"', "string_content"} for child in node.children):
            return text[1:-1]
        case "command_name" | "concatenation":
            parts = [_word(child) for child in node.children]
            return None if None in parts else "".join(part for part in parts if part is not None)
        case _:
            return None
