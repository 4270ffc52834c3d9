"""The history that an archive of bundles proves: each log is a signed chain, confirmed by headquarters' receipts.

Only the files, the keys that open them and headquarters' public keys are used; no database is asked. The signed
manifest of every bundle names the head that its sender has of each log. So a segment that was removed is noticed if any
receipt names it or a later one, and a segment that was replaced is noticed by its hash.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
from msgspec.structs import replace

from fieldapp import textfile
from fieldapp.errors import FieldappError, FileRefused
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.sync.format import bundle, drives, keys, segment
from fieldapp.sync.format.bundle import Inspected, NotForUs
from fieldapp.sync.format.head import Head
from fieldapp.sync.format.segment import Header
from fieldapp.sync.peers import peers


@dataclass(frozen=True)
class ProvedLog:
    """What an archive proves about one log."""

    log: str
    author: str
    """the post's name and the laptop's"""
    scope: str
    last: int
    """changes 1 to ``last`` are an unbroken chain, each segment signed by the author"""
    segments: int
    head: str
    """hash of the last segment of the chain"""
    received: int
    """headquarters has signed that it has the log up to this change, with the content that is in the archive"""
    received_at: str | None
    """the instant of that receipt, by headquarters' wall clock"""

    @property
    def sentence(self) -> str:
        """The proof in words."""
        text = _("{author}, log {log}: changes 1–{last} in {segments} parts, an unbroken signed chain, head {head}.")
        receipt = _("Headquarters signed 1–{received} ({at}).") if self.received else _("No receipt of headquarters.")
        return f"{text} {receipt}".format(
            author=self.author, log=self.log[-4:], last=self.last, segments=self.segments, head=self.head[:16],
            received=self.received, at=self.received_at,
        )  # fmt: skip


@dataclass(frozen=True)
class ProvedHistory:
    """What an archive proves, and what is wrong with it."""

    logs: list[ProvedLog]
    bundles: int
    """number of files that are complete and signed by a replica that headquarters certified"""
    problems: list[str]
    notes: list[str]
    """what is no fault by itself: files for others, and bundles that are missing"""


@dataclass(frozen=True)
class _Segment:
    """A segment of the archive."""

    hash: str
    header: Header
    file: str


@dataclass
class _Collected:
    bundles: list[Inspected] = field(default_factory=list)
    segments: dict[str, _Segment] = field(default_factory=dict)
    signatures: dict[str, list[tuple[bytes, bytes]]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def keys_of(store: Store) -> tuple[list[str], set[str]]:
    """(age identities, minisign keys of the roots of trust) of a replica."""
    roots = {p.sign_key for p in [peers.own(store), *peers.others(store)] if p.role == "hq" and p.issuer == p.id}
    return [store.value("SELECT age_secret FROM local_replica WHERE own = 1")], roots


def read_identities(files: Iterable[Path]) -> list[str]:
    """The age identities in files of the form that ``age-keygen`` writes."""
    found = []
    for file in files:
        try:
            lines = textfile.read(file).split()
            identities = [line for line in lines if line.startswith("AGE-SECRET-KEY-1")]
            found += [str(pyrage.x25519.Identity.from_str(text)) for text in identities]
        except (OSError, UnicodeDecodeError, pyrage.IdentityError):
            identities = []
        if not identities:
            raise FieldappError(_("{path} holds no age identity.").format(path=display_path(file)))
    return found


def examine_archive(paths: Sequence[Path], identities: Sequence[str], roots: set[str]) -> ProvedHistory:
    """Read every bundle and pack in files and folders, and check what they prove.

    ``identities``: age identities that open them; ``roots``: minisign keys of the headquarters that is trusted.
    """
    found = _Collected()
    for path in _files(paths):
        _read(found, path, identities)
    certified = _certified(found.bundles, roots)
    trusted = [b for b in found.bundles if _is_of(certified, b.manifest.sender, b.sender.sign_key)]
    for other in (b for b in found.bundles if b not in trusted):
        found.problems.append(
            _("{file}: headquarters vouches for no such sender.").format(file=display_path(other.path.name))
        )
    logs: dict[str, list[_Segment]] = defaultdict(list)
    for archived in found.segments.values():
        signers = [c.sign_key for c in certified.get(archived.header.replica, [])]
        if any(keys.verify(key, *pair) for key in signers for pair in found.signatures[archived.hash]):
            logs[archived.header.log].append(archived)
        else:
            found.problems.append(_("{what} in {file}: not signed by its author.").format(
                what=_segment_words(certified, archived.header), file=archived.file))  # fmt: skip
    heads = _signed_heads(trusted, certified)
    states = [_follow(found, certified, log, logs[log], heads[log]) for log in sorted(logs)]
    for log in sorted(heads.keys() - logs.keys()):
        last = max(head.last for head, *_rest in heads[log])
        found.problems.append(
            _("Log {log}: nothing of it is here, but changes 1–{last} of it were there.").format(
                log=log[-4:], last=last
            )
        )
    _numbers(found, trusted)
    return ProvedHistory(states, len(trusted), found.problems, found.notes)


def _files(paths: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise FieldappError(_("There is no {path}.").format(path=display_path(path)))
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        files += [
            p
            for p in inside
            if p.is_file() and (p.name.endswith((bundle.BUNDLE_SUFFIX, bundle.PACK_SUFFIX)) or _is_renamed(p))
        ]
    if not files:
        raise FieldappError(_("There is no bundle in it. Name the folder that holds the bundles."))
    return files


def _is_renamed(path: Path) -> bool:
    """Whether a file is a bundle or a pack though its name does not say so: copying changes names."""
    name = path.name.lower()
    return not name.startswith(".") and drives.BACKUP_MARK not in name and bundle.looks_like(path) is not None


def _read(found: _Collected, path: Path, identities: Sequence[str]) -> None:
    is_pack = path.name.endswith(bundle.PACK_SUFFIX) or bundle.looks_like(path) == "pack"
    for secret in [None] if is_pack else identities:
        try:
            inspected = bundle.inspect(path, secret)
            for data, signature in bundle.read_segments(inspected, secret):
                _keep(found, path, data, signature)
        except NotForUs:
            continue
        except FileRefused as error:
            found.problems.append(str(error))
            return
        found.bundles.append(replace(inspected, segments=None))  # they stand in found.signatures, once
        return
    found.notes.append(_("{file} is encrypted to others: it was not read.").format(file=display_path(path.name)))


def _keep(found: _Collected, path: Path, data: bytes, signature: bytes) -> None:
    hash_ = segment.digest(data)
    pair = (data, signature)
    if hash_ in found.segments:
        if pair not in found.signatures[hash_]:
            found.signatures[hash_].append(pair)
        return
    try:
        found.segments[hash_] = _Segment(hash_, segment.read(data).header, display_path(path.name))
    except segment.BadSegment as why:
        found.problems.append(
            _("{file}: a part of it is no segment ({why}).").format(file=display_path(path.name), why=why)
        )
        return
    found.signatures[hash_].append(pair)


def _certified(bundles: Sequence[Inspected], roots: set[str]) -> dict[str, list[keys.Certificate]]:
    """Replica id -> its certificates that are valid: signed by a root of trust, or by a headquarters certified so."""
    signed = {data: (c, s) for b in bundles for c, data, s in b.certificates}
    certified: dict[str, list[keys.Certificate]] = defaultdict(list)
    for data, (certificate, signature) in signed.items():
        own = certificate.is_request and certificate.role == "hq" and certificate.sign_key in roots
        if own and keys.verify(certificate.sign_key, data, signature):
            certified[certificate.replica].append(certificate)
    more = True
    while more:
        more = False
        for data, (certificate, signature) in signed.items():
            issuers = [c for c in certified.get(certificate.issuer, []) if c.role == "hq"]
            if certificate in certified[certificate.replica] or certificate.is_request:
                continue
            if any(keys.verify(issuer.sign_key, data, signature) for issuer in issuers):
                certified[certificate.replica].append(certificate)
                more = True
    return certified


def _is_of(certified: dict[str, list[keys.Certificate]], replica: str, sign_key: str) -> bool:
    return any(c.sign_key == sign_key for c in certified.get(replica, []))


SignedHead = tuple[Head, bool, str, str]
"""(head, whether headquarters signed it, when, name of the file)"""


def _signed_heads(
    bundles: Sequence[Inspected], certified: dict[str, list[keys.Certificate]]
) -> dict[str, list[SignedHead]]:
    """Log id -> every head of it in a signed manifest."""
    heads: dict[str, list[SignedHead]] = defaultdict(list)
    for one in bundles:
        hq = any(c.role == "hq" for c in certified[one.manifest.sender])
        for log, head in one.manifest.have.items():
            heads[log].append((head, hq, one.manifest.made_at, display_path(one.path.name)))
    return heads


def _follow(
    found: _Collected,
    certified: dict[str, list[keys.Certificate]],
    log: str,
    segments: list[_Segment],
    heads: list[SignedHead],
) -> ProvedLog:
    """Follow a log's chain from its beginning, and compare the signed heads with it."""
    named = {head.hash for head, hq, *_rest in heads if hq}
    by_prev: dict[str | None, list[_Segment]] = defaultdict(list)
    for archived in segments:
        by_prev[archived.header.prev].append(archived)
    chain: list[_Segment] = []
    head: str | None = None
    last = 0
    while following := [p for p in by_prev[head] if p.header.first == last + 1 and p.header.log == log]:
        if len(following) > 1:
            found.problems.append(_("{what}: there are two histories from change {n} on.").format(
                what=_segment_words(certified, following[0].header), n=last + 1))  # fmt: skip
        following.sort(key=lambda p: (not _is_or_follows(p, named, by_prev), p.hash))
        chain.append(following[0])
        head, last = following[0].hash, following[0].header.last
    for archived in segments:
        if (
            archived not in chain
            and archived.header.prev not in {p.hash for p in segments}
            and archived.header.first > last
        ):
            found.problems.append(_("{what}: changes {a}–{b} before it are missing.").format(
                what=_segment_words(certified, archived.header), a=last + 1, b=archived.header.first - 1))  # fmt: skip
    ends = {p.hash: p.header.last for p in chain}
    received, at = 0, None
    for signed, hq, when, file in sorted(heads, key=lambda s: s[0].last):
        if ends.get(signed.hash) == signed.last:
            if hq and signed.last >= received:
                received, at = signed.last, when
        elif signed.hash not in {p.hash for p in segments}:
            sentence = (
                _("Log {log}: {file} says that changes 1–{last} were there; here it ends with {here}.")
                if signed.last > last
                else _("Log {log}: {file} names other contents for changes 1–{last} than are here.")
            )
            found.problems.append(sentence.format(log=log[-4:], file=file, last=signed.last, here=last))
    author = segments[0].header
    return ProvedLog(log, _name(certified, author.replica), author.scope, last, len(chain), head or "", received, at)


def _is_or_follows(archived: _Segment, named: set[str], by_prev: dict[str | None, list[_Segment]]) -> bool:
    """Whether a head that headquarters signed (``named``) is this segment, or comes after it."""
    rest = [archived]
    while rest:
        archived = rest.pop()
        if archived.hash in named:
            return True
        rest += [p for p in by_prev[archived.hash] if p.header.first > archived.header.last]
    return False


def _numbers(found: _Collected, bundles: Sequence[Inspected]) -> None:
    """Note which bundles of a sender are missing; no fault by itself: the next one holds what was not acknowledged."""
    by_sender: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    names: dict[str, str] = {}
    for one in bundles:
        if one.manifest.kind == "bundle":
            by_sender[one.manifest.sender][one.manifest.number].add(one.manifest.made_at)
            names[one.manifest.sender] = one.sender.post_name or one.sender.name
    for sender, numbers in by_sender.items():
        lacking = sorted(set(range(1, max(numbers))) - numbers.keys())
        if lacking:
            found.notes.append(
                _("{who}: bundles {numbers} are not here (for others, or lost; what they held is named above).").format(
                    who=names[sender], numbers=", ".join(map(str, lacking[:20])) + ("…" if len(lacking) > 20 else "")
                )
            )


def _name(certified: dict[str, list[keys.Certificate]], replica: str) -> str:
    known = certified.get(replica)
    if not known:
        return _("an unknown laptop ({id})").format(id=replica[-4:])
    return f"{known[-1].post_name} ({known[-1].name})" if known[-1].post_name else known[-1].name


def _segment_words(certified: dict[str, list[keys.Certificate]], header: Header) -> str:
    return _("{who}, changes {first}–{last}").format(
        who=_name(certified, header.replica), first=header.first, last=header.last
    )
