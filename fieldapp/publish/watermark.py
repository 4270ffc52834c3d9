"""Up to which change of headquarters' logs the mirror goes, and which rows have changed since.

Segments that were applied have numbers, given once and in order; what was written here has its place in its log. A row
changes without a later change of its own in one case only: a change of it could not be, and something that came since
made it possible. Those rows are remembered. Where something was taken back (a revoked laptop, a copied disk, an older
backup, a mended file), the marks do not fit any more, and everything is loaded anew.
"""

from dataclasses import asdict, dataclass
from typing import Any

from fieldapp.store import log
from fieldapp.store.store import Store
from fieldapp.sync.merge.admission import IMPOSSIBLE

CellValue = tuple[str, str]
"""(table, row)"""


@dataclass(frozen=True)
class Watermark:
    """A state of headquarters' logs. As JSON it is kept in PostgreSQL, in the transaction that writes the rows."""

    replica: str
    number: int
    """of the last segment"""
    segments: int
    """how many have a number up to that"""
    last: str | None
    """the last segment's hash"""
    logs: dict[str, list[int]]
    """log whose changes are rows here -> its last change, and that one's clock"""
    waiting: list[list[Any]]
    """places of changes that cannot be yet: log, number"""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def of(store: Store) -> Watermark:
    """The state as it is now; inside the transaction that reads the rows."""
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
    """Whether all that the mirror was made from is still there: only then is what came since all that is new."""
    if mark.replica != store.identity.replica_id or log.last_number(store) < mark.number:
        return False
    if _segments(store, mark.number) != mark.segments or _hash(store, mark.number) != mark.last:
        return False
    return all(
        store.value("SELECT hlc FROM local_change WHERE log_id = ? AND seq = ?", [log_id, last]) == hlc
        for log_id, (last, hlc) in mark.logs.items()
    )


def touched(store: Store, mark: Watermark, most: int) -> tuple[dict[CellValue, None], Watermark]:
    """The rows that changed since, and the mark that is reached with them: that of now, or, where there are more than
    ``most``, one on the way. Those that headquarters writes itself come first, and together with what waited."""
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
