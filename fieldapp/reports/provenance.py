"""What a report was computed from: a replica with the same segments computes the same figures."""

from dataclasses import dataclass
from datetime import datetime

import fieldapp
from fieldapp.domain.dates import read_instant
from fieldapp.store import wall
from fieldapp.store.migrations import BASELINE_LOG, schema_version
from fieldapp.store.store import Store


@dataclass(frozen=True)
class LogState:
    """How far one log was applied: its entry of the version vector."""

    log: str
    author: str
    """the laptop that wrote it; empty for what the program ships"""
    scope: str
    """code of the post that it belongs to; ``*`` for reference data"""
    seq: int
    """last change that counts"""
    sealed: int
    """last change in a sealed segment"""
    head: str | None
    """SHA-256 of that segment's file, hex; it chains to all before it"""


@dataclass(frozen=True)
class Provenance:
    """The state of a replica at one instant."""

    program: str
    schema: int
    replica: str
    made_at: str
    """UTC, ISO"""
    logs: list[LogState]

    @property
    def moment(self) -> datetime:
        """``made_at`` in this laptop's time."""
        return read_instant(self.made_at) or wall.now().astimezone()


def provenance(store: Store) -> Provenance:
    """The version vector of what is applied here, with head hashes."""
    rows = store.rows(
        """
        SELECT l.id, l.seq, CASE l.scope WHEN '*' THEN '*' ELSE coalesce(p.code, l.scope) END AS scope,
            coalesce(r.post_name || ' (' || r.name || ')', r.name, '') AS author, s.last, s.hash
        FROM local_log l LEFT JOIN local_replica r ON r.id = l.replica_id LEFT JOIN post p ON p.id = l.scope
            LEFT JOIN local_segment s ON s.log_id = l.id AND s.state = 'applied' AND NOT EXISTS (SELECT 1
                FROM local_segment o WHERE o.log_id = s.log_id AND o.state = 'applied' AND o.last > s.last)
        WHERE l.seq > 0 ORDER BY l.id <> ?, scope, author, l.id
        """,
        [BASELINE_LOG],
    )
    logs = [LogState(r["id"], r["author"], r["scope"], r["seq"], r["last"] or 0, r["hash"]) for r in rows]
    me = store.identity
    named = f"{me.post_name} ({me.name})" if me.post_name else me.name
    return Provenance(fieldapp.__version__, schema_version(), named, wall.instant(), logs)
