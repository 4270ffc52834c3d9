"""A second laptop of headquarters is stolen and revoked.

What it wrote, certified and revoked counts as far as the first laptop had it then, no further, wherever and whenever
it arrives. All by bundles on disk.
"""

import shutil
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from field import World
from sync_state import state

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.store import people
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import peers
from fieldapp.sync.safety import doctor

B, D = "hq-b", "hq-d"
"""Further laptops of headquarters: B is stolen later"""
EARLY, SECOND = "p-early", "p-second"
"""Further laptops of the post: certified by B while headquarters knows it; and by the first laptop"""
YEARS = (9 * 365 * 86_400_000) << 16


class Field(World):
    """A headquarters of three laptops, and a post of three."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.more: dict[str, Store] = {}

    def __getitem__(self, name: str) -> Store:
        return {"hq": self.hq, "post": self.post, **self.more}[name]

    def begin(self, name: str, by: str, code: str = "IARVE") -> Store:
        """Begin a laptop from a pack of another one's; ``hq-…`` is one of headquarters."""
        if name.startswith("hq"):
            pack = enrolment.write_hq_pack(self[by], dest=self.usb)
            store = enrolment.init_further_hq(self.root / name, pack, user=name, passphrase="x", laptop=name[-1])
        else:
            pack = enrolment.write_pack(self[by], code=code, dest=self.usb)
            store = enrolment.init_post(self.root / name, pack, user=name, passphrase="x", laptop=name[2:])
        self.more[name] = store
        return store

    def certify(self, name: str, by: str) -> None:
        self.carry(self[name], self[by])
        enrolment.trust_replica(self[by], self[name].identity.replica_id)

    def bring(self, *ways: str) -> list[incoming.Imported]:
        """“hq post” is a bundle from ``hq`` that ``post`` reads. Nobody writes for a laptop that it does not trust."""
        found = []
        for way in ways:
            sender, to = (self[name] for name in way.split())
            with suppress(FieldappError):
                found += self.carry(sender, to)
        return found

    def write(self, sender: str, to: str) -> Path:
        """A bundle on a stick that is read later."""
        stick = self.root / f"stick-{len(list(self.root.glob('stick-*')))}"
        stick.mkdir()
        (made,) = outgoing.export(self[sender], stick, self[to].identity.replica_id)
        return made.path

    def close(self) -> None:
        for store in self.more.values():
            store.close()
        super().close()


@pytest.fixture(scope="module")
def made(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> Field:
    """Made once, then copied. The post's first laptop and D have heard B's statements of before."""
    root = tmp_path_factory.mktemp("revoked") / "field"
    shutil.copytree(first_world.root, root)
    found = Field(root, dict(first_world.keys))
    for name in (B, D, SECOND):
        found.begin(name, "hq")
        found.certify(name, "hq")
    found.bring("hq hq-b", "hq hq-d", "hq post", "hq p-second")
    found.begin(EARLY, B)
    found.certify(EARLY, B)
    records.save(found[B], "party_cell", {"name": "Trước", "unit_id": "24221"})
    event(found[EARLY], "trước")
    found.bring("hq-b p-early", "p-early hq-b", "hq-b hq", "hq post", "hq hq-d", "hq p-second", "post hq", "hq-d hq")
    found.keys.update({name: store._key for name, store in found.more.items()})
    found.close()
    return found


@pytest.fixture
def field(made: Field, tmp_path: Path) -> Generator[Field, None, None]:
    shutil.copytree(made.root, tmp_path / "field")
    found = Field(tmp_path / "field", made.keys)
    for name in (B, D, SECOND, EARLY):
        found.more[name] = Store.open(found.root / name, found.keys[name], name)
        people.enter_first(found.more[name])
    yield found
    found.close()


def event(store: Store, name: str) -> str:
    return records.save(store, "event", {"name": name, "date_from": "2013-09-18"})


def names(store: Store, kind: str) -> set[str]:
    return {row["name"] for row in store.rows(f"SELECT name FROM {kind} WHERE voided_at IS NULL")}


def trust(field: Field, at: str) -> dict[str, str]:
    """Name -> trust of each laptop that a laptop knows."""
    there = {"hq": field.hq, "post": field.post, **field.more}
    name_of = {store.identity.replica_id: name for name, store in there.items()}
    return {name_of[row["id"]]: row["trust"] for row in field[at].rows("SELECT id, trust FROM local_replica")}


def stolen(field: Field, readings: int) -> dict[str, list[Path]]:
    """What a thief does with B, by name of the reader: the bundles that come from it.

    ``readings``: how far B's clock is moved before that. The thief certifies a laptop of the post, and one of
    headquarters, which certifies B itself again; and revokes an honest laptop.
    """
    b = field[B]
    b.db.execute("UPDATE local_session SET hlc = hlc + ?", [readings])
    cell = b.value("SELECT id FROM party_cell WHERE name = 'Trước'")
    records.save(b, "party_cell", {"hamlet": "Kẻ trộm"}, cell)
    records.save(b, "party_cell", {"name": "Sau", "unit_id": "24221"})
    enrolment.rename_post(b, "IARVE", name="Đồn của kẻ trộm")
    enrolment.revoke_replica(b, field[SECOND].identity.replica_id)
    field.begin("p-thief", B)
    field.certify("p-thief", B)
    field.begin("hq-x", B)
    field.certify("hq-x", B)
    field.bring("hq-b p-thief", "hq-b hq-x")
    event(field["p-thief"], "giả")
    records.save(field["hq-x"], "party_cell", {"name": "Giả", "unit_id": "24221"})
    with field["hq-x"].transaction():
        peers.issue_again(field["hq-x"], peers.find_peer(field["hq-x"], b.identity.replica_id))
    field.bring("hq-x hq-b")
    return {to: [field.write(B, to), field.write("hq-x", to), *([field.write("p-thief", to)] if to == "post" else [])]
            for to in ("post", D)}  # fmt: skip


def everybody_meets(field: Field) -> None:
    """All who are honest exchange, three times."""
    for _turn in range(3):
        field.bring("post hq", "p-second hq", "p-early hq", "hq-d hq", "hq post", "hq p-second", "hq p-early",
                    "hq hq-d", "post hq-d", "hq-d post", "post p-second", "p-second post")  # fmt: skip


def agree(field: Field, honest: Sequence[str] = ("hq", D, "post", SECOND, EARLY)) -> None:
    for name in honest:
        store = field[name]
        assert state(store) == state(field.hq), name
        assert merge.conflicts(store) == merge.conflicts(field.hq), name
        assert store.rows("SELECT hash FROM local_segment WHERE state = 'held' AND reason = 'waits'") == [], name
        if name in ("hq", "post"):
            assert doctor.examine_replica(store).healthy, name


@pytest.mark.parametrize(
    ("order", "readings"),
    [("before", 0), ("after", 0), ("between", 0), ("again", 0), ("before", YEARS), ("after", YEARS), ("after", -YEARS)],
)
def test_what_a_revoked_laptop_of_headquarters_did_counts_up_to_what_headquarters_had(
    field: Field, order: str, readings: int
) -> None:
    """The thief's bundles come before the revocation, after it, some before and some after, or twice."""
    bundles = stolen(field, readings)
    event(field.post, "thật")
    event(field[SECOND], "thật, của máy khác")
    enrolment.revoke_replica(field.hq, field[B].identity.replica_id)
    for to, files in bundles.items():
        first = {"before": files, "after": [], "between": files[:1], "again": files}[order]
        then = {"before": [], "after": files, "between": files[1:], "again": files}[order]
        incoming.import_files(field[to], first)
        field.bring(f"hq {to}")
        incoming.import_files(field[to], then)
    everybody_meets(field)
    for name in ("hq", D, "post", SECOND, EARLY):
        cells = names(field[name], "party_cell")
        assert "Trước" in cells and not {"Sau", "Giả"} & cells, name
        assert field[name].value("SELECT hamlet FROM party_cell WHERE name = 'Trước'") is None
        assert names(field[name], "event") == {"trước", "thật", "thật, của máy khác"}, name
        assert names(field[name], "post") == {"Đồn BP Ia Rvê"}, name
        found = trust(field, name)
        assert found.pop(B, "revoked") == "revoked"
        assert found.pop("p-thief", "pending") == found.pop("hq-x", "pending") == "pending"
        assert set(found.values()) == {"certified"}, name
    agree(field)


def test_a_laptop_that_it_certified_is_taken_in_once_an_officer_has_compared_its_words(field: Field) -> None:
    """It is honest after all: what it wrote waits everywhere, is listed, and comes."""
    stolen(field, 0)
    enrolment.revoke_replica(field.hq, field[B].identity.replica_id)
    field.bring("hq post", "p-thief post", "post hq", "p-thief hq")
    assert "giả" not in names(field.hq, "event") | names(field.post, "event")
    thief = peers.get(field.hq, field["p-thief"].identity.replica_id)
    assert thief is not None
    assert thief.title in status.exchange_status(field.hq).asking
    enrolment.trust_replica(field.hq, thief.id)
    everybody_meets(field)
    assert "giả" in names(field.hq, "event") & names(field.post, "event")
    agree(field)


def test_what_it_certified_before_stays_and_is_listed_until_an_officer_has_confirmed_it(
    field: Field,
) -> None:
    early = peers.get(field.hq, field[EARLY].identity.replica_id)
    assert early is not None
    enrolment.revoke_replica(field.hq, field[B].identity.replica_id)
    everybody_meets(field)
    assert trust(field, "post")[EARLY] == trust(field, "hq")[EARLY] == "certified"
    assert status.exchange_status(field.hq).to_confirm == [early.title]
    enrolment.trust_replica(field.hq, early.id)
    assert status.exchange_status(field.hq).to_confirm == []
    enrolment.revoke_replica(field.hq, early.id)
    assert status.exchange_status(field.hq).to_confirm == []


def test_a_laptop_that_it_had_revoked_stays_revoked_by_headquarters_word_and_is_listed(field: Field) -> None:
    second = peers.get(field.hq, field[SECOND].identity.replica_id)
    assert second is not None
    enrolment.revoke_replica(field[B], second.id)
    field.bring("hq-b hq")
    enrolment.revoke_replica(field.hq, field[B].identity.replica_id)
    field.bring("hq post", "hq hq-d")
    for at in ("hq", "post", D):
        assert trust(field, at)[SECOND] == "revoked"
    assert second.title in status.exchange_status(field.hq).to_confirm
    enrolment.trust_replica(field.hq, second.id)
    assert second.title not in status.exchange_status(field.hq).to_confirm
    everybody_meets(field)
    assert trust(field, "post")[SECOND] == "certified"
    agree(field)


def test_a_new_post_that_begins_from_a_pack_does_not_trust_who_was_revoked(field: Field) -> None:
    enrolment.revoke_replica(field.hq, field[B].identity.replica_id)
    new = field.begin("p-new", "hq")
    assert trust(field, "p-new")[B] == "revoked"
    assert "Trước" in names(new, "party_cell")
    records.save(field[B], "party_cell", {"name": "Sau", "unit_id": "24221"})
    field.bring("p-new hq-b")
    with suppress(FieldappError):
        enrolment.trust_replica(field[B], new.identity.replica_id)
    field.bring("hq-b p-new")
    assert "Sau" not in names(new, "party_cell")


def test_nobody_speaks_about_a_laptop_of_headquarters_but_who_certified_it_and_those_above(field: Field) -> None:
    """B can neither revoke D nor, by an accomplice, certify itself again; the first laptop certifies it again."""
    with pytest.raises(FieldappError, match="Sở chỉ huy"):
        enrolment.revoke_replica(field[B], field[D].identity.replica_id)
    enrolment.revoke_replica(field.hq, field[B].identity.replica_id)
    field.bring("hq hq-d", "hq post")
    with pytest.raises(FieldappError):
        enrolment.trust_replica(field[D], field[B].identity.replica_id)
    enrolment.trust_replica(field.hq, field[B].identity.replica_id)
    records.save(field[B], "party_cell", {"name": "Lại", "unit_id": "24221"})
    field.bring("hq hq-b", "hq-b hq", "hq post", "hq hq-d")
    assert trust(field, "post")[B] == "certified"
    assert all("Lại" in names(field[name], "party_cell") for name in ("hq", "post", D))
