"""The whole log read row by row, in parts, without holding it in memory: a fold needs all changes of a row together.

First it is entered where each change's row comes in the order, table by table and then by id: 10 bytes a change. The
order is then cut into parts. For each part the segments that touch it are unpacked again, and only its lines are read.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fieldapp.store import log
from fieldapp.store.store import Store
from fieldapp.sync.merge.admission import Author, AuthoredChange

PART = 3_000_000
"""Bytes of the text of changes in a part: about 30 MB in memory, together with the stored rows"""

EVERY = 16
"""Of a segment's rows of one table each sixteenth is looked at to cut the order into parts"""

AT_ONCE = 5_000
"""Changes of ``local_change`` that are read like a segment"""


class Part(msgspec.Struct, frozen=True):
    """Consecutive rows of one table: their ids begin with ``first`` or a greater text, and with less than ``last``."""

    table: str
    first: str
    last: str | None
    changes: dict[str, list[AuthoredChange]]
    """Row's id -> all its changes in order (hlc, log); rows in the order of their first changes"""


class _Line(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is needed of a segment's line to place it."""

    hlc: int
    table: str
    row_id: str


_PLACES: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


class _Run(msgspec.Struct, frozen=True):
    """Up to 5,000 changes of a log that lie together: a numbered segment, or rows of ``local_change``."""

    log_id: str
    first: int
    """The sequence number of the first"""
    number: int | None
    """The segment's number; None for rows of ``local_change``"""


class _Touched(msgspec.Struct):
    """The changes of one table in a run: sorted keys of their rows, and the place of each in the run."""

    run: _Run
    bytes_each: int
    keys: "array[int]" = msgspec.field(default_factory=lambda: array("Q"))
    places: "array[int]" = msgspec.field(default_factory=lambda: array("H"))


def parts(store: Store, tables: Sequence[str], by_log: Mapping[str, Author]) -> Iterator[Part]:
    """All changes of all logs by rows, in the order of ``tables``; tables that are not among them come last.

    ``by_log``: log -> its author.
    """
    by_table = _touched(store)
    unknown = sorted(by_table.keys() - {*tables})
    for table in (*tables, *unknown):
        touched = by_table.pop(table, [])
        bounds = _bounds(touched)
        for first, last in zip([0, *bounds], [*bounds, None], strict=True):
            changes = _read(store, table, touched, by_log, first, last)
            yield Part(table, _id_text(first), None if last is None else _id_text(last), changes)
            changes.clear()  # before the next are read


def _touched(store: Store) -> dict[str, list[_Touched]]:
    """Table -> where its rows are in the log."""
    found: dict[str, list[_Touched]] = {}
    for run, size, rows in _runs(store):
        by_table: dict[str, list[tuple[int, int]]] = {}
        for place, (table, row_id) in enumerate(rows):
            by_table.setdefault(table, []).append((_key(row_id), place))
        for table, entries in by_table.items():
            entries.sort()
            touched = _Touched(run, size // len(rows) + 1)
            touched.keys.extend([key for key, _place in entries])
            touched.places.extend([place for _key, place in entries])
            found.setdefault(table, []).append(touched)
    return found


def _runs(store: Store) -> Iterator[tuple[_Run, int, list[tuple[str, str]]]]:
    """(run, bytes of its text, table and row of each change) of the whole log."""
    for segment in store.rows(
        "SELECT number, log_id, first FROM local_segment WHERE state = 'applied' AND number IS NOT NULL ORDER BY number"
    ):
        text = _segment_text(store, segment["number"])
        lines = _PLACES.decode_lines(text)
        yield (
            _Run(segment["log_id"], segment["first"], segment["number"]),
            len(text),
            [(line.table, line.row_id) for line in lines],
        )
    for own in store.rows("SELECT id FROM local_log ORDER BY id"):
        after = 0
        while rows := store.rows(
            "SELECT seq, table_name, row_id, length(cols) + 100 AS size FROM local_change"
            f" WHERE log_id = ? AND seq > ? ORDER BY seq LIMIT {AT_ONCE}",
            [own["id"], after],
        ):
            gap = next((at for at, row in enumerate(rows) if row["seq"] != rows[0]["seq"] + at), len(rows))
            rows, after = rows[:gap], rows[gap - 1]["seq"]
            places = [(row["table_name"], row["row_id"]) for row in rows]
            yield _Run(own["id"], rows[0]["seq"], None), sum(row["size"] for row in rows), places


def _bounds(touched: list[_Touched]) -> list[int]:
    """The keys at which a table's rows are cut into parts."""
    samples = sorted(
        (keys[at], min(EVERY, len(keys) - at) * one.bytes_each)
        for one in touched
        for keys in [one.keys]
        for at in range(0, len(keys), EVERY)
    )
    bounds: list[int] = []
    size = 0
    for key, weight in samples:
        if size + weight > PART and key > (bounds[-1] if bounds else 0):
            bounds.append(key)
            size = 0
        size += weight
    return bounds


def _read(
    store: Store, table: str, touched: list[_Touched], by_log: Mapping[str, Author], first: int, last: int | None
) -> dict[str, list[AuthoredChange]]:
    found: dict[str, list[AuthoredChange]] = {}
    for one in touched:
        begin, end = bisect_left(one.keys, first), len(one.keys) if last is None else bisect_left(one.keys, last)
        if begin == end:
            continue
        for row_id, change in _changes(store, table, one.run, sorted(one.places[begin:end]), by_log[one.run.log_id]):
            found.setdefault(row_id, []).append(change)
    for changes in found.values():
        if len(changes) > 1:
            changes.sort(key=lambda c: (c.hlc, c.log_id))
    return dict(sorted(found.items(), key=lambda row: (row[1][0].hlc, row[0])))


def _changes(
    store: Store, table: str, run: _Run, places: list[int], author: Author
) -> Iterator[tuple[str, AuthoredChange]]:
    """The changes at some places of a run, each with its row's id."""
    if run.number is not None:
        lines = _segment_text(store, run.number).split(b"\n")
        picked = log.read_lines(b"\n".join([lines[place] for place in places]))
        for place, (hlc, _table, row_id, cols, *_rest) in zip(places, picked, strict=True):
            yield row_id, AuthoredChange(run.log_id, run.first + place, hlc, table, cols, author)
        return
    between = [run.log_id, run.first + places[0], run.first + places[-1]]
    wanted = {run.first + place for place in places}
    for row in store.rows(
        "SELECT seq, hlc, row_id, cols FROM local_change WHERE log_id = ? AND seq BETWEEN ? AND ?", between
    ):
        if row["seq"] in wanted:
            cols = json.loads(row["cols"])
            yield row["row_id"], AuthoredChange(run.log_id, row["seq"], row["hlc"], table, cols, author)


def _segment_text(store: Store, number: int) -> bytes:
    """The lines of a numbered segment, without its header."""
    data: bytes = store.value("SELECT bytes FROM local_segment WHERE number = ?", [number])
    return log.unpack(data).partition(b"\n")[2]


def _key(row_id: str) -> int:
    """The first 64 bits of a row's id: keys are in the order of the ids. Rows with the same key are in one part."""
    return int(row_id[:8] + row_id[9:13] + row_id[14:18], 16)


def _id_text(key: int) -> str:
    """The least text that the ids with this key or a greater one begin with."""
    digits = f"{key:016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:])) if key else ""
