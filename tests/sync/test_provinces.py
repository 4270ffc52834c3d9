"""A headquarters below another one speaks for its own posts alone. All by bundles on disk."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from field import World
from forged import NOW, Segment, forge, new_id, sealed
from sync_state import new_post

from fieldapp.records import records
from fieldapp.store import ids, people
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.format import clock, keys
from fieldapp.sync.peers import peers
from fieldapp.sync.safety import doctor
from fieldapp.work import review_queue

BEGUN = {"created_at": NOW, "created_by": "x"}


class Country(World):
    """A nation above two provinces: headquarters with its post, and another one that means harm."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.nation, self.other = (self._open(name) for name in ("nation", "other"))
        own = self.other.row("SELECT * FROM local_replica WHERE own = 1")
        assert own is not None
        self.intruder = keys.Keys(own["sign_key"], own["sign_secret"], own["age_key"], own["age_secret"])
        self.bundles = 0

    def _open(self, name: str) -> Store:
        store = Store.open(self.root / name, self.keys[name], name)
        people.enter_first(store)
        return store

    def segment(self, scope: str, *changes: tuple[str, str, dict[str, Any]], hlc: int) -> Segment:
        """Changes that the other province signs."""
        lines = [(hlc + n, *change) for n, change in enumerate(changes)]
        return sealed(self.intruder, new_id(), scope, self.other.identity.replica_id, lines)

    def attack(self, to: Store, *segments: Segment) -> None:
        """A bundle of the other province's."""
        self.bundles += 1
        sender = keys.decode_certificate(peers.own(self.other).certificate)
        assert sender is not None
        path = self.root / f"attack-{self.bundles}.fieldapp.tar.age"
        hlc = clock.current(to) + 1
        incoming.import_files(to, [forge(path, self.intruder, sender, to, hlc, segments=segments)])

    def close(self) -> None:
        self.nation.close()
        self.other.close()
        super().close()


@pytest.fixture(scope="module")
def made(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    root = tmp_path_factory.mktemp("country") / "world"
    shutil.copytree(first_world.root, root)
    world = World(root, dict(first_world.keys))
    nation = enrolment.init_hq(root / "nation", name="Bộ Tư lệnh", user="x", passphrase="x", code="BTL")
    other = enrolment.init_hq(root / "other", name="Gia Lai", user="x", passphrase="x", code="GL")
    pack = enrolment.write_hq_pack(nation, dest=world.usb)
    for province in (world.hq, other):
        enrolment.join_headquarters(province, pack)
        world.carry(province, nation)
        enrolment.trust_replica(nation, province.identity.replica_id)
    keys_of = {**world.keys, "nation": nation._key, "other": other._key}
    for store in (nation, other):
        store.close()
    world.close()
    return root, keys_of


@pytest.fixture
def country(made: tuple[Path, dict[str, bytes]], tmp_path: Path) -> Generator[Country, None, None]:
    shutil.copytree(made[0], tmp_path / "world")
    found = Country(tmp_path / "world", made[1])
    yield found
    found.close()


def of_post(store: Store, post_id: str | None) -> dict[str, list[Row]]:
    return {
        table: store.rows(f"SELECT * FROM {table} WHERE post_id = ? ORDER BY id", [post_id])
        for table in ("activity", "activity_measure", "event", "review")
    }


@pytest.mark.parametrize("first", ["the province", "the intruder", "the intruder, when nobody knows the post"])
@pytest.mark.parametrize("ahead", [-(1 << 40), 1 << 40], ids=["earlier", "later"])
def test_a_province_writes_nothing_about_another_province_s_post(country: Country, first: str, ahead: int) -> None:
    """It knows the post's ids, and says what it likes about its records, in the post's own scope."""
    well = country.well()
    event = records.save(country.post, "event", {"name": "Lũ", "date_from": "2013-09-18"})
    if first == "the intruder, when nobody knows the post":  # the nation gets what is for all, and no laptop of a post
        post = new_post(country, "EABUNG", "Đồn BP Ea Bung")
        with post:
            event = records.save(post, "event", {"name": "Lũ", "date_from": "2013-09-18"})
            well = records.save(post, "event", {"name": "Mưa", "date_from": "2013-09-18"})
            (made,) = outgoing.export(post, country.usb)
            victim = str(post.identity.post_id)
    else:
        country.carry(country.post, country.hq)
        review_queue.review_record(country.hq, well, "returned", comments=[review_queue.comment_on("", "Sai ngày")])
        country.carry(country.hq, country.post)
        victim = str(country.post.identity.post_id)
    hlc = clock.current(country.nation) + ahead
    review = BEGUN | {"record_id": well, "record_kind": "activity", "outcome": "accepted", "seen": "x"}
    segment = country.segment(
        victim,
        ("event", event, {"name": "Giả"}),
        ("event", event, {"voided_at": NOW, "void_reason": "giả"}),
        ("event", ids.new_id(victim), BEGUN | {"name": "Thêm", "date_from": "2013-09-18"}),
        ("review", ids.new_id(victim), review),
        hlc=hlc,
    )
    if first == "the province":
        country.carry(country.hq, country.nation)
    country.attack(country.nation, segment)
    if first == "the intruder, when nobody knows the post":
        incoming.import_files(country.hq, [made.path])
        enrolment.trust_replica(country.hq, "EABUNG")
    country.carry(country.hq, country.nation)
    assert of_post(country.nation, victim) == of_post(country.hq, victim)
    assert len(status.exchange_status(country.nation).set_aside) == 4
    country.carry(country.nation, country.hq)
    country.carry(country.hq, country.post)
    assert country.hq.value("SELECT count(*) FROM local_replica WHERE post_code = 'GL'") == 0
    assert status.exchange_status(country.hq).set_aside == []
    country.attack(country.hq, segment)  # and straight to the province: nobody there knows it
    assert "Giả" not in str(of_post(country.hq, victim))
    for store in (country.nation, country.hq):
        assert doctor.examine_replica(store).healthy


def test_the_nation_revokes_a_province_s_first_laptop_and_its_second_one_goes_on(country: Country) -> None:
    """What that one had certified the nation takes over: the posts stay the province's, and its reviews count there."""
    pack = enrolment.write_hq_pack(country.hq, dest=country.usb)
    second = enrolment.init_further_hq(country.root / "hq-b", pack, user="Phó", passphrase="x", laptop="B")
    with second:
        country.carry(second, country.hq)
        enrolment.trust_replica(country.hq, second.identity.replica_id)
        event = records.save(country.post, "event", {"name": "Lũ", "date_from": "2013-09-18"})
        country.carry(country.post, country.hq)
        country.carry(country.hq, second)
        country.carry(country.hq, country.nation)
        enrolment.revoke_replica(country.nation, country.hq.identity.replica_id)
        assert peers.find_peer(country.nation, "IARVE").trust == "certified"
        review_queue.review_record(second, event, "returned", comments=[review_queue.comment_on("", "Sai ngày")])
        country.carry(second, country.nation)
        assert country.nation.value("SELECT comment FROM review") == "Sai ngày"
        review_queue.review_record(country.hq, event, "accepted")  # the revoked one's word counts no more
        country.carry(country.hq, country.nation)
        assert country.nation.value("SELECT count(*) FROM review") == 1
        victim = str(country.post.identity.post_id)
        review = BEGUN | {"record_id": event, "record_kind": "event", "outcome": "accepted", "seen": "x"}
        hlc = clock.current(country.nation)
        country.attack(country.nation, country.segment(victim, ("review", ids.new_id(victim), review), hlc=hlc))
        assert country.nation.value("SELECT count(*) FROM review") == 1
    assert doctor.examine_replica(country.nation).healthy


def test_the_nation_and_the_province_itself_write_about_its_post(country: Country) -> None:
    """Who is above may: it has renamed the post, so that it has a log for it."""
    event = records.save(country.post, "event", {"name": "Lũ", "date_from": "2013-09-18"})
    country.carry(country.post, country.hq)
    country.carry(country.hq, country.nation)
    enrolment.rename_post(country.nation, "IARVE", name="Đồn BP Ia Rvê mới")
    country.carry(country.hq, country.nation)
    with country.nation.transaction():
        country.nation.db.execute("UPDATE event SET name = 'Lũ lớn' WHERE id = ?", [event])
    country.carry(country.nation, country.hq)
    country.carry(country.hq, country.post)
    assert country.post.value("SELECT name FROM event") == country.hq.value("SELECT name FROM event") == "Lũ lớn"
