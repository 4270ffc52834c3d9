"""The state that sync tests compare, and a second laptop to compare it with."""

import io
from pathlib import Path

import pytest
from field import World

from fieldapp.store import log
from fieldapp.store.capture import synced_tables
from fieldapp.store.log import Change
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import enrolment, outgoing
from fieldapp.sync.format import drives


def state(store: Store) -> dict[str, list[Row]]:
    """Every row of every synced table."""
    return {t: store.rows(f"SELECT * FROM {t} ORDER BY id") for t in synced_tables(store.db)}


def arrived_or_recorded(store: Store) -> list[Change]:
    """The whole log, without what the program ships."""
    logs = store.rows("SELECT id FROM local_log WHERE id <> ? ORDER BY id", [BASELINE_LOG])
    return [c for row in logs for c in log.changes_after(store, row["id"], 0)]


def second_laptop(world: World) -> Store:
    """Another laptop of the same post, certified and known to the first."""
    pack = enrolment.write_pack(world.hq, code="IARVE", name="Đồn BP Ia Rvê", dest=world.usb)
    store = enrolment.init_post(world.root / "laptop-b", pack, user="Trần Văn B", passphrase="x y", laptop="B")
    world.carry(store, world.hq)
    enrolment.trust_replica(world.hq, store.identity.replica_id)
    world.carry(world.hq, world.post)
    world.carry(world.hq, store)
    return store


DERIVED = ("touched_reached", "touched_changes", "search_reached", "checked", "voids", "first_codes")


def kept(store: Store) -> dict[str, list[Row]]:
    """Every row of the file, except the indexes that are computed from the log."""
    tables = [r["name"] for r in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    derived = ("local_touch", "local_search", "sqlite_")
    rows = {t: store.rows(f"SELECT * FROM {t}") for t in tables if not t.startswith(derived)}
    rows["local_setting"] = [r for r in rows["local_setting"] if r["key"] not in DERIVED]
    return rows


def stick_that_fails(patched: pytest.MonkeyPatch, error: OSError) -> None:
    """From now on every write to a stick raises ``error``, as the system would."""

    class Failing(io.BytesIO):
        def write(self, _data: object) -> int:
            raise error

    checked = drives._Checked
    patched.setattr(drives, "_Checked", lambda _raw, check, also: checked(Failing(), check, also))


def no_unicode(folder: Path) -> Path:
    """A file that has a bundle's name in bytes that are not UTF-8, as another system may write it."""
    wild = "xau\udcff\udcfe"  # on Linux the bytes FF and FE; on Windows, where names are UTF-16, halves of pairs
    path = folder / f"{wild}.fieldapp.tar.age"
    path.write_bytes(b"z")
    return path


def new_post(world: World, code: str, name: str) -> Store:
    """A new post, whose first bundle is on the stick and not read yet."""
    pack = enrolment.write_pack(world.hq, code=code, name=name, dest=world.usb)
    store = enrolment.init_post(world.root / code.lower(), pack, user="Lê Văn C", passphrase="x y")
    outgoing.export(store, world.usb)
    return store
