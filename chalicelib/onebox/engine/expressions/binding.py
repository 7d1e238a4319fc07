"""Binds a parsed expression to the names and values of one call and makes the checks that need them.

A `Bindings` lives for one call: every expression of the call goes through the same one, and `finish`
refuses names and values that no expression used.
"""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.onebox.engine.errors import Refusal, invalid
from chalicelib.onebox.engine.expressions import grammar, nodes
from chalicelib.onebox.engine.expressions.functions import check_call, check_comparable
from chalicelib.onebox.engine.expressions.values import in_order
from chalicelib.onebox.engine.values import Item, type_of

MAX_CANDIDATES = 100

Result = TypeVar("Result")


class Bindings:
    def __init__(self, names: dict[str, str] | None, values: Item | None) -> None:
        if names is not None and not names:
            raise invalid("ExpressionAttributeNames must not be empty")
        if values is not None and not values:
            raise invalid("ExpressionAttributeValues must not be empty")
        self._names = names or {}
        self._values = values or {}
        self._used: set[str] = set()
        self._any_expression = False

    def condition(self, text: str, kind: str = "ConditionExpression") -> nodes.Condition:
        return self._explained(kind, lambda: self._condition(self._opened(grammar.parse_condition(text))))

    def update(self, text: str) -> nodes.Update:
        return self._explained("UpdateExpression", lambda: self._update(self._opened(grammar.parse_update(text))))

    def projection(self, text: str) -> nodes.Projection:
        def bound() -> nodes.Projection:
            tree = self._opened(grammar.parse_projection(text))
            projection = nodes.Projection(tuple(self._path(path) for path in tree.paths))
            refuse_overlaps(projection.paths)
            return projection

        return self._explained("ProjectionExpression", bound)

    def finish(self) -> None:
        if not self._any_expression:
            if self._names:
                raise invalid("ExpressionAttributeNames can only be specified when using expressions")
            if self._values:
                raise invalid("ExpressionAttributeValues can only be specified when using expressions")
        for parameter, given in (("Names", self._names), ("Values", self._values)):
            unused = given.keys() - self._used
            if unused:
                keys = ", ".join(sorted(unused))
                raise invalid(
                    f"Value provided in ExpressionAttribute{parameter} unused in expressions: keys: {{{keys}}}"
                )

    def _explained(self, kind: str, work: Callable[[], Result]) -> Result:
        self._any_expression = True
        try:
            return work()
        except Refusal as refusal:
            raise invalid(f"Invalid {kind}: {refusal.message}") from None

    def _opened(self, parsed: grammar.Parsed[Result]) -> Result:
        self._used |= parsed.aliases
        self._used |= parsed.placeholders
        return parsed.tree

    def _path(self, path: nodes.Path) -> nodes.Path:
        return nodes.Path(tuple(self._step(step) for step in path.steps))

    def _step(self, step: nodes.Step) -> nodes.Step:
        if isinstance(step, int) or step[0] != "#":
            return step
        try:
            return self._names[step]
        except KeyError:
            raise invalid(
                f"An expression attribute name used in the document path is not defined; attribute name: {step}"
            ) from None

    def _operand(self, operand: nodes.Operand) -> nodes.Operand:
        if isinstance(operand, nodes.Path):
            return self._path(operand)
        if isinstance(operand, nodes.Placeholder):
            return self._literal(operand)
        assert isinstance(operand, nodes.Call)  # literals exist only after binding
        return self._call(operand, "operand")

    def _literal(self, placeholder: nodes.Placeholder) -> nodes.Literal:
        try:
            return nodes.Literal(self._values[placeholder.name])
        except KeyError:
            raise invalid(
                "An expression attribute value used in expression is not defined; "
                f"attribute value: {placeholder.name}"
            ) from None

    def _call(self, call: nodes.Call, position: str) -> nodes.Call:
        inner = "update" if position == "update" else "operand"
        check = self._update_operand if inner == "update" else self._operand
        bound = nodes.Call(call.function, tuple(check(argument) for argument in call.arguments))
        check_call(bound, position)
        return bound

    def _condition(self, node: nodes.Condition) -> nodes.Condition:
        match node:
            case nodes.Comparison(operator, left, right):
                return self._comparison(operator, self._operand(left), self._operand(right))
            case nodes.Both(conditions):
                return nodes.Both(tuple(map(self._condition, conditions)))
            case nodes.Either(conditions):
                return nodes.Either(tuple(map(self._condition, conditions)))
            case nodes.Negated(condition):
                return nodes.Negated(self._condition(condition))
            case nodes.Parenthesised(condition):
                return self._condition(condition)
            case nodes.Between(operand, low, high):
                return self._between(self._operand(operand), self._operand(low), self._operand(high))
            case nodes.Membership(operand, candidates):
                return self._membership(self._operand(operand), tuple(map(self._operand, candidates)))
            case nodes.Call():
                return self._call(node, "condition")

    def _comparison(self, operator: str, left: nodes.Operand, right: nodes.Operand) -> nodes.Comparison:
        if operator not in ("=", "<>"):
            check_comparable(operator, left, right)
        refuse_same(operator, left, right)
        return nodes.Comparison(operator, left, right)

    def _between(self, operand: nodes.Operand, low: nodes.Operand, high: nodes.Operand) -> nodes.Between:
        check_comparable("BETWEEN", operand, low, high)
        if isinstance(low, nodes.Literal) and isinstance(high, nodes.Literal):
            if type_of(low.value) != type_of(high.value):
                raise invalid(
                    "The BETWEEN operator requires same data type for lower and upper bounds; "
                    f"lower bound operand: AttributeValue: {shown(low)}, "
                    f"upper bound operand: AttributeValue: {shown(high)}"
                )
            if in_order(high.value, low.value):
                raise invalid(
                    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                    f"lower bound operand: AttributeValue: {shown(low)}, "
                    f"upper bound operand: AttributeValue: {shown(high)}"
                )
        return nodes.Between(operand, low, high)

    def _membership(self, operand: nodes.Operand, candidates: tuple[nodes.Operand, ...]) -> nodes.Membership:
        if len(candidates) > MAX_CANDIDATES:
            raise invalid(
                "Incorrect number of operands for operator or function; operator or function: IN, "
                f"number of operands: {len(candidates) + 1}"
            )
        return nodes.Membership(operand, candidates)

    def _update(self, tree: nodes.Update) -> nodes.Update:
        keywords = [section.keyword for section in tree.sections]
        for keyword in keywords:
            if keywords.count(keyword) > 1:
                raise invalid(f'The "{keyword}" section can only be used once in an update expression;')
        bound = nodes.Update(
            tuple(
                nodes.Section(section.keyword, tuple(map(self._action, section.actions))) for section in tree.sections
            )
        )
        refuse_overlaps([action.path for section in bound.sections for action in section.actions])
        return bound

    def _action(self, action: nodes.Action) -> nodes.Action:
        path = self._path(action.path)
        match action:
            case nodes.Assignment(_, nodes.Sum(operator, left, right)):
                operands = (self._update_operand(left), self._update_operand(right))
                for operand in operands:
                    if isinstance(operand, nodes.Literal):
                        refuse_type(operator, operand, ("N",))
                return nodes.Assignment(path, nodes.Sum(operator, *operands))
            case nodes.Assignment(_, value):
                assert not isinstance(value, nodes.Sum)
                return nodes.Assignment(path, self._update_operand(value))
            case nodes.Removal():
                return nodes.Removal(path)
            case nodes.Addition(_, value):
                return nodes.Addition(path, self._typed("ADD", value, ("N", "SS", "NS", "BS")))
            case nodes.Deletion(_, value):
                return nodes.Deletion(path, self._typed("DELETE", value, ("SS", "NS", "BS")))

    def _typed(self, operator: str, operand: nodes.Operand, allowed: tuple[str, ...]) -> nodes.Literal:
        assert isinstance(operand, nodes.Placeholder)  # by the grammar
        literal = self._literal(operand)
        refuse_type(operator, literal, allowed)
        return literal

    def _update_operand(self, operand: nodes.Operand) -> nodes.Operand:
        return self._call(operand, "update") if isinstance(operand, nodes.Call) else self._operand(operand)


def refuse_type(operator: str, literal: nodes.Literal, allowed: tuple[str, ...]) -> None:
    found = type_of(literal.value)
    if found not in allowed:
        raise invalid(
            "Incorrect operand type for operator or function; "
            f"operator: {operator}, operand type: {TYPE_WORDS.get(found, found)}"
            if operator in ("ADD", "DELETE")
            else "Incorrect operand type for operator or function; "
            f"operator or function: {operator}, operand type: {found}"
        )


TYPE_WORDS = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP"}


def refuse_same(operator: str, left: nodes.Operand, right: nodes.Operand) -> None:
    if isinstance(left, nodes.Path) and left == right:
        raise invalid(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {operator}, first operand: {left}"
        )


def refuse_overlaps(paths: list[nodes.Path] | tuple[nodes.Path, ...]) -> None:
    """Two paths must not name the same place, lie in one another, or see one place as map and as list."""
    for position, one in enumerate(paths):
        for two in paths[:position]:
            for step_one, step_two in zip(one.steps, two.steps, strict=False):
                if isinstance(step_one, int) != isinstance(step_two, int):
                    raise invalid(
                        "Two document paths conflict with each other; must remove or rewrite one of these "
                        f"paths; path one: {two}, path two: {one}"
                    )
                if step_one != step_two:
                    break
            else:
                raise invalid(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                    f"path one: {two}, path two: {one}"
                )


def shown(literal: nodes.Literal) -> str:
    ((tag, content),) = literal.value.items()
    return f"{{{tag}:{content}}}"
