"""Segments: runs of one log's changes, sealed into signed files whose bytes never change again.

``docs/bundle-format.md`` specifies the format. Line 1 is the header; each further line is one change, a JSON array
``[hlc, table, row, cols, actor, at]``; the change's sequence number is the header's ``first`` plus its place. ``at`` is
left out where it is the same millisecond as the clock reading.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import zstandard

from fieldapp.domain.text import clean
from fieldapp.store.migrations import BASELINE_LOG, SCHEMA_VERSION
from fieldapp.store.store import Row, Store, now
from fieldapp.sync import clock, keys

FORMAT = "fieldapp-segment/1"
MAX_CHANGES = 5_000
MAX_PLAIN = 64 * 1024 * 1024
"""Bytes of a segment's text: more is refused before it takes memory."""
SEAL_PLAIN = MAX_PLAIN // 2
"""Bytes of changes after which a segment is sealed, however few they are"""
MAX_HLC = 7_258_118_400_000 << 16
"""The clock of the year 2200. A reading beyond it is a lie, and would leave no room to count on."""

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TABLE = re.compile("[a-z_]{1,60}")
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")
MAX_ACTOR = 200
ZSTD_LEVEL = 12
ZSTD_CHUNK = 1024
"""Bytes that are decompressed at a time: even of a bomb, no more than some 40 MB come out of them"""

BELOW = """SELECT p.id FROM local_replica p JOIN local_replica me ON me.own = 1 AND me.role = 'hq'
    WHERE p.own = 0 AND p.role = 'hq' AND p.post_code <> me.post_code
        AND NOT coalesce(json_extract(CAST(p.certificate AS TEXT), '$.above'), 0)"""
"""SQL: ids of the headquarters below this one"""


Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
"""Sequence numbers: what every reader of JSON holds exactly"""


class Header(msgspec.Struct, frozen=True):
    """Line 1 of a segment. Fields of a later format are passed over."""

    format: str
    schema: int
    log: str
    scope: str
    replica: str
    first: Count
    last: Count
    prev: str | None
    knows: dict[str, Count]
    sealed_at: str


@dataclass(frozen=True)
class Change:
    """One change of a log."""

    log_id: str
    seq: int
    hlc: int
    table: str
    row_id: str
    cols: dict[str, Any]
    actor: str | None
    at: str


class Broken(ValueError):
    """These bytes are no segment: says in English why, for the log and the quarantine."""


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


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
        if change["at"] != _instant(change["hlc"]):
            line.append(change["at"])
        lines.append(msgspec.json.encode(line))
    text = b"\n".join(lines) + b"\n"
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compress(text)


def decode(data: bytes) -> tuple[Header, list[Change]]:
    """Header and changes of a segment from outside, checked for form; Broken if anything is not as specified."""
    lines = _text(data).split(b"\n")
    if lines[-1] != b"":
        raise Broken("cut off")
    lines.pop()
    try:
        header = msgspec.json.decode(lines[0], type=Header)
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError, RecursionError) as error:
        raise Broken(f"header: {error}") from None
    if header.format != FORMAT:
        raise Broken(f"format {header.format!r} is not known here")
    if not (_UUID.fullmatch(header.log) and _UUID.fullmatch(header.replica)):
        raise Broken("log and replica are ids")
    if not 1 <= header.first <= header.last or header.last - header.first + 1 != len(lines) - 1:
        raise Broken("the header counts other changes than there are")
    if len(lines) - 1 > MAX_CHANGES:
        raise Broken("too many changes")
    if (header.first == 1) != (header.prev is None):
        raise Broken("only the first segment of a log has no predecessor")
    changes = [_change(header, header.first + n, line) for n, line in enumerate(lines[1:])]
    if any(a.hlc >= b.hlc for a, b in pairwise(changes)):
        raise Broken("the clock goes back")
    return header, changes


def _change(header: Header, seq: int, line: bytes) -> Change:
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Broken(f"change {seq}: {error}") from None
    if not isinstance(fields, list) or len(fields) not in (5, 6):
        raise Broken(f"change {seq}: not an array of 5 or 6")
    hlc, table, row_id, cols, actor = fields[:5]
    if type(hlc) is not int or not 0 < hlc <= MAX_HLC:
        raise Broken(f"change {seq}: clock")
    at = fields[5] if len(fields) == 6 else _instant(hlc)
    if not (isinstance(table, str) and isinstance(row_id, str) and isinstance(cols, dict) and isinstance(at, str)):
        raise Broken(f"change {seq}: types")
    if not (_TABLE.fullmatch(table) and _UUID.fullmatch(row_id) and INSTANT.fullmatch(at)):
        raise Broken(f"change {seq}: table, row and instant")
    if actor is not None and not (isinstance(actor, str) and clean(actor) == actor and len(actor) <= MAX_ACTOR):
        raise Broken(f"change {seq}: actor")
    if not cols or any(isinstance(v, list | dict) for v in cols.values()):
        raise Broken(f"change {seq}: types")
    return Change(header.log, seq, hlc, table, row_id, cols, actor, at)


def _text(data: bytes) -> bytes:
    """The text of a segment: one whole zstd frame and nothing behind it, so that every reader sees the same."""
    frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    parts, size = [], 0
    try:
        for start in range(0, len(data), ZSTD_CHUNK):
            part = frame.decompress(data[start : start + ZSTD_CHUNK])
            size += len(part)
            if size > MAX_PLAIN:
                raise Broken("larger than a segment may be")
            parts.append(part)
    except (zstandard.ZstdError, MemoryError) as error:
        raise Broken(f"zstd: {error}") from None
    if not frame.eof or frame.unused_data:
        raise Broken("not one whole zstd frame")
    return b"".join(parts)


def _instant(hlc: int) -> str:
    ms = clock.milliseconds(hlc)
    try:
        moment = datetime.fromtimestamp(ms // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def seal(store: Store, progress: Callable[[int, int], None] | None = None) -> int:
    """Seal the open changes of all own logs; returns how many. Inside a transaction.

    Called before every export and before every import is applied, so that all changes of a segment were made under
    the same knowledge.
    """
    done = 0
    for log in store.rows("SELECT * FROM local_log WHERE own = 1 ORDER BY id"):
        last = _head(store, log["id"])[0]
        while last < log["seq"]:
            changes = store.rows(
                f"SELECT * FROM local_change WHERE log_id = ? AND seq > ? ORDER BY seq LIMIT {MAX_CHANGES}",
                [log["id"], last],
            )
            changes = _fitting(changes)
            seal_rows(store, log, changes, _knows(store, log))
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


def seal_rows(store: Store, log: Row, changes: list[Row], knows: dict[str, int]) -> None:
    """Seal the next changes of an own log, made under the knowledge ``knows``; inside a transaction."""
    own = store.row("SELECT id, sign_secret FROM local_replica WHERE own = 1")
    assert own is not None
    last, prev = _head(store, log["id"])
    header = Header(
        format=FORMAT,
        schema=SCHEMA_VERSION,
        log=log["id"],
        scope=log["scope"],
        replica=own["id"],
        first=last + 1,
        last=changes[-1]["seq"],
        prev=prev,
        knows=knows,
        sealed_at=now(),
    )
    data = encode(header, changes)
    signature = keys.sign(own["sign_secret"], data, f"fieldapp segment {log['id']} {last + 1}")
    keep(store, header, data, signature, "applied")


def _fitting(changes: list[Row]) -> list[Row]:
    """As many as stay below the size that a reader takes; at least one."""
    size = 0
    for number, change in enumerate(changes):
        size += len(change["cols"].encode()) + 200
        if size > SEAL_PLAIN and number:
            return changes[:number]
    return changes


def _knows(store: Store, log: Row) -> dict[str, int]:
    """The version vector over logs that every reader of this log also holds: those of '*' and of its own scope. A
    headquarters leaves out the reference data of those below it, which stays with their posts."""
    return {
        row["id"]: row["seq"]
        for row in store.rows(
            "SELECT id, seq FROM local_log WHERE id NOT IN (?, ?) AND seq > 0 AND scope IN ('*', ?)"
            f" AND NOT (scope = '*' AND replica_id IN ({BELOW})) ORDER BY id",
            [log["id"], BASELINE_LOG, log["scope"]],
        )
    }


def keep(store: Store, header: Header, data: bytes, signature: bytes, state: str, reason: str | None = None) -> None:
    """Store a segment's bytes as they are."""
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
            now(),
        ],
    )
