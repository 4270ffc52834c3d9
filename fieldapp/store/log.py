"""The stored change log: own changes are rows, changes from elsewhere stay in the bytes of their segments.

A segment from elsewhere gets a number when it is applied. Its changes are not stored a second time: ``local_touch``
says which rows it touches. To read a row's history costs a millisecond for each segment that the row is in. Segments
without a number have their changes in ``local_change``: those that were sealed here, and those that were applied before
segments had numbers. An own log may have both kinds, where a copy of this disk wrote in it too.

Two indexes, ``local_touch`` and ``local_touch_change``, find a row's changes by ``touch_key``. New entries go to places
all over these indexes, which is slow. So neither an import nor a save waits for them: ``index_touched_rows`` brings
them up to date later. The newest few changes of ``local_change`` are read one by one instead.
"""

import io
import json
import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from fieldapp.store import wall
from fieldapp.store.disk_errors import DiskFull
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store

NUMBER = "segment_number"
"""Local setting: the last number that was given to a segment. No number is given twice: the program remembers by number
what it has done once for each segment"""

TOUCHED = "touched_reached"
"""Local setting: the number of the last segment whose rows are in ``local_touch``"""

TOUCHED_CHANGES = "touched_changes"
"""Local setting: JSON, log -> the last of its changes in ``local_change`` that ``local_touch_change`` has"""

_AFTER = "FROM local_change WHERE log_id = ? AND seq > ? ORDER BY seq"

BATCH = 20_000
"""Changes that are indexed in one step"""

AT_A_TIME = 500
"""Changes that are in memory at once: the first screen counts all that headquarters lacks"""

SEGMENTS = 20
"""Segments whose rows are entered into ``local_touch`` together, so that each of its pages is written once for all"""

NEWEST = 500
"""Up to this many changes of a log are read one by one when a row is asked for; more are indexed first"""

FEW = 50
"""Up to this many rows are looked for in a segment's text; for more, the whole segment is read"""


class ChangeHead(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The beginning of a segment's line: what a change is about. To read no more takes a fifth of the time."""

    hlc: int
    table: str
    row_id: str
    raw_cols: msgspec.Raw

    @property
    def cols(self) -> Collection[str]:
        """The columns that the change sets."""
        return _NAMES.decode(self.raw_cols)


_HEADS: msgspec.json.Decoder[ChangeHead] = msgspec.json.Decoder(ChangeHead)
_NAMES: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LINES: msgspec.json.Decoder[Any] = msgspec.json.Decoder()

Touch = tuple[int, int]
"""A line of ``local_touch``: key of a row, number of a segment"""

_COLUMNS = "log_id, seq, hlc, table_name, row_id, cols, actor, at"


class Change(Struct, frozen=True):
    """One change of a log."""

    log_id: str
    seq: int
    hlc: int
    table: str
    row_id: str
    cols: dict[str, Any]
    actor: str | None
    at: str


def hlc_instant(hlc: int) -> str:
    """The wall clock time of a clock reading, written as in a change's ``at``; empty beyond the year 9999."""
    ms = hlc >> 16
    try:
        moment = wall.moment_of(ms)
    except OverflowError:
        return ""
    return f"{moment.isoformat()[:19]}.{ms % 1000:03d}Z"


def touch_key(row_id: str) -> int:
    """The first 63 bits of a row's id: the key of ``local_touch``.

    Rows made one after the other have keys close together. Two rows may share a key, so compare what is found with the
    whole id.
    """
    return int(row_id[:8] + row_id[9:13] + row_id[14:18], 16) & 0x7FFF_FFFF_FFFF_FFFF


def touch_keys_in_order(ids: Sequence[str]) -> "array[int]":
    """``touch_key`` of each of many ids, in a fifth of the time."""
    halves = array("Q", bytes.fromhex("".join(ids).replace("-", "")))
    if sys.byteorder == "little":
        halves.byteswap()
    return array("Q", [half & 0x7FFF_FFFF_FFFF_FFFF for half in halves[::2]])


def touch_keys(ids: Iterable[str]) -> str:
    """The keys of some rows in JSON, to ask for all of them in one query."""
    return json.dumps(sorted({touch_key(row_id) for row_id in ids}))


def changes_of_rows(store: Store, ids: Iterable[str]) -> dict[str, list[Change]]:
    """All changes of some rows of any table, in order (hlc, log); a row without changes is left out."""
    wanted = set(ids)
    if not wanted:  # an import asks for none, and must not wait for the index
        return {}
    try:
        index_touched_rows(store)
    except DiskFull:
        with store.undone():
            index_touched_rows(store)
            return _changes_of_rows(store, wanted)
    return _changes_of_rows(store, wanted)


def _changes_of_rows(store: Store, wanted: set[str]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in (*map(_change, stored_changes(store, wanted)), *_in_segments(store, wanted)):
        found.setdefault(change.row_id, []).append(change)
    for changes in found.values():
        changes.sort(key=lambda c: (c.hlc, c.log_id))
    return found


def changes_at(store: Store, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Change]:
    """The changes at some places, (log, seq) each."""
    found: dict[tuple[str, int], Change] = {}
    by_segment: dict[int, set[int]] = {}
    for log_id, seq in sorted(set(places)):
        row = store.row(f"SELECT {_COLUMNS} FROM local_change WHERE log_id = ? AND seq = ?", [log_id, seq])
        if row is not None:
            found[(log_id, seq)] = _change(row)
            continue
        number = store.value(
            "SELECT number FROM local_segment WHERE log_id = ? AND state = 'applied' AND first <= ?"
            " ORDER BY first DESC LIMIT 1",
            [log_id, seq],
        )
        if number is not None:
            by_segment.setdefault(number, set()).add(seq)
    for number, seqs in by_segment.items():
        found |= {(c.log_id, c.seq): c for c in changes_of_segment(store, number) if c.seq in seqs}
    return found


def changes_after(store: Store, log_id: str, after: int, last: int = 1 << 62) -> Iterator[Change]:
    """The changes of a log after the sequence number ``after``, up to and with ``last``; in order."""
    reached = after
    while rows := store.rows(
        f"SELECT {_COLUMNS} FROM local_change WHERE log_id = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT {AT_A_TIME}",
        [log_id, reached + 1, last],
    ):
        yield from map(_change, rows)
        reached = rows[-1]["seq"]
    for row in store.rows(
        "SELECT number FROM local_segment WHERE log_id = ? AND state = 'applied' AND number IS NOT NULL"
        " AND last > ? AND first <= ? ORDER BY last",
        [log_id, after, last],
    ):
        yield from (c for c in changes_of_segment(store, row["number"]) if after < c.seq <= last)


def rows_changed_since(store: Store, seen: Mapping[str, int]) -> dict[str, set[str]]:
    """Table -> ids of the rows that changes after these places touch: log -> seq; the baseline's are left out."""
    found: dict[str, set[str]] = {}
    for change in changes_since(store, seen):
        found.setdefault(change.table, set()).add(change.row_id)
    return found


def changes_since(store: Store, seen: Mapping[str, int]) -> Iterator[Change]:
    """The changes after these places: log -> seq; the baseline's are left out."""
    for log_id, last in reached(store).items():
        if last > seen.get(log_id, 0):
            yield from changes_after(store, log_id, seen.get(log_id, 0))


def reached(store: Store) -> dict[str, int]:
    """Log -> its last change here; without the baseline."""
    return {r["id"]: r["seq"] for r in store.rows("SELECT id, seq FROM local_log WHERE id <> ?", [BASELINE_LOG])}


def rows_with_rejected_changes(store: Store) -> dict[str, set[str]]:
    """Table -> ids of rows with a rejected change. It may count later, when the row that it refers to has arrived."""
    places = [(r["log_id"], r["seq"]) for r in store.rows("SELECT log_id, seq FROM local_set_aside")]
    found: dict[str, set[str]] = {}
    for change in changes_at(store, places).values():
        found.setdefault(change.table, set()).add(change.row_id)
    return found


def all_changes(store: Store) -> Iterator[Change]:
    """All changes of all logs, one log after the other."""
    for row in store.rows("SELECT id FROM local_log ORDER BY id"):
        yield from changes_after(store, row["id"], 0)


def changes_of_segment(store: Store, number: int) -> list[Change]:
    """The changes of a numbered segment."""
    row = _segment(store, number)
    return [_from_line(row, place, line) for place, line in enumerate(_lines(row["bytes"]))]


def heads_of_segment(store: Store, number: int) -> list[ChangeHead]:
    """The lines of a numbered segment, without the values of the columns."""
    return _HEADS.decode_lines(unpack(_segment(store, number)["bytes"]).partition(b"\n")[2])


def lines_of_segment(store: Store, number: int) -> list[list[Any]]:
    """The lines of a numbered segment, one for each change: hlc, table, row, cols, actor, perhaps at."""
    return _lines(_segment(store, number)["bytes"])


def _lines(data: bytes) -> list[list[Any]]:
    return read_lines(unpack(data))[1:]


def read_lines(text: bytes) -> list[list[Any]]:
    """Lines of a segment's text, each with all that it holds."""
    return _LINES.decode_lines(text)


def store_last_change(store: Store, hash_: str, hlc: int, at: str) -> None:
    """Store when the last change of an applied segment was made; inside a transaction."""
    store.db.execute("UPDATE local_segment SET last_hlc = ?, last_at = ? WHERE hash = ?", [hlc, at, hash_])


def number_segment(store: Store, hash_: str) -> None:
    """Give an applied segment its number, so that its changes are in the log; inside a transaction."""
    number = last_number(store) + 1
    store.db.execute("UPDATE local_segment SET number = ? WHERE hash = ?", [number, hash_])
    store.set_setting(NUMBER, str(number))


def remove_segments(store: Store, log_id: str) -> dict[tuple[str, str], None]:
    """Remove the changes of segments that are no longer applied from the log; return the (table, row) of each.

    Inside a transaction, when the log has no unsealed changes.
    """
    last = store.value("SELECT max(last) FROM local_segment WHERE log_id = ? AND state = 'applied'", [log_id]) or 0
    removed = "FROM local_change WHERE log_id = ? AND seq > ?"
    found = store.rows(f"SELECT DISTINCT table_name, row_id {removed}", [log_id, last])
    touched = {(row["table_name"], row["row_id"]): None for row in found}
    for row in store.rows(
        "SELECT number FROM local_segment WHERE log_id = ? AND state <> 'applied' AND number IS NOT NULL", [log_id]
    ):
        number = row["number"]
        lines = lines_of_segment(store, number)
        touched |= {(line[1], line[2]): None for line in lines}
        store.db.conn.executemany(
            "DELETE FROM local_touch WHERE key = ? AND segment = ?", [(touch_key(line[2]), number) for line in lines]
        )
    store.db.execute(
        "UPDATE local_segment SET number = NULL, last_hlc = NULL, last_at = NULL"
        " WHERE log_id = ? AND state <> 'applied'",
        [log_id],
    )
    store.db.execute(f"DELETE {removed}", [log_id, last])
    store.db.conn.executemany(
        "DELETE FROM local_touch_change WHERE key = ? AND log_id = ? AND seq > ?",
        [(touch_key(row["row_id"]), log_id, last) for row in found],
    )
    reached = json.loads(store.setting(TOUCHED_CHANGES) or "{}")
    if reached.get(log_id, 0) > last:
        store.set_setting(TOUCHED_CHANGES, json.dumps(reached | {log_id: last}))
    store.db.execute("UPDATE local_log SET seq = ? WHERE id = ?", [last, log_id])
    return touched


def arrival(store: Store, log_id: str, seq: int) -> int:
    """When a change was applied here, in comparison with others; 0 for one whose segment has no number."""
    found: int | None = store.value(
        "SELECT number FROM local_segment WHERE log_id = ? AND state = 'applied' AND first <= ?"
        " ORDER BY first DESC LIMIT 1",
        [log_id, seq],
    )
    return found or 0


def last_number(store: Store) -> int:
    """The highest number that a segment has been given."""
    return int(store.setting(NUMBER, "0") or 0)


def index_touched_rows(store: Store, through: int = 1 << 62) -> None:
    """Bring ``local_touch`` and, where many changes were written here, ``local_touch_change`` up to date.

    An import does not call this: it is done afterwards. A query for a row's changes before that waits for it.
    ``through``: the number of the last segment that is entered.
    """
    _catch_up_changes(store)
    numbers = [
        row["number"]
        for row in store.rows(
            "SELECT number FROM local_segment WHERE number > ? AND number <= ? AND state = 'applied' ORDER BY number",
            [touched_through(store), through],
        )
    ]
    for start in range(0, len(numbers), SEGMENTS):
        with store.transaction(derived=True):
            touches: list[Touch] = []
            for number in numbers[start : start + SEGMENTS]:
                touches += touches_of(number, heads_of_segment(store, number))
            enter_touches(store, touches, number)


def touched_through(store: Store) -> int:
    """The number of the last segment whose rows are in ``local_touch``."""
    return int(store.setting(TOUCHED, "0") or 0)


def touches_of(number: int, heads: Sequence[ChangeHead]) -> list[Touch]:
    """What ``local_touch`` gets for a segment, in order."""
    return [(key, number) for key in sorted({*touch_keys_in_order([head.row_id for head in heads])})]


def enter_touches(store: Store, touches: list[Touch], through: int) -> None:
    """Enter the rows of the next segments, up to the one with the number ``through``; inside a transaction.

    Another window may have entered some since it was asked which are next.
    """
    touches.sort()
    store.db.conn.executemany("INSERT OR IGNORE INTO local_touch VALUES (?, ?)", touches)
    store.set_setting(TOUCHED, str(max(through, touched_through(store))))


def _catch_up_changes(store: Store) -> None:
    many = f"SELECT 1 {_AFTER} LIMIT 1 OFFSET {NEWEST}"
    logs, begun = _newest(store)
    if begun and not any(store.value(many, place) for place in logs.items()):
        return
    with store.transaction(derived=True):
        logs, _begun = _newest(store)
        for log_id in logs:
            while rows := store.rows(f"SELECT row_id, seq {_AFTER} LIMIT {BATCH}", [log_id, logs[log_id]]):
                entries = sorted((touch_key(row["row_id"]), log_id, row["seq"]) for row in rows)
                store.db.conn.executemany("INSERT INTO local_touch_change VALUES (?, ?, ?)", entries)
                logs[log_id] = rows[-1]["seq"]
        store.set_setting(TOUCHED_CHANGES, json.dumps({log_id: seq for log_id, seq in logs.items() if seq}))


def _newest(store: Store) -> tuple[dict[str, int], bool]:
    """Log -> its last change in ``local_touch_change``, for each log that may have later ones in ``local_change``; and
    whether the index was ever filled.

    Logs of other replicas got rows in ``local_change`` only before segments had numbers. So they are looked at the
    first time only.
    """
    stored = store.setting(TOUCHED_CHANGES)
    reached = json.loads(stored or "{}")
    logs = store.rows(
        "SELECT id FROM local_log WHERE ? OR id = ? OR replica_id = (SELECT id FROM local_replica WHERE own = 1)",
        [stored is None, BASELINE_LOG],
    )
    return {log["id"]: reached.get(log["id"], 0) for log in logs}, stored is not None


def touched_before(store: Store, ids: Iterable[str], number: int) -> set[str]:
    """Those of some rows that segments up to a number touch; ``index_touched_rows`` was called since."""
    by_key = {touch_key(row_id): row_id for row_id in ids}
    rows = store.rows(
        "SELECT DISTINCT key FROM local_touch WHERE key IN (SELECT value FROM json_each(?)) AND segment <= ?",
        [json.dumps(sorted(by_key)), number],
    )
    return {by_key[row["key"]] for row in rows}


def renumber(store: Store) -> None:
    """Correct the settings about segment numbers after segments were put into a new file.

    The two indexes are then filled from the first segment on.
    """
    store.set_setting(NUMBER, str(store.value("SELECT coalesce(max(number), 0) FROM local_segment")))
    _index_from_the_first(store)


def _index_from_the_first(store: Store) -> None:
    store.set_setting(TOUCHED, "0")
    store.db.execute("DELETE FROM local_setting WHERE key = ?", [TOUCHED_CHANGES])


def index_anew(store: Store) -> None:
    """Fill the two indexes that find a row's changes again, from the log itself."""
    with store.transaction(derived=True):
        store.db.execute("DELETE FROM local_touch")
        store.db.execute("DELETE FROM local_touch_change")
        _index_from_the_first(store)
        index_touched_rows(store)


def as_stored(cols: dict[str, Any]) -> str:
    """The columns of a change, as JSON for ``local_change``."""
    return json.dumps(cols, ensure_ascii=False, separators=(",", ":"))


def unpack(data: bytes, limit: int = -1) -> bytes:
    """The decompressed text of a segment, at most ``limit`` bytes. Raises zstandard.ZstdError for other bytes."""
    import zstandard

    with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(io.BytesIO(data)) as reader:
        return reader.read(limit)


def stored_changes(store: Store, ids: Collection[str]) -> Iterator[Row]:
    """The changes of some rows that are in ``local_change``, as stored; in no order."""
    _catch_up_changes(store)
    rows = store.rows(
        "SELECT c.* FROM local_touch_change t CROSS JOIN local_change c ON c.log_id = t.log_id AND c.seq = t.seq"
        " WHERE t.key IN (SELECT value FROM json_each(?))",
        [touch_keys(ids)],
    )
    yield from (row for row in rows if row["row_id"] in ids)
    for place in _newest(store)[0].items():
        yield from (row for row in store.rows(f"SELECT * {_AFTER}", place) if row["row_id"] in ids)


def _in_segments(store: Store, wanted: set[str]) -> Iterator[Change]:
    touched: dict[int, set[int]] = {}
    for row in store.rows(
        "SELECT segment, key FROM local_touch WHERE key IN (SELECT value FROM json_each(?))", [touch_keys(wanted)]
    ):
        touched.setdefault(row["segment"], set()).add(row["key"])
    if not touched:
        return
    by_key: dict[int, list[str]] = {}
    for row_id in wanted:
        by_key.setdefault(touch_key(row_id), []).append(row_id)
    for number, keys in sorted(touched.items()):
        ids = {i for key in keys for i in by_key[key]}
        yield from (
            _picked(store, number, ids)
            if len(ids) <= FEW
            else (c for c in changes_of_segment(store, number) if c.row_id in ids)
        )


def _picked(store: Store, number: int, ids: set[str]) -> Iterator[Change]:
    """The changes of a few rows in a segment: only lines that hold one of the ids are parsed."""
    row = _segment(store, number)
    text = unpack(row["bytes"])
    starts = set()
    for row_id in ids:
        mark = f'"{row_id}"'.encode()
        at = text.find(mark)
        while at >= 0:
            starts.add(text.rfind(b"\n", 0, at) + 1)
            at = text.find(mark, at + 1)
    place, counted = -1, 0
    for start in sorted(starts - {0}):
        place += text.count(b"\n", counted, start)
        counted = start
        change = _from_line(row, place, _LINES.decode(text[start : text.index(b"\n", start)]))
        if change.row_id in ids:
            yield change


def _segment(store: Store, number: int) -> Row:
    row = store.row("SELECT log_id, first, bytes FROM local_segment WHERE number = ?", [number])
    assert row is not None
    return row


def _from_line(segment: Row, place: int, line: list[Any]) -> Change:
    hlc, table, row_id, cols, actor, *at = line
    instant = at[0] if at else hlc_instant(hlc)
    return Change(segment["log_id"], segment["first"] + place, hlc, table, row_id, cols, actor, instant)


def _change(row: Row) -> Change:
    return Change(
        row["log_id"],
        row["seq"],
        row["hlc"],
        row["table_name"],
        row["row_id"],
        json.loads(row["cols"]),
        row["actor"],
        row["at"],
    )
