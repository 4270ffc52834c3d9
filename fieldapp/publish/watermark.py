"""How far the mirror goes in headquarters' logs, and which rows have changed since.

Applied segments have numbers, given once and in order; a change that was written here has its number in its log. In one
case only does a row change without a new change of its own: a change of it was impossible, and something that arrived
later made it possible. Those rows are remembered. If something was taken back (a revoked laptop, a copied disk, an
older backup, a repaired file), the marks no longer fit, and everything is loaded again.
"""

from dataclasses import asdict, dataclass
from typing import Any

from fieldapp.store import log
from fieldapp.store.store import Store
from fieldapp.sync.merge.admission import IMPOSSIBLE

CellValue = tuple[str, str]
"""(table, id of the row)"""


@dataclass(frozen=True)
class Watermark:
    """A state of headquarters' logs. PostgreSQL keeps it as JSON, written in the transaction that writes the rows."""

    replica: str
    number: int
    """number of the last segment"""
    segments: int
    """how many segments have a number up to that"""
    last: str | None
    """the last segment's hash"""
    logs: dict[str, list[int]]
    """log whose changes are stored as rows -> number of its last change, and that change's clock reading"""
    waiting: list[list[Any]]
    """changes that are not possible yet, each as log and number"""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def of(store: Store) -> Watermark:
    """The watermark of the present state; call it inside the transaction that reads the rows."""
    number = log.last_number(store)
    return Watermark(
        store.identity.replica_id,
        number,
        _segments(store, number),
        _hash(store, number),
        {
            row["id"]: [row["last"], row["hlc"]]
            for row in store.rows(
                "SELECT l.id, c.seq AS last, c.hlc FROM local_log l JOIN local_change c ON c.log_id = l.id"
                " AND c.seq = (SELECT max(seq) FROM local_change WHERE log_id = l.id)"
            )
        },
        [[r["log_id"], r["seq"]] for r in _impossible(store)],
    )


def fits(store: Store, mark: Watermark) -> bool:
    """Whether all that the mirror was made from is still there: only then are later changes all that is new."""
    if mark.replica != store.identity.replica_id or log.last_number(store) < mark.number:
        return False
    if _segments(store, mark.number) != mark.segments or _hash(store, mark.number) != mark.last:
        return False
    return all(
        store.value("SELECT hlc FROM local_change WHERE log_id = ? AND seq = ?", [log_id, last]) == hlc
        for log_id, (last, hlc) in mark.logs.items()
    )


def touched(store: Store, mark: Watermark, most: int) -> tuple[dict[CellValue, None], Watermark]:
    """The rows that changed since ``mark``, and the mark that is reached with them.

    It is the present mark or, where ``most`` rows or more changed, an earlier one. Headquarters' own changes and those
    that waited always come first, all of them.
    """
    now = of(store)
    cells: dict[CellValue, None] = {}
    for log_id, (last, _hlc) in now.logs.items():
        known = mark.logs.get(log_id, [0])[0]
        for row in store.rows(
            "SELECT table_name, row_id FROM local_change WHERE log_id = ? AND seq > ? AND seq <= ?",
            [log_id, known, last],
        ):
            cells[row["table_name"], row["row_id"]] = None
    waited = [(log_id, seq) for log_id, seq in (*mark.waiting, *now.waiting)]
    cells |= {(c.table, c.row_id): None for c in log.changes_at(store, waited).values()}
    for row in store.rows("SELECT number FROM local_segment WHERE number > ? ORDER BY number", [mark.number]):
        cells |= {(line[1], line[2]): None for line in log.lines_of_segment(store, row["number"])}
        if len(cells) >= most:
            number = row["number"]
            return cells, Watermark(
                now.replica, number, _segments(store, number), _hash(store, number), now.logs, now.waiting
            )
    return cells, now


def _segments(store: Store, number: int) -> int:
    found: int = store.value("SELECT count(*) FROM local_segment WHERE number <= ?", [number])
    return found


def _hash(store: Store, number: int) -> str | None:
    found: str | None = store.value(
        "SELECT hash FROM local_segment WHERE number <= ? ORDER BY number DESC LIMIT 1", [number]
    )
    return found


def _impossible(store: Store) -> list[dict[str, Any]]:
    return store.rows("SELECT log_id, seq FROM local_set_aside WHERE reason = ? ORDER BY log_id, seq", [IMPOSSIBLE])
