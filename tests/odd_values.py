"""Records that hold every value that a bundle may bring: of each column some in ``make test``, all in ``make soak``."""

import os
import random
from collections.abc import Iterator

import random_records
from field import World

from fieldapp.domain.lengths import too_long
from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.store import ids
from fieldapp.store.connection import DatabaseError
from fieldapp.store.store import Row, Store
from fieldapp.sync.merge.admission import is_storable

NO_DAY = "2026-99-99T99:99:99Z"
"""It has the form of an instant (docs/bundle-format.md)"""
TEXTS = (NO_DAY, "0000-00-00T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-11-25T01:19:06Z", "",
         " ", "0", "-1", "1e999", "x", "2013-10-05", "1900-01-01", "9999-12-31", "2026-02-30", "٣", "=1+1", "[b]x[/b]",
         "{0} %s", "\\N", "'\"<b>&", "a\nb", "☃", "Đ" * 60, "Đ" * 1000, "Đ" * 4000)  # fmt: skip
VALUES_OF_A_COLUMN = int(os.environ.get("FIELDAPP_ODD", "6"))
NUMBERS = (0, 1, -1, 3, 999, 10**9, 10**15, 2**63 - 1, -(2**63))


def rows_with_odd_values(store: Store, base: Row, kind: str, scope: str) -> Iterator[Row]:
    """The row, once for each value that its table lets in, under an id of its own."""
    kept = {"id", "post_id"}
    values = (None, *TEXTS, *NUMBERS)
    for number, column in enumerate(c for c in base if c not in kept):
        turned = [values[(7 * number + place) % len(values)] for place in range(len(values))]  # another part for each
        for value in (NO_DAY, *turned[:VALUES_OF_A_COLUMN]):
            if is_storable(value) and not too_long({column: value}) and base[column] != value:
                yield base | {column: value, "id": ids.new_id(scope)}


def record_odd_rows(store: Store) -> int:
    """Record every kind that this replica writes, with each value that a bundle may bring; returns how many rows."""
    rng = random.Random(3)
    mine = store.identity.post_id
    scope = mine or "*"
    known: dict[str, list[str]] = {}
    written = 0
    with store.transaction():
        for model in RECORDS:
            kind = model.KIND
            there = [r["id"] for r in store.rows(f"SELECT id FROM {kind} ORDER BY id LIMIT 3")]
            known[kind] = there
            if (mine is None) != model.REFERENCE or (mine and model.ABOUT_A_POST):
                continue
            own = {} if model.REFERENCE else {"post_id": scope}
            base = {"id": ids.new_id(scope), **own, "created_at": "2026-11-25T01:19:06Z", "created_by": "A",
                    "voided_at": None, "void_reason": None, **({} if model.REFERENCE else {"confirmed": None}),
                    **random_records._values(rng, fields_of(model), known)}  # fmt: skip
            base = {c: v if is_storable(v) else "Buôn Ba Na" for c, v in base.items()}
            known[kind] = [*there, base["id"]][-3:]
            for row in (base, *rows_with_odd_values(store, base, kind, scope)):
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                try:
                    store.db.execute(f"INSERT INTO {kind} ({names}) VALUES ({marks})", list(row.values()))
                    written += 1
                except DatabaseError:  # the table does not let it in
                    continue
    return written


def carry_odd_rows(world: World) -> None:
    """Give headquarters and the post records that hold every odd value, and carry them there and back."""
    assert record_odd_rows(world.hq) > 60
    world.carry(world.hq, world.post)
    assert record_odd_rows(world.post) > 400
    own = world.post.row("SELECT id, seq FROM local_log WHERE own = 1")
    assert own is not None
    world.post.db.execute(
        "UPDATE local_change SET at = ? WHERE log_id = ? AND seq = ?", [NO_DAY, own["id"], own["seq"]]
    )
    (arrived,) = world.carry(world.post, world.hq)
    assert arrived.complete and arrived.set_aside == []
    world.carry(world.hq, world.post)
