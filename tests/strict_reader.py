"""A strict reader of one file, written for the tests from ``docs/bundle-format.md``, without any code of fieldapp.

It checks what one file and a few known keys can show: steps 2 to 8 of reading a bundle, and if a segment is valid.
"""

import base64
import hashlib
import json
import re
import unicodedata
from itertools import pairwise
from typing import Any

import pyrage
import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MEMBER = re.compile(rf"((certs|revocations)/{UUID}\.json|segments/{UUID}-[0-9]{{10}}\.jsonl\.zst)(\.minisig)?")
INSTANT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z")
MAX_HLC = 7_258_118_400_000 << 16
MB = 1 << 20


class Bad(Exception):
    """A file is wrong; the message is the format's word for the reason."""


# JSON and signatures ---------------------------------------------------------------------------------------------


def loads(text: bytes) -> Any:
    """One JSON value; Bad if the text is not one."""

    def constant(_name: str) -> None:
        raise ValueError

    try:
        value = json.loads(text.decode("utf-8"), parse_constant=constant, parse_float=_float)
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair cannot be encoded
    except (ValueError, RecursionError):
        raise Bad("damaged") from None
    return value


def _float(text: str) -> float:
    if float(text) in (float("inf"), float("-inf")):
        raise ValueError
    return float(text)


def is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= 1 << 53


def is_clean(text: str) -> bool:
    return (
        unicodedata.is_normalized("NFC", text)
        and text.strip() == text
        and not any(
            unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") or c in "\u2028\u2029\u202f" for c in text
        )
    )


def is_signed(key: str, data: bytes, signature: bytes) -> bool:
    """Whether a minisign signature is valid: prehashed form, with its trusted comment."""
    try:
        lines = [line.decode("utf-8") for line in signature.splitlines()]
        if len(lines) != 4 or not lines[0].startswith("untrusted comment: "):
            return False
        if not lines[2].startswith("trusted comment: "):
            return False
        raw = base64.b64decode(key, validate=True)
        made, comment_made = base64.b64decode(lines[1], validate=True), base64.b64decode(lines[3], validate=True)
        if raw[:2] != b"Ed" or len(raw) != 42 or made[:2] != b"ED" or made[2:10] != raw[2:10] or len(made) != 74:
            return False
        public = Ed25519PublicKey.from_public_bytes(raw[10:])
        public.verify(made[10:], hashlib.blake2b(data).digest())
        public.verify(comment_made, made[10:] + lines[2].removeprefix("trusted comment: ").encode())
    except (ValueError, IndexError, InvalidSignature):
        return False
    return True


# a bundle --------------------------------------------------------------------------------------------------------


def members_of(tar: bytes, most: int | None = None) -> list[tuple[str, bytes]]:
    """(name, content) of each member, or of the first ``most``; Bad if it is not a valid tar."""
    found: list[tuple[str, bytes]] = []
    at = 0
    while len(found) != most:
        block = tar[at : at + 512]
        if len(block) < 512:
            raise Bad("damaged")
        if block == bytes(512):
            if tar[at:].strip(b"\0"):
                raise Bad("damaged")
            return found
        if block[257:263] != b"ustar\0" or block[156:157] != b"0":
            raise Bad("damaged")
        if _octal(block[148:156]) != sum(block[:148] + b" " * 8 + block[156:]):
            raise Bad("damaged")
        for begin, end in ((100, 108), (108, 116), (116, 124), (136, 148), (329, 337), (337, 345)):
            _octal(block[begin:end])
        size = _octal(block[124:136])
        if size > 64 * MB:
            raise Bad("damaged")
        prefix, name = block[345:500].split(b"\0")[0], block[:100].split(b"\0")[0]
        try:
            path = (prefix + b"/" + name if prefix else name).decode("ascii")
            for begin, end in ((157, 257), (265, 297), (297, 329)):  # link, owner, group
                block[begin:end].split(b"\0")[0].decode("ascii")
        except UnicodeDecodeError:
            raise Bad("damaged") from None
        content = tar[at + 512 : at + 512 + size]
        end = at + 512 + size + -size % 512
        if len(tar) < end or tar[at + 512 + size : end].strip(b"\0"):
            raise Bad("damaged")
        found.append((path, content))
        at = end
    return found


def _octal(field: bytes) -> int:
    found = re.fullmatch(rb" *([0-7]*)[ \0]*", field)
    if found is None:
        raise Bad("damaged")
    return int(found[1] or b"0", 8)


STRINGS = ("format", "kind", "sender", "made_at", "program")


def is_manifest(m: Any) -> bool:
    """Whether the fields and types are those of a manifest."""
    if not (isinstance(m, dict) and all(isinstance(m.get(k), str) for k in STRINGS)):
        return False
    texts = ("log",)
    nullable = ("post_id", "recovery", "recovery_code")
    return (
        type(m.get("hlc")) is int
        and type(m.get("schema")) is int
        and is_count(m.get("number"))
        and _list_of(m.get("recipients"), lambda r: isinstance(r, str))
        and _map_of(m.get("have"), _is_head)
        and _list_of(m.get("members"), _is_member)
        and _map_of(m.get("counts"), is_count)
        and _list_of(m.get("set_aside", []), _is_rejected)
        and (m.get("heard") is None or _map_of(m["heard"], lambda hlc: type(hlc) is int))
        and all(isinstance(m.get(k, ""), str) for k in texts)
        and all(isinstance(m.get(k), str | None) for k in nullable)
    )


def _list_of(value: Any, test: Any) -> bool:
    return isinstance(value, list) and all(map(test, value))


def _map_of(value: Any, test: Any) -> bool:
    return isinstance(value, dict) and all(map(test, value.values()))


def _is_head(h: Any) -> bool:
    return (
        isinstance(h, dict)
        and is_count(h.get("last"))
        and isinstance(h.get("hash"), str)
        and isinstance(h.get("replica", ""), str)
    )


def _is_member(m: Any) -> bool:
    return (
        isinstance(m, dict)
        and isinstance(m.get("name"), str)
        and is_count(m.get("size"))
        and isinstance(m.get("sha256"), str)
    )


def _is_rejected(a: Any) -> bool:
    return (
        isinstance(a, dict)
        and isinstance(a.get("log"), str)
        and is_count(a.get("seq"))
        and isinstance(a.get("reason"), str)
    )


REQUIRED = {"format", "replica", "name", "role", "sign_key", "age_key", "issuer", "issued_at", "post_code"}
OPTIONAL = {"post_id", "post_name", "hlc", "above"}


def certificate(data: bytes) -> dict[str, Any] | None:
    """The certificate, or None if its form is not valid."""
    try:
        c = loads(data)
    except Bad:
        return None
    if not isinstance(c, dict) or c.keys() - REQUIRED - OPTIONAL or REQUIRED - c.keys():
        return None
    hlc, above = c.get("hlc", 0), c.get("above", False)
    if not (
        all(isinstance(c[k], str) for k in REQUIRED)
        and all(isinstance(c.get(k), str | None) for k in ("post_id", "post_name"))
        and type(hlc) is int
        and 0 <= hlc < 1 << 63
        and isinstance(above, bool)
        and c["format"] == "fieldapp-certificate/1"
        and c["role"] in ("hq", "post")
        and (c["role"] == "hq" or (c.get("post_id") and not above))
        and is_clean(c["name"])
        and is_clean(c.get("post_name") or "")
        and c["post_code"].isascii()
        and c["post_code"].isalnum()
    ):
        return None
    try:
        pyrage.x25519.Recipient.from_str(c["age_key"])
    except pyrage.RecipientError:
        return None
    return dict(c)


def verdict(tar: bytes, reader: str, known: dict[str, tuple[str, str]]) -> str | None:
    """Why the bundle in this tar is refused; None if it is accepted. ``known``: other replica -> its two keys."""
    try:
        ((name, raw),) = members_of(tar, 1) or (("", b""),)
        if name != "manifest.json":
            raise Bad("damaged")
        m = loads(raw)
        if not is_manifest(m):
            raise Bad("damaged")
        if m["format"] != "fieldapp-bundle/1":
            raise Bad("newer_format")
        members = members_of(tar)
        if len(members) < 2 or members[1][0] != "manifest.json.minisig":
            raise Bad("damaged")
        signature = members[1][1]
        _check_members(m, members[2:], signature)
    except Bad as bad:
        return str(bad)
    contents = dict(members[2:])
    valid = []
    for name, data in members[2:]:
        found = certificate(data) if name.startswith("certs/") and name.endswith(".json") else None
        if found and name == f"certs/{found['replica']}.json" and name + ".minisig" in contents:
            valid.append(found)
    if not valid or valid[0]["replica"] != m["sender"]:
        return "no_sender"
    if not is_signed(valid[0]["sign_key"], raw, signature):
        return "forged"
    if m["kind"] != "bundle":
        return "wrong_kind"
    if reader not in m["recipients"]:
        return "for_others"
    keys = (valid[0]["sign_key"], valid[0]["age_key"])
    return "other_keys" if known.get(m["sender"], keys) != keys else None


def _check_members(m: dict[str, Any], members: list[tuple[str, bytes]], signature: bytes) -> None:
    names = [x["name"] for x in m["members"]]
    if len(set(names)) != len(names) or not all(MEMBER.fullmatch(n) for n in names):
        raise Bad("damaged")
    small = [x["size"] for x in m["members"] if not x["name"].endswith(".zst")]
    if any(size > 16_384 for size in [*small, len(signature)]):
        raise Bad("damaged")
    if not INSTANT.fullmatch(m["made_at"]) or not 0 < m["hlc"] <= MAX_HLC:
        raise Bad("damaged")
    there = [{"name": n, "size": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in members]
    if there != [{k: x[k] for k in ("name", "size", "sha256")} for x in m["members"]]:
        raise Bad("damaged")


# a segment -------------------------------------------------------------------------------------------------------


def segments_of(tar: bytes) -> list[tuple[bytes, bytes]]:
    """(content, signature) of each segment that its signature follows directly."""
    return [
        (data, signature)
        for (name, data), (follows, signature) in pairwise(members_of(tar))
        if name.startswith("segments/") and name.endswith(".zst") and follows == name + ".minisig"
    ]


def segment(data: bytes) -> tuple[dict[str, Any], list[list[Any]]] | None:
    """Header and changes; None if this is not a segment."""
    try:
        text = _text(data)
        if not text.endswith(b"\n"):
            return None
        head, *lines = text[:-1].split(b"\n")
        h = loads(head)
        changes = [loads(line) for line in lines]
    except Bad:
        return None
    if not (_is_header(h, len(lines)) and all(map(_is_change, changes))):
        return None
    return (h, changes) if all(a[0] < b[0] for a, b in pairwise(changes)) else None


def _text(data: bytes) -> bytes:
    frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    text = bytearray()
    try:
        for at in range(0, len(data), 512):
            text += frame.decompress(data[at : at + 512])
            if len(text) > 64 * MB:
                raise Bad("damaged")
    except zstandard.ZstdError:
        raise Bad("damaged") from None
    if not frame.eof or frame.unused_data:
        raise Bad("damaged")
    return bytes(text)


def _is_header(h: Any, count: int) -> bool:
    if not (isinstance(h, dict) and all(isinstance(h.get(k), str) for k in ("format", "scope", "sealed_at"))):
        return False
    ids = all(isinstance(h.get(k), str) and re.fullmatch(UUID, h[k]) for k in ("log", "replica"))
    prev = "prev" in h and isinstance(h["prev"], str | None)
    if not (ids and prev and type(h.get("schema")) is int and _map_of(h.get("knows"), is_count)):
        return False
    if h["format"] != "fieldapp-segment/1" or not (is_count(h.get("first")) and is_count(h.get("last"))):
        return False
    return bool(
        1 <= h["first"] <= h["last"]
        and h["last"] - h["first"] + 1 == count <= 5000
        and (h["first"] == 1) == (h["prev"] is None)
    )


def _is_change(c: Any) -> bool:
    if not isinstance(c, list) or len(c) not in (5, 6):
        return False
    hlc, table, row, cols, actor = c[:5]
    return bool(
        type(hlc) is int
        and 0 < hlc <= MAX_HLC
        and isinstance(table, str)
        and re.fullmatch("[a-z_]{1,60}", table)
        and isinstance(row, str)
        and re.fullmatch(UUID, row)
        and isinstance(cols, dict)
        and cols
        and not any(isinstance(v, list | dict) for v in cols.values())
        and (actor is None or (isinstance(actor, str) and is_clean(actor) and len(actor) <= 200))
        and (len(c) == 5 or (isinstance(c[5], str) and INSTANT.fullmatch(c[5])))
    )


def is_stored(text: str) -> bool:
    """Whether a record may hold this text."""
    return unicodedata.is_normalized("NFC", text) and not any(
        unicodedata.category(c) in ("Cc", "Cf", "Cs") and c != "\n" for c in text
    )
