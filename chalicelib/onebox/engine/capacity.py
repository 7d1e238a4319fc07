"""What a call would have consumed on DynamoDB, in capacity units of the table."""

from collections.abc import Mapping, Sequence

from chalicelib.onebox.engine.parameters import Parameters
from chalicelib.onebox.engine.schema import Table
from chalicelib.onebox.engine.values import Item, size_of_item

_CHOICES = ("INDEXES", "TOTAL", "NONE")


class Capacity:
    """Collects one call's units by table; `answer` is what goes into the response, if it was asked for."""

    def __init__(self, parameters: Parameters) -> None:
        self._wanted = parameters.choice("ReturnConsumedCapacity", _CHOICES, "NONE")
        self._units: dict[str, float] = {}

    def read(self, table: Table, size: int, consistent: bool, factor: int = 1) -> None:
        units = max(1, -(-size // 4096)) * (1.0 if consistent else 0.5)
        self._add(table, units * factor)

    def write(self, table: Table, images: Sequence[Item | None], factor: int = 1) -> None:
        if self._wanted == "NONE":
            return
        present = [image for image in images if image]
        units = max(1, *(-(-size_of_item(image) // 1024) for image in present), 1)
        indexed = sum(any(index.holds(image) for image in present) for index in table.indexes)
        self._add(table, float(units + indexed) * factor)

    def single(self) -> Mapping[str, object]:
        answers = self._answers()
        return {"ConsumedCapacity": answers[0]} if answers else {}

    def several(self) -> Mapping[str, object]:
        answers = self._answers()
        return {"ConsumedCapacity": answers} if answers else {}

    def _add(self, table: Table, units: float) -> None:
        self._units[table.name] = self._units.get(table.name, 0.0) + units

    def _answers(self) -> list[dict[str, object]]:
        if self._wanted == "NONE":
            return []
        answers: list[dict[str, object]] = []
        for name, units in self._units.items():
            answer: dict[str, object] = {"TableName": name, "CapacityUnits": units}
            if self._wanted == "INDEXES":
                answer["Table"] = {"CapacityUnits": units}
            answers.append(answer)
        return answers
