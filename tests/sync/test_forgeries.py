"""What somebody can try who holds a stick, a pack, or a laptop that headquarters certified."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage
import pytest
import uuid_utils
from field import World

from fieldapp.store import records
from fieldapp.store.store import Store
from fieldapp.sync import bundle, clock, doctor, exchange, keys, peers, segment

NOW = "2026-01-01T00:00:00Z"
Segment = tuple[str, int, bytes, bytes]


def new_id() -> str:
    return str(uuid_utils.uuid7())


def certificate(own: keys.Keys, replica: str, **fields: Any) -> keys.Certificate:
    given = {"role": "post", "post_id": None, "post_code": "OTHER", "issuer": replica, **fields}
    return keys.Certificate(
        format=keys.CERTIFICATE_FORMAT,
        replica=replica,
        name="X",
        sign_key=own.sign_key,
        age_key=own.age_key,
        issued_at=NOW,
        **given,
    )


def forge(
    path: Path,
    own: keys.Keys,
    sender: keys.Certificate,
    to: Store,
    hlc: int,
    have: dict[str, bundle.Head] | None = None,
    segments: Sequence[Segment] = (),
) -> Path:
    """A bundle that is well made in every respect but what it claims."""
    data = keys.encode_certificate(sender)
    members = [
        (f"certs/{sender.replica}.json", data),
        (f"certs/{sender.replica}.json.minisig", keys.sign(own.sign_secret, data, "x")),
    ]
    for log, first, content, signature in segments:
        name = f"segments/{log}-{first:010d}.jsonl.zst"
        members += [(name, content), (name + ".minisig", signature)]
    manifest = bundle.Manifest(
        format=bundle.FORMAT,
        kind="bundle",
        sender=sender.replica,
        made_at=NOW,
        hlc=hlc,
        number=1,
        recipients=[peers.own(to).id],
        have=have or {},
        members=[bundle.list_member(n, d) for n, d in members],
        counts={},
        program="0",
        schema=1,
    )
    plain = io.BytesIO()
    bundle.write(plain, manifest, keys.sign(own.sign_secret, bundle.encode_manifest(manifest), "x"), iter(members))
    recipient = pyrage.x25519.Recipient.from_str(peers.own(to).age_key)
    path.write_bytes(pyrage.encrypt(plain.getvalue(), [recipient]))
    return path


def sealed(
    own: keys.Keys,
    log: str,
    scope: str,
    replica: str,
    changes: Sequence[tuple[int, str, str, dict[str, Any]]],
    first: int = 1,
) -> Segment:
    header = segment.Header(
        segment.FORMAT, 1, log, scope, replica, first, first + len(changes) - 1, None, {}, NOW
    )  # fmt: skip
    rows = [
        {"hlc": h, "table_name": t, "row_id": r, "cols": json.dumps(c), "actor": "x", "at": NOW}
        for h, t, r, c in changes
    ]
    data = segment.encode(header, rows)
    return log, 1, data, keys.sign(own.sign_secret, data, "x")


def other_post(hq: Store) -> tuple[keys.Keys, keys.Certificate]:
    """A laptop of a second post, certified by headquarters, in the hands of somebody who means harm."""
    own = keys.new_keys()
    post_id = records.save(hq, "post", {"code": "OTHER", "name": "Đồn khác"})
    request = certificate(own, new_id(), post_id=post_id)
    data = keys.encode_certificate(request)
    with hq.transaction():
        peers.learn(hq, request, data, keys.sign(own.sign_secret, data, "x"))
        peers.trust(hq, peers.find(hq, request.replica))
    return own, request


def test_a_receipt_in_headquarters_name_is_refused(world: World, tmp_path: Path) -> None:
    row_id = world.well()
    hq = peers.others(world.post)[0]
    log = world.post.value("SELECT id FROM local_log WHERE own = 1")
    own = keys.new_keys()
    forged = forge(
        tmp_path / "a", own, certificate(own, hq.id, role="hq"), world.post, clock.current(world.post) + 10**12,
        {log: bundle.Head(99_999, "00")},
    )  # fmt: skip
    (result,) = exchange.import_files(world.post, [forged])
    assert result.refused
    assert exchange.received(world.post, [row_id]) == set()


@pytest.mark.parametrize("hlc", [(1 << 63) - 1, segment.MAX_HLC])
def test_a_stranger_s_clock_moves_nothing(world: World, tmp_path: Path, hlc: int) -> None:
    own = keys.new_keys()
    before = clock.current(world.hq)
    exchange.import_files(
        world.hq, [forge(tmp_path / "a", own, certificate(own, new_id(), post_id="z"), world.hq, hlc)]
    )
    assert clock.current(world.hq) == before
    records.save(world.hq, "post", {"code": "NEW", "name": "Đồn mới"})


def test_a_post_cannot_write_another_post_s_records(world: World, tmp_path: Path) -> None:
    event = records.save(world.post, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
    world.carry(world.post, world.hq)
    own, sender = other_post(world.hq)
    assert world.post.identity.post_id
    attack = sealed(
        own, new_id(), world.post.identity.post_id, sender.replica,
        [(clock.current(world.hq) + 10**6, "event", event, {"name": "Giả"})],
    )  # fmt: skip
    exchange.import_files(world.hq, [forge(tmp_path / "a", own, sender, world.hq, 1, segments=[attack])])
    assert records.get(world.hq, event).row["name"] == "Lũ 2013"
    assert len(exchange.status(world.hq).set_aside) == 1
    assert doctor.examine(world.hq).healthy


def test_a_request_s_role_does_not_outlive_the_certificate(world: World) -> None:
    own, replica = keys.new_keys(), new_id()
    claim = certificate(own, replica, role="hq")
    data = keys.encode_certificate(claim)
    with world.post.transaction():
        peers.learn(world.post, claim, data, keys.sign(own.sign_secret, data, "x"))
    post_id = records.save(world.hq, "post", {"code": "OTHER", "name": "Đồn khác"})
    request = certificate(own, replica, post_id=post_id)
    data = keys.encode_certificate(request)
    with world.hq.transaction():
        peers.learn(world.hq, request, data, keys.sign(own.sign_secret, data, "x"))
        peers.trust(world.hq, peers.find(world.hq, replica))
    given = peers.find(world.hq, replica)
    decoded = keys.decode_certificate(given.certificate)
    assert decoded is not None
    with world.post.transaction():
        peers.learn(world.post, decoded, given.certificate, given.certificate_signature)
    known = peers.find(world.post, replica)
    assert (known.role, known.trust, known.post_id) == ("post", "certified", post_id)


def test_numbers_beyond_reason_stop_nothing(world: World, tmp_path: Path) -> None:
    """Neither a stranger's header nor a certified author's value; the files behind are applied."""
    world.well()
    (good,) = exchange.export(world.post, tmp_path)
    own, sender = other_post(world.hq)
    assert sender.post_id
    huge = {"created_at": NOW, "created_by": "x", "name": "a", "date_from": 10**30}
    value = sealed(own, new_id(), sender.post_id, sender.replica, [(1 << 50, "event", new_id(), huge)])
    stranger = keys.new_keys()
    unknown = certificate(stranger, new_id(), post_id="z")
    header = sealed(stranger, new_id(), "z", unknown.replica, [(1 << 50, "event", new_id(), {"a": 1})], first=1 << 70)
    first, second, third = exchange.import_files(
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
    results = exchange.import_files(
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
    (made,) = exchange.export(world.post, tmp_path)
    secret = world.hq.value("SELECT age_secret FROM local_replica WHERE own = 1")
    plain = pyrage.decrypt(made.path.read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
    to = pyrage.x25519.Recipient.from_str(peers.own(world.post).age_key)
    made.path.write_bytes(pyrage.encrypt(plain, [to]))
    (result,) = exchange.import_files(world.post, [made.path])
    assert result.refused
    assert result.for_others
