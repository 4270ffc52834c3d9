"""Writes the test vectors beside it: a second writer of the format, made from ``docs/bundle-format.md`` alone.

It imports nothing of fieldapp. The result that a correct reader must give is written here by hand, not taken from a
reader. Everything but the encryption is deterministic: an ``.age`` file whose plain text is the same stays as it is.
Run it with the Python of the development environment: ``python tests/vectors/make.py``.
"""

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyrage
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = Path(__file__).parent
DAY = "2025-10-09T08:53:20Z"
START_MS = 1_760_000_000_000
MAX_HLC = 7_258_118_400_000 << 16
AHEAD = MAX_HLC - 5
"""A reading in range, and more than ten years ahead of any reader"""

Json = dict[str, Any]


def uid(name: str) -> str:
    """An id made from ``name``, in the form of a UUIDv7."""
    h = hashlib.sha256(name.encode()).hexdigest()
    return f"{h[:8]}-{h[8:12]}-7{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def named(row_id: str, post: tuple[str, str, str]) -> str:
    """An id that names a post: version 8, the last eight digits of the post's id."""
    return f"{row_id[:14]}8{row_id[15:28]}{post[0][-8:]}"


def hlc(seconds: int) -> int:
    """A reading of the hybrid logical clock."""
    return (START_MS + 1000 * seconds) << 16


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


# who there is ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Replica:
    """A laptop, with a signing key that is made from its name."""

    name: str
    age_secret: str
    role: str = "post"
    post: tuple[str, str, str] | None = None
    """id, code, name"""

    @property
    def id(self) -> str:
        return uid(f"replica {self.name}")

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"vector {self.name}".encode()).digest())

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(f"key id {self.name}".encode()).digest()[:8]

    @property
    def sign_key(self) -> str:
        """minisign public key."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(b"Ed" + self._key_id + raw).decode()

    @property
    def age_key(self) -> str:
        """age recipient."""
        return str(pyrage.x25519.Identity.from_str(self.age_secret).to_public())

    def sign(self, data: bytes, comment: str, *, prehashed: bool = True) -> bytes:
        """A minisign file."""
        made = self._key.sign(hashlib.blake2b(data).digest() if prehashed else data)
        algorithm = b"ED" if prehashed else b"Ed"
        first = base64.b64encode(algorithm + self._key_id + made).decode()
        second = base64.b64encode(self._key.sign(made + comment.encode())).decode()
        return f"untrusted comment: fieldapp\n{first}\ntrusted comment: {comment}\n{second}\n".encode()


IARVE = (uid("post IARVE"), "IARVE", "Đồn BP Ia Rvê")
OTHER = (uid("post OTHER"), "OTHER", "Đồn khác")

HQ = Replica("HQ", "AGE-SECRET-KEY-1CNGC4S2VFMGAGCSZ0833CSXH8MQ0KC64JD8NSAM4DSLWFXT9SH0QZZVP2H", "hq")
A = Replica("A", "AGE-SECRET-KEY-1N0M8SKPDSKR8DYNWXYNCPTHN5WFMR5SD74XR25Q74WRZSTAWLT9SYSLCUE", post=IARVE)
B = Replica("B", "AGE-SECRET-KEY-1W5LUJ6TFMG70N58F2P3ERU2RD4WLJ5UN4MX36HDX4LQXQENGTPNS2NUTQM", post=IARVE)
D = Replica("D", "AGE-SECRET-KEY-17NA9RQ6ACPS3GFQHTR40CUXX7UKSNS2H70GD2YSY5ADU9L820ZAQ843GMY", post=IARVE)
X = Replica("X", "AGE-SECRET-KEY-14XRVPEWEANL5NV7HQ3WRFXZC3SR58204J24LFZ0428LL52P28KRSUKPZMK", post=OTHER)
STRANGER = Replica("S", "AGE-SECRET-KEY-1D4K3Y9ZXV0RP5DXNU8S34K2NFRRV2AKNNMYFSRQ34CPZ4U7DGGJSSQTGVY", post=IARVE)
"""Headquarters; laptops A, B and D of the post IARVE, X of the post OTHER; one that nobody certified. B reads."""

LOG_ALL, LOG_HQ = uid("log of HQ for all"), uid("log of HQ for IARVE")
LOG_A, LOG_B, LOG_D, LOG_X, LOG_S = (uid(f"log of {r.name}") for r in (A, B, D, X, STRANGER))

Member = tuple[str, bytes]


def certificate(
    who: Replica, issuer: Replica = HQ, signer: Replica | None = None, /, *, path: str | None = None, **changed: Any
) -> list[Member]:
    """A certificate and its signature; headquarters' own is a request."""
    post_id, code, post_name = who.post or (None, "SCH", None)
    text = to_json({
        "format": "fieldapp-certificate/1", "replica": who.id, "name": who.name, "role": who.role,
        "sign_key": who.sign_key, "age_key": who.age_key, "issuer": issuer.id, "issued_at": DAY,
        "post_code": code, "post_id": post_id, "post_name": post_name, **changed,
    })  # fmt: skip
    path = path or f"certs/{who.id}.json"
    return [(path, text), (path + ".minisig", (signer or issuer).sign(text, "fieldapp certificate"))]


def revocation(who: Replica, issuer: Replica = HQ, signer: Replica | None = None, /, **fields: Any) -> list[Member]:
    """A revocation and its signature."""
    text = to_json({"format": "fieldapp-revocation/1", "replica": who.id, "issuer": issuer.id, **fields})
    path = f"revocations/{who.id}.json"
    return [(path, text), (path + ".minisig", (signer or issuer).sign(text, "fieldapp revocation"))]


# segments --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Segment:
    log: str
    first: int
    data: bytes
    signature: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def members(self) -> list[Member]:
        name = f"segments/{self.log}-{self.first:010d}.jsonl.zst"
        return [(name, self.data), (name + ".minisig", self.signature)]


def compress(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=12, write_checksum=True).compress(text)


def header(log: str, author: Replica, first: int, count: int, **changed: Any) -> Json:
    return {
        "format": "fieldapp-segment/1", "schema": 2, "log": log, "scope": IARVE[0], "replica": author.id,
        "first": first, "last": first + count - 1, "prev": None, "knows": {}, "sealed_at": DAY, **changed,
    }  # fmt: skip


def of_text(text: bytes, log: str = LOG_A, author: Replica = A, first: int = 1) -> Segment:
    return of_bytes(compress(text), log, author, first)


def of_bytes(data: bytes, log: str = LOG_A, author: Replica = A, first: int = 1) -> Segment:
    return Segment(log, first, data, author.sign(data, f"fieldapp segment {log} {first}"))


def segment(
    changes: Sequence[Any], log: str = LOG_A, author: Replica = A, after: Segment | None = None, first: int = 1,
    **changed: Any,
) -> Segment:  # fmt: skip
    """A segment of these changes, given as values or as the bytes of a line."""
    if after is not None:
        head = json.loads(zstandard.decompress(after.data).split(b"\n")[0])
        first, changed = head["last"] + 1, {"prev": after.hash, **changed}
    lines = [to_json(header(log, author, first, len(changes), **changed))]
    lines += [c if isinstance(c, bytes) else to_json(c) for c in changes]
    return of_text(b"\n".join(lines) + b"\n", log, author, first)


# bundles ---------------------------------------------------------------------------------------------------------


@dataclass
class Bundle:
    """The parts of a bundle; a vector changes some of them before or after the signature."""

    sender: Replica = A
    segments: Sequence[Segment] = ()
    certs: Sequence[Member] | None = None
    manifest: Json = field(default_factory=dict)
    """fields that replace those of a correct manifest"""
    edit: Callable[[Json], Any] | None = None
    """changes the manifest before it is signed"""
    raw: Callable[[bytes], bytes] | None = None
    """changes the manifest's bytes before they are signed"""
    signed: Callable[[bytes], bytes] | None = None
    """makes the manifest's signature"""
    after: Callable[[list[Member]], list[Member]] | None = None
    """changes the members after they were listed"""

    def members(self) -> list[Member]:
        certs = certificate(self.sender) if self.certs is None else self.certs
        return [*certs, *(m for s in self.segments for m in s.members)]

    def tar(self) -> bytes:
        members = self.members()
        manifest = {
            "format": "fieldapp-bundle/1", "kind": "bundle", "sender": self.sender.id, "made_at": DAY,
            "hlc": hlc(1000), "number": 1, "recipients": [B.id], "have": {},
            "members": [{"name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in members],
            "counts": {}, "program": "vectors", "schema": 2, **self.manifest,
        }  # fmt: skip
        if self.edit:
            self.edit(manifest)
        text = to_json(manifest)
        text = self.raw(text) if self.raw else text
        signature = self.signed(text) if self.signed else self.sender.sign(text, "fieldapp manifest")
        members = [("manifest.json", text), ("manifest.json.minisig", signature), *members]
        return tar(self.after(members) if self.after else members)


def tar_header(name: str, size: int, **changed: Any) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    for key, value in changed.items():
        setattr(info, key, value)
    return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def tar(members: Sequence[Member]) -> bytes:
    return b"".join(tar_header(n, len(d)) + padded(d) for n, d in members) + bytes(1024)


def with_sum(block: bytes) -> bytes:
    """A tar header with a correct checksum."""
    blank = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(blank) + block[156:]


# the collection --------------------------------------------------------------------------------------------------

INDEX: list[Json] = []
PLAIN: list[Member] = []
"""Files for the archive of those that are not encrypted"""


def write(name: str, data: bytes) -> str:
    (HERE / name).parent.mkdir(exist_ok=True)
    (HERE / name).write_bytes(data)
    return name


def encrypted(name: str, plain: bytes, to: Replica) -> str:
    """Encrypt, unless the existing file holds the same already: encryption never gives the same bytes twice."""
    path = HERE / name
    identity = pyrage.x25519.Identity.from_str(to.age_secret)
    try:
        same = pyrage.decrypt(path.read_bytes(), [identity]) == plain
    except (OSError, pyrage.DecryptError):
        same = False
    if not same:
        write(name, pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(to.age_key)]))
    return name


def vector(
    name: str, about: str, plain: bytes | Bundle, *, form: str = "tar", to: Replica = B, file: str = "",
    result: str = "accepted", single: str | None = "same", **fields: Any,
) -> None:  # fmt: skip
    """Add a vector. ``single`` is the same as ``result`` unless given."""
    if isinstance(plain, Bundle):
        plain = plain.tar()
    if file:
        pass
    elif form == "age":
        file = encrypted(f"age/{name}.fieldapp.tar.age", plain, to)
    else:
        file = f"{form}/{name}.tar"
        PLAIN.append((file, plain))
    entry = {"name": name, "about": about, "file": file, "form": form, "result": result, **fields}
    INDEX.append({**entry, "single": result if single == "same" else single})


def refused(name: str, about: str, plain: bytes | Bundle, reason: str = "damaged", **fields: Any) -> None:
    vector(name, about, plain, result="refused", reason=reason, **fields)


def states(*segments: Segment, state: str = "applied", reason: str | None = None) -> list[Json]:
    outcome = {"state": state, "reason": reason} if reason else {"state": state}
    return [{"log": s.log, "first": s.first, "sha256": s.hash, **outcome} for s in segments]


def row(table: str, key: str, /, **cols: Any) -> Json:
    return {"table": table, "id": uid(key), **cols}


def new(name: str, /, **cols: Any) -> Json:
    """The columns of an event's first change."""
    return {"created_at": DAY, "created_by": "Nguyễn Văn A", "name": name, "date_from": "2013-09-18", **cols}


EVENT = uid("event 1")
FLOOD = new("Lũ 2013 Ea Súp")
FIRST = [hlc(1), "event", EVENT, FLOOD, "Nguyễn Văn A", "2025-10-09T08:53:21.500Z"]
SEALED = segment([FIRST])
ROW = row("event", "event 1", **FLOOD)
"""One event, in one segment of A, and the resulting row"""


def good() -> None:
    pack_changes: list[list[Any]] = [
        [hlc(-20), "post", IARVE[0], {"created_at": DAY, "created_by": "Trực ban", "code": "IARVE", "name": IARVE[2]},
         "Trực ban"],
        [hlc(-19), "post", OTHER[0], {"created_at": DAY, "created_by": "Trực ban", "code": "OTHER", "name": OTHER[2]},
         "Trực ban"],
    ]  # fmt: skip
    for_all = segment(pack_changes, LOG_ALL, HQ, scope="*")
    posts = [{"table": "post", "id": c[2], **c[3]} for c in pack_changes]
    pack_manifest = {"kind": "pack", "recipients": [], "number": 0, "post_id": IARVE[0], "recovery": None,
                     "have": {LOG_ALL: {"last": 2, "hash": for_all.hash}}, "hlc": hlc(-10)}  # fmt: skip
    pack = Bundle(HQ, [for_all], certificate(HQ), pack_manifest)
    file = write("pack.fieldapp-pack.tar", pack.tar())
    vector("pack", "A post begins", b"", form="pack", file=file, segments=states(for_all), records=posts)
    vector("one-segment", "One event", Bundle(segments=[SEALED]), form="age", segments=states(SEALED), records=[ROW])

    member = uid("member 1")
    one = segment([
        FIRST,
        [hlc(2) + 1, "member", member, {"created_at": DAY, "created_by": "Nguyễn Văn A", "full_name": "Y Thanh Niê"},
         "Nguyễn Văn A"],
    ], knows={LOG_ALL: 2})  # fmt: skip
    two = segment([
        [hlc(3), "event", EVENT, {"name": "Lũ lớn 2013", "description": "Ea Súp\nIa Rvê", "date_to": "2013-09-25"},
         None],
        [hlc(4), "event", EVENT, {"date_to": None}, "Trần Văn B"],
        [hlc(5), "member", member, {"voided_at": DAY, "void_reason": "ghi trùng"}, "Trần Văn B"],
    ], after=one, knows={LOG_ALL: 2})  # fmt: skip
    rows = [
        ROW | {"name": "Lũ lớn 2013", "description": "Ea Súp\nIa Rvê"},
        row("member", "member 1", created_at=DAY, created_by="Nguyễn Văn A", full_name="Y Thanh Niê", voided_at=DAY,
            void_reason="ghi trùng"),
    ]  # fmt: skip
    certs = certificate(A) + certificate(HQ) + certificate(B)
    vector("two-segments", "New rows; edited, emptied and voided in a second segment", Bundle(segments=[one, two],
           certs=certs), form="age", segments=states(one, two), records=rows)  # fmt: skip
    vector("two-segments-backwards", "The order of segments in a bundle does not matter",
           Bundle(segments=[two, one]), segments=states(one, two), records=rows)  # fmt: skip

    of_b = segment([[hlc(6), "event", uid("event b"), new("Tết quân dân"), "B"]], LOG_B, B)
    third = {"created_at": DAY, "created_by": "Trực ban", "code": "THIRD", "name": "Đồn thứ ba"}
    more = segment([[hlc(7), "post", uid("post 3"), third, "Trực ban"]], LOG_ALL, HQ, for_all, scope="*")
    seen = segment([[hlc(8), "event", EVENT, {"description": "Đã xem"}, "Trực ban"]], LOG_HQ, HQ, knows={LOG_A: 1})
    have = {LOG_ALL: {"last": 3, "hash": more.hash}, LOG_A: {"last": 1, "hash": SEALED.hash},
            LOG_B: {"last": 1, "hash": of_b.hash}, LOG_HQ: {"last": 1, "hash": seen.hash}}  # fmt: skip
    rejected = [{"log": LOG_B, "seq": 1, "reason": "a_reason_of_a_later_version"}]
    reply = Bundle(HQ, [more, SEALED, of_b, seen], certificate(HQ) + certificate(A) + certificate(B),
                   {"have": have, "set_aside": rejected, "number": 12})  # fmt: skip
    vector(
        "reply", "Headquarters' reply: what is for all, what others of the post wrote, the reader's own from before its"
        " disk was lost, a receipt, and a change that does not count there",
        reply, form="age", segments=states(more, SEALED, of_b, seen), have={log: h["last"] for log, h in have.items()},
        records=[ROW | {"description": "Đã xem"}, row("event", "event b", **new("Tết quân dân")),
                 row("post", "post 3", **third)],
    )  # fmt: skip
    older = {**reply.manifest, "have": {LOG_ALL: {"last": 2, "hash": for_all.hash}}, "hlc": hlc(900)}
    vector("reply-older", "An older reply after a newer one: its receipt does not count",
           Bundle(HQ, [for_all], certificate(HQ), older), after=["reply"], segments=states(for_all),
           have={log: h["last"] for log, h in have.items()}, single=None,
           records=INDEX[-1]["records"])  # fmt: skip
    ahead = {**reply.manifest, "have": {LOG_A: have[LOG_A]}, "hlc": AHEAD, "number": 13}
    vector("reply-ahead", "A reply by a clock that is more than ten years ahead: what it holds counts, its receipt does"
           " not", Bundle(HQ, reply.segments, reply.certs, ahead), segments=states(more, SEALED, of_b, seen),
           have={LOG_ALL: 2}, records=INDEX[-1]["records"])  # fmt: skip
    vector("reply-after-ahead", "Then one by a clock that is right: its receipt counts", reply, after=["reply-ahead"],
           segments=states(more, SEALED, of_b, seen), have={log: h["last"] for log, h in have.items()},
           records=INDEX[-1]["records"])  # fmt: skip

    a = segment([[hlc(10), "event", EVENT, {"name": "Lũ của A"}, "A"]], after=SEALED)
    d = segment([[hlc(11), "event", EVENT, {"name": "Lũ của D"}, "D"]], LOG_D, D, knows={LOG_A: 1})
    certs = certificate(A) + certificate(D) + certificate(HQ)
    vector("conflict", "Two set one cell without knowing of each other: the later wins, both are listed",
           Bundle(segments=[SEALED, a, d], certs=certs), segments=states(SEALED, a, d),
           records=[ROW | {"name": "Lũ của D"}],
           conflicts=[["event", EVENT, "name", "Lũ của D", "Lũ của A"]])  # fmt: skip
    knew = segment([[hlc(11), "event", EVENT, {"name": "Lũ của D"}, "D"]], LOG_D, D, knows={LOG_A: 2})
    vector("no-conflict", "The later knew the earlier", Bundle(segments=[SEALED, a, knew], certs=certs),
           segments=states(SEALED, a, knew), records=[ROW | {"name": "Lũ của D"}], conflicts=[])  # fmt: skip
    tie = segment([[hlc(10), "event", EVENT, {"name": "Lũ của D"}, "D"]], LOG_D, D, knows={LOG_A: 1})
    wins = max((LOG_A, "Lũ của A"), (LOG_D, "Lũ của D"))[1]
    loses = min((LOG_A, "Lũ của A"), (LOG_D, "Lũ của D"))[1]
    vector("tie", "One reading in two logs: the greater log id wins", Bundle(segments=[SEALED, a, tie], certs=certs),
           segments=states(SEALED, a, tie), records=[ROW | {"name": wins}],
           conflicts=[["event", EVENT, "name", wins, loses]])  # fmt: skip
    close = segment([[hlc(10) + 1, "event", EVENT, {"name": "Lũ của D"}, "D"]], LOG_D, D, knows={LOG_A: 1})
    vector("close", "Readings that differ by one: a reader who rounds them to 53 bits sees a tie",
           Bundle(segments=[SEALED, a, close], certs=certs), segments=states(SEALED, a, close),
           records=[ROW | {"name": "Lũ của D"}],
           conflicts=[["event", EVENT, "name", "Lũ của D", "Lũ của A"]])  # fmt: skip
    apart = segment([[hlc(11), "event", EVENT, {"date_to": "2013-09-30"}, "D"]], LOG_D, D, knows={LOG_A: 1})
    vector("other-columns", "Two set different cells of one row: both stand, no conflict",
           Bundle(segments=[SEALED, a, apart], certs=certs), segments=states(SEALED, a, apart),
           records=[ROW | {"name": "Lũ của A", "date_to": "2013-09-30"}], conflicts=[])  # fmt: skip

    later = segment([[hlc(1), "event", EVENT, {**FLOOD, "colour": "nâu"}, "A"]], of_what_comes={"x": [1]}, schema=99)
    vector("later-version", "Unknown fields of manifest and header, an unknown column",
           Bundle(segments=[later], manifest={"weather": {"rain": [1, 2.5, None]}}, edit=lambda m: m["members"][0]
                  .update(colour="red")), segments=states(later), records=[ROW], single=None)  # fmt: skip
    spaced = of_text(
        json.dumps(header(LOG_A, A, 1, 1), indent=None, separators=(" , ", " : ")).encode()
        + b"\n [ %d , \"event\", " % hlc(1) + json.dumps(EVENT).encode() + b" , "
        + json.dumps(FLOOD).encode() + b" , null ] \r\n"
    )  # fmt: skip
    vector("spaced", "White space and escapes in JSON are the writer's choice", Bundle(segments=[spaced],
           raw=lambda text: json.dumps(json.loads(text), indent=2).encode() + b"\n"), segments=states(spaced),
           records=[ROW])  # fmt: skip
    twice = to_json([hlc(1), "event", EVENT, FLOOD, "A"]).replace(b'{"created_at"', b'{"name":"x","created_at"')
    repeated = segment([twice])
    vector("repeated-key", "A key that comes twice counts by its last value", Bundle(segments=[repeated]),
           segments=states(repeated), records=[ROW])  # fmt: skip
    misnamed = Segment(LOG_D, 77, SEALED.data, SEALED.signature)
    vector("other-name", "What a segment is, its header says, not its name", Bundle(segments=[misnamed]),
           segments=states(SEALED), records=[ROW])  # fmt: skip
    unsigned = Bundle(segments=[], certs=certificate(A) + SEALED.members[:1])
    vector("unsigned", "A segment whose signature does not follow is passed over", unsigned,
           segments=states(SEALED, state="passed_over"), records=[], single=None)  # fmt: skip
    vector("empty", "Nothing but the sender", Bundle(), segments=[], records=[])
    zeros = Bundle(segments=[SEALED]).tar() + bytes(512 * 19)
    vector("more-zeros", "Any number of zero bytes may follow", zeros, segments=states(SEALED), records=[ROW])
    prefixed = Bundle(segments=[SEALED]).tar()
    long = SEALED.members[0][0]
    block = tar_header(long, len(SEALED.data))
    split = (
        block[:0] + long.split("/", 1)[1].encode().ljust(100, b"\0") + block[100:345] + b"segments".ljust(155, b"\0")
    )
    vector("prefix", "A member's name in two parts, as USTAR has it",
           prefixed.replace(block, with_sum(split + block[500:])), segments=states(SEALED), records=[ROW])  # fmt: skip
    future = segment([[AHEAD, "event", EVENT, FLOOD, "A"]])
    vector("clock-ahead", "A clock that runs more than ten years ahead waits: it would take everybody's along",
           Bundle(segments=[future]), segments=states(future, state="held", reason="clock_ahead"), records=[],
           single=None)  # fmt: skip


def damaged_files() -> None:
    """The file or its tar is damaged."""
    whole = (HERE / "age/one-segment.fieldapp.tar.age").read_bytes()
    mac = whole.index(b"\n---") + 10
    for name, about, content in (
        ("cut", "Cut off in the middle", whole[: len(whole) // 2]),
        ("cut-last-byte", "Cut off at the last byte", whole[:-1]),
        ("flipped", "A flipped bit in what is encrypted", whole[:900] + bytes([whole[900] ^ 1]) + whole[901:]),
        (
            "flipped-header",
            "A flipped bit at the end of age's header",
            whole[:mac] + bytes([whole[mac] ^ 1]) + whole[mac + 1 :],
        ),
        ("longer", "A byte too many", whole + b"x"),
        ("nothing", "An empty file", b""),
        ("text", "Another file", "Giếng khoan, xã Ia Rvê\n".encode()),
    ):
        file = write(f"age/{name}.fieldapp.tar.age", content)
        refused(name, about, b"", form="age", file=file)
    file = write("age/flipped-recipient.fieldapp.tar.age", whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    refused("flipped-recipient", "A flipped bit where age says for whom: it looks like a file for somebody else", b"",
            "for_others", form="age", file=file)  # fmt: skip
    refused("for-others", "Encrypted to somebody else", Bundle(segments=[SEALED]), "for_others", form="age", to=D)
    refused("passed-on", "Made for headquarters, and encrypted anew by whoever got it",
            Bundle(segments=[SEALED], manifest={"recipients": [HQ.id]}), "for_others", single=None)  # fmt: skip

    def change(name: str, about: str, edit: Callable[[list[Member]], list[Member]]) -> None:
        refused(name, about, Bundle(segments=[SEALED], after=edit))

    def data(new_data: Callable[[bytes], bytes]) -> Callable[[list[Member]], list[Member]]:
        return lambda m: [*m[:4], (m[4][0], new_data(m[4][1])), *m[5:]]

    change("payload-flipped", "A flipped bit in a segment", data(lambda d: d[:40] + bytes([d[40] ^ 1]) + d[41:]))
    change("payload-longer", "A segment with a byte too many", data(lambda d: d + b"\0"))
    change("payload-cut", "A segment that was cut", data(lambda d: d[:-9]))
    change("member-missing", "A member is missing", lambda m: m[:-1])
    change("member-more", "A member that is not listed", lambda m: [*m, ("segments/notes.txt", b"x")])
    change("member-twice", "A member comes twice", lambda m: [*m, m[-1]])
    change("members-swapped", "Members in another order than listed", lambda m: [*m[:4], m[5], m[4]])
    change("no-manifest", "No manifest", lambda m: m[1:])
    change("no-signature", "No signature of the manifest", lambda m: [m[0], *m[2:]])

    def listed(name: str, about: str, edit: Callable[[list[Json]], Any]) -> None:
        refused(name, about, Bundle(segments=[SEALED], edit=lambda m: edit(m["members"])))

    listed("wrong-size", "The manifest says another size", lambda m: m[2].update(size=m[2]["size"] + 1))
    listed("wrong-hash", "The manifest says another hash", lambda m: m[2].update(sha256="0" * 64))
    listed("upper-case-hash", "The manifest says the hash in capitals",
           lambda m: m[2].update(sha256=m[2]["sha256"].upper()))  # fmt: skip
    listed("size-is-text", "The manifest says a size as text", lambda m: m[2].update(size=str(m[2]["size"])))
    refused("size-is-float", "The manifest says a size with a fraction", Bundle(segments=[SEALED], edit=lambda m:
            m["members"][2].update(size=m["members"][2]["size"] + 0.0)), single=None)  # fmt: skip
    for name, path in (
        ("path-up", "segments/../../../../etc/passwd"),
        ("path-absolute", "/etc/cron.d/x"),
        ("path-windows", "C:\\Windows\\x.json"),
        ("path-other", "program.exe"),
    ):
        twisted = Segment(LOG_A, 1, SEALED.data, SEALED.signature)
        members = [(path, twisted.data), (path + ".minisig", twisted.signature)]
        refused(name, f"A member named {path}", Bundle(certs=certificate(A) + members))
    twice = Bundle(certs=certificate(A) + SEALED.members + SEALED.members)
    refused("listed-twice", "The manifest lists a member twice", twice)
    large = Bundle(certs=certificate(A, name_of_no_one="x" * 17_000), segments=[SEALED])
    refused("paper-too-large", "A certificate of more than 16,384 bytes", large, single=None)

    plain = Bundle(segments=[SEALED]).tar()
    name = SEALED.members[0][0]
    block = tar_header(name, len(SEALED.data))

    def of_header(name: str, about: str, new_header: bytes, single: str | None = "same") -> None:
        refused(name, about, plain.replace(block, new_header), single=single)

    of_header("symlink", "A symbolic link", tar_header(name, 0, type=tarfile.SYMTYPE, linkname="/etc/passwd"))
    of_header("hardlink", "A link", tar_header(name, 0, type=tarfile.LNKTYPE, linkname="manifest.json"))
    of_header("folder", "A folder", tar_header(name, 0, type=tarfile.DIRTYPE))
    of_header("device", "A device", tar_header(name, 0, type=tarfile.CHRTYPE))
    of_header("old-type", "A file of the old type NUL", with_sum(block[:156] + b"\0" + block[157:]), None)
    of_header("header-sum", "A tar header whose checksum is wrong", block[:148] + b"000000\0 " + block[156:])
    of_header("gnu-magic", "A tar header of GNU", with_sum(block[:257] + b"ustar  \0" + block[265:]), None)
    of_header("binary-size", "A size in base-256",
              with_sum(block[:124] + b"\x80" + len(SEALED.data).to_bytes(11) + block[136:]), None)  # fmt: skip
    of_header("too-large", "A member that says to be larger than 64 MiB",
              tar_header(name, 64 * 1024 * 1024 + 1))  # fmt: skip
    of_header("pax", "A pax extension", tar_header("pax", 20, type=b"x") + padded(b"20 path=/etc/passwd\n") + block)
    of_header(
        "not-ascii", "A name that is not ASCII", tar_header(name.replace("segments", "ségments"), len(SEALED.data))
    )
    refused("no-end", "A tar without its end", plain[:-1024], single=None)
    refused("after-the-end", "Bytes after the tar's end", plain + b"hidden".ljust(512, b"\0"), single=None)
    at = plain.index(SEALED.data) + len(SEALED.data)
    refused("padding", "Padding that is not zero", plain[:at] + b"x" + plain[at + 1 :], single=None)


def bad_manifests() -> None:
    def manifest(name: str, about: str, reason: str = "damaged", single: str | None = "same", **changed: Any) -> None:
        refused(name, about, Bundle(segments=[SEALED], manifest=changed), reason, single=single)

    def text(name: str, about: str, raw: Callable[[bytes], bytes]) -> None:
        refused(name, about, Bundle(segments=[SEALED], raw=raw))

    manifest("newer-format", "A format that is not known", "newer_format", format="fieldapp-bundle/2")
    manifest("wrong-kind", "A pack where a bundle is expected", "wrong_kind", kind="pack")
    manifest("clock-zero", "A reading of nothing", single=None, hlc=0)
    manifest("clock-beyond", "A reading beyond the year 2200", single=None, hlc=MAX_HLC + 1)
    manifest("made-at", "An instant that is none", single=None, made_at="yesterday")
    manifest("count-negative", "A number below zero", single=None, number=-1)
    manifest("count-beyond", "A number that JSON readers do not hold exactly", single=None, number=(1 << 53) + 1)
    manifest("field-null", "A field that is null", single=None, program=None)
    refused(
        "field-missing", "A field is missing", Bundle(segments=[SEALED], edit=lambda m: m.pop("counts")), single=None
    )
    text("manifest-cut", "JSON that ends early", lambda t: t[:-1])
    text("manifest-more", "JSON with something behind it", lambda t: t + b"{}")
    text("manifest-bom", "JSON with a byte order mark", lambda t: b"\xef\xbb\xbf" + t)
    text("manifest-latin", "Bytes that are not UTF-8", lambda t: t.replace(b'"vectors"', b'"\xe9"'))
    text(
        "manifest-deep",
        "JSON a hundred thousand deep",
        lambda t: t[:-1] + b',"x":' + b"[" * 10**5 + b"]" * 10**5 + b"}",
    )
    INDEX[-2]["single"] = None  # jq 1.6 reads such bytes as U+FFFD
    INDEX[-3]["single"] = None  # and it accepts a byte order mark

    forged: Callable[[bytes], bytes] = lambda t: STRANGER.sign(t, "fieldapp manifest")  # noqa: E731
    refused("manifest-forged", "The manifest is signed by another", Bundle(segments=[SEALED], signed=forged), "forged")
    refused("manifest-changed", "The manifest was changed after it was signed",
            Bundle(segments=[SEALED], signed=lambda t: A.sign(t + b" ", "fieldapp manifest")), "forged")  # fmt: skip
    refused("manifest-unhashed", "A signature of minisign's older sort",
            Bundle(segments=[SEALED], signed=lambda t: A.sign(t, "fieldapp manifest", prehashed=False)),
            "forged")  # fmt: skip
    refused("manifest-comment", "The signature's trusted comment was changed",
            Bundle(segments=[SEALED], signed=lambda t: A.sign(t, "fieldapp manifest").replace(b": fieldapp m", b": x")),
            "forged")  # fmt: skip
    refused(
        "manifest-no-signature", "A signature that is none", Bundle(segments=[SEALED], signed=lambda _t: b"x"), "forged"
    )

    refused("no-sender", "Without the sender's certificate", Bundle(certs=[], segments=[SEALED]), "no_sender")
    refused("sender-second", "The first certificate is another's",
            Bundle(certs=certificate(D) + certificate(A), segments=[SEALED]), "no_sender", single=None)  # fmt: skip
    for name, about, cert in (
        ("sender-unsigned", "The sender's certificate has no signature", certificate(A)[:1]),
        ("sender-misnamed", "The sender's certificate in a file of another name",
         certificate(A, path=f"certs/{D.id}.json")),
        ("sender-unknown-field", "The sender's certificate has a field that is not known", certificate(A, admin=True)),
        ("sender-newer", "The sender's certificate is of an unknown format",
         certificate(A, format="fieldapp-certificate/2")),
        ("sender-role", "The sender's certificate has another role", certificate(A, role="general")),
        ("sender-no-post", "A post's certificate without the post", certificate(A, post_id=None)),
        ("sender-no-recipient", "A certificate whose age key is none", certificate(A, age_key="age1xyz")),
        ("sender-name", "A certificate with a name that turns the reading", certificate(A, name="A\u202eB")),
    ):  # fmt: skip
        strict = "refused" if name in ("sender-unsigned", "sender-misnamed") else None
        refused(name, about, Bundle(certs=cert, segments=[SEALED]), "no_sender", single=strict)
    impostor = Replica("impostor", STRANGER.age_secret, "hq")
    claims = certificate(impostor, impostor, replica=HQ.id, issuer=HQ.id, path=f"certs/{HQ.id}.json")
    refused("other-keys", "In headquarters' name, with other keys", Bundle(impostor, [], claims, {"sender": HQ.id}),
            "other_keys")  # fmt: skip
    wrong_pack = {"kind": "pack", "recipients": [], "number": 0, "post_id": IARVE[0], "recovery": None}
    pack = (HERE / "pack.fieldapp-pack.tar").read_bytes()
    refused("pack-cut", "A pack that was cut", pack[:-3000], form="pack")
    refused("pack-of-a-post", "A pack that a post made", Bundle(A, [], certificate(A, A), wrong_pack), "wrong_kind",
            form="pack", single=None)  # fmt: skip
    refused("pack-is-a-bundle", "A bundle where a pack is expected", Bundle(HQ, [], certificate(HQ)), "wrong_kind",
            form="pack", single=None)  # fmt: skip
    refused("pack-without-post", "A pack that does not bring its post", Bundle(HQ, [], certificate(HQ), wrong_pack),
            "incomplete", form="pack", single=None)  # fmt: skip


def bad_segments() -> None:
    """The bundle is accepted; a segment is not, or waits."""

    def one(
        name: str, about: str, made: Segment, state: str, reason: str | None = None, single: str | None = "refused",
        **bundle: Any,
    ) -> None:  # fmt: skip
        vector(name, about, Bundle(segments=[made], **bundle), segments=states(made, state=state, reason=reason),
               records=[], single=single)  # fmt: skip

    by_other = Segment(LOG_A, 1, SEALED.data, STRANGER.sign(SEALED.data, "x"))
    one("bad-signature", "Signed by another than its author", by_other, "quarantined", "bad_signature")
    vector("bad-signature-then-good", "The same segment again with the right signature is judged anew",
           Bundle(segments=[SEALED]), after=["bad-signature"], segments=states(SEALED), records=[ROW],
           single=None)  # fmt: skip
    old = Segment(LOG_A, 1, SEALED.data, A.sign(SEALED.data, "x", prehashed=False))
    one("unhashed", "A signature of minisign's older sort", old, "quarantined", "bad_signature")
    of_stranger = segment([FIRST], LOG_S, STRANGER)
    one("unknown-author", "Nobody vouches for its author, who is unknown", of_stranger, "held", "unknown_author")
    one("untrusted-author", "Its author asks to be certified", of_stranger, "held", "untrusted",
        certs=certificate(A) + certificate(STRANGER, STRANGER))  # fmt: skip
    one("untrusted-sender", "Its author asks to be certified, and is the sender", of_stranger, "held", "untrusted",
        sender=STRANGER, certs=certificate(STRANGER, STRANGER))  # fmt: skip
    one("forged-certificate", "Its author's certificate names headquarters, and is signed by himself", of_stranger,
        "held", "unknown_author", certs=certificate(A) + certificate(STRANGER, HQ, STRANGER))  # fmt: skip
    one("forged-request", "Its author's request is signed by another", of_stranger, "held", "unknown_author",
        certs=certificate(A) + certificate(STRANGER, STRANGER, A))  # fmt: skip
    copy = Replica("twin of A", STRANGER.age_secret, post=IARVE)
    with_copy = certificate(copy, copy, replica=A.id, issuer=A.id, path=f"certs/{A.id}.json")
    by_copy = segment([[hlc(30), "event", EVENT, {"name": "x"}, "A"]], LOG_A, copy, after=SEALED, replica=A.id)
    vector("other-keys-for-an-author", "Other keys for a laptop that is known: the keys that are known stay",
           Bundle(D, [by_copy], certificate(D) + with_copy), after=["one-segment"], records=[ROW], single=None,
           segments=states(by_copy, state="quarantined", reason="bad_signature"))  # fmt: skip

    second = segment([[hlc(20), "event", EVENT, {"name": "Lũ lớn"}, "A"]], after=SEALED)
    one("gap", "What comes before it has not arrived", second, "held", "waits", single=None)
    vector("gap-filled", "What a segment waits for arrives", Bundle(segments=[SEALED]), after=["gap"],
           segments=states(SEALED, second), records=[ROW | {"name": "Lũ lớn"}], single=None)  # fmt: skip
    knows = segment([FIRST], knows={LOG_D: 3})
    one("knows-more", "Its author knew what is not here", knows, "held", "waits", single=None)
    many = segment([FIRST], knows={uid(f"log {n % 7}")[:-4] + f"{n:04x}": 1 for n in range(20_000)})
    one("huge-header", "A header that knows twenty thousand logs", many, "held", "waits", single=None)
    again = segment([[hlc(21), "event", uid("event 2"), new("Bản sao"), "A"]])
    vector("fork", "Another segment in the place of one that is there: the disk was copied", Bundle(segments=[again]),
           after=["one-segment"], segments=states(again, state="quarantined", reason="fork"), records=[ROW],
           single=None)  # fmt: skip
    longer = segment([[hlc(21), "event", uid("event 2"), new("Bản sao"), "A"], [hlc(22), "event", EVENT, {"name": "y"},
                      "A"]])  # fmt: skip
    further = segment([[hlc(24), "event", EVENT, {"name": "x"}, "A"]], after=longer)
    vector("fork-goes-on", "What follows a branch that does not stand, beyond the end of the one that does: it waits"
           " for nothing", Bundle(segments=[further, longer]), after=["one-segment"], records=[ROW], single=None,
           segments=states(longer, further, state="quarantined", reason="fork"))  # fmt: skip
    astray = segment([[hlc(22), "event", EVENT, {"name": "x"}, "A"]], after=again)
    vector("wrong-prev", "It follows another segment than the one that is there",
           Bundle(segments=[SEALED, astray]), records=[ROW], single="refused",
           segments=states(SEALED) + states(astray, state="quarantined", reason="fork"))  # fmt: skip
    foreign = segment([[hlc(23), "event", EVENT, {"name": "x"}, "D"]], LOG_A, D, after=SEALED)
    vector("foreign-log", "It goes on with a log that belongs to another", Bundle(D, [foreign]), after=["one-segment"],
           segments=states(foreign, state="quarantined", reason="foreign_log"), records=[ROW], single=None)  # fmt: skip
    vector("again", "The same bundle comes twice", Bundle(segments=[SEALED]), after=["one-segment"],
           segments=states(SEALED), records=[ROW], single=None)  # fmt: skip

    by_post = certificate(STRANGER, A)
    one("certified-by-a-post", "Its author was certified by a post, which may not", of_stranger, "held", "untrusted",
        certs=certificate(A) + by_post)  # fmt: skip

    stays = segment([[hlc(1), "event", uid("event d"), new("Của D"), "D"]], LOG_D, D)
    goes = segment([[hlc(2), "event", uid("event d"), {"name": "Sau thu hồi"}, "D"]], LOG_D, D, after=stays)
    of_d, kept, both = row("event", "event d", **new("Của D")), states(stays), states(stays, goes)
    certs = certificate(HQ) + certificate(D)

    def revoked(name: str, about: str, revocation: list[Member], before: list[Member] = certs) -> None:
        """A revocation that does not count."""
        vector(name, about, Bundle(HQ, [stays, goes], before + revocation), segments=both,
               records=[of_d | {"name": "Sau thu hồi"}], single=None)  # fmt: skip

    logs: Json = {"hlc": hlc(5), "logs": {LOG_D: 1}}
    vector("revoked", "Headquarters revokes a laptop from a change on", Bundle(HQ, [stays, goes], certs
           + revocation(D, **logs)), segments=kept + states(goes, state="quarantined", reason="revoked"),
           records=[of_d], single="refused")  # fmt: skip
    revoked("revocation-forged", "A revocation that another signed", revocation(D, HQ, A, **logs))
    revoked("revocation-of-a-post", "A revocation by a post", revocation(D, A, **logs), certs + certificate(A))
    revoked("revocation-unknown-field", "A revocation with an unknown field", revocation(D, why="x", **logs))
    revoked("certified-again", "A revocation, and a certificate that is later", revocation(D, **logs),
            certificate(HQ) + certificate(D, hlc=hlc(6)))  # fmt: skip
    revoked("revocation-ahead", "A revocation with a reading that is more than ten years ahead",
            revocation(D, **logs | {"hlc": AHEAD}))  # fmt: skip
    vector("certificate-ahead", "A certificate with a reading that is more than ten years ahead undoes nothing",
           Bundle(HQ, [stays, goes], certificate(HQ) + certificate(D, hlc=AHEAD) + revocation(D, **logs)),
           segments=kept + states(goes, state="quarantined", reason="revoked"), records=[of_d],
           single="refused")  # fmt: skip
    revoked("root-revoked", "Nobody revokes a root of trust", revocation(HQ, **logs))

    def broken(name: str, about: str, made: Segment, single: str | None = "refused") -> None:
        one(name, about, made, "unreadable", single=single)

    head = to_json(header(LOG_A, A, 1, 1))
    line = to_json(FIRST)
    whole = head + b"\n" + line + b"\n"

    def text(name: str, about: str, content: bytes, single: str | None = "refused") -> None:
        broken(name, about, of_text(content), single)

    def head_with(name: str, about: str, single: str | None = None, **changed: Any) -> None:
        made = segment([FIRST], **changed)
        broken(name, about, Segment(LOG_A, 1, made.data, made.signature), single)

    head_with("segment-newer", "A format that is not known", "refused", format="fieldapp-segment/2")
    head_with("header-count", "The header counts other changes than there are", "refused", last=2)
    head_with("header-first", "A first change of 2^70", "refused", first=1 << 70, last=1 << 70)
    head_with("header-log", "A log whose id is none", "refused", log="../x")
    head_with("header-prev", "The first segment of a log names one before it", prev="0" * 64)
    head_with("header-no-prev", "A later segment names none before it", first=5)
    head_with("header-type", "A header with text for a number", schema="1")
    text("header-missing", "Changes without a header", line + b"\n" + line + b"\n")
    text("header-deep", "A header a hundred thousand deep",
         head[:-1] + b',"x":' + b"[" * 10**5 + b"]" * 10**5 + b"}\n" + line + b"\n")  # fmt: skip
    text("no-changes", "A header and no change", to_json(header(LOG_A, A, 1, 0)) + b"\n")
    text("no-last-feed", "The last line does not end", whole[:-1], None)
    text("blank-line", "A line with nothing in it", head + b"\n\n" + line + b"\n", None)
    text("blank-line-counted", "A blank line in the place of a change", to_json(header(LOG_A, A, 1, 2)) + b"\n" + line
         + b"\n\n", None)  # fmt: skip
    other = to_json([hlc(2), "event", EVENT, {"name": "x"}, "A"])
    text("two-on-a-line", "Two changes on one line, one over two",
         to_json(header(LOG_A, A, 1, 3)) + b"\n" + line + b" " + other + b"\n"
         + to_json([hlc(3), "event", EVENT, {"name": "y"}, "A"]).replace(b",", b",\n", 1) + b"\n", None)  # fmt: skip
    busy = segment([[hlc(1) + n, "event", EVENT, {"name": "x"}, None] for n in range(5001)])
    broken("too-many", "5,001 changes", busy, None)

    def last(name: str, about: str, change: Any, single: str | None = None) -> None:
        broken(name, about, segment([FIRST, change]), single)

    def edit(*, at: int = 2, table: str = "event", event: str = EVENT, cols: Any = None, **rest: Any) -> list[Any]:
        return [hlc(at), table, event, {"name": "x"} if cols is None else cols, rest.get("actor", "A")]

    last("clock-back", "A reading that is not greater than the one before", edit(at=1), "refused")
    last("clock-nothing", "A reading of nothing", [0, *edit()[1:]])
    last("clock-2200", "A reading beyond the year 2200", [MAX_HLC + 1, *edit()[1:]])
    last("clock-float", "A reading with a fraction", to_json(edit()).replace(b",", b".0,", 1))
    last("four-places", "A change of four places", edit()[:4])
    last("seven-places", "A change of seven places", [*edit(), DAY, 1])
    last("an-object", "A change that is an object", {"hlc": hlc(2)})
    last("table-name", "A table of capitals", edit(table="EVENT; DROP"))
    last("row-name", "A row whose id is none", edit(event="1"))
    last("cols-empty", "A change of nothing", edit(cols={}))
    last("cols-list", "Columns that are a list", edit(cols=["name"]))
    last("value-list", "A list as a value", edit(cols={"name": ["x"]}))
    last("value-object", "An object as a value", edit(cols={"name": {"x": 1}}))
    last("value-deep", "A value a hundred thousand deep",
         to_json(edit()).replace(b'"x"', b"[" * 10**5 + b"]" * 10**5))  # fmt: skip
    last(
        "number-long",
        "A number of 5,000 digits",
        to_json(edit(cols={"date_from": 7})).replace(b":7", b":" + b"7" * 5000),
    )
    last("number-infinite", "A number beyond what a double holds",
         to_json(edit(cols={"date_from": 7})).replace(b":7", b":1e999"))  # fmt: skip
    last("number-nan", "NaN, which is not JSON", to_json(edit(cols={"date_from": 7})).replace(b":7", b":NaN"))
    last("actor-control", "An author with a control character", edit(actor="A\x1b[31m"))
    last("actor-long", "An author of 201 characters", edit(actor="A" * 201))
    last("at-none", "An instant that is none", [*edit(), "yesterday"])
    last("not-json", "A line that is not JSON", b"[1,", "refused")
    last("latin", "Bytes that are not UTF-8", to_json(edit()).replace(b'"x"', b'"\xe9"'))
    last("surrogate", "Half of a surrogate pair", to_json(edit()).replace(b'"x"', b'"\\ud800"'))
    last("surrogate-raw", "Half of a surrogate pair as bytes", to_json(edit()).replace(b'"x"', b'"\xed\xa0\x80"'))
    last("control-raw", "A control character that is not escaped", to_json(edit()).replace(b'"x"', b'"\x01"'))
    last("nul-raw", "NUL", to_json(edit()).replace(b'"x"', b'"\0"'))

    whole_frame = compress(whole)
    broken("bomb", "Sixty-four MiB and a byte of zeros", of_bytes(
        zstandard.ZstdCompressor(level=19).compress(whole + bytes((64 << 20) + 1))))  # fmt: skip
    parameters = zstandard.ZstdCompressionParameters(window_log=31, compression_level=1)
    wide = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    broken("window", "A frame that asks for 2 GiB of memory", of_bytes(wide.compress(whole) + wide.flush()))
    broken("frame-cut", "A frame that was cut", of_bytes(whole_frame[:-5]))
    broken(
        "frame-flipped", "A frame whose checksum is wrong", of_bytes(whole_frame[:-1] + bytes([whole_frame[-1] ^ 1]))
    )
    broken("frame-more", "Bytes behind the frame", of_bytes(whole_frame + b"hidden"))
    broken("two-frames", "A second frame behind the first", of_bytes(
        compress(to_json(header(LOG_A, A, 1, 2)) + b"\n" + line + b"\n") + compress(other + b"\n")), None)  # fmt: skip
    broken("not-zstd", "Text that is not compressed", of_bytes(whole))


def bad_changes() -> None:
    """The segment is accepted; a change in it does not count, by a rule that every replica applies alike."""

    def rejected(name: str, about: str, change: Any, reason: str) -> None:
        made = segment([FIRST, [hlc(2), *change, "A"] if isinstance(change, list) else change])
        vector(name, about, Bundle(segments=[made]), segments=states(made), records=[ROW],
               set_aside=[[LOG_A, 2, reason]], single=None)  # fmt: skip

    def value(name: str, about: str, cols: Json, reason: str) -> None:
        rejected(name, about, ["event", EVENT, cols], reason)

    rejected(
        "unknown-table",
        "A table that is not known",
        ["weather", uid("w"), {"created_at": DAY, "rain": 1}],
        "unknown_table",
    )
    rejected(
        "local-table", "A table that never crosses", ["local_setting", uid("w"), {"created_at": DAY}], "unknown_table"
    )
    rejected("reference-table", "A post writes what headquarters writes for all",
             ["post", OTHER[0], {"name": "Của tôi"}], "not_allowed")  # fmt: skip
    rejected("no-such-row", "A row that nobody made", ["event", uid("nobody"), {"name": "x"}], "no_such_row")
    rejected("no-such-parent", "It names a record that is not there",
             ["activity_measure", uid("m"), {"created_at": DAY, "created_by": "A", "activity_id": uid("nowhere"),
                                             "measure_id": uid("nothing"), "approximate": 0}],
             "impossible_value")  # fmt: skip
    rejected("not-null", "A row that lacks what it must have",
             ["event", uid("e"), {"created_at": DAY, "created_by": "A"}], "impossible_value")  # fmt: skip
    value("made-again", "A row is made a second time, by another", new("Lũ khác", created_by="X"), "not_allowed")
    value("made-at-another-time", "A row is made a second time, at another time",
          {"created_at": "2025-10-10T00:00:00Z"}, "not_allowed")  # fmt: skip
    value("post-id", "A column that says whose row it is", {"post_id": OTHER[0]}, "not_allowed")
    value("row-id", "A column that says which row it is", {"id": uid("x")}, "not_allowed")
    value("control", "A control character in a text", {"name": "a\x1b[31mb"}, "unclean_text")
    value("nul", "NUL in a text", {"name": "a\0b"}, "unclean_text")
    value("bidi", "A character that turns the reading", {"name": "a\u202eb"}, "unclean_text")
    value("zero-width", "A character that nobody sees", {"name": "a\u200bb"}, "unclean_text")
    value("not-nfc", "Text that is not NFC", {"name": "Lu\u0303"}, "unclean_text")
    value("float", "A number with a fraction", {"name": 1.5}, "unclean_text")
    value("whole-float", "A whole number written with a fraction", {"date_to": 2.0}, "unclean_text")
    value("true", "true", {"name": True}, "unclean_text")
    value("wrong-type", "A number where text belongs", {"date_from": 20130918}, "impossible_value")
    value("wrong-date", "A day that is none", {"date_from": "2013-02-30"}, "impossible_value")
    value("too-long", "Text that is too long", {"name": "x" * 201}, "impossible_value")
    value("null-where-needed", "Nothing where something must be", {"name": None}, "impossible_value")
    value("integer-64", "An integer of 64 bits", {"date_from": 1 << 63}, "impossible_value")
    value("integer-huge", "An integer of a hundred digits", {"date_from": 10**100}, "impossible_value")
    value("one-bad-of-two", "A change stands as a whole or not at all", {"name": "Tên mới", "date_to": "x"},
          "impossible_value")  # fmt: skip
    copied = segment([FIRST, [hlc(2), "event", EVENT, new("Lũ chép lại"), "A"]])
    vector("logged-twice", "The same beginning of a row again, as a copied disk logs it: it counts, and changes nothing"
           " of when and by whom the row was made", Bundle(segments=[copied]), segments=states(copied),
           records=[ROW | {"name": "Lũ chép lại"}])  # fmt: skip
    again = new("Lũ 2013 Ea Súp", created_at="2025-10-10T00:00:00Z", created_by="D", description="Ia Rvê")
    begun = segment([[hlc(2), "event", EVENT, again, "D"]], LOG_D, D)
    vector("begun-on-two-laptops", "Two laptops begin one row, as by one sheet: both count, and the first says when and"
           " by whom it was made", Bundle(segments=[SEALED, begun], certs=certificate(A) + certificate(D)),
           segments=states(SEALED, begun), records=[ROW | {"description": "Ia Rvê"}], conflicts=[],
           set_aside=[])  # fmt: skip
    rain = segment([FIRST, [hlc(2), "event", EVENT, {"name": "a\x1bb"}, "A"],
                    [hlc(3), "event", EVENT, {"description": "Buôn C"}, "A"]])  # fmt: skip
    vector("bad-then-good", "A change behind one that does not count", Bundle(segments=[rain]), segments=states(rain),
           records=[ROW | {"description": "Buôn C"}], set_aside=[[LOG_A, 2, "unclean_text"]], single=None)  # fmt: skip
    of_x = segment([[hlc(2), "event", EVENT, {"name": "Của X"}, "X"]], LOG_X, X)
    vector("other-post", "A laptop of another post writes this one's records",
           Bundle(segments=[SEALED, of_x], certs=certificate(A) + certificate(X)), segments=states(SEALED, of_x),
           records=[ROW], set_aside=[[LOG_X, 1, "not_allowed"]], single=None)  # fmt: skip
    for_all = segment([[hlc(2), "event", uid("e"), new("Của mọi người"), "X"]], LOG_X, X, scope="*")
    vector("post-for-all", "A post writes for all", Bundle(segments=[for_all], certs=certificate(A) + certificate(X)),
           segments=states(for_all), records=[], set_aside=[[LOG_X, 1, "not_allowed"]], single=None)  # fmt: skip
    child = {"created_at": DAY, "created_by": "A", "agreement_id": uid("agreement"), "number": 1, "title": "Trao đổi"}
    parent = {"created_at": DAY, "created_by": "A", "agreement_type": "regulation", "name": "Quy chế",
              "date_from": "2008-01-01"}  # fmt: skip
    early = segment([[hlc(1), "agreement_task", uid("task"), child, "A"],
                     [hlc(2), "agreement", uid("agreement"), parent, "A"]])  # fmt: skip
    vector("parent-later", "A row that names one that is made after it: folded again until nothing changes",
           Bundle(segments=[early]), segments=states(early), set_aside=[],
           records=[row("agreement_task", "task", **child), row("agreement", "agreement", **parent)])  # fmt: skip
    theirs = named(uid("event of IARVE"), IARVE)
    taken = segment([[1, "event", theirs, new("Của X"), "X"]], LOG_X, X, scope=OTHER[0])
    mine = segment([[hlc(1), "event", theirs, new("Lũ 2013"), "A"]])
    vector("id-of-another-post", "A post begins a row whose id names another post, by a clock of 1970: it is that"
           " post's row all the same", Bundle(segments=[taken, mine], certs=certificate(A) + certificate(X)),
           segments=states(taken, mine), records=[{"table": "event", "id": theirs, **new("Lũ 2013")}],
           set_aside=[[LOG_X, 1, "not_allowed"]], single=None)  # fmt: skip
    whole = segment([[hlc(1), "agreement", uid("agreement"), parent, "A"]])
    task = segment([[hlc(2), "agreement_task", uid("task of X"), child, "X"]], LOG_X, X, scope=OTHER[0])
    vector("record-of-another-post", "A row in the author's own scope that belongs to another post's record",
           Bundle(segments=[whole, task], certs=certificate(A) + certificate(X)), segments=states(whole, task),
           records=[row("agreement", "agreement", **parent)], set_aside=[[LOG_X, 1, "impossible_value"]],
           single=None)  # fmt: skip


def voids() -> None:
    """Voids whose author did not know of something: both stories are listed as a conflict of ``voided_at``."""
    void = {"voided_at": DAY, "void_reason": "ghi trùng"}
    certs = certificate(A) + certificate(D) + certificate(HQ)
    voided, asked = ROW | void, ["event", EVENT, "voided_at", DAY, None]

    def two(name: str, about: str, of_a: list[Any], of_d: list[Any], knows: int, **fields: Any) -> None:
        one = segment([of_a], after=SEALED)
        other = segment([of_d], LOG_D, D, knows={LOG_A: knows})
        vector(name, about, Bundle(segments=[SEALED, one, other], certs=certs), segments=states(SEALED, one, other),
               **fields)  # fmt: skip

    gone, edited = [hlc(10), "event", EVENT, void, "A"], [hlc(11), "event", EVENT, {"date_to": "2013-09-30"}, "D"]
    two("void-of-changed", "A void by somebody who did not know that the row was changed", gone, edited, 1,
        records=[voided | {"date_to": "2013-09-30"}], conflicts=[asked])  # fmt: skip
    two("void-known", "Whoever changed it knew the void", gone, edited, 2,
        records=[voided | {"date_to": "2013-09-30"}], conflicts=[])  # fmt: skip
    deed = {"created_at": DAY, "created_by": "A", "agreement_type": "regulation", "name": "Quy chế",
            "date_from": "2008-01-01"}  # fmt: skip
    person = {"created_at": DAY, "created_by": "A", "full_name": "Y Thanh Niê"}
    rating = {"created_at": DAY, "created_by": "D", "member_id": uid("member"), "year": 2013, "rating": "good"}
    begun = segment([[hlc(1), "member", uid("member"), person, "A"], [hlc(2), "agreement", uid("deed"), deed, "A"]])
    without = segment([[hlc(10), "member", uid("member"), void, "A"]], after=begun)
    rated = segment([[hlc(11), "member_rating", uid("rating"), rating, "D"]], LOG_D, D, knows={LOG_A: 2})
    vector("void-of-named", "A void by somebody who did not know of a new row that names the voided one",
           Bundle(segments=[begun, without, rated], certs=certs), segments=states(begun, without, rated),
           records=[row("member", "member", **person, **void), row("agreement", "deed", **deed),
                    row("member_rating", "rating", **rating)],
           conflicts=[["member", uid("member"), "voided_at", DAY, None]])  # fmt: skip
    pair = segment([FIRST, [hlc(2), "event", uid("event 2"), FLOOD, "A"]])
    first = segment([[hlc(10), "event", EVENT, void, "A"]], after=pair)
    second = segment([[hlc(11), "event", uid("event 2"), void, "D"]], LOG_D, D, knows={LOG_A: 2})
    vector("voids-of-a-pair", "Of two rows that look the same each is voided by somebody who did not know of the"
           " other's void", Bundle(segments=[pair, first, second], certs=certs), segments=states(pair, first, second),
           records=[voided, row("event", "event 2", **FLOOD, **void)],
           conflicts=[[t, i, "voided_at", DAY, None] for t, i in sorted([("event", EVENT), ("event", uid("event 2"))])],
           )  # fmt: skip


def lengths() -> None:
    """The lengths of the texts that every row has: at the limit, and one beyond."""
    long = {"created_at": DAY.ljust(40, "0"), "created_by": "x" * 200, "name": "Lũ", "date_from": "2013-09-18"}
    void = {"voided_at": DAY.ljust(40, "0"), "void_reason": "x" * 4000}
    at = segment([[hlc(1), "event", EVENT, long, "A"], [hlc(2), "event", EVENT, void, "A"]])
    vector("lengths-at-limit", "Texts as long as they may be", Bundle(segments=[at]), segments=states(at),
           records=[row("event", "event 1", **long, **void)])  # fmt: skip
    columns = (("created_at", long), ("created_by", long), ("voided_at", void), ("void_reason", void))
    beyond = segment([
        FIRST,
        *([hlc(2 + n), "event", EVENT if cols is void else uid(f"event {name}"), cols | {name: cols[name] + "x"}, "A"]
          for n, (name, cols) in enumerate(columns)),
    ])  # fmt: skip
    vector("lengths-beyond", "Each of them one character longer", Bundle(segments=[beyond]), segments=states(beyond),
           records=[ROW], set_aside=[[LOG_A, n, "impossible_value"] for n in range(2, 6)], single=None)  # fmt: skip


def whose_word_counts() -> None:
    """A further laptop of headquarters that is revoked, and a pack that nobody of headquarters signed."""
    further = Replica("HQ2", STRANGER.age_secret, "hq")
    late = Replica("late", STRANGER.age_secret, post=IARVE)
    vouched = certificate(A) + certificate(HQ) + certificate(further, HQ, hlc=hlc(40))
    by_further = certificate(late, further, hlc=hlc(50))
    written = segment([[hlc(60), "event", EVENT, FLOOD, "x"]], uid("log of late"), late)
    vector("certified-by-another", "A further laptop of headquarters certifies a laptop",
           Bundle(A, [written], vouched + by_further),
           segments=states(written), records=[ROW], single=None)  # fmt: skip
    certs = vouched + revocation(further, hlc=hlc(45), logs={})
    vector("then-revoked", "It is revoked, and headquarters does not vouch for that laptop: its changes wait, though"
           " the certificate has the later reading", Bundle(A, [written], certs), after=["certified-by-another"],
           segments=states(written, state="held", reason="untrusted"), records=[], single=None)  # fmt: skip
    vector("revoked-first", "The same the other way round", Bundle(A, [written], certs + by_further),
           segments=states(written, state="held", reason="untrusted"), records=[], single=None)  # fmt: skip
    taken_over = vouched + certificate(late, HQ, hlc=hlc(45) + 1) + revocation(further, hlc=hlc(45), logs={})
    vector("then-taken-over", "Headquarters vouches for it itself: its changes count, though that has the earlier"
           " reading",
           Bundle(A, [written], taken_over), after=["certified-by-another"], segments=states(written), records=[ROW],
           single=None)  # fmt: skip
    accomplice = Replica("accomplice", STRANGER.age_secret, "hq")
    pack = {"kind": "pack", "recipients": [], "number": 0, "post_id": IARVE[0], "recovery": accomplice.age_key}
    with tarfile.open(HERE / "pack.fieldapp-pack.tar") as tar_file:
        contents = [(m.name, (tar_file.extractfile(m) or io.BytesIO()).read()) for m in tar_file]
    for_all = Segment(LOG_ALL, 1, *(data for name, data in contents if name.startswith("segments/")))
    forged = certificate(accomplice, HQ, accomplice) + certificate(HQ)
    refused("pack-by-a-stranger", "A pack under headquarters' words, signed by somebody whom it has not certified",
            Bundle(accomplice, [for_all], forged, pack), "forged", form="pack", single=None)  # fmt: skip
    root = certificate(HQ, HQ, accomplice)
    refused("pack-root-by-another", "A pack whose root is not signed by its own key",
            Bundle(HQ, [for_all], root, pack), "forged", form="pack", single=None)  # fmt: skip


PARTS: list[Json] = []


def part(name: str, about: str, plain: bytes, whole: Sequence[bytes], *, damaged: bool = False) -> None:
    """Add a part with files: the tar in it; ``whole``: the contents that a reader gets from it."""
    PLAIN.append((f"part/{name}.tar", plain))
    hashes = [hashlib.sha256(data).hexdigest() for data in whole]
    PARTS.append({"name": name, "about": about, "file": f"part/{name}.tar", "whole": hashes, "damaged": damaged})


def files_of_records() -> None:
    photo, paper = b"\xff\xd8\xff" + b"photograph" * 200, b"%PDF-1.7 paper"

    def file(data: bytes, content: bytes | None = None) -> Member:
        return f"files/{hashlib.sha256(data).hexdigest()}", data if content is None else content

    def listed(*files: Member) -> Member:
        return "SHA256SUMS", "".join(f"{name[6:]}  {name}\n" for name, _data in files).encode()

    both = [file(photo), file(paper)]
    whole = tar([listed(*both), *both])
    part("two-files", "Two files", whole, [photo, paper])
    part("one-of-two", "A file that is listed and not there", tar([listed(*both), both[1]]), [paper])
    part("other-content", "A file that is not what its name says",
         tar([listed(*both), file(photo, b"other"), both[1]]), [paper])  # fmt: skip
    part("other-members", "Members that are no files of records",
         tar([listed(*both), ("notes.txt", b"x"), ("files/../x", b"x"), ("files/ABC", b"x"), *both]),
         [photo, paper])  # fmt: skip
    part("cut-off", "A part that ends within its last file", whole[: -1024 - 512], [photo], damaged=True)
    link = tar_header("files/link", 0, type=tarfile.SYMTYPE, linkname="/etc/passwd")
    part("link", "A link after a file", tar([listed(*both), both[0]])[:-1024] + link + tar([both[1]]),
         [photo], damaged=True)  # fmt: skip
    part("no-list", "A part that does not begin with its list", tar(both), [], damaged=True)


def main() -> None:
    good()
    damaged_files()
    bad_manifests()
    bad_segments()
    bad_changes()
    voids()
    lengths()
    whose_word_counts()
    files_of_records()
    write("plain.tar.zst", zstandard.ZstdCompressor(level=19).compress(tar(PLAIN)))
    names = [v["name"] for v in INDEX]
    assert len(set(names)) == len(names)
    for old in (HERE / "age").glob("*"):
        if f"age/{old.name}" not in {v["file"] for v in INDEX}:
            old.unlink()
    people = {"hq": HQ, "reader": B, "a": A, "d": D, "x": X}
    keys = {n: {"replica": r.id, "sign_key": r.sign_key, "age_key": r.age_key} for n, r in people.items()}
    keys["reader"]["age_secret"] = B.age_secret
    post = dict(zip(("id", "code", "name"), IARVE, strict=True))
    document = {"format": "fieldapp-vectors/1", "keys": keys, "post": post, "log": LOG_B}
    lines = ",\n".join(json.dumps(v, ensure_ascii=False) for v in INDEX)
    part_lines = ",\n".join(json.dumps(v, ensure_ascii=False) for v in PARTS)
    text = json.dumps({**document, "vectors": [], "parts": []}, ensure_ascii=False, indent=1)
    text = text.replace('"parts": []', f'"parts": [\n{part_lines}\n]')
    (HERE / "vectors.json").write_text(
        text.replace('"vectors": []', f'"vectors": [\n{lines}\n]') + "\n", encoding="utf-8", newline="\n"
    )


if __name__ == "__main__":
    main()
