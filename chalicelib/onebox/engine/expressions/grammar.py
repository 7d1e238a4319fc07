"""Text to tree. Parsed expressions are cached: a program has few texts and many calls.

What can be known from the text alone is refused here (syntax, size, reserved words); functions and types
are left to binding, which knows the operands.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Generic, TypeVar, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from chalicelib.onebox.engine.errors import Refusal, invalid
from chalicelib.onebox.engine.expressions import nodes
from chalicelib.onebox.engine.expressions.reserved import RESERVED_WORDS

MAX_EXPRESSION_BYTES = 4096
MAX_OPERATORS = 300
MAX_DEPTH = 150  # of parentheses; DynamoDB's limit on operators implies one, ours keeps recursion bounded

GRAMMAR = r"""
    ?condition: conjunction
              | condition _OR conjunction           -> either
    ?conjunction: negation
              | conjunction _AND negation           -> both
    ?negation: _NOT negation                        -> negated
              | predicate
    ?predicate: operand (EQUALS | INEQUALITY) operand            -> comparison
              | operand _BETWEEN operand _AND operand -> between
              | operand _IN "(" operand ("," operand)* ")" -> membership
              | call
              | "(" condition ")"                     -> parenthesised
    ?operand: path | placeholder | call | "(" path ")" | "(" placeholder ")"

    update: section+
    section: _SET assignment ("," assignment)*      -> set_section
           | _REMOVE removal ("," removal)*         -> remove_section
           | _ADD addition ("," addition)*          -> add_section
           | _DELETE deletion ("," deletion)*       -> delete_section
    assignment: path EQUALS (sum | operand)
    sum: operand SIGN operand
    removal: path
    addition: path placeholder
    deletion: path placeholder

    projection: path ("," path)*

    call: NAME "(" [operand ("," operand)*] ")"
    path: name ("." name | "[" INDEX "]")*
    ?name: NAME -> plain_name
         | ALIAS -> alias
    placeholder: PLACEHOLDER

    _OR.2: /OR(?![A-Za-z0-9_])/i
    _AND.2: /AND(?![A-Za-z0-9_])/i
    _NOT.2: /NOT(?![A-Za-z0-9_])/i
    _BETWEEN.2: /BETWEEN(?![A-Za-z0-9_])/i
    _IN.2: /IN(?![A-Za-z0-9_])/i
    _SET.2: /SET(?![A-Za-z0-9_])/i
    _REMOVE.2: /REMOVE(?![A-Za-z0-9_])/i
    _ADD.2: /ADD(?![A-Za-z0-9_])/i
    _DELETE.2: /DELETE(?![A-Za-z0-9_])/i
    EQUALS: "="
    INEQUALITY: "<>" | "<=" | ">=" | "<" | ">"
    SIGN: "+" | "-"
    NAME: /[A-Za-z_][A-Za-z0-9_]*/
    ALIAS: /#[A-Za-z0-9_]+/
    PLACEHOLDER: /:[A-Za-z0-9_]+/
    INDEX: /[0-9]+/
    %ignore /[ \t\r\n\f]+/
"""

Tree = TypeVar("Tree")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Tree]):
    tree: Tree
    aliases: frozenset[str]
    placeholders: frozenset[str]


@v_args(inline=True)
class _Builder(Transformer[Token, object]):
    def either(self, left: nodes.Condition, right: nodes.Condition) -> nodes.Either:
        before = left.conditions if isinstance(left, nodes.Either) else (left,)
        return nodes.Either((*before, right))

    def both(self, left: nodes.Condition, right: nodes.Condition) -> nodes.Both:
        before = left.conditions if isinstance(left, nodes.Both) else (left,)
        return nodes.Both((*before, right))

    negated = nodes.Negated
    between = nodes.Between
    removal = nodes.Removal
    addition = nodes.Addition
    deletion = nodes.Deletion

    def parenthesised(self, condition: nodes.Condition) -> nodes.Parenthesised:
        if isinstance(condition, nodes.Parenthesised):
            raise invalid("The expression has redundant parentheses;")
        return nodes.Parenthesised(condition)

    def comparison(self, left: nodes.Operand, operator: Token, right: nodes.Operand) -> nodes.Comparison:
        return nodes.Comparison(str(operator), left, right)

    def assignment(self, path: nodes.Path, _equals: Token, value: nodes.Operand | nodes.Sum) -> nodes.Assignment:
        return nodes.Assignment(path, value)

    def membership(self, operand: nodes.Operand, *candidates: nodes.Operand) -> nodes.Membership:
        return nodes.Membership(operand, candidates)

    def sum(self, left: nodes.Operand, sign: Token, right: nodes.Operand) -> nodes.Sum:
        return nodes.Sum(str(sign), left, right)

    def set_section(self, *actions: nodes.Action) -> nodes.Section:
        return nodes.Section("SET", actions)

    def remove_section(self, *actions: nodes.Action) -> nodes.Section:
        return nodes.Section("REMOVE", actions)

    def add_section(self, *actions: nodes.Action) -> nodes.Section:
        return nodes.Section("ADD", actions)

    def delete_section(self, *actions: nodes.Action) -> nodes.Section:
        return nodes.Section("DELETE", actions)

    def update(self, *sections: nodes.Section) -> nodes.Update:
        return nodes.Update(sections)

    def projection(self, *paths: nodes.Path) -> nodes.Projection:
        return nodes.Projection(paths)

    def call(self, function: Token, *arguments: nodes.Operand | None) -> nodes.Call:
        return nodes.Call(str(function), tuple(each for each in arguments if each is not None))

    def plain_name(self, name: Token) -> str:
        if name.upper() in RESERVED_WORDS:
            raise invalid(f"Attribute name is a reserved keyword; reserved keyword: {name}")
        return str(name)

    def alias(self, name: Token) -> str:
        return str(name)

    def path(self, *steps: str | Token) -> nodes.Path:
        return nodes.Path(tuple(int(each) if isinstance(each, Token) else each for each in steps))

    def placeholder(self, name: Token) -> nodes.Placeholder:
        return nodes.Placeholder(str(name))


_PARSER = Lark(
    GRAMMAR,
    parser="lalr",
    transformer=_Builder(),
    start=["condition", "update", "projection"],
    maybe_placeholders=True,
)
_OPERATOR = re.compile(r"<>|<=|>=|[=<>+-]|\b(?:AND|OR|NOT|BETWEEN|IN)\b", re.IGNORECASE)
_ALIAS = re.compile(r"#[A-Za-z0-9_]+")
_PLACEHOLDER = re.compile(r":[A-Za-z0-9_]+")


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Parsed[nodes.Condition]:
    return cast(Parsed[nodes.Condition], _parsed(text, "condition"))


@lru_cache(maxsize=4096)
def parse_update(text: str) -> Parsed[nodes.Update]:
    return cast(Parsed[nodes.Update], _parsed(text, "update"))


@lru_cache(maxsize=4096)
def parse_projection(text: str) -> Parsed[nodes.Projection]:
    return cast(Parsed[nodes.Projection], _parsed(text, "projection"))


def _parsed(text: str, start: str) -> Parsed[object]:
    if not text.strip():
        raise invalid("The expression can not be empty;")
    if len(text.encode()) > MAX_EXPRESSION_BYTES:
        raise invalid("Expression size has exceeded the maximum allowed size;")
    try:
        tree = cast(object, _PARSER.parse(text, start=start))
    except VisitError as problem:
        if isinstance(problem.orig_exc, Refusal):
            raise problem.orig_exc from None
        raise
    except UnexpectedInput as problem:
        raise _syntax_error(text, problem) from problem
    if len(_OPERATOR.findall(text)) > MAX_OPERATORS or _depth(text) > MAX_DEPTH:
        raise invalid(f"The expression contains more than {MAX_OPERATORS} operators or is nested too deeply;")
    return Parsed(tree, frozenset(_ALIAS.findall(text)), frozenset(_PLACEHOLDER.findall(text)))


def _depth(text: str) -> int:
    steps = ({"(": 1, ")": -1}.get(character, 0) for character in text)
    return max(accumulate(steps))


def _syntax_error(text: str, problem: UnexpectedInput) -> Refusal:
    at = problem.pos_in_stream if problem.pos_in_stream is not None else len(text)
    token = "<EOF>"
    if isinstance(problem, UnexpectedCharacters):
        token = text[at]
    elif isinstance(problem, UnexpectedToken) and problem.token.type != "$END":
        token = str(problem.token)
    near = text[max(0, at - 8) : at + len(token) + 8]
    return invalid(f'Syntax error; token: "{token}", near: "{near}"')
