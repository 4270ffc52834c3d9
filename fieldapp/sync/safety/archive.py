"""The history that an archive of bundles proves: each log a signed chain, as far as headquarters' receipts signed it.

Nothing but the files, keys that open them and headquarters' public keys is believed; no database is asked. Every
bundle names, in its signed manifest, the head that its sender has of each log: so what was dropped shows where somebody
has said that it was there, and what was exchanged shows by its hash.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyrage

from fieldapp.errors import FieldappError, FileRefused
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.sync.format import bundle, keys, segment
from fieldapp.sync.format.bundle import Inspected, NotForUs
from fieldapp.sync.format.segment import Header
from fieldapp.sync.peers import peers


@dataclass(frozen=True)
class ProvedLog:
    """What is proved of one log."""

    log: str
    author: str
    """the post's name and the laptop's"""
    scope: str
    last: int
    """changes 1 to this are an unbroken chain, each segment signed by the author"""
    segments: int
    head: str
    """hash of the last segment of the chain"""
    received: int
    """up to this change headquarters has signed that it has the log, and it is what lies here"""
    received_at: str | None
    """when headquarters said so, by its wall clock"""

    @property
    def sentence(self) -> str:
        """For people."""
        text = _("{author}, log {log}: changes 1–{last} in {segments} parts, an unbroken signed chain, head {head}.")
        said = _("Headquarters signed 1–{received} ({at}).") if self.received else _("No receipt of headquarters.")
        return f"{text} {said}".format(
            author=self.author, log=self.log[-4:], last=self.last, segments=self.segments, head=self.head[:16],
            received=self.received, at=self.received_at,
        )  # fmt: skip


@dataclass(frozen=True)
class ProvedHistory:
    """What an archive proves, and what is wrong with it."""

    logs: list[ProvedLog]
    bundles: int
    """files that are whole and signed by somebody whom headquarters vouches for"""
    problems: list[str]
    notes: list[str]
    """what is no fault by itself: files for others, bundles that are not here whose content is"""


@dataclass(frozen=True)
class _Piece:
    """A segment of the archive."""

    hash: str
    header: Header
    file: str


@dataclass
class _Collected:
    bundles: list[Inspected] = field(default_factory=list)
    pieces: dict[str, _Piece] = field(default_factory=dict)
    signatures: dict[str, list[tuple[bytes, bytes]]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def keys_of(store: Store) -> tuple[list[str], set[str]]:
    """(age identities, minisign keys of the roots of trust) of a replica."""
    roots = {p.sign_key for p in [peers.own(store), *peers.others(store)] if p.role == "hq" and p.issuer == p.id}
    return [store.value("SELECT age_secret FROM local_replica WHERE own = 1")], roots


def read_identities(files: Iterable[Path]) -> list[str]:
    """The age identities in files as ``age-keygen`` writes them."""
    found = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").split()
            identities = [line for line in lines if line.startswith("AGE-SECRET-KEY-1")]
            found += [str(pyrage.x25519.Identity.from_str(text)) for text in identities]
        except (OSError, UnicodeDecodeError, pyrage.IdentityError):
            identities = []
        if not identities:
            raise FieldappError(_("{path} holds no age identity.").format(path=display_path(file)))
    return found


def examine_archive(paths: Sequence[Path], identities: Sequence[str], roots: set[str]) -> ProvedHistory:
    """Read every bundle and pack in files and folders. ``roots``: minisign keys of the headquarters that is trusted."""
    found = _Collected()
    for path in _files(paths):
        _read(found, path, identities)
    people = _certified(found.bundles, roots)
    trusted = [b for b in found.bundles if _is_of(people, b.manifest.sender, b.sender.sign_key)]
    for other in (b for b in found.bundles if b not in trusted):
        found.problems.append(
            _("{file}: headquarters vouches for no such sender.").format(file=display_path(other.path.name))
        )
    logs: dict[str, list[_Piece]] = defaultdict(list)
    for piece in found.pieces.values():
        signers = [c.sign_key for c in people.get(piece.header.replica, [])]
        if any(keys.verify(key, *pair) for key in signers for pair in found.signatures[piece.hash]):
            logs[piece.header.log].append(piece)
        else:
            found.problems.append(_("{what} in {file}: not signed by its author.").format(
                what=_segment_words(people, piece.header), file=piece.file))  # fmt: skip
    said = _signed_heads(trusted, people)
    states = [_follow(found, people, log, logs[log], said[log]) for log in sorted(logs)]
    for log in sorted(said.keys() - logs.keys()):
        last = max(head.last for head, *_rest in said[log])
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
        files += [p for p in inside if p.name.endswith((bundle.BUNDLE_SUFFIX, bundle.PACK_SUFFIX)) and p.is_file()]
    if not files:
        raise FieldappError(_("There is no bundle in it. Name the folder that holds the bundles."))
    return files


def _read(found: _Collected, path: Path, identities: Sequence[str]) -> None:
    for secret in [None] if path.name.endswith(bundle.PACK_SUFFIX) else identities:
        try:
            inspected = bundle.inspect(path, secret)
            for data, signature in bundle.read_segments(inspected, secret):
                _keep(found, path, data, signature)
        except NotForUs:
            continue
        except FileRefused as error:
            found.problems.append(str(error))
            return
        found.bundles.append(inspected)
        return
    found.notes.append(_("{file} is encrypted to others: it was not read.").format(file=display_path(path.name)))


def _keep(found: _Collected, path: Path, data: bytes, signature: bytes) -> None:
    hash_ = segment.digest(data)
    pair = (data, signature)
    if hash_ in found.pieces:
        if pair not in found.signatures[hash_]:
            found.signatures[hash_].append(pair)
        return
    try:
        found.pieces[hash_] = _Piece(hash_, segment.read(data).header, display_path(path.name))
    except segment.BadSegment as why:
        found.problems.append(
            _("{file}: a part of it is no segment ({why}).").format(file=display_path(path.name), why=why)
        )
        return
    found.signatures[hash_].append(pair)


def _certified(bundles: Sequence[Inspected], roots: set[str]) -> dict[str, list[keys.Certificate]]:
    """Replica -> its certificates that headquarters signed, or a laptop of it that it certified."""
    papers = {data: (c, s) for b in bundles for c, data, s in b.certificates}
    people: dict[str, list[keys.Certificate]] = defaultdict(list)
    for data, (certificate, signature) in papers.items():
        own = certificate.is_request and certificate.role == "hq" and certificate.sign_key in roots
        if own and keys.verify(certificate.sign_key, data, signature):
            people[certificate.replica].append(certificate)
    more = True
    while more:
        more = False
        for data, (certificate, signature) in papers.items():
            issuers = [c for c in people.get(certificate.issuer, []) if c.role == "hq"]
            if certificate in people[certificate.replica] or certificate.is_request:
                continue
            if any(keys.verify(issuer.sign_key, data, signature) for issuer in issuers):
                people[certificate.replica].append(certificate)
                more = True
    return people


def _is_of(people: dict[str, list[keys.Certificate]], replica: str, sign_key: str) -> bool:
    return any(c.sign_key == sign_key for c in people.get(replica, []))


SignedHead = tuple[bundle.Head, bool, str, str]
"""(head, whether headquarters says so, when, name of the file)"""


def _signed_heads(
    bundles: Sequence[Inspected], people: dict[str, list[keys.Certificate]]
) -> dict[str, list[SignedHead]]:
    """Log -> every head of it that somebody signed."""
    said: dict[str, list[SignedHead]] = defaultdict(list)
    for one in bundles:
        hq = any(c.role == "hq" for c in people[one.manifest.sender])
        for log, head in one.manifest.have.items():
            said[log].append((head, hq, one.manifest.made_at, display_path(one.path.name)))
    return said


def _follow(
    found: _Collected, people: dict[str, list[keys.Certificate]], log: str, pieces: list[_Piece], said: list[SignedHead]
) -> ProvedLog:
    """Go along a log from its beginning, and hold what was said of it against what is there."""
    named = {head.hash for head, hq, *_rest in said if hq}
    by_prev: dict[str | None, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        by_prev[piece.header.prev].append(piece)
    chain: list[_Piece] = []
    head: str | None = None
    last = 0
    while following := [p for p in by_prev[head] if p.header.first == last + 1 and p.header.log == log]:
        if len(following) > 1:
            found.problems.append(_("{what}: there are two histories from change {n} on.").format(
                what=_segment_words(people, following[0].header), n=last + 1))  # fmt: skip
        following.sort(key=lambda p: (not _is_or_follows(p, named, by_prev), p.hash))
        chain.append(following[0])
        head, last = following[0].hash, following[0].header.last
    for piece in pieces:
        if piece not in chain and piece.header.prev not in {p.hash for p in pieces} and piece.header.first > last:
            found.problems.append(_("{what}: changes {a}–{b} before it are missing.").format(
                what=_segment_words(people, piece.header), a=last + 1, b=piece.header.first - 1))  # fmt: skip
    ends = {p.hash: p.header.last for p in chain}
    received, at = 0, None
    for given, hq, when, file in sorted(said, key=lambda s: s[0].last):
        if ends.get(given.hash) == given.last:
            if hq and given.last >= received:
                received, at = given.last, when
        elif given.hash not in {p.hash for p in pieces}:
            sentence = (
                _("Log {log}: {file} says that changes 1–{last} were there; here it ends with {here}.")
                if given.last > last
                else _("Log {log}: {file} names another content of changes 1–{last} than lies here.")
            )
            found.problems.append(sentence.format(log=log[-4:], file=file, last=given.last, here=last))
    author = pieces[0].header
    return ProvedLog(log, _name(people, author.replica), author.scope, last, len(chain), head or "", received, at)


def _is_or_follows(piece: _Piece, named: set[str], by_prev: dict[str | None, list[_Piece]]) -> bool:
    """Whether a head that headquarters named is this segment, or comes after it."""
    rest = [piece]
    while rest:
        piece = rest.pop()
        if piece.hash in named:
            return True
        rest += [p for p in by_prev[piece.hash] if p.header.first > piece.header.last]
    return False


def _numbers(found: _Collected, bundles: Sequence[Inspected]) -> None:
    """Which bundles of a sender are not here: the next one holds what was not acknowledged, so it is no fault alone."""
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
                _("{who}: bundles {numbers} are not here (for others, or lost; what they held is told above).").format(
                    who=names[sender], numbers=", ".join(map(str, lacking[:20])) + ("…" if len(lacking) > 20 else "")
                )
            )


def _name(people: dict[str, list[keys.Certificate]], replica: str) -> str:
    known = people.get(replica)
    if not known:
        return _("an unknown laptop ({id})").format(id=replica[-4:])
    return f"{known[-1].post_name} ({known[-1].name})" if known[-1].post_name else known[-1].name


def _segment_words(people: dict[str, list[keys.Certificate]], header: Header) -> str:
    return _("{who}, changes {first}–{last}").format(
        who=_name(people, header.replica), first=header.first, last=header.last
    )
