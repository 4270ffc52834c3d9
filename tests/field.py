"""A small world for tests: a headquarters, a post enrolled by pack, and a stick; made once, then copied."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fieldapp.records import records
from fieldapp.store import vault
from fieldapp.store.database import Database
from fieldapp.store.ids import FIRST_DAY, derived_id
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing

USER = "Nguyễn Văn A"
PASSPHRASE = "lúa nước sông"


def insert(store: Store, table: str, row: Mapping[str, Any]) -> None:
    """Write a row behind the program's back."""
    marks = ", ".join("?" * len(row))
    store.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


@contextmanager
def statements(asked: list[Any]) -> Iterator[None]:
    """Enter each statement that is run meanwhile into ``asked``."""
    execute = Database.execute

    def traced(db: Database, sql: str, parameters: Any = ()) -> Any:
        asked.append(sql)
        return execute(db, sql, parameters)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "execute", traced)
        yield


Run = Callable[..., tuple[int, str, str]]
"""Runs a command line: (exit code, stdout, stderr)"""


@dataclass
class World:
    """Folders and open replicas; ``keys`` maps a replica's folder name to its raw database key."""

    root: Path
    keys: dict[str, bytes]

    def __post_init__(self) -> None:
        self.usb = self.root / "usb"
        self.usb.mkdir(exist_ok=True)
        self.hq = Store.open(self.root / "hq", self.keys["hq"], "Trực ban")
        self.post = Store.open(self.root / "post", self.keys["post"], USER)

    def copy(self, root: Path) -> "World":
        """The same world elsewhere."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return World(root, self.keys)

    def close(self) -> None:
        self.hq.close()
        self.post.close()

    def carry(self, sender: Store, to: Store) -> list[incoming.Imported]:
        """Export from ``sender`` to a fresh stick, and import it at ``to``."""
        stick = self.root / f"stick-{len(list(self.root.glob('stick-*')))}"
        stick.mkdir()
        outgoing.export(sender, stick, to.identity.replica_id)
        return incoming.import_files(to, [stick])

    def well(self, **fields: object) -> str:
        """Record a drilled well at the post; its id."""
        entry = {
            "activity_kind_id": "gieng_khoan",
            "date_from": "2013-10-05",
            "unit_id": "24221",
            "measures": [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 12}],
        }
        return records.save(self.post, "activity", {**entry, **fields}, confirm=True)


def build(root: Path) -> World:
    """Enrol a post with its headquarters, certified, with one party cell."""
    usb = root / "usb"
    usb.mkdir(parents=True)
    hq = enrolment.init_hq(root / "hq", name="Sở chỉ huy", user="Trực ban", passphrase=PASSPHRASE)
    records.save(hq, "party_cell", {"name": "Chi bộ buôn Ba Na", "unit_id": "24221", "hamlet": "Buôn Ba Na"})
    pack = enrolment.write_pack(hq, code="IARVE", name="Đồn BP Ia Rvê", dest=usb)
    post = enrolment.init_post(root / "post", pack, user=USER, passphrase=PASSPHRASE)
    outgoing.export(post, usb)
    incoming.import_files(hq, [usb])
    enrolment.trust_replica(hq, "IARVE")
    for name in ("A", "B", "Lê Văn C"):  # users as whom tests open the file by its raw key
        post.db.execute("INSERT INTO local_user VALUES (?, 'administrator', '2026-01-01T00:00:00Z')", [name])
    hq.close()
    post.close()
    for bundle in usb.glob("*.age"):
        bundle.unlink()
    keys = {
        "hq": vault.unseal(root / "hq", "Trực ban", PASSPHRASE),
        "post": vault.unseal(root / "post", USER, PASSPHRASE),
    }
    return World(root, keys)


def of_another_post(store: Store, *ids: str, code: str = "IALOP") -> None:
    """Make activities those of another post, as a fold would have written them."""
    with store.transaction(applying=True):
        store.db.execute(
            "INSERT INTO post (id, created_at, created_by, code, name, unit_id)"
            " SELECT ?, '2026-01-01T00:00:00Z', 'A', ?, ?, unit_id FROM post"
            " WHERE NOT EXISTS (SELECT 1 FROM post WHERE code = ?) LIMIT 1",
            [derived_id("post", FIRST_DAY, code), code, f"Đồn {code}", code],
        )
        post = store.value("SELECT id FROM post WHERE code = ?", [code])
        for row_id in ids:
            store.db.execute("UPDATE activity SET post_id = ? WHERE id = ?", [post, row_id])
            for child in ("activity_measure", "activity_target"):
                store.db.execute(f"UPDATE {child} SET post_id = ? WHERE activity_id = ?", [post, row_id])
