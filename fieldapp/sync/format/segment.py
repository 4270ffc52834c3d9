"""Segments: runs of one log's changes, sealed into signed files whose bytes never change again.

``docs/bundle-format.md`` specifies the format. Line 1 is the header; each further line is one change, a JSON array
``[hlc, table, row, cols, actor, at]``. The change's sequence number is the header's ``first`` plus its place. ``at`` is
left out where it is the same millisecond as the clock reading.
"""

import json
import operator
import re
import unicodedata
from itertools import pairwise
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from fieldapp.store import log, wall
from fieldapp.store.log import Change
from fieldapp.store.migrations import (
    BASELINE_LOG,
    OFFICIAL_CODES_SINCE,
    SCHEMA_BEFORE_OFFICIAL_CODES,
    SEGMENT_SCHEMA,
)
from fieldapp.store.store import Row, Store
from fieldapp.sync.format import keys
from fieldapp.sync.format.head import NonNegative
from fieldapp.vietnamese.text import clean

SEGMENT_FORMAT = "fieldapp-segment/1"
MAX_CHANGES = 5_000
MAX_PLAIN = 64 * 1024 * 1024
"""Bytes of a segment's text: a longer one is refused before it fills the memory."""
SEAL_PLAIN = MAX_PLAIN // 8
"""Bytes of changes after which a segment is sealed, however few changes there are"""
MAX_HLC = 7_258_118_400_000 << 16
"""The reading of the year 2200. A later one must be false, and would leave no room to count on."""

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TABLE = re.compile("[a-z_]{1,60}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")
MAX_ACTOR = 200
ZSTD_LEVEL = 17
"""Output is a twelfth smaller than at level 12, at 36 µs a change (``docs/speed.md``); readers accept any level"""
ZSTD_CHUNK = 1024
"""Bytes that are decompressed at a time: even a decompression bomb gives no more than about 40 MB for them"""

_Stored = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class Header(msgspec.Struct, frozen=True):
    """Line 1 of a segment. Fields of a later format are ignored."""

    format: str
    schema: int
    log: str
    scope: str
    replica: str
    first: NonNegative
    last: NonNegative
    prev: str | None
    knows: dict[str, NonNegative]
    sealed_at: str


class ChangeLine(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True, gc=False):
    """A change as it is written in a line of a segment: log and sequence number follow from the header."""

    hlc: int
    table: str
    row_id: str
    cols: dict[str, str | _Stored | None]
    actor: str | None
    at: str | msgspec.UnsetType = msgspec.UNSET


class Sealed(Struct, frozen=True):
    """The content of a segment, checked for form."""

    header: Header
    entries: list[ChangeLine]
    plain: bool
    """every value is null, an integer that SQLite can store, or text as the store keeps it; if False, each value must
    be checked"""

    def change(self, place: int) -> Change:
        """The change at a place, counted from 0."""
        entry, header = self.entries[place], self.header
        at = log.hlc_instant(entry.hlc) if entry.at is msgspec.UNSET else entry.at
        return Change(
            header.log, header.first + place, entry.hlc, entry.table, entry.row_id, entry.cols, entry.actor, at
        )


class BadSegment(ValueError):
    """These bytes are not a segment; the message says why in English, for the log and the quarantine."""


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    from hashlib import sha256

    return sha256(data).hexdigest()


def encode(header: Header, changes: list[Row]) -> bytes:
    """The bytes of a segment; ``changes`` are rows of ``local_change`` in order."""
    lines = [msgspec.json.encode(header)]
    for change in changes:
        line: list[Any] = [
            change["hlc"],
            change["table_name"],
            change["row_id"],
            msgspec.Raw(change["cols"].encode()),
            change["actor"],
        ]
        if change["at"] != log.hlc_instant(change["hlc"]):
            line.append(change["at"])
        lines.append(msgspec.json.encode(line))
    text = b"\n".join(lines) + b"\n"
    import zstandard

    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compress(text)


def last_reading(store: Store, hash_: str) -> int:
    """The last clock reading of a stored segment, applied or not."""
    data = store.value("SELECT bytes FROM local_segment WHERE hash = ?", [hash_])
    return read(data).entries[-1].hlc


def decode(data: bytes) -> tuple[Header, list[Change]]:
    """Header and changes of a segment from outside, checked for form; BadSegment if anything is not as specified."""
    sealed = read(data)
    return sealed.header, [sealed.change(place) for place in range(len(sealed.entries))]


def read(data: bytes) -> Sealed:
    """A segment from outside, checked for form; BadSegment if anything is not as specified.

    All lines are read at once. If that finds something wrong, they are read one by one: either a line is bad, and the
    error names it, or only a value cannot be stored, and its change is rejected later.
    """
    text = _text(data)
    head, _lf, body = text.partition(b"\n")
    header = _header(head)
    if not text.endswith(b"\n"):
        raise BadSegment("cut off")
    count = body.count(b"\n")
    if not 1 <= header.first <= header.last or header.last - header.first + 1 != count:
        raise BadSegment("the header counts other changes than there are")
    if count > MAX_CHANGES:
        raise BadSegment("too many changes")
    if (header.first == 1) != (header.prev is None):
        raise BadSegment("only the first segment of a log has no predecessor")
    entries = _all_lines(body, count)
    if entries is not None:
        return Sealed(header, entries, _is_clean(body))
    lines = body.split(b"\n")[:-1]
    entries = [_change_line(header.first + n, line) for n, line in enumerate(lines)]
    if any(a.hlc >= b.hlc for a, b in pairwise(entries)):
        raise BadSegment("the clock goes back")
    return Sealed(header, entries, plain=False)


def _header(line: bytes) -> Header:
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadSegment(f"header: {error}") from None
    if header.format != SEGMENT_FORMAT:
        raise BadSegment(f"format {header.format!r} is not known here")
    if not (_UUID.fullmatch(header.log) and _UUID.fullmatch(header.replica)):
        raise BadSegment("log and replica are ids")
    return header


_LINES = msgspec.json.Decoder(ChangeLine)
_DIGITS = bytes.maketrans(b"0123456789abcdef", b"0" * 16)
_UUID_FORM = b"00000000-0000-0000-0000-000000000000\n"
"""An id after each of its digits is replaced with 0"""
_ESCAPE = re.compile(rb'\\[^n"/]')
_ASCII = bytes(range(0x7F))
"""All of it but DEL"""
_MAY_COMPOSE = re.compile("[^\u0080-\u02ff\u1e00-\u1eff\u2010-\u205e]")
"""Any character but Latin letters, Vietnamese ones among them, and punctuation: those are in NFC beside any other"""


def _all_lines(body: bytes, count: int) -> list[ChangeLine] | None:
    """The changes, if each has the form that ``_change_line`` checks and only values that can be stored; else None."""
    try:
        entries = _LINES.decode_lines(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    hlcs = [e.hlc for e in entries]
    ids = "".join([e.row_id + "\n" for e in entries])
    instants = {e.at for e in entries} - {msgspec.UNSET}
    if (
        len(entries) != count
        or not body.startswith(b"[")  # no value is a list: so this and the next test say that each line is an array
        or body.count(b"]\n[") != count - 1
        or not (hlcs[0] > 0 and hlcs[-1] <= MAX_HLC and all(map(operator.lt, hlcs, hlcs[1:])))
        or ids.encode().translate(_DIGITS) != _UUID_FORM * count
        or not all(_TABLE.fullmatch(table) for table in {e.table for e in entries})
        or not all(map(_is_actor, {e.actor for e in entries}))
        or not all([e.cols for e in entries])  # noqa: C419 - a list is quicker
        or not all(isinstance(at, str) and INSTANT.fullmatch(at) for at in instants)
    ):
        return None
    return entries


def _is_actor(actor: object) -> bool:
    return actor is None or (isinstance(actor, str) and clean(actor) == actor and len(actor) <= MAX_ACTOR)


def _is_clean(body: bytes) -> bool:
    """Whether no text in these lines can have a character that is never stored. False also where that is not certain.

    Every part of a text in NFC is in NFC. Control characters and those that change the direction of text are not
    printable. Not certain are escapes other than those of the line feed, the quotation mark and the slash.

    Most of the body is ASCII, of which JSON forbids the control characters in a text, save the last: it is left out.
    """
    if _ESCAPE.search(body):
        return False
    rest = body.translate(None, _ASCII).decode()
    return rest.isprintable() and (not _MAY_COMPOSE.search(rest) or unicodedata.is_normalized("NFC", body.decode()))


def _change_line(seq: int, line: bytes) -> ChangeLine:
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadSegment(f"change {seq}: {error}") from None
    if not isinstance(fields, list) or len(fields) not in (5, 6):
        raise BadSegment(f"change {seq}: not an array of 5 or 6")
    hlc, table, row_id, cols, actor = fields[:5]
    if type(hlc) is not int or not 0 < hlc <= MAX_HLC:
        raise BadSegment(f"change {seq}: clock")
    at = fields[5] if len(fields) == 6 else log.hlc_instant(hlc)
    if not (isinstance(table, str) and isinstance(row_id, str) and isinstance(cols, dict) and isinstance(at, str)):
        raise BadSegment(f"change {seq}: types")
    if not (_TABLE.fullmatch(table) and _UUID.fullmatch(row_id) and INSTANT.fullmatch(at)):
        raise BadSegment(f"change {seq}: table, row and instant")
    if not _is_actor(actor):
        raise BadSegment(f"change {seq}: actor")
    if not cols or any(isinstance(v, list | dict) for v in cols.values()):
        raise BadSegment(f"change {seq}: types")
    return ChangeLine(hlc, table, row_id, cols, actor, at)


def _text(data: bytes) -> bytes:
    """The text of a segment: one complete zstd frame and nothing after it, so that every reader sees the same."""
    import zstandard

    frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    parts, size = [], 0
    try:
        for start in range(0, len(data), ZSTD_CHUNK):
            part = frame.decompress(data[start : start + ZSTD_CHUNK])
            size += len(part)
            if size > MAX_PLAIN:
                raise BadSegment("larger than a segment may be")
            parts.append(part)
    except (zstandard.ZstdError, MemoryError) as error:
        raise BadSegment(f"zstd: {error}") from None
    if not frame.eof or frame.unused_data:
        raise BadSegment("not one whole zstd frame")
    return b"".join(parts)


def seal_open_changes(store: Store) -> int:
    """Seal the open changes of all own logs; returns how many. Inside a transaction.

    Called before every export, and before an import is applied. So all changes of a segment were made with the same
    knowledge of other logs.
    """
    done = 0
    open_logs = store.rows(  # in one query: headquarters has a log for each post
        "SELECT * FROM local_log l WHERE own = 1 AND seq > coalesce((SELECT max(last) FROM local_segment s"
        " WHERE s.log_id = l.id AND s.state = 'applied'), 0) ORDER BY id"
    )
    for own_log in open_logs:
        last = _head(store, own_log["id"])[0]
        while last < own_log["seq"]:
            changes = _next_changes(store, own_log["id"], last)
            seal_rows(store, own_log, changes, _knows(store, own_log))
            done += len(changes)
            last = changes[-1]["seq"]
    return done


def _head(store: Store, log_id: str) -> tuple[int, str | None]:
    """(last change, hash) of the last applied segment of a log."""
    head = store.row(
        "SELECT last, hash FROM local_segment WHERE log_id = ? AND state = 'applied' ORDER BY first DESC LIMIT 1",
        [log_id],
    )
    return (head["last"], head["hash"]) if head else (0, None)


def seal_rows(store: Store, own_log: Row, changes: list[Row], knows: dict[str, int]) -> None:
    """Seal the next changes of an own log; inside a transaction. ``knows``: the version vector they were made with."""
    own = store.row("SELECT id, sign_secret FROM local_replica WHERE own = 1")
    assert own is not None
    last, prev = _head(store, own_log["id"])
    first_codes = changes[0]["hlc"] <= _official_codes_since(store)
    header = Header(
        format=SEGMENT_FORMAT,
        schema=SCHEMA_BEFORE_OFFICIAL_CODES if first_codes else SEGMENT_SCHEMA,
        log=own_log["id"],
        scope=own_log["scope"],
        replica=own["id"],
        first=last + 1,
        last=changes[-1]["seq"],
        prev=prev,
        knows=knows,
        sealed_at=wall.instant(),
    )
    data = encode(header, changes)
    signature = keys.sign(own["sign_secret"], data, f"fieldapp segment {own_log['id']} {last + 1}")
    store_segment(store, header, data, signature, "applied")
    log.store_last_change(store, digest(data), changes[-1]["hlc"], changes[-1]["at"])


def _next_changes(store: Store, log_id: str, after: int) -> list[Row]:
    """The next changes of a log, as many as fit into a segment by number and by size of text; at least one.

    Those from before this file got the official codes of units are for a segment of their own.
    """
    cursor = store.db.execute(
        "SELECT hlc, table_name, row_id, cols, actor, at, seq FROM local_change WHERE log_id = ? AND seq > ?"
        f" ORDER BY seq LIMIT {MAX_CHANGES}",
        [log_id, after],
    )
    names = [d[0] for d in cursor.description]
    since = _official_codes_since(store)
    changes: list[Row] = []
    size = 0
    for found in cursor:
        change = dict(zip(names, found, strict=True))
        size += len(change["cols"].encode()) + 200
        if changes and (size > SEAL_PLAIN or changes[0]["hlc"] <= since < change["hlc"]):
            break
        changes.append(change)
    return changes


def _official_codes_since(store: Store) -> int:
    return int(store.setting(OFFICIAL_CODES_SINCE, "0") or 0)


def _knows(store: Store, own_log: Row) -> dict[str, int]:
    """The version vector over the logs of '*' and of this log's own scope.

    Some readers never get some of these logs: a province does not get its neighbour's. They do not wait for those
    (``forks.missing_knowledge``).
    """
    return {
        row["id"]: row["seq"]
        for row in store.rows(
            "SELECT id, seq FROM local_log WHERE id NOT IN (?, ?) AND seq > 0 AND scope IN ('*', ?) ORDER BY id",
            [own_log["id"], BASELINE_LOG, own_log["scope"]],
        )
    }


def store_segment(
    store: Store, header: Header, data: bytes, signature: bytes, state: str, reason: str | None = None
) -> None:
    """Store a segment's bytes unchanged."""
    store.db.execute(
        "INSERT INTO local_segment (hash, log_id, scope, replica_id, first, last, prev, knows, bytes, signature, state,"
        " reason, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            digest(data),
            header.log,
            header.scope,
            header.replica,
            header.first,
            header.last,
            header.prev,
            json.dumps(header.knows),
            data,
            signature,
            state,
            reason,
            wall.instant(),
        ],
    )
