"""Typed access to a call's parameters; whatever is not known to an operation is refused by name."""

from collections.abc import Iterable, Mapping

from chalicelib.onebox.engine.errors import UnsupportedParameter, invalid, unreadable
from chalicelib.onebox.engine.values import Item, checked, checked_item


class Parameters:
    """One (sub-)structure of a call. `where` names it in error messages, e.g. `PutItem`."""

    __slots__ = ("_given", "where")

    def __init__(self, where: str, given: object, known: Iterable[str]) -> None:
        if not isinstance(given, Mapping):
            raise unreadable(f"{where}: a structure is expected")
        # botocore drops parameters that are None; so do we.
        self._given = {str(name): value for name, value in given.items() if value is not None}
        self.where = where
        unknown = self._given.keys() - known
        if unknown:
            names = ", ".join(sorted(unknown))
            raise UnsupportedParameter(f"{where}: the embedded engine does not implement {names}")

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def raw(self, name: str) -> object:
        return self._given.get(name)

    def required(self, name: str) -> object:
        try:
            return self._given[name]
        except KeyError:
            raise constraint(name, None, "Member must not be null") from None

    def text(self, name: str) -> str:
        value = self.required(name)
        if not isinstance(value, str):
            raise unreadable(f"{self.where}: {name} must be a string")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if name in self._given else None

    def flag(self, name: str, default: bool) -> bool:
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise unreadable(f"{self.where}: {name} must be a boolean")
        return value

    def integer(self, name: str) -> int | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise unreadable(f"{self.where}: {name} must be an integer")
        return value

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        if name not in self._given:
            return default
        value = self.text(name)
        if value not in allowed:
            raise constraint(name, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
        return value

    def only(self, name: str, *implemented: object) -> None:
        """Accept a parameter for these values alone."""
        if name in self._given and self._given[name] not in implemented:
            raise UnsupportedParameter(
                f"{self.where}: the embedded engine does not implement {name}={self._given[name]!r}"
            )

    def item(self, name: str) -> Item:
        return checked_item(self.required(name))

    def values(self) -> Item | None:
        given = self._given.get("ExpressionAttributeValues")
        if given is None:
            return None
        if not isinstance(given, Mapping):
            raise unreadable(f"{self.where}: ExpressionAttributeValues must be a map")
        return {str(name): checked(value) for name, value in given.items()}

    def names(self) -> dict[str, str] | None:
        given = self._given.get("ExpressionAttributeNames")
        if given is None:
            return None
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given.values()):
            raise unreadable(f"{self.where}: ExpressionAttributeNames must be a map of strings")
        return dict(given)

    def entries(self, name: str) -> list[tuple[str, object]]:
        value = self.required(name)
        if not isinstance(value, Mapping):
            raise unreadable(f"{self.where}: {name} must be a map")
        return [(str(key), entry) for key, entry in value.items()]

    def elements(self, name: str) -> list[object]:
        return elements(self.required(name), f"{self.where}: {name}")


def elements(value: object, where: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise unreadable(f"{where} must be a list")
    return list(value)


def constraint(name: str, value: object, rule: str) -> Exception:
    shown = "null" if value is None else f"'{value}'"
    member = name[0].lower() + name[1:]
    return invalid(f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {rule}")
