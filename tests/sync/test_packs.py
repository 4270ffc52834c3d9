"""A pack that was changed, or that another headquarters wrote, makes no laptop of ours; the words say whose it is."""

import io
import re
from pathlib import Path

import msgspec
import pytest
from field import Run, World
from forged import certificate, forge, new_id

from fieldapp.errors import FieldappError, FileRefused
from fieldapp.records import naming, records
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.format import bundle, keys, tarball
from fieldapp.sync.format.bundle import Inspected
from fieldapp.sync.peers import peers

Members = list[tuple[str, bytes]]


@pytest.fixture
def pack(world: World) -> Path:
    return enrolment.write_pack(world.hq, code="IARVE", dest=world.usb)


def members_of(path: Path) -> Members:
    with path.open("rb") as file:
        return list(tarball.read_members(file))


def signed(path: Path, inspected: Inspected, members: Members, own: keys.Keys, **changed: object) -> Path:
    """The pack with other members, or with another manifest, signed by these keys."""
    manifest = msgspec.structs.replace(
        inspected.manifest, members=[bundle.member_line(n, d) for n, d in members], **changed
    )
    plain = io.BytesIO()
    signature = keys.sign(own.sign_secret, bundle.encode_manifest(manifest), "fieldapp manifest")
    bundle.write_tar(plain, manifest, signature, iter(members))
    path.write_bytes(plain.getvalue())
    return path


def refused(world: World, path: Path, reasons: tuple[str, ...]) -> None:
    """No laptop begins from it, for a post or for headquarters, and nothing is left behind."""
    home = world.root / "new"
    for begin in (enrolment.init_post, enrolment.init_further_hq):
        with pytest.raises(FileRefused) as error:
            begin(home, path, user="B", passphrase="x y")
        assert error.value.reason in (*reasons, bundle.WRONG_KIND)
        assert path.name in str(error.value)
        assert not [p for p in home.rglob("*") if p.is_file()]
    with pytest.raises(FieldappError, match=re.escape(path.name)):
        enrolment.join_headquarters(world.hq, path)


def test_a_pack_that_was_changed_after_it_was_signed_is_refused(world: World, pack: Path, tmp_path: Path) -> None:
    """A byte of any member, a member more, less, or in another place."""
    real = members_of(pack)
    changed: list[Members] = []
    for number, (name, data) in enumerate(real):
        for at in (0, len(data) // 2, len(data) - 1):
            changed.append(
                [*real[:number], (name, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]), *real[number + 1 :]]
            )
        changed.append([*real[:number], *real[number + 1 :]])
    changed += [[*real, real[-1]], [*real[:2], *real[4:], *real[2:4]]]
    for number, members in enumerate(changed):
        path = tmp_path / f"{number}.tar"
        plain = io.BytesIO()
        for name, data in members:
            tarball.write_member(plain, name, data)
        tarball.write_end(plain)
        path.write_bytes(plain.getvalue())
        refused(world, path, (bundle.DAMAGED, bundle.FORGED, bundle.NO_SENDER, bundle.NEWER_FORMAT))


@pytest.mark.parametrize("whose", ["an accomplice", "a copied certificate", "a renamed root"])
def test_nobody_but_headquarters_signs_a_pack_of_its_root(world: World, pack: Path, tmp_path: Path, whose: str) -> None:
    """The words are those of the real headquarters; the recovery key would be the attacker's, and open the laptop."""
    inspected, real = bundle.inspect(pack, None), members_of(pack)[2:]
    own, root = keys.new_keys(), inspected.sender
    accomplice = certificate(own, new_id(), role="hq", post_code=root.post_code, issuer=root.replica)
    data = keys.encode_certificate(accomplice)
    signature = keys.sign(own.sign_secret, data, "x")
    if whose == "a copied certificate":
        signature = dict(real)[f"certs/{root.replica}.json.minisig"]
    if whose == "a renamed root":
        name = f"certs/{root.replica}.json"
        renamed = keys.encode_certificate(msgspec.structs.replace(root, name="Sở chỉ huy khác", post_code="XYZ"))
        real = [(n, renamed if n == name else d) for n, d in real]
    members = [
        (f"certs/{accomplice.replica}.json", data),
        (f"certs/{accomplice.replica}.json.minisig", signature),
        *real,
    ]
    forged = signed(tmp_path / "forged.tar", inspected, members, own, sender=accomplice.replica, recovery=own.age_key)
    refused(world, forged, (bundle.FORGED,))


def test_the_words_that_are_shown_are_those_of_who_signed_the_pack(
    world: World, pack: Path, tmp_path: Path, run: Run
) -> None:
    """An attacker's own pack, to which the real headquarters' certificate was added."""
    inspected, real = bundle.inspect(pack, None), members_of(pack)[2:]
    thief = enrolment.init_hq(world.root / "thief", name="Thật", user="x", passphrase="x y", code="ZZZ")
    with thief:
        own = peers.own(thief)
        mine = bundle.inspect(enrolment.write_pack(thief, code="IARVE", name="Đồn BP Ia Rvê", dest=tmp_path), None)
        row = thief.row("SELECT * FROM local_replica WHERE own = 1")
        assert row is not None
        secret = keys.Keys(row["sign_key"], row["sign_secret"], row["age_key"], row["age_secret"])
    added = [m for m in real if m[0].startswith(f"certs/{inspected.sender.replica}")]
    members = members_of(mine.path)[2:]
    forged = signed(tmp_path / "forged.tar", mine, [*members[:2], *added, *members[2:]], secret)
    code, out, _err = run("init", "--pack", forged, "--user", "B", home="new")
    assert code == 0
    assert own.fingerprint in out
    assert inspected.sender.replica not in out
    assert keys.fingerprint(inspected.sender.sign_key, inspected.sender.age_key) not in out


def test_a_post_of_another_headquarters_with_the_same_code_is_not_ours(world: World, tmp_path: Path) -> None:
    """Both headquarters have one code, and so do their posts: they are never taken for each other."""
    other = enrolment.init_hq(world.root / "other", name="Sở chỉ huy", user="x", passphrase="x y")
    with other:
        pack = enrolment.write_pack(other, code="IARVE", name="Đồn BP Ia Rvê", dest=tmp_path)
        post = enrolment.init_post(world.root / "theirs", pack, user="B", passphrase="x y")
    with post:
        records.save(post, "event", {"name": "của họ", "date_from": "2013-09-18"})
        (made,) = outgoing.export(post, world.usb)
        (result,) = incoming.import_files(world.hq, [made.path])
        assert (result.state, result.reason) == ("for_others", bundle.FOR_OTHERS)
        row = post.row("SELECT * FROM local_replica WHERE own = 1")
        assert row is not None
        own = keys.Keys(row["sign_key"], row["sign_secret"], row["age_key"], row["age_secret"])
        request = keys.decode_certificate(row["certificate"])
        assert request is not None
    incoming.import_files(world.hq, [forge(tmp_path / "to-us", own, request, world.hq, 1)])
    with pytest.raises(FieldappError, match="không thuộc"):
        enrolment.trust_replica(world.hq, request.replica)
    assert world.hq.value("SELECT count(*) FROM event") == 0
    with pytest.raises(FieldappError):
        enrolment.init_post(world.root / "post", pack, user="B", passphrase="x y")
    assert peers.find_peer(world.post, "SCH").id == world.hq.identity.replica_id


def test_a_further_laptop_of_headquarters_is_in_its_province(tmp_path: Path) -> None:
    """It was in Đắk Lắk unless somebody thought of --province, and so were the posts that it made packs for."""
    hq = enrolment.init_hq(tmp_path / "hq", name="Sở chỉ huy", user="A", passphrase="x y", province="04")
    enrolment.write_pack(hq, code="SOCGIANG", name="Đồn Sóc Giang", dest=tmp_path)
    pack = enrolment.write_hq_pack(hq, dest=tmp_path)
    second = enrolment.init_further_hq(tmp_path / "hq-b", pack, user="B", passphrase="x y")
    assert second.setting(naming.PROVINCE) == "04"
    for store in (hq, second):
        store.close()
    with pytest.raises(FieldappError, match="Không có tỉnh"):
        enrolment.init_further_hq(tmp_path / "hq-c", pack, user="B", passphrase="x y", province="99")


@pytest.mark.parametrize(("given", "kept"), [("8", "08"), ("tinh cao bang", "04")])
def test_a_province_is_given_by_its_code_or_name(tmp_path: Path, given: str, kept: str) -> None:
    with enrolment.init_hq(tmp_path / "hq", name="Sở chỉ huy", user="A", passphrase="x y", province=given) as store:
        assert store.setting(naming.PROVINCE) == kept


@pytest.mark.parametrize("given", ["02", "2", "Hà Giang"])
def test_of_a_province_that_was_merged_it_is_said_what_it_is_now(tmp_path: Path, given: str) -> None:
    with pytest.raises(FieldappError, match=r"Tỉnh Hà Giang .* Tỉnh Tuyên Quang \(08\)"):
        enrolment.init_hq(tmp_path / "hq", name="Sở chỉ huy", user="A", passphrase="x y", province=given)
