"""Which function may stand where, with which operands."""

from dataclasses import dataclass

from chalicelib.onebox.engine.errors import invalid
from chalicelib.onebox.engine.expressions import nodes
from chalicelib.onebox.engine.expressions.values import ORDERED_TYPES
from chalicelib.onebox.engine.values import TYPE_NAMES, type_of


@dataclass(frozen=True, slots=True)
class Signature:
    position: str
    arity: int
    first_is_path: bool = False
    literal_types: tuple[str, ...] | None = None  # of literal arguments


FUNCTIONS = {
    "attribute_exists": Signature("condition", 1, first_is_path=True),
    "attribute_not_exists": Signature("condition", 1, first_is_path=True),
    "attribute_type": Signature("condition", 2, first_is_path=True, literal_types=("S",)),
    "begins_with": Signature("condition", 2, literal_types=("S", "B")),
    "contains": Signature("condition", 2),
    "size": Signature("operand", 1, literal_types=("S", "B", "SS", "NS", "BS", "L", "M")),
    "if_not_exists": Signature("update", 2, first_is_path=True),
    "list_append": Signature("update", 2, literal_types=("L",)),
}


def check_call(call: nodes.Call, position: str) -> None:
    """`position` is `condition` (a truth value is wanted), `operand` or `update`."""
    name = call.function
    signature = FUNCTIONS.get(name)
    if signature is None:
        raise invalid(f"Invalid function name; function: {name}")
    if signature.position != position:
        if position == "update":
            raise invalid(f"The function is not allowed in an update expression; function: {name}")
        if signature.position == "update":
            raise invalid(f"The function is not allowed in a condition expression; function: {name}")
        raise invalid(f"The function is not allowed to be used this way in an expression; function: {name}")
    if len(call.arguments) != signature.arity:
        raise invalid(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(call.arguments)}"
        )
    if signature.first_is_path and not isinstance(call.arguments[0], nodes.Path):
        raise invalid(f"Operator or function requires a document path; operator or function: {name}")
    if signature.literal_types is not None:
        _check_literals(name, call.arguments, signature.literal_types)
    if name in ("begins_with", "contains") and call.arguments[0] == call.arguments[1]:
        raise invalid(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {name}, first operand: {call.arguments[0]}"
        )
    if name == "attribute_type":
        _check_type_name(call.arguments[1])


def check_comparable(operator: str, *operands: nodes.Operand) -> None:
    _check_literals(operator, operands, ORDERED_TYPES)


def _check_literals(name: str, operands: tuple[nodes.Operand, ...], allowed: tuple[str, ...]) -> None:
    for operand in operands:
        if isinstance(operand, nodes.Literal) and type_of(operand.value) not in allowed:
            raise invalid(
                "Incorrect operand type for operator or function; "
                f"operator or function: {name}, operand type: {type_of(operand.value)}"
            )


def _check_type_name(operand: nodes.Operand) -> None:
    if not isinstance(operand, nodes.Literal):
        raise invalid(
            "Incorrect operand type for operator or function; "
            "operator or function: attribute_type, operand type: path"
        )
    if operand.value["S"] not in TYPE_NAMES:
        raise invalid(
            f"Invalid attribute type name found; type: {operand.value['S']}, "
            "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
        )
