"""The mirror: load all records once, by COPY into new tables; from then on, write the rows that changed.

Headquarters' file is only read, in transactions that block nobody. One transaction of PostgreSQL holds a part of the
first load and the position that it reaches; or the rows of an update and the watermark; or the step that puts the
loaded tables in place. So PostgreSQL has a consistent state whenever a run is killed, and the next run goes on from it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.publish import access, figures, lines, server, watermark
from fieldapp.publish.access import CONTROL
from fieldapp.publish.lines import Block
from fieldapp.publish.tables import (
    RETURNED,
    SCHEMA,
    MirrorTable,
    Place,
    create_elsewhere,
    create_tables,
    create_views,
    keys,
    shape_hash,
    tables,
)
from fieldapp.publish.watermark import Watermark
from fieldapp.records import reviews
from fieldapp.store import people
from fieldapp.store.store import Store

LOADING = f"{SCHEMA}_loading"

PART = 50_000
"""Rows of the first load in one transaction"""

AT_ONCE = 5_000
"""Rows in memory together"""

TOGETHER = 100_000
"""Changed rows that one transaction writes; where there are more, it ends after the segment that reaches this number"""

Progress = Callable[[str, int], None]
"""Called with (table, rows so far)"""


@dataclass(frozen=True)
class Published:
    """What a run did."""

    loaded: bool
    """whether everything was loaded again"""
    rows: int
    """rows that were written"""
    tables: dict[str, int]
    """the same by table"""


def publish(
    store: Store, url: str, place: Place | None = None, *, anew: bool = False, progress: Progress | None = None
) -> Published:
    """Bring the mirror at ``url`` up to date with headquarters' file.

    ``anew``: load everything again. ``place`` has an effect when everything is loaded; None: the present one, or the
    default. FieldappError gives the reason, and the state of the mirror then.
    """
    people.check(store, people.Act.PUBLISH)
    if store.identity.role != "hq":
        raise FieldappError(_("Only headquarters publishes records."))
    with server.connect_server(url) as pg:
        return _Mirror(store, pg, place, progress or (lambda _table, _rows: None)).run(anew)


def statements(store: Store, place: Place) -> list[str]:
    """All statements that make the mirror's roles, tables, views and rights, for an administrator to read."""
    made = tables(store)
    return [
        *(statement for _role, statement in access.roles()),
        *access.control(),
        f"CREATE SCHEMA {SCHEMA}",
        *(s for server in place.servers for s in create_elsewhere(made, SCHEMA, place, server)),
        *(s for t in made for s in (*create_tables(t, SCHEMA, place, SCHEMA), *keys(t, SCHEMA, place))),
        *_views_and_rights(store, made),
    ]


def _views_and_rights(store: Store, made: Sequence[MirrorTable]) -> Iterator[str]:
    """The statements for what is made over the loaded tables: views, figures, rights."""
    yield f"SET LOCAL search_path = {SCHEMA}"
    yield f"CREATE TABLE {RETURNED} (post_id text NOT NULL, kind text NOT NULL, record_id text PRIMARY KEY)"
    yield from create_views(store, made)
    yield f"CREATE VIEW mirrored AS SELECT mirrored_at FROM {CONTROL}.state"
    made_of = list(figures.create_views())
    yield made_of[0]
    yield access.visible_posts()
    yield from made_of[1:]
    yield from access.grants(made, SCHEMA)


class _Mirror:
    """One run."""

    def __init__(self, store: Store, pg: Any, place: Place | None, progress: Progress) -> None:
        self.store, self.pg, self.progress = store, pg, progress
        self.tables = tables(store)
        self.by_name = {t.name: t for t in self.tables}
        self.written: dict[str, int] = {}
        self._prepare()
        self.state = self._state()
        known = self.state["shape"]
        self.place = place or (Place(known["partitions"], tuple(known["servers"])) if known else Place())
        self.shape = {
            "partitions": self.place.partitions,
            "servers": list(self.place.servers),
            "hash": shape_hash(statements(store, self.place)),
        }

    def run(self, anew: bool) -> Published:
        mark = self._mark(self.state["watermark"])
        load = anew or mark is None or self.state["shape"] != self.shape or not self._fits(mark)
        if load:
            mark = self._load(anew)
        assert mark is not None
        done = False
        while not done:
            mark, done = self._update(mark, loading=load)
        if load:
            self._finish_load()
        return Published(load, sum(self.written.values()), self.written)

    def _prepare(self) -> None:
        """Make the roles and what outlives a load. FieldappError names the statements that this login may not run."""
        from psycopg.errors import InsufficientPrivilege

        have = {row[0] for row in self.pg.execute("SELECT rolname FROM pg_roles")}
        missing = [statement for role, statement in access.roles() if role not in have]
        try:
            for statement in missing:
                self.pg.execute(statement)
        except InsufficientPrivilege:
            raise FieldappError(
                _("This login may not make the roles of the mirror. Have PostgreSQL's administrator run first: {sql}")
                .format(sql="; ".join(missing))
            ) from None  # fmt: skip
        if self._is_writer():
            self.pg.execute(f"SET ROLE {access.WRITER}")
        with self.pg.transaction():
            for statement in access.control():
                self.pg.execute(statement)

    def _is_writer(self) -> bool:
        """Whether this login works as the writer. A superuser does not: they own what they make."""
        row = self.pg.execute(
            "SELECT pg_has_role(%s, 'MEMBER') AND NOT rolsuper FROM pg_roles WHERE rolname = current_user",
            [access.WRITER],
        ).fetchone()
        return bool(row[0])

    def _state(self) -> dict[str, Any]:
        row = self.pg.execute(f"SELECT watermark, shape, loading, elsewhere FROM {CONTROL}.state").fetchone()
        watermark, shape, loading, elsewhere = row
        return {
            "watermark": watermark,
            "shape": json.loads(shape) if shape else None,
            "loading": loading,
            "elsewhere": elsewhere,
        }

    def _mark(self, stored: dict[str, Any] | None) -> Watermark | None:
        return Watermark(**stored) if stored else None

    def _fits(self, mark: Watermark) -> bool:
        with self._reading():
            return watermark.fits(self.store, mark)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Read one state of headquarters' file, without blocking anybody."""
        self.store.db.execute("BEGIN")
        try:
            yield
        finally:
            self.store.db.execute("ROLLBACK")

    # first load -------------------------------------------------------------------------------------------------

    def _load(self, anew: bool) -> Watermark:
        """Load everything into new tables, going on where an earlier run was killed; the mark of when that began."""
        loading = self.state["loading"]
        mark = self._mark(loading["mark"]) if loading else None
        if mark is None or anew or loading["shape"] != self.shape or not self._fits(mark):
            mark = self._begin_load()
            loading = self._state()["loading"]
        for table in self.tables:
            last = loading["done"].get(table.name, "")
            while last is not None:
                last = self._load_part(table, last)
        return mark

    def _begin_load(self) -> Watermark:
        with self._reading():
            mark = watermark.of(self.store)
        elsewhere = f"{SCHEMA}_{mark.number}_{self.pg.execute('SELECT txid_current()').fetchone()[0]}"
        with self.pg.transaction():
            self.pg.execute(f"DROP SCHEMA IF EXISTS {LOADING} CASCADE")
            for name in self.place.servers:
                self._run_on(name, create_elsewhere(self.tables, elsewhere, self.place, name))
            self.pg.execute(f"CREATE SCHEMA {LOADING}")
            self._run(s for table in self.tables for s in create_tables(table, LOADING, self.place, elsewhere))
            loading = {"mark": mark.as_json(), "shape": self.shape, "done": {}, "elsewhere": elsewhere}
            self.pg.execute(f"UPDATE {CONTROL}.state SET loading = %s", [json.dumps(loading)])
        return mark

    def _run(self, commands: Iterable[str]) -> None:
        """Run statements, sent together: to wait for an answer to each costs more than most of them."""
        if together := "; ".join(commands):
            self.pg.execute(together)

    def _run_on(self, name: str, commands: Iterable[str]) -> None:
        """Run statements on another server, in one transaction there."""
        self.pg.execute("CREATE EXTENSION IF NOT EXISTS dblink")
        self.pg.execute("SELECT dblink_exec(%s, %s)", [name, "BEGIN; " + "; ".join(commands) + "; COMMIT"])

    def _load_part(self, table: MirrorTable, last: str) -> str | None:
        """Copy a part of the rows after an id, and store the position; the last id copied, None where that was all."""
        with self.pg.transaction():
            reached = self._copy(table, LOADING, self._blocks_after(table, last))
            if reached is None:
                self._run(keys(table, LOADING, self.place))
            self.pg.execute(
                f"UPDATE {CONTROL}.state SET loading = jsonb_set(loading, ARRAY['done', %s], %s::jsonb)",
                [table.name, json.dumps(reached)],
            )
        return reached

    def _blocks_after(self, table: MirrorTable, last: str) -> Iterator[Block]:
        """The blocks of the rows after an id, up to a part of the load."""
        for _copied in range(0, PART, AT_ONCE):
            block = self._block(table, f"id > ? ORDER BY id LIMIT {AT_ONCE}", last)
            yield block
            if block.rows < AT_ONCE:
                break
            last = block.last

    def _block(self, table: MirrorTable, which: str, given: str) -> Block:
        """The rows that meet a condition."""
        return Block(*self.store.db.execute(lines.block_sql(table, which), [given]).fetchone())

    def _copy(self, table: MirrorTable, schema: str, blocks: Iterable[Block]) -> str | None:
        """Copy blocks of rows; the id of the last row, None where the last block was not full."""
        names = ", ".join(c.name for c in table.columns)
        reached = None
        with self.pg.cursor().copy(f"COPY {schema}.{table.name} ({names}) FROM STDIN {lines.OPTIONS}") as copy:
            for block in blocks:
                if block.rows:
                    copy.write(lines.copy_text(block.text))
                    self.written[table.name] = self.written.get(table.name, 0) + block.rows
                    self.progress(table.name, self.written[table.name])
                reached = block.last if block.rows == AT_ONCE else None
        return reached

    def _put_in_place(self) -> None:
        """Replace the mirror's tables by the loaded ones; in the transaction that brings them up to date."""
        self.pg.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        self.pg.execute(f"ALTER SCHEMA {LOADING} RENAME TO {SCHEMA}")
        self._run(_views_and_rights(self.store, self.tables))
        self.pg.execute(
            f"UPDATE {CONTROL}.state SET shape = %s, elsewhere = loading ->> 'elsewhere', loading = NULL",
            [json.dumps(self.shape)],
        )

    def _finish_load(self) -> None:
        """Collect the statistics that PostgreSQL plans by, and drop the parts of earlier mirrors on other servers."""
        self.pg.execute(f"ANALYZE {', '.join(f'{SCHEMA}.{table.name}' for table in self.tables)}")
        kept = self._state()["elsewhere"]
        for name in self.place.servers:
            self._run_on(name, [
                "DO $$ DECLARE s name; BEGIN FOR s IN SELECT nspname FROM pg_namespace"
                f" WHERE nspname ~ '^{SCHEMA}_[0-9]+_[0-9]+$' AND nspname <> '{kept}'"
                " LOOP EXECUTE format('DROP SCHEMA %I CASCADE', s); END LOOP; END $$"
            ])  # fmt: skip

    # what changed -----------------------------------------------------------------------------------------------

    def _update(self, mark: Watermark, *, loading: bool) -> tuple[Watermark, bool]:
        """Write the rows that changed since ``mark``, and the new mark; that mark, and whether nothing is left.

        After a load the rows go into the loaded tables. Once nothing is left, these replace the mirror's tables.
        """
        with self._reading(), self.pg.transaction():
            cells, reached = watermark.touched(self.store, mark, TOGETHER)
            done = reached == watermark.of(self.store)
            by_table: dict[str, list[str]] = {}
            for name, row_id in cells:
                if name in self.by_name:
                    by_table.setdefault(name, []).append(row_id)
            for table in self.tables:
                if table.name in by_table:
                    self._replace(table, LOADING if loading else SCHEMA, by_table[table.name])
            stored = json.dumps(reached.as_json())
            if loading and not done:
                self.pg.execute(
                    f"UPDATE {CONTROL}.state SET loading = jsonb_set(loading, ARRAY['mark'], %s::jsonb)", [stored]
                )
                return reached, done
            if loading:
                self._put_in_place()
            if loading or cells:
                self._returned()
            self.pg.execute(f"UPDATE {CONTROL}.state SET watermark = %s, mirrored_at = now()", [stored])
        return reached, done

    def _replace(self, table: MirrorTable, schema: str, ids: list[str]) -> None:
        """Replace rows of the mirror by their present state: delete them by key, then copy."""
        given = json.dumps(ids)
        there = "id IN (SELECT value FROM json_each(?))"
        found: dict[str, list[str]] = {}
        post = "''" if table.reference else "post_id"
        for row in self.store.db.execute(f"SELECT {post}, id FROM {table.name} WHERE {there}", [given]):
            found.setdefault(row[0], []).append(row[1])
        gone = set(ids) - {i for part in found.values() for i in part}
        out = f"DELETE FROM {schema}.{table.name} WHERE"
        with self.pg.pipeline():
            for post_id, part in found.items():
                if table.reference:
                    self.pg.execute(f"{out} id = ANY (%s)", [part])
                else:
                    self.pg.execute(f"{out} post_id = %s AND id = ANY (%s)", [post_id, part])
            if gone:
                self.pg.execute(f"{out} id = ANY (%s)", [sorted(gone)])
        if found:
            slices = (json.dumps(ids[n : n + AT_ONCE]) for n in range(0, len(ids), AT_ONCE))
            self._copy(table, schema, (self._block(table, there, part) for part in slices))

    def _returned(self) -> None:
        """Write which records are returned: they count in no figure until something is done about them."""
        returned = [(review.kind, review.record) for review in reviews.returned_records(self.store)]
        posts: dict[str, str] = {}
        for kind in {k for k, _record in returned}:
            ids = json.dumps([record for k, record in returned if k == kind])
            posts |= {
                r["id"]: r["post_id"]
                for r in self.store.rows(
                    f"SELECT id, post_id FROM {kind} WHERE id IN (SELECT value FROM json_each(?))", [ids]
                )
            }
        now = json.dumps([{"post_id": posts[record], "kind": kind, "record_id": record} for kind, record in returned])
        listed = "SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r (post_id text, kind text, record_id text)"
        self.pg.execute(
            f"DELETE FROM {SCHEMA}.{RETURNED} WHERE record_id NOT IN (SELECT record_id FROM ({listed}) n)", [now]
        )
        self.pg.execute(f"INSERT INTO {SCHEMA}.{RETURNED} {listed} ON CONFLICT DO NOTHING", [now])
