"""Which files the kind of an activity wants at each record, and what a record lacks of them.

Wanting asks once at entry, counts and lists; it never keeps anybody from saving. What counts as “has” stands in
``docs/counting-rules.md``: standing rows of the record's own post with different contents, whether their bytes are here
or not.
"""

import json
from collections.abc import Collection, Mapping
from datetime import date

from msgspec import Struct

from fieldapp.domain.attachment import FileSort
from fieldapp.i18n import _, counted
from fieldapp.store.store import Row, Store

SORT = "coalesce(f.sort, CASE WHEN f.media_type LIKE 'image/%' THEN 'photograph' ELSE 'minute' END)"
"""SQL: the sort of the file in row ``f``; versions before wrote none"""


class Files(Struct, frozen=True):
    """So many photographs and minutes: that are wanted, that are there, or that are lacking."""

    photographs: int = 0
    minutes: int = 0

    def __bool__(self) -> bool:
        return self.photographs + self.minutes > 0

    @property
    def words(self) -> str:
        """“photograph, minute”, “2 photographs”; empty for none."""
        photographs, minutes = self.photographs, self.minutes
        parts = [
            counted("{n} photograph", "{n} photographs", photographs) if photographs > 1 else "",
            _("photograph") if photographs == 1 else "",
            counted("{n} minute", "{n} minutes", minutes) if minutes > 1 else "",
            _("minute") if minutes == 1 else "",
        ]
        return ", ".join(filter(None, parts))


WANTING = "coalesce(k.photographs_wanted, 0) + coalesce(k.minutes_wanted, 0) > 0"
"""SQL: whether the kind ``k`` wants any file"""

_ITS = "f.record_id = a.id AND f.post_id = a.post_id AND f.record_kind = 'activity' AND f.voided_at IS NULL"
_SETTLED = "EXISTS (SELECT 1 FROM activity s WHERE s.id = w.activity_id AND s.no_files_because IS NOT NULL)"
"""SQL over a row ``w`` of ``activity_files``: somebody has said why there is no photograph or minute"""
_LACKING = (
    "FROM activity_files w WHERE w.date_from BETWEEN :first AND :last AND w.photographs_wanted + w.minutes_wanted > 0"
    " AND (w.photographs < w.photographs_wanted OR w.minutes < w.minutes_wanted)"
)


def wanted_by(kind: Mapping[str, int | None]) -> Files:
    """What a kind of activity wants, from its row."""
    return Files(kind["photographs_wanted"] or 0, kind["minutes_wanted"] or 0)


def lacking(store: Store, record_id: str) -> Files:
    """What a record lacks of the files that its kind wants; nothing where somebody has said why there is none."""
    row = store.row(f"SELECT * FROM activity_files w WHERE w.activity_id = ? AND NOT {_SETTLED}", [record_id])
    return _lacks(row) if row is not None else Files()


def lacking_records(store: Store, first: date, last: date, most: int) -> dict[str, Files]:
    """The records that began in these days and lack some, the newest first -> what they lack; without those of which
    somebody has said why there is none."""
    bounds = {"first": first.isoformat(), "last": last.isoformat(), "most": most}
    rows = store.rows(
        f"SELECT w.* {_LACKING} AND NOT {_SETTLED} ORDER BY w.date_from DESC, w.activity_id DESC LIMIT :most", bounds
    )
    return {row["activity_id"]: _lacks(row) for row in rows}


def lacking_by_post(store: Store, first: date, last: date) -> dict[str, tuple[int, int]]:
    """Id of a post -> how many of its records that began in these days lack some: (without a word, those of which
    somebody has said why there is none)."""
    bounds = {"first": first.isoformat(), "last": last.isoformat()}
    rows = store.rows(
        f"SELECT w.post_id, count(*) AS n, sum({_SETTLED}) AS settled {_LACKING} GROUP BY w.post_id",
        bounds,
    )
    return {row["post_id"]: (row["n"] - row["settled"], row["settled"]) for row in rows}


def _lacks(row: Row) -> Files:
    wanted = wanted_by(row)
    return Files(max(wanted.photographs - row["photographs"], 0), max(wanted.minutes - row["minutes"], 0))


def settled(store: Store, ids: Collection[str]) -> set[str]:
    """The activities of which somebody has said why there is no photograph or minute."""
    rows = store.rows(
        "SELECT id FROM activity WHERE no_files_because IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted(ids))],
    )
    return {row["id"] for row in rows}


def contents_at(store: Store, ids: Collection[str]) -> dict[str, dict[FileSort, set[str]]]:
    """Activity -> sort -> the contents (SHA-256) of its files."""
    found: dict[str, dict[FileSort, set[str]]] = {}
    for row in store.rows(
        f"SELECT a.id, {SORT} AS sort, f.sha256 FROM activity a CROSS JOIN attachment f ON {_ITS}"
        " WHERE a.id IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted(ids))],
    ):
        found.setdefault(row["id"], {}).setdefault(row["sort"], set()).add(row["sha256"])
    return found
