"""What somebody can try who holds a stick, a pack, or a laptop that headquarters certified."""

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyrage
import pytest
from field import World
from forged import NOW, certificate, forge, new_id, other_post, sealed

from fieldapp.records import records
from fieldapp.store import log as change_log
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.format import clock, keys, segment, tarball
from fieldapp.sync.format.head import Head
from fieldapp.sync.merge import release, revocation
from fieldapp.sync.peers import peers
from fieldapp.sync.safety import doctor


def test_a_receipt_in_headquarters_name_is_refused(world: World, tmp_path: Path) -> None:
    row_id = world.well()
    hq = peers.others(world.post)[0]
    log = world.post.value("SELECT id FROM local_log WHERE own = 1")
    own = keys.new_keys()
    forged = forge(
        tmp_path / "a", own, certificate(own, hq.id, role="hq"), world.post, clock.current(world.post) + 10**12,
        {log: Head(99_999, "00")},
    )  # fmt: skip
    (result,) = incoming.import_files(world.post, [forged])
    assert result.refused
    assert row_id in status.unreceived(world.post, [row_id])


@pytest.mark.parametrize("hlc", [(1 << 63) - 1, segment.MAX_HLC])
def test_a_stranger_s_clock_moves_nothing(world: World, tmp_path: Path, hlc: int) -> None:
    own = keys.new_keys()
    before = clock.current(world.hq)
    incoming.import_files(
        world.hq, [forge(tmp_path / "a", own, certificate(own, new_id(), post_id="z"), world.hq, hlc)]
    )
    assert clock.current(world.hq) == before
    records.save(world.hq, "post", {"code": "NEW", "name": "Đồn mới"})


def test_a_laptop_to_which_nothing_can_be_encrypted_is_not_taken_in(world: World, tmp_path: Path) -> None:
    """The key that is zero has the form of one, and shares one secret with everybody: no export would end."""
    weak = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z"
    own = msgspec.structs.replace(keys.new_keys(), age_key=weak)
    before = peers.others(world.hq)
    (result,) = incoming.import_files(
        world.hq, [forge(tmp_path / "a", own, certificate(own, new_id(), post_id="z"), world.hq, 1)]
    )
    assert result.refused
    assert peers.others(world.hq) == before


def test_a_post_cannot_write_another_post_s_records(world: World, tmp_path: Path) -> None:
    event = records.save(world.post, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
    world.carry(world.post, world.hq)
    own, sender = other_post(world.hq)
    assert world.post.identity.post_id
    attack = sealed(
        own, new_id(), world.post.identity.post_id, sender.replica,
        [(clock.current(world.hq) + 10**6, "event", event, {"name": "Giả"})],
    )  # fmt: skip
    incoming.import_files(world.hq, [forge(tmp_path / "a", own, sender, world.hq, 1, segments=[attack])])
    assert records.get(world.hq, event).row["name"] == "Lũ 2013"
    assert len(status.exchange_status(world.hq).set_aside) == 1
    assert doctor.examine_replica(world.hq).healthy


def test_a_request_s_role_does_not_outlive_the_certificate(world: World) -> None:
    own, replica = keys.new_keys(), new_id()
    claim = certificate(own, replica, role="hq")
    data = keys.encode_certificate(claim)
    with world.post.transaction():
        peers.take_certificate(world.post, claim, data, keys.sign(own.sign_secret, data, "x"))
    post_id = records.save(world.hq, "post", {"code": "OTHER", "name": "Đồn khác"})
    request = certificate(own, replica, post_id=post_id)
    data = keys.encode_certificate(request)
    with world.hq.transaction():
        peers.take_certificate(world.hq, request, data, keys.sign(own.sign_secret, data, "x"))
        peers.certify(world.hq, peers.find_peer(world.hq, replica))
    given = peers.find_peer(world.hq, replica)
    decoded = keys.decode_certificate(given.certificate)
    assert decoded is not None
    with world.post.transaction():
        peers.take_certificate(world.post, decoded, given.certificate, given.certificate_signature)
    known = peers.find_peer(world.post, replica)
    assert (known.role, known.trust, known.post_id) == ("post", "certified", post_id)


def test_numbers_beyond_reason_stop_nothing(world: World, tmp_path: Path) -> None:
    """Neither a stranger's header nor a certified author's value; the files behind are applied."""
    world.well()
    (good,) = outgoing.export(world.post, tmp_path)
    own, sender = other_post(world.hq)
    assert sender.post_id
    huge = {"created_at": NOW, "created_by": "x", "name": "a", "date_from": 10**30}
    value = sealed(own, new_id(), sender.post_id, sender.replica, [(1 << 50, "event", new_id(), huge)])
    stranger = keys.new_keys()
    unknown = certificate(stranger, new_id(), post_id="z")
    header = sealed(stranger, new_id(), "z", unknown.replica, [(1 << 50, "event", new_id(), {"a": 1})], first=1 << 70)
    first, second, third = incoming.import_files(
        world.hq,
        [
            forge(tmp_path / "a", own, sender, world.hq, 1, segments=[value]),
            forge(tmp_path / "b", stranger, unknown, world.hq, 1, segments=[header]),
            good.path,
        ],
    )
    assert first.complete
    assert len(first.set_aside) == 1
    assert second.quarantined
    assert third.applied == 3


def test_a_wrong_signature_does_not_block_the_right_one(world: World, tmp_path: Path) -> None:
    own, sender = other_post(world.hq)
    assert sender.post_id
    row = {"created_at": NOW, "created_by": "x", "name": "a", "date_from": "2013-01-01"}
    log, first, data, signature = sealed(
        own, new_id(), sender.post_id, sender.replica, [(1 << 50, "event", new_id(), row)]
    )
    bad = (log, first, data, keys.sign(keys.new_keys().sign_secret, data, "x"))
    results = incoming.import_files(
        world.hq,
        [
            forge(tmp_path / "a", own, sender, world.hq, 1, segments=[bad]),
            forge(tmp_path / "b", own, sender, world.hq, 2, segments=[(log, first, data, signature)]),
        ],
    )
    assert [bool(r.quarantined) for r in results] == [True, False]
    assert [r.applied for r in results] == [0, 1]


def test_a_bundle_passed_on_to_somebody_else_is_not_taken(world: World, tmp_path: Path) -> None:
    """A recipient may encrypt what he got to others; the manifest says for whom it was made."""
    world.well()
    (made,) = outgoing.export(world.post, tmp_path)
    secret = world.hq.value("SELECT age_secret FROM local_replica WHERE own = 1")
    plain = pyrage.decrypt(made.path.read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
    to = pyrage.x25519.Recipient.from_str(peers.own(world.post).age_key)
    made.path.write_bytes(pyrage.encrypt(plain, [to]))
    (result,) = incoming.import_files(world.post, [made.path])
    assert result.refused
    assert result.for_others


# the attacks that The Update Framework lists, as far as no test above is one of them ---------------------------------


def unpacked(store: Store, path: Path) -> list[tuple[str, bytes]]:
    """The members of a bundle, as its reader gets them."""
    secret = store.value("SELECT age_secret FROM local_replica WHERE own = 1")
    plain = pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
    return list(tarball.read_members(io.BytesIO(plain)))


def packed(store: Store, path: Path, members: Sequence[tuple[str, bytes]]) -> Path:
    plain = io.BytesIO()
    for name, data in members:
        tarball.write_member(plain, name, data)
    tarball.write_end(plain)
    recipient = pyrage.x25519.Recipient.from_str(peers.own(store).age_key)
    path.write_bytes(pyrage.encrypt(plain.getvalue(), [recipient]))
    return path


def test_parts_of_two_bundles_are_no_bundle(world: World, tmp_path: Path) -> None:
    """Mix and match: whatever is taken over from another bundle of the same sender, the whole is refused."""
    made = []
    for _ in range(2):
        world.well()
        made += [unpacked(world.hq, exported.path) for exported in outgoing.export(world.post, world.usb)]
    first, second = made
    mixed = [
        [*second[:2], *first[2:]],  # the manifest of one, the rest of the other
        [*first[:2], *second[2:]],
        [first[0], second[1], *first[2:]],  # its signature
        [*second[:-2], *first[-2:]],
        [*second, *first[-2:]],
    ]
    for number, members in enumerate(mixed):
        (result,) = incoming.import_files(world.hq, [packed(world.hq, tmp_path / f"{number}", members)])
        assert result.reason in ("damaged", "forged"), number
    assert world.hq.value("SELECT count(*) FROM activity") == 0


def test_what_a_segment_claims_to_know_holds_back_itself_alone(world: World, tmp_path: Path) -> None:
    """Extraneous dependencies: a log that does not exist is named, and waited for by nobody else."""
    own, sender = other_post(world.hq)
    assert sender.post_id
    row = {"created_at": NOW, "created_by": "x", "name": "a", "date_from": "2013-01-01"}
    log, first, data, _signature = sealed(
        own, new_id(), sender.post_id, sender.replica, [(1 << 50, "event", new_id(), row)]
    )
    header, changes = segment.decode(data)
    header = msgspec.structs.replace(header, knows={new_id(): 7})
    rows = [{"hlc": c.hlc, "table_name": c.table, "row_id": c.row_id, "cols": json.dumps(c.cols), "actor": c.actor,
             "at": c.at} for c in changes]  # fmt: skip
    data = segment.encode(header, rows)
    attack = (log, first, data, keys.sign(own.sign_secret, data, "x"))
    world.well()
    (good,) = outgoing.export(world.post, tmp_path)
    held, applied = incoming.import_files(
        world.hq, [forge(tmp_path / "a", own, sender, world.hq, 1, segments=[attack]), good.path]
    )
    assert (held.state, len(held.held)) == ("waits", 1)
    assert (applied.complete, applied.applied) == (True, 3)


def test_a_manifest_from_the_future_drowns_nothing(world: World, tmp_path: Path) -> None:
    """Fast forward, with a key that headquarters certified: what that laptop sends later arrives all the same, and
    nobody's clock is taken along."""
    own, sender = other_post(world.hq)
    assert sender.post_id
    row = {"created_at": NOW, "created_by": "x", "name": "a", "date_from": "2013-01-01"}
    now = sealed(own, new_id(), sender.post_id, sender.replica, [(1 << 50, "event", new_id(), row)])
    before = clock.current(world.hq)
    incoming.import_files(world.hq, [forge(tmp_path / "a", own, sender, world.hq, segment.MAX_HLC)])
    assert clock.current(world.hq) < before + (1 << 40)
    (result,) = incoming.import_files(world.hq, [forge(tmp_path / "b", own, sender, world.hq, 1, segments=[now])])
    assert (result.complete, result.applied) == (True, 1)


def test_a_replayed_receipt_and_certificate_undo_nothing(world: World) -> None:
    """Rollback: the reply of yesterday brings back neither what headquarters had then, nor a laptop that it revoked."""
    row_id = world.well()
    world.carry(world.post, world.hq)
    replies = []
    for _ in range(2):
        (made,) = outgoing.export(world.hq, world.usb, peers.own(world.post).id)
        replies.append(made.path)
        incoming.import_files(world.post, [made.path])
    enrolment.revoke_replica(world.hq, peers.own(world.post).id)
    after = world.hq.value("SELECT trust FROM local_replica WHERE own = 0")
    old, _new = replies
    (result,) = incoming.import_files(world.post, [old])
    assert result.applied == 0
    assert not status.unreceived(world.post, [row_id])
    old_certificate = [m for m in unpacked(world.post, old) if m[0] == f"certs/{peers.own(world.post).id}.json"]
    if old_certificate:  # nobody but the reader itself is in it where the post has one laptop
        certificate = keys.decode_certificate(old_certificate[0][1])
        assert certificate is not None
        signature = dict(unpacked(world.post, old))[old_certificate[0][0] + ".minisig"]
        with world.hq.transaction():
            peers.take_certificate(world.hq, certificate, old_certificate[0][1], signature)
    assert (after, world.hq.value("SELECT trust FROM local_replica WHERE own = 0")) == ("revoked", "revoked")


def test_an_old_certificate_does_not_undo_a_revocation(world: World) -> None:
    peer = peers.find_peer(world.hq, "IARVE")
    certificate = keys.decode_certificate(peer.certificate)
    assert certificate is not None
    enrolment.revoke_replica(world.hq, peer.id)
    with world.hq.transaction():
        peers.take_certificate(world.hq, certificate, peer.certificate, peer.certificate_signature)
    assert peers.find_peer(world.hq, peer.id).trust == "revoked"


@pytest.mark.parametrize("whose", ["nobody's", "a post's", "its own", "the laptop's"])
def test_only_headquarters_word_revokes(world: World, whose: str) -> None:
    """A word that is well signed, by who may not say it: it is passed over, and what came with it is read."""
    own, sender = other_post(world.hq)
    victim = peers.find_peer(world.hq, "IARVE")
    issuer = {"nobody's": new_id(), "a post's": sender.replica, "its own": peers.own(world.hq).id,
              "the laptop's": victim.id}[whose]  # fmt: skip
    word = keys.Revocation(keys.REVOCATION_FORMAT, victim.id, issuer, clock.current(world.hq) + 1, {})
    data = keys.encode_revocation(word)
    with world.hq.transaction(applying=True):
        revocation.take_revocation(world.hq, word, data, keys.sign(own.sign_secret, data, "x"))
        assert peers.find_peer(world.hq, victim.id).trust == "certified"
        secret = world.hq.value("SELECT sign_secret FROM local_replica WHERE own = 1")
        revocation.take_revocation(world.hq, word, data, keys.sign(secret, data, "x"))
    assert peers.find_peer(world.hq, victim.id).trust == ("revoked" if whose == "its own" else "certified")


def test_what_is_refused_stays_refused_though_its_changes_are_known(world: World, tmp_path: Path) -> None:
    """A copy of a post's work under another log, signed by somebody else: it is shown, not taken for a branch of which
    nothing is missing."""
    event = records.save(world.post, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
    world.carry(world.post, world.hq)
    own, sender = other_post(world.hq)
    ((real,),) = change_log.changes_of_rows(world.hq, [event]).values()
    me = world.post.identity
    assert me.post_id
    copy = sealed(own, new_id(), me.post_id, me.replica_id, [(real.hlc, real.table, real.row_id, real.cols)])
    incoming.import_files(world.hq, [forge(tmp_path / "a", own, sender, world.hq, 1, segments=[copy])])
    for _again in range(2):
        refused = world.hq.rows("SELECT reason FROM local_segment WHERE state = 'quarantined'")
        assert [r["reason"] for r in refused] == ["bad_signature"]
        assert len(status.exchange_status(world.hq).quarantined) == 1
        world.carry(world.post, world.hq)


def test_a_stolen_post_key_writes_its_own_post_s_records_alone_and_not_for_long(world: World, tmp_path: Path) -> None:
    """Key compromise: no reference data, no other post's records; once it is revoked, nothing."""
    own, sender = other_post(world.hq)
    assert sender.post_id and world.post.identity.post_id
    ahead = clock.current(world.hq) + 10**6
    row = {"created_at": NOW, "created_by": "x", "name": "a", "date_from": "2013-01-01"}
    kind = world.hq.row("SELECT * FROM activity_kind LIMIT 1")
    assert kind is not None
    tries = {
        "own": (sender.post_id, "event", new_id(), row),
        "other post": (world.post.identity.post_id, "event", new_id(), row),
        "reference": ("*", "activity_kind", kind["id"], {"name": "Giả"}),
        "reference in its own scope": (sender.post_id, "activity_kind", kind["id"], {"name": "Giả"}),
    }
    for number, (scope, table, row_id, cols) in enumerate(tries.values()):
        attack = sealed(own, new_id(), scope, sender.replica, [(ahead + number, table, row_id, cols)])
        incoming.import_files(world.hq, [forge(tmp_path / "a", own, sender, world.hq, number + 1, segments=[attack])])
    assert [r["id"] for r in world.hq.rows("SELECT id FROM event")] == [tries["own"][2]]
    assert world.hq.row("SELECT * FROM activity_kind WHERE id = ?", [kind["id"]]) == kind
    assert len(status.exchange_status(world.hq).set_aside) == 3
    enrolment.revoke_replica(world.hq, sender.replica)
    later = sealed(own, new_id(), sender.post_id, sender.replica, [(ahead + 9, "event", new_id(), row)])
    (result,) = incoming.import_files(world.hq, [forge(tmp_path / "b", own, sender, world.hq, 9, segments=[later])])
    assert result.state == "quarantined"
    assert world.hq.value("SELECT count(*) FROM event") == 1
    assert doctor.examine_replica(world.hq).healthy


def test_an_endless_file_is_refused_and_a_pipe_is_no_file(world: World, tmp_path: Path) -> None:
    """Endless data: neither zeros without an end, nor members without an end, nor what never says anything."""
    zeros = tmp_path / "zeros.fieldapp.tar.age"
    with zeros.open("wb") as file:
        file.truncate(1 << 32)
    endless = tmp_path / "line.fieldapp.tar.age"
    with endless.open("wb") as file:
        file.write(b"age-encryption.org/v1\n-> X25519 ")
        file.truncate(1 << 32)
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    members = unpacked(world.hq, made.path)
    more = [*members, *[(members[-1][0], b"")] * 2000]
    files = [zeros, endless, packed(world.hq, tmp_path / "more", more)]
    if hasattr(os, "mkfifo"):
        files.append(tmp_path / "pipe.fieldapp.tar.age")
        os.mkfifo(files[-1])
    results = incoming.import_files(world.hq, [*files, made.path])
    assert [bool(r.refused) for r in results] == [True] * len(files) + [False]
    assert results[-1].complete


def test_a_laptop_takes_new_keys(world: World) -> None:
    """Key rotation: the last work goes out, a new identity begins from the pack, the old one is revoked; nothing of it
    is lost, and the old keys write nothing any more."""
    row_id = world.well()
    world.carry(world.post, world.hq)
    pack = enrolment.write_pack(world.hq, code="IARVE", name="Đồn BP Ia Rvê", dest=world.usb)
    with enrolment.init_post(world.root / "new", pack, user="A", passphrase="lúa nước sông", laptop="A2") as renewed:
        world.carry(renewed, world.hq)
        enrolment.trust_replica(world.hq, renewed.identity.replica_id)
        enrolment.revoke_replica(world.hq, peers.own(world.post).id)
        (result,) = world.carry(world.hq, renewed)
        assert result.complete
        assert records.get(renewed, row_id).row["id"] == row_id
        assert peers.own(renewed).sign_key != peers.own(world.post).sign_key
        assert not status.unreceived(renewed, [row_id])
        records.save(renewed, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
        (arrived,) = world.carry(renewed, world.hq)
        assert arrived.complete
    world.well()
    (late,) = world.carry(world.post, world.hq)
    assert late.state == "quarantined"


@pytest.mark.parametrize("whose", ["another post's", "headquarters'"])
def test_a_release_gives_a_post_s_changes_no_more_weight(world: World, tmp_path: Path, whose: str) -> None:
    """A clock of 2099 makes them wait, and an officer releases them: in headquarters' own log all would count."""
    own, sender = other_post(world.hq)
    well = world.well()
    world.carry(world.post, world.hq)
    assert sender.post_id
    assert world.post.identity.post_id
    event = {"created_at": NOW, "created_by": "x", "name": "của họ", "date_from": "2013-01-01"}
    review = {"created_at": NOW, "created_by": "x", "record_id": well, "record_kind": "activity", "outcome": "accepted",
              "seen": "x"}  # fmt: skip
    scope, table, row = (
        (world.post.identity.post_id, "event", event)
        if whose == "another post's"
        else (sender.post_id, "review", review)
    )
    ahead = (2099 - 1970) * 31_556_952_000 << 16
    attack = sealed(own, new_id(), scope, sender.replica, [(ahead, table, new_id(), row)])
    (held,) = incoming.import_files(world.hq, [forge(tmp_path / "a", own, sender, world.hq, 1, segments=[attack])])
    assert held.state == "waits"
    assert release.release(world.hq) == 0
    assert world.hq.value(f"SELECT count(*) FROM {table}") == 0
    assert status.exchange_status(world.hq).held == []
