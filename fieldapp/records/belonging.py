"""Which record a row belongs to: a figure to its activity, a file to the record that it is attached to."""

import json
from collections.abc import Iterable

from fieldapp.domain.attachment import Attachment
from fieldapp.domain.records import PARENTS
from fieldapp.store.store import Store


def records_of(store: Store, table: str, ids: Iterable[str]) -> dict[str, str]:
    """Row -> its record, for rows of a table that belong to records; empty for the table of a record."""
    if table not in PARENTS and table != Attachment.KIND:
        return {}
    parent = "record_id" if table == Attachment.KIND else PARENTS[table][1].parent
    rows = store.rows(
        f"SELECT id, {parent} AS record FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    )
    return {row["id"]: row["record"] for row in rows}
