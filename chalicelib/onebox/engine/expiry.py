"""TTL: items past their time are deleted, and the change feed says by whom.

As DynamoDB does, a time more than five years ago is taken for a mistake and left alone.
"""

from chalicelib.onebox.engine import rows, writes
from chalicelib.onebox.engine.operations import Parts
from chalicelib.onebox.engine.schema import Table

BATCH = 200  # items a transaction, so that other writers are not kept waiting
FIVE_YEARS = 5 * 365 * 24 * 3600


def expire(parts: Parts, now: float) -> int:
    return sum(_expire_table(parts, table, now) for table in parts.catalog.tables() if table.ttl_attribute)


def _expire_table(parts: Parts, table: Table, now: float) -> int:
    total = 0
    while True:
        with parts.writing() as connection:
            items = rows.expired(connection, table, int(now) - FIVE_YEARS, int(now), BATCH)
            for item in items:
                deletion = writes.delete_item(table, table.key_of(item))
                writes.perform(connection, parts.feed, deletion, expired=True)
        total += len(items)
        if len(items) < BATCH:
            return total
