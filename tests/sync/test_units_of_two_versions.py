"""Files of the version before the official codes of units: what headquarters had mended by hand stays, and laptops of
both versions exchange.

``exchange.tar.zst`` was written by that version (``tests/store/data/make.py``). Where a file stays old here,
it does not get the migration and the shipped units of today.
"""

import io
import tarfile
from collections.abc import Generator
from pathlib import Path

import few_units
import pytest
import sqlcipher3.dbapi2 as sqlcipher
import zstandard

from fieldapp import replica
from fieldapp.records import records
from fieldapp.records.unit_codes import units_to_check
from fieldapp.store import baseline, migrations
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import incoming, outgoing
from fieldapp.sync.safety import doctor

pytestmark = pytest.mark.usefixtures("whole_baseline")

DATA = Path(__file__).parents[1] / "store" / "data" / "exchange.tar.zst"
KEY = b"e" * 32
USERS = {"hq": "Trực ban", "post": "A"}
SHIPPED_BEFORE = 4208
"""Changes of the baseline that the version before shipped (``tests/store/test_baseline.py``)"""


class Files:
    """The stored files in a folder of their own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.opened: list[Store] = []

    def open(self, home: str) -> Store:
        """Open one with today's program."""
        store = replica.open_with_key(self.root / home, KEY, USERS[home])
        self.opened.append(store)
        return store

    def open_as_before(self, home: str) -> Store:
        """Open one without what the newest migration and the newest shipped units bring."""
        with pytest.MonkeyPatch.context() as older:
            known = [m for m in migrations.MIGRATIONS if m.name < "0015"]
            older.setattr(migrations, "MIGRATIONS", known)
            older.setattr(baseline, "baseline_changes", lambda: iter(few_units.whole()[:SHIPPED_BEFORE]))
            store = self.open(home)
        have = {row["name"] for row in store.rows("SELECT name FROM sqlite_master")}
        for sort, name, statement in migrations._statements():  # today's program asks them; it did not know of them
            if sort == "TABLE" and name not in have:
                store.db.execute(statement)
        if "no_files_because" not in store.db.column_names("activity"):
            store.db.execute("ALTER TABLE activity ADD COLUMN no_files_because TEXT")
        return store

    def carry(self, sender: Store, to: Store) -> list[incoming.Imported]:
        stick = self.root / f"stick-{len(list(self.root.glob('stick-*')))}"
        stick.mkdir()
        outgoing.export(sender, stick, to.identity.replica_id)
        return incoming.import_files(to, [stick])


@pytest.fixture
def files(tmp_path: Path) -> Generator[Files, None, None]:
    plain = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(DATA.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        tar.extractall(tmp_path, filter="data")
    for home in USERS:
        (tmp_path / home).mkdir()
        file = sqlcipher.connect(str(tmp_path / f"{home}.db"))
        file.execute(f"ATTACH '{tmp_path / home / FILE}' AS encrypted KEY \"x'{KEY.hex()}'\"")
        file.execute("SELECT sqlcipher_export('encrypted')")
        file.close()
    (tmp_path / "sent").mkdir()
    (tmp_path / "post.age").rename(tmp_path / "sent" / "post.fieldapp.tar.age")
    made = Files(tmp_path)
    yield made
    for store in made.opened:
        store.close()


def named(store: Store, code: str) -> str:
    """The name of the unit that has a code today."""
    found: str = store.value("SELECT name FROM unit WHERE code = ? AND valid_to IS NULL AND voided_at IS NULL", [code])
    return found


def heirs_of_ia_rve(store: Store) -> set[str]:
    rows = store.rows(
        "SELECT n.name FROM unit_succession s JOIN unit o ON o.id = s.old_unit_id JOIN unit n ON n.id = s.new_unit_id"
        " WHERE o.code = '24221' AND o.valid_to = '2025-06-30' AND s.voided_at IS NULL"
    )
    return {row["name"] for row in rows}


def wells(store: Store) -> list[str]:
    """The places of the wells."""
    rows = store.rows("SELECT u.name FROM activity a JOIN unit u ON u.id = a.unit_id ORDER BY a.date_from")
    return [row["name"] for row in rows]


def test_what_headquarters_mended_by_hand_stays_mended(files: Files) -> None:
    """Its name of a commune whose code was wrong, of a province, and its successor of Ia Rvê. What it did not touch is
    brought right: the same commune's code, too."""
    hq = files.open("hq")
    assert named(hq, "01537") == "Xã Lý Quốc (tạm)"
    assert named(hq, "01558") == "Xã Hạ Lang"
    assert named(hq, "66") == "Tỉnh Đắk Lắk mới"
    assert heirs_of_ia_rve(hq) == {"Xã Ia Rvê"}
    assert hq.value("SELECT count(*) FROM unit WHERE valid_to = '2025-06-30' AND level = 'commune'") > 10_000
    assert doctor.examine_replica(hq).healthy


def test_a_code_that_headquarters_had_corrected_itself_stays_as_it_is(files: Files) -> None:
    """Also one that differs from the official one: headquarters' word counts until it takes it back."""
    hq = files.open_as_before("hq")
    ly_quoc = hq.value("SELECT id FROM unit WHERE code = '01558'")
    with hq.transaction():  # as that version's form did: it has no column for the border
        hq.db.execute("UPDATE unit SET code = '01999' WHERE id = ?", [ly_quoc])
    hq.close()
    hq = files.open("hq")
    assert (named(hq, "01999"), named(hq, "01558")) == ("Xã Lý Quốc (tạm)", "Xã Hạ Lang")
    assert doctor.examine_replica(hq).healthy
    post = files.open("post")
    files.carry(hq, post)
    assert (named(post, "01999"), named(post, "01558")) == ("Xã Lý Quốc (tạm)", "Xã Hạ Lang")
    assert doctor.examine_replica(post).healthy


def test_headquarters_of_today_reads_a_bundle_of_the_version_before(files: Files) -> None:
    hq = files.open("hq")
    (read,) = incoming.import_files(hq, [files.root / "sent"])
    assert wells(hq) == ["Xã Ia Rvê", "Xã Lý Quốc (tạm)"]
    assert [(found.code, found.now) for found in units_to_check(hq)] == [("01558", "Xã Hạ Lang")]
    assert hq.value("SELECT count(*) FROM local_set_aside") == 0
    assert doctor.examine_replica(hq).healthy, read


def test_a_post_of_the_version_before_reads_the_reply_of_today(files: Files) -> None:
    """A cell in an old commune that only today's list has waits there, and is there after the upgrade; all else is read
    at once."""
    hq = files.open("hq")
    incoming.import_files(hq, [files.root / "sent"])
    ward = hq.value("SELECT id FROM unit WHERE code = '00112' AND valid_to = '2025-06-30'")
    records.save(hq, "party_cell", {"name": "Chi bộ phường cũ", "unit_id": ward})
    records.save(hq, "party_cell", {"name": "Chi bộ buôn", "unit_id": "24221"}, confirm=True)
    post = files.open_as_before("post")
    files.carry(hq, post)
    cells = "SELECT name FROM party_cell ORDER BY name"
    assert [row["name"] for row in post.rows(cells)] == ["Chi bộ buôn"]
    files.carry(post, hq)
    assert hq.value("SELECT name FROM event") == "Chưa gửi"
    post.close()
    post = files.open("post")
    assert [row["name"] for row in post.rows(cells)] == ["Chi bộ buôn", "Chi bộ phường cũ"]
    assert post.value("SELECT count(*) FROM local_set_aside") == 0
    assert [(found.code, found.now) for found in units_to_check(post)] == [("01558", "Xã Hạ Lang")]
    assert doctor.examine_replica(post).healthy


def test_headquarters_of_the_version_before_reads_a_post_of_today(files: Files) -> None:
    """A record in a unit that it lacks waits, and counts after its upgrade."""
    post = files.open("post")
    ward = post.value("SELECT id FROM unit WHERE code = '00112' AND valid_to = '2025-06-30'")
    entry = {"activity_kind_id": "gieng_khoan", "date_from": "2014-10-05", "unit_id": ward}
    records.save(post, "activity", entry, confirm=True)
    hq = files.open_as_before("hq")
    files.carry(post, hq)
    assert len(wells(hq)) == 2
    hq.close()
    hq = files.open("hq")
    assert wells(hq) == ["Xã Ia Rvê", "Phường Thụy Khuê", "Xã Lý Quốc (tạm)"]
    files.carry(hq, post)
    assert hq.value("SELECT count(*) FROM local_set_aside") == 0
    assert doctor.examine_replica(hq).healthy
    assert doctor.examine_replica(post).healthy
