"""Records whose unit may be wrong, because a code that was shipped was that of another unit.

Until migration 15 some communes had the code of another (``unit_codes_2025.csv``). Who typed or imported the official
code 01558, which is Xã Hạ Lang, got Xã Lý Quốc without a word. The record keeps its unit, and a person looks at it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.store import log
from fieldapp.store.baseline import corrected_codes
from fieldapp.store.log import Change
from fieldapp.store.migrations import OFFICIAL_CODES, OFFICIAL_CODES_SINCE
from fieldapp.store.store import Row, Store


@dataclass(frozen=True)
class UnitToCheck:
    """A record that was given a unit while this had the code of another."""

    kind: str
    record: str
    post_id: str | None
    code: str
    """The code that may have been typed"""
    now: str
    """The name of the unit that has this code"""


def units_to_check(store: Store) -> list[UnitToCheck]:
    """The records that may have been given their unit by a code of another one, by kind."""
    return store.cached_until_changed("units to check", lambda: list(_units_to_check(store)))


def _units_to_check(store: Store) -> Iterator[UnitToCheck]:
    standing = {r["code"]: r for r in store.rows("SELECT id, code, name FROM unit WHERE valid_from = '2025-07-01'")}
    codes = {standing[right]["id"]: code for code, right in corrected_codes() if code in standing and right in standing}
    if not codes:
        return
    marks = ", ".join("?" * len(codes))
    for model in RECORDS:
        for field in (s.name for s in fields_of(model) if s.ref == "unit" and model.KIND != "unit"):
            rows = store.rows(
                f"SELECT * FROM {model.KIND} WHERE {field} IN ({marks}) AND voided_at IS NULL ORDER BY id", [*codes]
            )
            history = log.changes_of_rows(store, [row["id"] for row in rows]) if rows else {}
            for row in rows:
                if _by_first_codes(store, field, row, history.get(row["id"], [])):
                    code = codes[row[field]]
                    yield UnitToCheck(model.KIND, row["id"], row.get("post_id"), code, standing[code]["name"])


def _by_first_codes(store: Store, field: str, row: Row, changes: list[Change]) -> bool:
    """Whether the author of the unit in a field had the codes that were shipped first."""
    setting = [c for c in changes if c.cols.get(field) == row[field]]
    if not setting:
        return False
    last = setting[-1]
    if store.value("SELECT own FROM local_log WHERE id = ?", [last.log_id]):
        return last.hlc <= int(store.setting(OFFICIAL_CODES_SINCE, "0") or 0)
    data = store.value(
        "SELECT bytes FROM local_segment WHERE log_id = ? AND first <= ? AND last >= ? AND state = 'applied'",
        [last.log_id, last.seq, last.seq],
    )
    if data is None:
        return False
    header = msgspec.json.decode(log.unpack(data).partition(b"\n")[0])
    return int(header.get("schema", 0)) < OFFICIAL_CODES
