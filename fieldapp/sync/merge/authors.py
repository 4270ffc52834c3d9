"""The authors of logs as their certificates have them: what each may write in which scope (``admission``).

A post's laptop writes in the scope of its post. A laptop of headquarters writes reference data, and in the scopes of
posts: its own headquarters' or one's above it in all of them, another one's in those of the posts whose laptops it
has certified. Only who is above several headquarters has logs of such another one.
"""

import json
from functools import cached_property

from fieldapp.store import log
from fieldapp.store.store import Row, Store
from fieldapp.sync.merge.admission import Author, RowKey

_LOGS = (
    "SELECT l.id, l.scope, p.role, p.post_id, p.post_code,"
    " coalesce(CAST(p.certificate AS TEXT) ->> '$.above', 0) AS above"
    " FROM local_log l LEFT JOIN local_replica p ON p.id = l.replica_id"
)


def authors(store: Store, only: str | None = None) -> dict[str, Author]:
    """Log id -> its author; the baseline's author is headquarters. ``only``: id of the one log that is wanted."""
    posts = _PostsOfOthers(store)
    return {
        r["id"]: Author(r["scope"], r["role"] or "hq", posts.may_write(r["scope"], r))
        for r in store.rows(f"{_LOGS} WHERE ?1 IS NULL OR l.id = ?1", [only])
    }


def author(store: Store, scope: str, replica_id: str) -> Author:
    """A replica as the author of a log in a scope."""
    row = store.row(
        "SELECT role, post_id, post_code, coalesce(CAST(certificate AS TEXT) ->> '$.above', 0) AS above"
        " FROM local_replica WHERE id = ?",
        [replica_id],
    )
    if row is None:
        return Author(scope, "hq", False)
    return Author(scope, row["role"], _PostsOfOthers(store).may_write(scope, row))


def of_others(store: Store) -> dict[str, bool]:
    """Log id -> whether its author may write in its scope, for the logs of headquarters below in scopes of posts.

    New certificates may change that: then the rows of that log are folded again.
    """
    posts = _PostsOfOthers(store)
    return {
        r["id"]: posts.may_write(r["scope"], r)
        for r in store.rows(
            f"{_LOGS} WHERE l.scope <> '*' AND p.role = 'hq'"
            " AND p.post_code NOT IN (SELECT value FROM json_each(?)) AND NOT above",
            [json.dumps(sorted(posts.own_codes))],
        )
    }


def rows_decided_anew(store: Store, before: dict[str, bool]) -> list[RowKey]:
    """The rows with changes of headquarters below that may count since ``of_others`` gave ``before``, or no longer."""
    changed = [log_id for log_id, may in of_others(store).items() if before.get(log_id, may) != may]
    return [(c.table, c.row_id) for log_id in changed for c in log.changes_after(store, log_id, 0)]


class _PostsOfOthers:
    """Which headquarters has certified the laptops of which post; read only if somebody asks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def own_codes(self) -> set[str]:
        """The codes of our own headquarters: that of the root of trust."""
        rows = self._store.rows(
            "SELECT post_code FROM local_replica WHERE role = 'hq' AND trust = 'certified'"
            " AND CAST(certificate AS TEXT) ->> '$.issuer' = id"
        )
        return {row["post_code"] for row in rows}

    @cached_property
    def _certified_by(self) -> set[tuple[str, str]]:
        rows = self._store.rows(
            "SELECT DISTINCT q.post_id, i.post_code FROM local_replica q"
            " JOIN local_replica i ON i.id = CAST(q.certificate AS TEXT) ->> '$.issuer'"
            " WHERE q.role = 'post' AND i.role = 'hq' AND q.trust <> 'pending'"
        )
        return {(row["post_id"], row["post_code"]) for row in rows}

    def may_write(self, scope: str, row: Row) -> bool:
        """Whether a replica may write in a scope; ``row`` has its role, post_id, post_code and above."""
        if row["role"] == "post":
            return bool(scope == row["post_id"])
        if scope == "*" or row["above"] or row["post_code"] in self.own_codes:
            return True
        if any((scope, own) in self._certified_by for own in self.own_codes):
            return row["post_code"] in self._began_post(scope)
        return (scope, row["post_code"]) in self._certified_by

    def _began_post(self, post_id: str) -> set[str]:
        """The codes of the headquarters that entered a post.

        It counts only where our own headquarters has taken over the laptops of that post, because it revoked the one
        below that had certified them.
        """
        codes = {
            row["id"]: row["post_code"]
            for row in self._store.rows(
                "SELECT l.id, r.post_code FROM local_log l JOIN local_replica r ON r.id = l.replica_id"
                " WHERE l.scope = '*' AND r.role = 'hq'"
            )
        }
        changes = log.changes_of_rows(self._store, [post_id]).get(post_id, [])
        return {codes[c.log_id] for c in changes if "created_at" in c.cols and c.log_id in codes}
