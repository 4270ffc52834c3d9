"""Bundles that are wrong in one to three places: structured mutations of good ones, each drawn from its number.

The second writer of the format (``tests/vectors/make.py``) makes them, from inside out: a change line, a header, the
compressed bytes, a certificate, the manifest, the members, the tar, the encrypted file. All around a mutation is made
valid again, and signed with the author's own key, so that the mutation gets as deep into the program as it can.
"""

import hashlib
import io
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyrage
import zstandard
from vectors import make
from vectors.make import HQ, IARVE, LOG_A, LOG_ALL, LOG_D, LOG_HQ, LOG_S, LOG_X, STRANGER, A, B, D, Member, Replica, X

Json = dict[str, Any]
Change = list[Any]
PEOPLE = (HQ, A, B, D, X, STRANGER)
INFLATED = 65 * 1024 * 1024
"""Bytes of text in a bomb: more than a segment may have"""

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 1 << 16, 1 << 53, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, -(1 << 63), 10**30,
    make.MAX_HLC, make.MAX_HLC + 1, make.hlc(5), 0.5, 1.0, 1e300, "", " ", "x", "0", "*", "x" * 300, "x" * 20_000,
    "Giếng", "Gie\u0302\u0301ng", "a\u202eb", "\x1b[31m", "[red]x[/red]", "=1+1", "../../../tmp/x", "a\x00b", "\ufeff",
    "2013-02-31", "2026-11-25T01:19:06Z", "9" * 40, [], {}, [1], {"a": 1}, [[[[[[[[]]]]]]]], "hq", "post", "bundle",
    "pack", *(r.id for r in PEOPLE), *(r.sign_key for r in PEOPLE), *(r.age_key for r in PEOPLE), IARVE[0], LOG_A,
    LOG_ALL, LOG_D,
)  # fmt: skip
TEXTS: tuple[bytes, ...] = (
    b"NaN", b"-0", b"01", b"1e400", b"1E5", b"\xff", b"\xed\xa0\x80", b'"\\ud800"', b'"\\u0000"', b"\x00", b"\n",
    b"\r\n", b" ", b"[", b"]", b"{", b"}", b",", b'"', b"9" * 5000, b"[" * 100_000,
    b'{"a":' * 100_000, b"\xef\xbb\xbf", b"null",
)  # fmt: skip
"""Bytes that are not JSON, or almost not"""


@dataclass(frozen=True)
class Mutant:
    number: int
    data: bytes
    """the file on the stick"""
    tar: bytes | None
    """the decrypted content; None where the encryption itself was damaged"""
    mutations: tuple[str, ...]


@dataclass
class Draft:
    """A bundle that is not put together yet."""

    sender: Replica
    documents: list[tuple[str, bytes, Replica]]
    """(name without .minisig, content, who signs it)"""
    segments: list[tuple[str, bytes, Replica]]
    manifest: Json


# good ones -------------------------------------------------------------------------------------------------------


def _new(**cols: Any) -> Json:
    return {"created_at": make.DAY, "created_by": "Nguyễn Văn A", **cols}


_ACTIVITY, _FIGURE, _MEMBER = make.uid("activity"), make.uid("figure"), make.uid("member")
_OF_A: list[Change] = [
    [make.hlc(1), "event", make.uid("event"), _new(name="Lũ 2013", date_from="2013-09-18"), "A"],
    [make.hlc(2), "activity", _ACTIVITY, _new(activity_kind_id="gieng_khoan", date_from="2013-10-05",
     unit_id="24221", event_id=make.uid("event"), description="Giếng ở buôn\nBa Na"), "A"],
    [make.hlc(3), "activity_measure", _FIGURE, _new(activity_id=_ACTIVITY, measure_id="gieng", amount=1), "A"],
    [make.hlc(4), "member", _MEMBER, _new(full_name="Y Thanh Niê"), "A", "2026-11-25T01:19:06.118Z"],
]  # fmt: skip
_MORE_OF_A: list[Change] = [
    [make.hlc(6), "activity_measure", _FIGURE, {"amount": 2, "note": "đã kiểm"}, "A"],
    [make.hlc(7), "member", _MEMBER, {"voided_at": make.DAY, "void_reason": "ghi trùng"}, None],
]
_OF_D: list[Change] = [[make.hlc(8), "event", make.uid("event"), {"name": "Lũ của D"}, "D"]]
_OF_HQ: list[Change] = [[make.hlc(9), "event", make.uid("event"), {"description": "Đã xem"}, "Trực ban"]]
_FOR_ALL: list[Change] = [[make.hlc(7), "post", make.uid("post 3"), _new(code="THIRD", name="Đồn ba"), "Trực ban"]]

FOR_ALL_OF_PACK = make.segment(
    [
        [make.hlc(-20), "post", IARVE[0], _new(code="IARVE", name=IARVE[2]), "Trực ban"],
        [make.hlc(-19), "post", make.OTHER[0], _new(code="OTHER", name=make.OTHER[2]), "Trực ban"],
    ],
    LOG_ALL,
    HQ,
    scope="*",
)
ONE = make.segment(_OF_A, knows={LOG_ALL: 2})


def pack() -> bytes:
    """The pack from which the reader begins."""
    manifest = {"kind": "pack", "recipients": [], "number": 0, "post_id": IARVE[0], "recovery": None,
                "have": {LOG_ALL: {"last": 2, "hash": FOR_ALL_OF_PACK.hash}}, "hlc": make.hlc(-10)}  # fmt: skip
    return make.Bundle(HQ, [FOR_ALL_OF_PACK], make.certificate(HQ), manifest).tar()


def first_bundle() -> bytes:
    """A good bundle of A: a reader of it knows A and has its first segment."""
    return encrypted(make.Bundle(A, [ONE], make.certificate(A), {"number": 1, "hlc": make.hlc(50)}).tar())


def _cert(who: Replica, issuer: Replica = HQ) -> tuple[str, bytes, Replica]:
    name, data = make.certificate(who, issuer)[0]
    return name, data, issuer


def _sealed(segment: make.Segment, author: Replica) -> tuple[str, bytes, Replica]:
    return segment.members[0][0], segment.data, author


def _bases() -> list[Draft]:
    two = make.segment(_MORE_OF_A, after=ONE, knows={LOG_ALL: 2})
    of_d = make.segment(_OF_D, LOG_D, D, knows={LOG_ALL: 2, LOG_A: 4})
    of_hq = make.segment(_OF_HQ, LOG_HQ, HQ, knows={LOG_ALL: 2, LOG_A: 4})
    for_all = make.segment(_FOR_ALL, LOG_ALL, HQ, FOR_ALL_OF_PACK, scope="*")
    of_x = make.segment(_OF_D, LOG_X, X)
    of_stranger = make.segment(_OF_A, LOG_S, STRANGER)
    have = {LOG_ALL: {"last": 3, "hash": for_all.hash}, LOG_A: {"last": 6, "hash": two.hash, "replica": A.id}}
    rejected = [{"log": make.LOG_B, "seq": 1, "reason": "not_allowed"}]
    name, data = make.revocation(D, HQ, hlc=make.hlc(60), logs={LOG_D: 1})[0]
    revocation = (name, data, HQ)
    return [
        Draft(A, [_cert(A), _cert(HQ, HQ), _cert(B)], [_sealed(ONE, A), _sealed(two, A)], {"hlc": make.hlc(100)}),
        Draft(
            HQ,
            [_cert(HQ, HQ), _cert(A), _cert(D)],
            [_sealed(for_all, HQ), _sealed(ONE, A), _sealed(two, A), _sealed(of_d, D), _sealed(of_hq, HQ)],
            {"have": have, "set_aside": rejected, "number": 7, "hlc": make.hlc(200), "log": LOG_ALL},
        ),
        Draft(D, [_cert(D), _cert(A)], [_sealed(ONE, A), _sealed(of_d, D)], {"number": 3, "have": have}),
        Draft(HQ, [_cert(HQ, HQ), _cert(D), _cert(A), revocation], [_sealed(ONE, A), _sealed(of_d, D)], {}),
        Draft(X, [_cert(X), _cert(A)], [_sealed(of_x, X), _sealed(ONE, A)], {}),
        Draft(STRANGER, [_cert(STRANGER, STRANGER)], [_sealed(of_stranger, STRANGER)], {"have": have}),
    ]


BASES = _bases()


# mutations -------------------------------------------------------------------------------------------------------


def mutant(number: int) -> Mutant:
    """The mutant of this number: always the same, except for what age draws."""
    chance = random.Random(number)
    base = chance.choice(BASES)
    draft = Draft(base.sender, list(base.documents), list(base.segments), dict(base.manifest))
    mutations: list[str] = []
    if chance.random() < 0.7:
        for _ in range(chance.choice((1, 1, 1, 2))):
            mutate = chance.choice((_in_segment, _in_segment, _in_segment, _in_document, _of_author, _of_sender))
            mutations.append(mutate(chance, draft))
    outer = chance.random()
    in_manifest = outer < 0.35 or not mutations
    plain = _put_together(chance, draft, in_manifest, mutations)
    if outer > 0.8 or (not mutations):
        plain = _in_tar(chance, plain, mutations)
    data = encrypted(plain)
    if 0.75 < outer < 0.8:
        mutations.append("age")
        return Mutant(number, _damaged(chance, data), None, tuple(mutations))
    return Mutant(number, data, plain, tuple(mutations))


def encrypted(plain: bytes) -> bytes:
    file = io.BytesIO()  # piece by piece: in one call age takes twice the size
    pyrage.encrypt_io(io.BytesIO(plain), file, [pyrage.x25519.Recipient.from_str(B.age_key)])
    return file.getvalue()


def _of_author(chance: random.Random, draft: Draft) -> str:
    """Let somebody else sign a member."""
    parts = draft.segments if chance.random() < 0.5 else draft.documents
    place = chance.randrange(len(parts))
    name, data, _author = parts[place]
    parts[place] = (name, data, chance.choice(PEOPLE))
    return "author"


def _of_sender(chance: random.Random, draft: Draft) -> str:
    draft.sender = chance.choice(PEOPLE)
    return "sender"


def _in_document(chance: random.Random, draft: Draft) -> str:
    place = chance.randrange(len(draft.documents))
    name, data, author = draft.documents[place]
    draft.documents[place] = (name, _other_json(chance, data), author)
    if chance.random() < 0.1:
        chance.shuffle(draft.documents)
    return f"document {name.split('/')[0]}"


def _in_segment(chance: random.Random, draft: Draft) -> str:
    place = chance.randrange(len(draft.segments))
    name, data, author = draft.segments[place]
    text = _text_of(data)
    lines = text.split(b"\n")[:-1]
    if (draw := chance.random()) < 0.15 or len(lines) < 2:
        draft.segments[place] = (name, _other_frame(chance, data, text), author)
        return "frame"
    if draw < 0.35:
        lines[0], mutation = _other_json(chance, lines[0]), "header"
    elif draw < 0.8:
        line = chance.randrange(1, len(lines))
        lines[line], mutation = _other_json(chance, lines[line]), "change"
    elif draw < 0.9:
        mutation = _other_lines(chance, lines)
    else:
        draft.segments[place] = (name, make.compress(_damaged(chance, text)), author)
        return "text"
    draft.segments[place] = (name, make.compress(b"\n".join(lines) + b"\n"), author)
    return mutation


def _other_lines(chance: random.Random, lines: list[bytes]) -> str:
    line = chance.randrange(1, len(lines))
    mutation = chance.choice(("drop", "double", "swap", "blank", "many"))
    if mutation == "drop":
        del lines[line]
    elif mutation == "double":
        lines.insert(line, lines[line])
    elif mutation == "swap":
        lines[1:] = chance.sample(lines[1:], len(lines) - 1)
    elif mutation == "blank":
        lines.insert(line, b"")
    else:
        first = _OF_A[0]
        lines[1:] = [make.to_json([first[0] + n, *first[1:]]) for n in range(chance.choice((2, 50, 5001)))]
    if chance.random() < 0.7:  # the header counts the lines that are there
        with suppress(ValueError, TypeError, KeyError, RecursionError):  # unless it was damaged before
            header = json.loads(lines[0])
            header["last"] = header["first"] + len(lines) - 2
            lines[0] = make.to_json(header)
    return f"lines {mutation}"


@cache
def bombs() -> list[bytes]:
    """Frames that hold too much text, or ask for too large a window. Making them takes more memory than reading."""
    zeros = bytes(1 << 20)
    packed = zstandard.ZstdCompressor(level=3).compressobj()
    bomb = b"".join([*(packed.compress(zeros) for _ in range(INFLATED >> 20)), packed.flush()])
    wide = zstandard.ZstdCompressionParameters.from_level(1, window_log=28)
    packed = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    return [bomb, packed.compress(b"x" * 100_000) + packed.flush()]


def _text_of(data: bytes) -> bytes:
    """The text of a segment; empty where it was damaged before."""
    try:
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj().decompress(data)
    except zstandard.ZstdError:
        return b""


def _other_frame(chance: random.Random, data: bytes, text: bytes) -> bytes:
    mutation = chance.randrange(8)
    if mutation == 0:
        return data + data
    if mutation == 1:
        return data + b"\0"
    if mutation == 2:
        return zstandard.ZstdCompressor(level=1, write_content_size=False).compress(text)
    if mutation == 3 and chance.random() < 0.1:
        return chance.choice(bombs())
    if mutation == 4:
        return text
    return _damaged(chance, data)


def _put_together(chance: random.Random, draft: Draft, in_manifest: bool, mutations: list[str]) -> bytes:
    members: list[Member] = []
    for name, data, author in [*draft.documents, *draft.segments]:
        signature = author.sign(data, "x")
        if chance.random() < 0.01:
            signature = _damaged(chance, signature)
            mutations.append("signature")
        members += [(name, data), (name + ".minisig", signature)]
    listed = list(members)
    if in_manifest and chance.random() < 0.3:
        mutations.append("members")
        members = _other_members(chance, members)
        if chance.random() < 0.6:
            listed = list(members)
    document: Json = {
        "format": "fieldapp-bundle/1", "kind": "bundle", "sender": draft.sender.id, "made_at": make.DAY,
        "hlc": make.hlc(1000), "number": 1, "recipients": [B.id], "have": {},
        "members": [make_listed(n, d) for n, d in listed], "counts": {}, "program": "mutants", "schema": 2,
        **draft.manifest,
    }  # fmt: skip
    text = make.to_json(document)
    if in_manifest and (not mutations or chance.random() < 0.6):
        mutations.append("manifest")
        text = _other_json(chance, text)
    signature = draft.sender.sign(text, "fieldapp manifest", prehashed=chance.random() > 0.01)
    if chance.random() < 0.02:
        mutations.append("signature of the manifest")
        signature = _damaged(chance, signature)
    return make.tar([("manifest.json", text), ("manifest.json.minisig", signature), *members])


def make_listed(name: str, data: bytes) -> Json:
    """A member's line in the manifest."""
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _other_members(chance: random.Random, members: list[Member]) -> list[Member]:
    place, other = chance.randrange(len(members)), chance.randrange(len(members))
    name, data = members[place]
    mutation = chance.randrange(6)
    if mutation == 0:
        return members[:place] + members[place + 1 :]
    if mutation == 1:
        return [*members, members[place]]
    if mutation == 2:
        swapped = list(members)
        swapped[place], swapped[other] = members[other], members[place]
        return swapped
    if mutation == 3:
        names = ("/etc/cron.d/x", "segments/../x", "certs/x.json", "x.exe", name.upper(), name + "/", members[other][0],
                 name.replace("certs", "revocations"), f"segments/{LOG_A}-0000000009.jsonl.zst")  # fmt: skip
        return [*members[:place], (chance.choice(names), data), *members[place + 1 :]]
    if mutation == 4:
        return [*members[:place], (name, members[other][1]), *members[place + 1 :]]
    return [*members[:place], (name, _damaged(chance, data)), *members[place + 1 :]]


HEADER = {"name": (0, 100), "mode": (100, 108), "uid": (108, 116), "size": (124, 136), "mtime": (136, 148),
          "sum": (148, 156), "type": (156, 157), "link": (157, 257), "magic": (257, 263), "version": (263, 265),
          "owner": (265, 297), "prefix": (345, 500)}  # fmt: skip


def _in_tar(chance: random.Random, plain: bytes, mutations: list[str]) -> bytes:
    headers = _headers(plain)
    if chance.random() < 0.4 or not headers:
        mutations.append("tar")
        return _damaged(chance, plain)
    at = chance.choice(headers)
    block = bytearray(plain[at : at + 512])
    field = chance.choice(list(HEADER))
    begin, end = HEADER[field]
    size = end - begin
    values = (b"\0", b"0" * (size - 1) + b"\0", b"7" * (size - 1) + b"\0", b"\x80" + bytes(size - 1), b"-1", b"2",
              b"x" * size, b"\xff" * size, b"ustar ", b"00000001000 ")  # fmt: skip
    value = chance.choice(values)[:size]
    block[begin : begin + len(value)] = value
    fixed = make.with_sum(bytes(block)) if chance.random() < 0.8 else bytes(block)
    mutations.append(f"tar {field}")
    return plain[:at] + fixed + plain[at + 512 :]


def _headers(plain: bytes) -> list[int]:
    found, at = [], 0
    while at + 512 <= len(plain) and plain[at : at + 512] != bytes(512):
        found.append(at)
        at += 512 + -(-int(plain[at + 124 : at + 135], 8) // 512) * 512
    return found


def _damaged(chance: random.Random, data: bytes) -> bytes:
    """Flip, remove, double or insert a few bytes, or remove everything after a place."""
    changed = bytearray(data)
    mutation = chance.randrange(6)
    at = chance.randrange(len(changed)) if changed else 0
    length = chance.choice((1, 1, 2, 16, 512))
    if mutation == 0 and changed:
        changed[at] ^= 1 << chance.randrange(8)
    elif mutation == 1 and changed:
        changed[at] = chance.randrange(256)
    elif mutation == 2:
        del changed[at : at + length]
    elif mutation == 3:
        changed[at:at] = changed[at : at + length]
    elif mutation == 4:
        changed[at:at] = chance.choice((chance.randbytes(length), bytes(length), *TEXTS[:12]))
    else:
        del changed[at:]
    if changed == data and changed:
        changed[at] ^= 1
    return bytes(changed)


def _as_json(value: Any) -> bytes:
    """JSON text, in which half of a surrogate pair becomes bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _other_json(chance: random.Random, text: bytes) -> bytes:
    """A JSON text with another value somewhere, a key more or less, or made invalid."""
    if (draw := chance.random()) < 0.08:
        return _damaged(chance, text)
    if draw < 0.14:
        at = chance.randrange(len(text) + 1)
        return text[:at] + chance.choice(TEXTS) + text[at:]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _damaged(chance, text)
    places = list(_places(value))
    if not places:
        return _damaged(chance, text)
    holder, key = chance.choice(places)
    if draw < 0.24 and isinstance(holder, dict):
        holder[chance.choice(("x", "", "id", "post_id", "created_at", "name", "hlc", "above", "amount", "colour"))] = (
            chance.choice(STRANGE)
        )
    elif draw < 0.34:
        del holder[key]
    elif draw < 0.44:
        other_holder, other_key = chance.choice(places)
        holder[key] = json.loads(json.dumps(other_holder[other_key]))
    elif draw < 0.54 and type(holder[key]) is int:
        holder[key] += chance.choice((-1, 1, 2, 1 << 16, -(1 << 20), 1 << 40))
    elif draw < 0.62:
        marked = "\u0001here\u0001"
        holder[key] = marked
        raw = chance.choice(TEXTS)
        return _as_json(value).replace(json.dumps(marked).encode(), raw)
    else:
        holder[key] = chance.choice(STRANGE)
    return _as_json(value)


def _places(value: Any) -> Sequence[tuple[Any, Any]]:
    """(holder, key or index) of everything inside a JSON value."""
    found: list[tuple[Any, Any]] = []
    rest = [value]
    while rest:
        holder = rest.pop()
        keys: Any = holder if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            rest.append(holder[key])
    return found
