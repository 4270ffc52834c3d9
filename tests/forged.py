"""Bundles, segments and certificates that are well made in every respect but what they claim."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyrage
import uuid_utils
from field import World

from fieldapp.records import records
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming
from fieldapp.sync.format import bundle, clock, keys, segment
from fieldapp.sync.format.head import Head
from fieldapp.sync.peers import peers

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
    have: dict[str, Head] | None = None,
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
        format=bundle.BUNDLE_FORMAT,
        kind="bundle",
        sender=sender.replica,
        made_at=NOW,
        hlc=hlc,
        number=1,
        recipients=[peers.own(to).id],
        have=have or {},
        members=[bundle.member_line(n, d) for n, d in members],
        counts={},
        program="0",
        schema=1,
    )
    plain = io.BytesIO()
    bundle.write_tar(plain, manifest, keys.sign(own.sign_secret, bundle.encode_manifest(manifest), "x"), iter(members))
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
    knows: dict[str, int] | None = None,
) -> Segment:
    header = segment.Header(
        segment.SEGMENT_FORMAT, 1, log, scope, replica, first, first + len(changes) - 1, None, knows or {}, NOW
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
        peers.take_certificate(hq, request, data, keys.sign(own.sign_secret, data, "x"))
        peers.certify(hq, peers.find_peer(hq, request.replica))
    return own, request


# what one valid bundle leaves behind -------------------------------------------------------------------------------

SORTS = {
    "nothing": "nothing behind",
    "heads": "a receipt that names foreign logs",
    "impossible": "changes with values out of range",
    "unanswered": "changes that name rows that never come",
    "unknown": "changes of a table of a newer version",
    "refused": "changes that their author may not make",
    "held": "segments that wait for what never comes",
    "forks": "segments in one place of one log",
}
"""Sorts of large or odd bundles, each valid"""
PER_SEGMENT = 4000


def large_bundle(world: World, sort: str, size: int, path: Path) -> None:
    """Write and import the bundle of one sort."""
    own, sender = other_post(world.hq)
    scope, replica = sender.post_id, sender.replica
    assert scope is not None
    hlc = clock.current(world.hq) + 1

    def changes(make: Callable[[int], tuple[str, dict[str, Any]]]) -> Iterator[Segment]:
        for start in range(0, size, PER_SEGMENT):
            rows = [(hlc + n, *make(n)) for n in range(start, min(start + PER_SEGMENT, size))]
            yield sealed(own, new_id(), scope, replica, [(at, table, new_id(), cols) for at, table, cols in rows])

    def event(**cols: Any) -> tuple[str, dict[str, Any]]:
        return "event", {"created_at": NOW, "created_by": "x", "name": "x", "date_from": "2013-01-01", **cols}

    have: dict[str, Head] = {}
    segments: list[Segment] = []
    if sort == "heads":
        have = {new_id(): Head(7, f"{n:064x}", replica) for n in range(size)}
    elif sort == "impossible":
        segments = [*changes(lambda _n: event(date_from="x"))]
    elif sort == "unanswered":
        row = {"created_at": NOW, "created_by": "x", "member_id": "", "year": 2026, "rating": "good"}
        segments = [*changes(lambda _n: ("member_rating", row | {"member_id": new_id()}))]
    elif sort == "unknown":
        segments = [*changes(lambda n: ("weather", {"created_at": NOW, "created_by": "x", "rain": n}))]
    elif sort == "refused":
        segments = [*changes(lambda _n: ("activity_kind", {"name": "x"}))]
    elif sort in ("held", "forks"):
        log = new_id()
        for n in range(size // 10):
            one = log if sort == "forks" else new_id()
            knows = {new_id(): 7} if sort == "held" else {}
            table, cols = event()
            change = (hlc + n, table, new_id(), cols)
            _log, _first, data, signature = sealed(own, one, scope, replica, [change], knows=knows)
            segments.append((one, n + 1, data, signature))  # the number in a member's name only keeps names apart
    forge(path, own, sender, world.hq, hlc, have, segments)
    incoming.import_files(world.hq, [path])
