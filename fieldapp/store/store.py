"""One replica's encrypted file: opening, transactions, identity, settings and drafts."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from fieldapp.errors import FieldappError, ReadOnly
from fieldapp.i18n import _, language
from fieldapp.store import disk, disk_errors, migrations, vault, wall
from fieldapp.store.connection import CannotOpen, DatabaseError, connect
from fieldapp.store.database import Database
from fieldapp.vietnamese.text import clean

FILE = "fieldapp.db"

BACKUP_FOLDER = "backups"
"""In the workspace: the folder of automatic backups"""
FILES_FOLDER = "files"
"""In the workspace: the folder of the sealed files of records (``store/blobs.py``)"""
WRITING = ".writing.lock"
"""In the workspace: the lock of who begins, backs up, restores or rebuilds the replica, or exports from it"""

BULK_CACHE_KB = 65_536
"""Page cache during large work; so large that an import stays below 200 MB of memory in all"""

Row = dict[str, Any]
Known = TypeVar("Known")


class Identity(Struct, frozen=True):
    """Who this replica is."""

    replica_id: str
    name: str
    role: str
    """``hq`` or ``post``"""
    post_id: str | None
    """The post whose records it writes; None at headquarters."""
    post_code: str | None
    post_name: str | None


class Draft(Struct, frozen=True):
    """A form as it was typed, not yet recorded."""

    id: str
    kind: str
    row_id: str | None
    data: dict[str, Any]
    saved_at: str


class Store:
    """An open replica. Not for two threads at once: a worker opens its own with ``reopen``."""

    def __init__(self, db: Database, path: Path, key: bytes, user: str) -> None:
        self.db = db
        self.path = path
        self.user = clean(user)[:200].strip()
        """Who writes: goes into ``created_by`` and every change."""
        self._key = key
        self.read_only = False
        """Nothing may be changed here: see ``set_read_only``"""
        self.day_unknown = False
        """The machine's clock is not believed, and nobody has said which day it is (``sync/format/clock.py``)"""
        self.writing = False
        """A transaction is open. The screen's sign asks for it from another thread."""
        self._known: dict[str, tuple[tuple[object, ...], Any]] = {}

    @classmethod
    def create(cls, home: Path, key: bytes, user: str) -> "Store":
        """Make a new replica's file in ``home``; refused if there is one."""
        path = home / FILE
        check_no_replica(home)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with disk.begun(home) as part:
            db = connect(part, key)
            migrations.create_schema(db)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.close()
            part.chmod(0o600)
            disk.take_name(part, path)
        disk.sync_folder(home)
        return cls.open(home, key, user)

    @classmethod
    def open(cls, home: Path, key: bytes, user: str) -> "Store":
        """Open the replica in ``home`` with its raw key. For passphrases, see ``fieldapp.replica``."""
        path = home / FILE
        if not path.exists():
            raise FieldappError(_("There is no replica in {home}. Make one with `fieldapp init`.").format(home=home))
        db = connect(path, key)
        migrations.migrate(db)
        return cls(db, path, key, user)

    @classmethod
    def unlock(cls, home: Path, user: str, passphrase: str) -> "Store":
        """Open the replica in ``home`` as ``user``."""
        if not (home / FILE).exists():
            raise FieldappError(_("There is no replica in {home}. Make one with `fieldapp init`.").format(home=home))
        key = vault.unseal(home, user, passphrase)
        try:
            return cls.open(home, key, user)
        except CannotOpen as error:  # the key fits, so the first page is damaged
            raise disk_errors.beginning_damaged() from error

    def reopen(self) -> "Store":
        """A second connection to the same file, for a worker thread."""
        store = Store.open(self.home, self._key, self.user)
        if self.read_only:
            store.set_read_only()
        store.day_unknown = self.day_unknown
        return store

    def set_read_only(self) -> None:
        """Refuse every change from now on, here and in stores that ``reopen`` opens.

        ``transaction`` raises ReadOnly with a sentence; other writes are refused by the database itself.
        """
        self.read_only = True
        self.db.execute("PRAGMA query_only = ON")

    def check_writable(self) -> None:
        """Raise ReadOnly if nothing may be changed."""
        if self.read_only:
            raise ReadOnly(_("The records are open for reading only. Nothing was changed."))

    def add_user(self, user: str, passphrase: str) -> None:
        """Add a user, or give an existing one a new passphrase."""
        self.check_writable()
        vault.seal_for_user(self.home, user, passphrase, self._key)

    def seal_for_recovery(self, recipient: str) -> None:
        """Let headquarters open this file if all passphrases are forgotten."""
        who = self.identity
        whose = {"replica": who.replica_id, "name": who.name, "post": who.post_name or ""}
        vault.seal_for_recovery(self.home, recipient, self._key, whose)

    def seal_under_code(self, code: str, recipient: str | None, *, keep: bool = False) -> None:
        """Let the recovery code open this file, in place of the one before unless ``keep``; the code is sealed to
        ``recipient``, if given."""
        vault.seal_under_code(self.home, code, self._key, recipient, keep=keep)

    @property
    def key(self) -> bytes:
        """The raw key of the file; empty while it is locked."""
        return self._key

    @property
    def home(self) -> Path:
        return self.path.parent

    def close(self) -> None:
        """Close the file; the log is checkpointed by SQLite."""
        self.db.close()

    def lock(self) -> None:
        """Close the file and forget its key, until ``resume``."""
        self.db.close()
        self._key = b""

    def resume(self, opened: "Store") -> None:
        """Continue after ``lock``: take over the connection, key and user of ``opened``."""
        self.db, self._key, self.user = opened.db, opened._key, opened.user
        self.day_unknown = opened.day_unknown
        self._known.clear()
        if self.read_only:
            self.set_read_only()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @contextmanager
    def transaction(self, *, applying: bool = False, derived: bool = False) -> Iterator[None]:
        """Write all or nothing, and tell the capture triggers who writes.

        ``applying``: changes from elsewhere are folded in, so the capture triggers do nothing.
        ``derived``: only data computed from the log is written, such as an index. A read-only store allows only this
        and raises ReadOnly for everything else.
        Transactions may be nested: the arguments of the outermost one count.
        """
        if self.db.conn.in_transaction:
            try:
                with self.db.atomic():
                    yield
            except BaseException:
                self._known.clear()  # values may be computed from what is rolled back
                raise
            return
        if not derived:
            self.check_writable()
        self.writing = True
        try:
            if self.read_only:  # an index may be written
                self.db.execute("PRAGMA query_only = OFF")
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("UPDATE local_session SET actor = ?, applying = ?", [self.user, int(applying)])
            yield
            self.db.execute("UPDATE local_session SET actor = NULL, applying = 0")
            self.db.execute("COMMIT")
        except BaseException as error:
            self._known.clear()
            if self.db.conn.in_transaction:
                self.db.execute("ROLLBACK")
            # an OSError comes from another file, such as one on a stick: who writes that has a sentence for it
            if isinstance(error, DatabaseError):
                raise disk_errors.disk_error_text(error, self.home, undone=True) or error from error
            raise
        finally:
            self.writing = False
            if self.read_only:
                self.db.execute("PRAGMA query_only = ON")

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Derive data that is rolled back at the end of the block: it stays in memory, where the disk has no room."""
        try:
            self.db.execute("PRAGMA query_only = OFF")
            self.db.execute("PRAGMA cache_spill = OFF")
            self.db.execute("BEGIN IMMEDIATE")
            yield
        finally:
            self._known.clear()
            if self.db.conn.in_transaction:
                self.db.execute("ROLLBACK")
            self.db.execute("PRAGMA cache_spill = ON")
            self.db.execute(f"PRAGMA query_only = {'ON' if self.read_only else 'OFF'}")

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """For large work: a larger page cache, and one checkpoint of the write-ahead log at the end."""
        cache = self.value("PRAGMA cache_size")
        checkpoint = self.value("PRAGMA wal_autocheckpoint")
        self.db.execute(f"PRAGMA cache_size = -{BULK_CACHE_KB}")
        self.db.execute("PRAGMA wal_autocheckpoint = 0")
        try:
            yield
        finally:
            self.db.execute(f"PRAGMA cache_size = {cache}")
            self.db.execute(f"PRAGMA wal_autocheckpoint = {checkpoint}")
            self.db.execute("PRAGMA shrink_memory")
            if not self.db.conn.in_transaction:
                with suppress(DatabaseError):  # what was committed is in the write-ahead log, wherever that is
                    self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rows(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """The rows of a query as dicts."""
        cursor = self.db.execute(sql, params)
        names = [d[0] for d in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row of a query as a dict."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def value(self, sql: str, params: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.db.execute(sql, params).fetchone()
        return found[0] if found else None

    def cached_until_changed(self, what: str, compute: Callable[[], Known]) -> Known:
        """The result of ``compute``, cached under ``what`` until this or another connection changes the file.

        It may have sentences, and go by the day: it is computed anew in another language, and on another day.
        """
        return self._cached(what, self.state(), compute)

    def state(self) -> tuple[object, ...]:
        """Another one after each change of the file, by this or another connection, in another language, and on another
        day."""
        return self.value("PRAGMA data_version"), self.db.conn.total_changes, language(), wall.today()

    def keep_until_changed(self, what: str, state: tuple[object, ...], found: object) -> None:
        """Cache under ``what`` what another connection found while the file was in this state."""
        self._known[what] = state, found

    def kept(self, what: str) -> Any:
        """What is cached under ``what`` until the file changes; None where there is nothing, or no more."""
        state, found = self._known.get(what, (None, None))
        return found if state is not None and state == self.state() else None

    def cached_for_shape(self, what: str, compute: Callable[[], Known]) -> Known:
        """The result of ``compute``, cached under ``what`` until the tables, indexes or triggers change."""
        return self._cached(what, (self.value("PRAGMA schema_version"),), compute)

    def _cached(self, what: str, state: tuple[object, ...], compute: Callable[[], Known]) -> Known:
        known = self._known.get(what)
        if known is None or known[0] != state:
            known = self._known[what] = (state, compute())
        found: Known = known[1]
        return found

    @cached_property
    def role(self) -> str:
        """``hq`` or ``post``; it never changes."""
        return self.identity.role

    @property
    def identity(self) -> Identity:
        """Who this replica is; every replica has an identity from ``init`` on."""
        row = self.row(
            "SELECT id AS replica_id, name, role, post_id, post_code, post_name FROM local_replica WHERE own = 1"
        )
        assert row is not None
        return Identity(**row)

    def setting(self, key: str, default: str | None = None) -> str | None:
        """The text of a local setting, or ``default``."""
        found: str | None = self.value("SELECT value FROM local_setting WHERE key = ?", [key])
        return default if found is None else found

    def set_setting(self, key: str, value: str) -> None:
        """Store a local setting."""
        with self.transaction():
            self.db.execute(
                "INSERT INTO local_setting VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                [key, value],
            )

    def save_draft(self, draft_id: str, kind: str, row_id: str | None, data: dict[str, Any]) -> None:
        """Store a form as it is now; replaces the draft with the same id."""
        with self.transaction():
            self.db.execute(
                "INSERT INTO local_draft VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
                " SET data = excluded.data, saved_at = excluded.saved_at",
                [draft_id, kind, row_id, json.dumps(data, ensure_ascii=False), wall.instant()],
            )

    def drop_draft(self, draft_id: str) -> None:
        """Delete a draft: it was recorded, or is no longer wanted."""
        with self.transaction():
            self.db.execute("DELETE FROM local_draft WHERE id = ?", [draft_id])

    def drafts(self) -> list[Draft]:
        """All drafts, newest first."""
        return [
            Draft(r["id"], r["kind"], r["row_id"], json.loads(r["data"]), r["saved_at"])
            for r in self.rows("SELECT * FROM local_draft ORDER BY saved_at DESC, id")
        ]


def check_no_replica(home: Path) -> None:
    """FieldappError if there is a replica in a folder: none is made or restored over it."""
    disk.check_portable_name(home.absolute().name)
    disk.check_folder(home)
    if (home / FILE).exists():
        raise FieldappError(_("There is a replica in {home} already. Nothing was changed.").format(home=home))
