"""Bundles that are wrong in one to three places: structured mutations of good ones, each drawn from its number.

They are made by the second writer of the format (``tests/vectors/make.py``), from inside out: a change line, a header,
the compressed bytes, a certificate, the manifest, the members, the tar, the encrypted file. What lies around the
mutation is made right again, signed with the author's own key, so that it gets as deep as it can.
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
"""What JSON is not, or hardly"""


@dataclass(frozen=True)
class Mutant:
    number: int
    data: bytes
    """the file as it lies on the stick"""
    tar: bytes | None
    """what is inside; None where the encryption itself was hurt"""
    deeds: tuple[str, ...]


@dataclass
class Draft:
    """A bundle that is not put together yet."""

    sender: Replica
    papers: list[tuple[str, bytes, Replica]]
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
    """From which the reader begins."""
    manifest = {"kind": "pack", "recipients": [], "number": 0, "post_id": IARVE[0], "recovery": None,
                "have": {LOG_ALL: {"last": 2, "hash": FOR_ALL_OF_PACK.hash}}, "hlc": make.hlc(-10)}  # fmt: skip
    return make.Bundle(HQ, [FOR_ALL_OF_PACK], make.certificate(HQ), manifest).tar()


def first_bundle() -> bytes:
    """Of A, good: who has read it knows A and has its first segment."""
    return encrypted(make.Bundle(A, [ONE], make.certificate(A), {"number": 1, "hlc": make.hlc(50)}).tar())


def _paper(who: Replica, issuer: Replica = HQ) -> tuple[str, bytes, Replica]:
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
    aside = [{"log": make.LOG_B, "seq": 1, "reason": "not_allowed"}]
    name, data = make.revocation(D, HQ, hlc=make.hlc(60), logs={LOG_D: 1})[0]
    revocation = (name, data, HQ)
    return [
        Draft(A, [_paper(A), _paper(HQ, HQ), _paper(B)], [_sealed(ONE, A), _sealed(two, A)], {"hlc": make.hlc(100)}),
        Draft(
            HQ,
            [_paper(HQ, HQ), _paper(A), _paper(D)],
            [_sealed(for_all, HQ), _sealed(ONE, A), _sealed(two, A), _sealed(of_d, D), _sealed(of_hq, HQ)],
            {"have": have, "set_aside": aside, "number": 7, "hlc": make.hlc(200), "log": LOG_ALL},
        ),
        Draft(D, [_paper(D), _paper(A)], [_sealed(ONE, A), _sealed(of_d, D)], {"number": 3, "have": have}),
        Draft(HQ, [_paper(HQ, HQ), _paper(D), _paper(A), revocation], [_sealed(ONE, A), _sealed(of_d, D)], {}),
        Draft(X, [_paper(X), _paper(A)], [_sealed(of_x, X), _sealed(ONE, A)], {}),
        Draft(STRANGER, [_paper(STRANGER, STRANGER)], [_sealed(of_stranger, STRANGER)], {"have": have}),
    ]


BASES = _bases()


# mutations -------------------------------------------------------------------------------------------------------


def mutant(number: int) -> Mutant:
    """The mutant of this number, always the same but for what age draws."""
    chance = random.Random(number)
    base = chance.choice(BASES)
    draft = Draft(base.sender, list(base.papers), list(base.segments), dict(base.manifest))
    deeds: list[str] = []
    if chance.random() < 0.7:
        for _ in range(chance.choice((1, 1, 1, 2))):
            deed = chance.choice((_in_segment, _in_segment, _in_segment, _in_paper, _of_author, _of_sender))
            deeds.append(deed(chance, draft))
    outer = chance.random()
    in_manifest = outer < 0.35 or not deeds
    plain = _put_together(chance, draft, in_manifest, deeds)
    if outer > 0.8 or (not deeds):
        plain = _in_tar(chance, plain, deeds)
    data = encrypted(plain)
    if 0.75 < outer < 0.8:
        deeds.append("age")
        return Mutant(number, _hurt(chance, data), None, tuple(deeds))
    return Mutant(number, data, plain, tuple(deeds))


def encrypted(plain: bytes) -> bytes:
    file = io.BytesIO()  # piece by piece: in one call age takes twice the size
    pyrage.encrypt_io(io.BytesIO(plain), file, [pyrage.x25519.Recipient.from_str(B.age_key)])
    return file.getvalue()


def _of_author(chance: random.Random, draft: Draft) -> str:
    """Signed by somebody else."""
    parts = draft.segments if chance.random() < 0.5 else draft.papers
    place = chance.randrange(len(parts))
    name, data, _author = parts[place]
    parts[place] = (name, data, chance.choice(PEOPLE))
    return "author"


def _of_sender(chance: random.Random, draft: Draft) -> str:
    draft.sender = chance.choice(PEOPLE)
    return "sender"


def _in_paper(chance: random.Random, draft: Draft) -> str:
    place = chance.randrange(len(draft.papers))
    name, data, author = draft.papers[place]
    draft.papers[place] = (name, _other_json(chance, data), author)
    if chance.random() < 0.1:
        chance.shuffle(draft.papers)
    return f"paper {name.split('/')[0]}"


def _in_segment(chance: random.Random, draft: Draft) -> str:
    place = chance.randrange(len(draft.segments))
    name, data, author = draft.segments[place]
    text = _text_of(data)
    lines = text.split(b"\n")[:-1]
    if (draw := chance.random()) < 0.15 or len(lines) < 2:
        draft.segments[place] = (name, _other_frame(chance, data, text), author)
        return "frame"
    if draw < 0.35:
        lines[0], deed = _other_json(chance, lines[0]), "header"
    elif draw < 0.8:
        line = chance.randrange(1, len(lines))
        lines[line], deed = _other_json(chance, lines[line]), "change"
    elif draw < 0.9:
        deed = _other_lines(chance, lines)
    else:
        draft.segments[place] = (name, make.compress(_hurt(chance, text)), author)
        return "text"
    draft.segments[place] = (name, make.compress(b"\n".join(lines) + b"\n"), author)
    return deed


def _other_lines(chance: random.Random, lines: list[bytes]) -> str:
    line = chance.randrange(1, len(lines))
    deed = chance.choice(("drop", "double", "swap", "blank", "many"))
    if deed == "drop":
        del lines[line]
    elif deed == "double":
        lines.insert(line, lines[line])
    elif deed == "swap":
        lines[1:] = chance.sample(lines[1:], len(lines) - 1)
    elif deed == "blank":
        lines.insert(line, b"")
    else:
        first = _OF_A[0]
        lines[1:] = [make.to_json([first[0] + n, *first[1:]]) for n in range(chance.choice((2, 50, 5001)))]
    if chance.random() < 0.7:  # the header counts what is there
        with suppress(ValueError, TypeError, KeyError, RecursionError):  # unless that was hurt before
            header = json.loads(lines[0])
            header["last"] = header["first"] + len(lines) - 2
            lines[0] = make.to_json(header)
    return f"lines {deed}"


@cache
def bombs() -> list[bytes]:
    """Frames that hold too much text, or want too large a window. Making them takes more memory than reading."""
    zeros = bytes(1 << 20)
    packed = zstandard.ZstdCompressor(level=3).compressobj()
    bomb = b"".join([*(packed.compress(zeros) for _ in range(INFLATED >> 20)), packed.flush()])
    wide = zstandard.ZstdCompressionParameters.from_level(1, window_log=28)
    packed = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    return [bomb, packed.compress(b"x" * 100_000) + packed.flush()]


def _text_of(data: bytes) -> bytes:
    """The text of a segment; nothing, where it was hurt before."""
    try:
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj().decompress(data)
    except zstandard.ZstdError:
        return b""


def _other_frame(chance: random.Random, data: bytes, text: bytes) -> bytes:
    deed = chance.randrange(8)
    if deed == 0:
        return data + data
    if deed == 1:
        return data + b"\0"
    if deed == 2:
        return zstandard.ZstdCompressor(level=1, write_content_size=False).compress(text)
    if deed == 3 and chance.random() < 0.1:
        return chance.choice(bombs())
    if deed == 4:
        return text
    return _hurt(chance, data)


def _put_together(chance: random.Random, draft: Draft, in_manifest: bool, deeds: list[str]) -> bytes:
    members: list[Member] = []
    for name, data, author in [*draft.papers, *draft.segments]:
        signature = author.sign(data, "x")
        if chance.random() < 0.01:
            signature = _hurt(chance, signature)
            deeds.append("signature")
        members += [(name, data), (name + ".minisig", signature)]
    listed = list(members)
    if in_manifest and chance.random() < 0.3:
        deeds.append("members")
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
    if in_manifest and (not deeds or chance.random() < 0.6):
        deeds.append("manifest")
        text = _other_json(chance, text)
    signature = draft.sender.sign(text, "fieldapp manifest", prehashed=chance.random() > 0.01)
    if chance.random() < 0.02:
        deeds.append("signature of the manifest")
        signature = _hurt(chance, signature)
    return make.tar([("manifest.json", text), ("manifest.json.minisig", signature), *members])


def make_listed(name: str, data: bytes) -> Json:
    """A member's line in the manifest."""
    return {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _other_members(chance: random.Random, members: list[Member]) -> list[Member]:
    place, other = chance.randrange(len(members)), chance.randrange(len(members))
    name, data = members[place]
    deed = chance.randrange(6)
    if deed == 0:
        return members[:place] + members[place + 1 :]
    if deed == 1:
        return [*members, members[place]]
    if deed == 2:
        swapped = list(members)
        swapped[place], swapped[other] = members[other], members[place]
        return swapped
    if deed == 3:
        names = ("/etc/cron.d/x", "segments/../x", "certs/x.json", "x.exe", name.upper(), name + "/", members[other][0],
                 name.replace("certs", "revocations"), f"segments/{LOG_A}-0000000009.jsonl.zst")  # fmt: skip
        return [*members[:place], (chance.choice(names), data), *members[place + 1 :]]
    if deed == 4:
        return [*members[:place], (name, members[other][1]), *members[place + 1 :]]
    return [*members[:place], (name, _hurt(chance, data)), *members[place + 1 :]]


HEADER = {"name": (0, 100), "mode": (100, 108), "uid": (108, 116), "size": (124, 136), "mtime": (136, 148),
          "sum": (148, 156), "type": (156, 157), "link": (157, 257), "magic": (257, 263), "version": (263, 265),
          "owner": (265, 297), "prefix": (345, 500)}  # fmt: skip


def _in_tar(chance: random.Random, plain: bytes, deeds: list[str]) -> bytes:
    headers = _headers(plain)
    if chance.random() < 0.4 or not headers:
        deeds.append("tar")
        return _hurt(chance, plain)
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
    deeds.append(f"tar {field}")
    return plain[:at] + fixed + plain[at + 512 :]


def _headers(plain: bytes) -> list[int]:
    found, at = [], 0
    while at + 512 <= len(plain) and plain[at : at + 512] != bytes(512):
        found.append(at)
        at += 512 + -(-int(plain[at + 124 : at + 135], 8) // 512) * 512
    return found


def _hurt(chance: random.Random, data: bytes) -> bytes:
    """A few bytes flipped, cut out, doubled, put in, or everything behind a place gone."""
    hurt = bytearray(data)
    deed = chance.randrange(6)
    at = chance.randrange(len(hurt)) if hurt else 0
    length = chance.choice((1, 1, 2, 16, 512))
    if deed == 0 and hurt:
        hurt[at] ^= 1 << chance.randrange(8)
    elif deed == 1 and hurt:
        hurt[at] = chance.randrange(256)
    elif deed == 2:
        del hurt[at : at + length]
    elif deed == 3:
        hurt[at:at] = hurt[at : at + length]
    elif deed == 4:
        hurt[at:at] = chance.choice((chance.randbytes(length), bytes(length), *TEXTS[:12]))
    else:
        del hurt[at:]
    if hurt == data and hurt:
        hurt[at] ^= 1
    return bytes(hurt)


def _as_json(value: Any) -> bytes:
    """With half of a surrogate pair as bytes, where there is one."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _other_json(chance: random.Random, text: bytes) -> bytes:
    """A JSON text with another value somewhere, a key more or less, or what is no JSON."""
    if (draw := chance.random()) < 0.08:
        return _hurt(chance, text)
    if draw < 0.14:
        at = chance.randrange(len(text) + 1)
        return text[:at] + chance.choice(TEXTS) + text[at:]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _hurt(chance, text)
    places = list(_places(value))
    if not places:
        return _hurt(chance, text)
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
