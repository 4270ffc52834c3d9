"""Bundles: ``age( tar( manifest.json, manifest.json.minisig, certs/…, segments/… ) )``; packs: the same, unencrypted.

``docs/bundle-format.md`` specifies the format. A file is read as a stream, in two passes. ``inspect`` reads the whole
file and believes nothing until every size, every hash and the sender's signature have been checked. Only then does
``read_segments`` read it again, to apply it. The plain text is never written to a disk.
"""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

import msgspec
from msgspec import Struct, field

from fieldapp.errors import FieldappError, FileRefused, os_error_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.sync.format import agefile, keys, tarball
from fieldapp.sync.format.head import Head, NonNegative
from fieldapp.sync.format.segment import INSTANT, MAX_HLC, digest
from fieldapp.vietnamese.text import clean

BUNDLE_FORMAT = "fieldapp-bundle/1"
BUNDLE_SUFFIX = ".fieldapp.tar.age"
PACK_SUFFIX = ".fieldapp-pack.tar"
MANIFEST = "manifest.json"
SIGNATURE = ".minisig"
_ARCHIVES = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b")
"""How zip, 7z, rar and gzip begin: people pack what they send to each other"""
_LONGEST_HEAD = 6
SMALL = 100_000
"""Bytes of a bundle whose segments stay in memory once it was inspected, and are not decrypted a second time"""
MAX_DOCUMENT = 16_384
"""Bytes of a certificate or a signature"""

FOR_OTHERS = "for_others"
DAMAGED = "damaged"
NEWER_FORMAT = "newer_format"
NO_SENDER = "no_sender"
FORGED = "forged"
WRONG_KIND = "wrong_kind"

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MEMBER = re.compile(rf"((?:certs|revocations)/{_UUID}\.json|segments/{_UUID}-[0-9]{{10}}\.jsonl\.zst)(\.minisig)?")

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total), a total of 0 where nobody knows it. It may raise ``Cancelled``; at ``index`` that
is too late."""
STAGES = {
    "read": "Reading bundles",
    "apply": "Taking in changes",
    "index": "Making the new records findable",
    "write": "Writing the bundle",
    "verify": "Reading back and comparing",
}
"""Stage of ``Progress`` -> what is being done"""


class MemberLine(msgspec.Struct, frozen=True):
    """One file of the tar as the manifest lists it."""

    name: str
    size: NonNegative
    sha256: str


class RejectedChange(msgspec.Struct, frozen=True):
    """A change by the recipient that the sender rejected, with the rule that it breaks."""

    log: str
    seq: NonNegative
    reason: str


class FilesHave(msgspec.Struct, frozen=True):
    """Which files of records the sender of a manifest has: the first 8 bytes of each hash, sorted, in base64."""

    has: str
    declined: str
    """those that it does not have and does not want, because it took them away when headquarters had them"""


class Manifest(msgspec.Struct, frozen=True):
    """The first member: what the bundle holds and what its sender has. Fields of a later format are ignored."""

    format: str
    kind: str
    sender: str
    made_at: str
    hlc: int
    number: NonNegative
    recipients: list[str]
    have: dict[str, Head]
    members: list[MemberLine]
    counts: dict[str, NonNegative]
    program: str
    schema: int
    set_aside: list[RejectedChange] = []
    log: str = ""
    """the log that the sender writes now; of headquarters, its log in scope '*'"""
    post_id: str | None = None
    recovery: str | None = None
    files: FilesHave | None = None
    """which files of records the sender has; None: it takes none. Versions before 0.3.1 did not say"""
    recovery_code: str | None = None
    """In a bundle for headquarters: the sender's recovery code, sealed to the recovery key; base64."""
    heard: dict[str, int] | None = None
    """From headquarters to headquarters: replica -> clock of its newest bundle that the sender read or heard of."""


def looks_like(path: Path) -> Literal["bundle", "pack"] | None:
    """What a file begins like, whatever its name: an age file, or a tar with a manifest; None for all others."""
    try:
        with path.open("rb") as file:
            head = file.read(tarball.BLOCK)
    except OSError:
        return None
    if head.startswith(agefile.MAGIC):
        return "bundle"
    return "pack" if head.startswith(f"{MANIFEST}\0".encode()) and head[tarball.MAGIC] == b"ustar\0" else None


class Inspected(Struct, frozen=True):
    """A bundle that is complete and carries its sender's own signature. Whether to trust the sender is open."""

    path: Path
    manifest: Manifest
    certificates: list[tuple[keys.Certificate, bytes, bytes]] = field(default_factory=list)
    """(certificate, its bytes, its signature) in order"""
    revocations: list[tuple[keys.Revocation, bytes, bytes]] = field(default_factory=list)
    """(revocation, its bytes, its signature) in order"""
    segments: list[tuple[bytes, bytes]] | None = None
    """(bytes, signature) of each, of a bundle that is small; None: they are read again"""

    @property
    def sender(self) -> keys.Certificate:
        """The sender's certificate, which every bundle carries first."""
        return self.certificates[0][0]

    @property
    def fingerprint(self) -> str:
        """The sender's keys in words."""
        return keys.fingerprint(self.sender.sign_key, self.sender.age_key)


def write_tar(stream: IO[bytes], manifest: Manifest, signature: bytes, members: Iterator[tuple[str, bytes]]) -> None:
    """Write the plain tar of a bundle; the manifest must list exactly these members in this order."""
    tarball.write_member(stream, MANIFEST, encode_manifest(manifest))
    tarball.write_member(stream, MANIFEST + SIGNATURE, signature)
    for name, data in members:
        tarball.write_member(stream, name, data)
    tarball.write_end(stream)


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes that the sender signs."""
    return msgspec.json.encode(manifest, order="deterministic")


def with_post(manifest: Manifest, post_id: str | None, recovery: str | None) -> Manifest:
    """The manifest of a pack: adds the post, and the age recipient to which the database key is sealed for recovery."""
    return msgspec.structs.replace(manifest, post_id=post_id, recovery=recovery)


def member_line(name: str, data: bytes) -> MemberLine:
    """A file's line in the manifest."""
    return MemberLine(name, len(data), digest(data))


def inspect(path: Path, age_secret: str | None) -> Inspected:
    """Check a file from beginning to end. Changes nothing; raises FieldappError that says what is wrong.

    ``age_secret`` is our age identity; None reads a pack.
    """
    documents: dict[str, bytes] = {}
    segments: dict[str, bytes] = {}
    try:
        with _decrypted_tar(path, age_secret) as stream:
            members = tarball.read_members(stream)
            raw = _next(members, MANIFEST)
            manifest = _manifest(raw)
            small = sum(m.size for m in manifest.members) <= SMALL
            signature = _next(members, MANIFEST + SIGNATURE)
            if len(signature) > MAX_DOCUMENT:
                raise tarball.BadTar("a signature that is too large")
            for expected in manifest.members:
                data = _next(members, expected.name)
                if member_line(expected.name, data) != expected:
                    raise tarball.BadTar("a member is not as the manifest lists it")
                if not expected.name.startswith("segments/"):
                    documents[expected.name] = data
                elif small:
                    segments[expected.name] = data
            if next(members, None) is not None:
                raise tarball.BadTar("more members than the manifest lists")
    except tarball.BadTar as error:
        raise DamagedFile(path, pack=age_secret is None) from error
    kept = list(_with_signatures(segments.items())) if small else None
    inspected = Inspected(path, manifest, _certificates(documents), _revocations(documents), kept)
    if not inspected.certificates or inspected.sender.replica != manifest.sender:
        raise FileRefused(
            NO_SENDER, _("{name} does not say who made it. Nothing was changed.").format(name=display_path(path.name))
        )
    if not keys.verify(inspected.sender.sign_key, raw, signature):
        raise FileRefused(
            FORGED,
            _("The signature of {name} is not its sender's: it was forged or changed. Nothing was changed.").format(
                name=display_path(path.name)
            ),
        )
    return inspected


def signed_manifest(path: Path, age_secret: str) -> tuple[Manifest, bytes, bytes] | None:
    """The manifest of a file of which the rest is damaged: itself, its bytes, and its signature, which nobody checked.

    None if the damage is in it, or before it.
    """
    found = None
    try:
        with _decrypted_tar(path, age_secret) as stream:
            members = tarball.read_members(stream)
            raw = _next(members, MANIFEST)
            found = _manifest(raw), raw, _next(members, MANIFEST + SIGNATURE)
    except (FieldappError, OSError, RecursionError, MemoryError, tarball.BadTar):
        return found
    return found


def read_segments(inspected: Inspected, age_secret: str | None) -> Generator[tuple[bytes, bytes], None, None]:
    """(bytes, signature) of each segment in an inspected bundle."""
    if inspected.segments is not None:
        yield from inspected.segments
        return
    with _decrypted_tar(inspected.path, age_secret) as stream:
        yield from _with_signatures(_listed(inspected, tarball.read_members(stream)))


def _listed(inspected: Inspected, members: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The members of a bundle's segments; FileRefused if one is not what it was."""
    listed = {m.name: m for m in inspected.manifest.members}
    for name, data in members:
        if not name.startswith("segments/"):
            continue
        if listed.get(name) != member_line(name, data):
            raise FileRefused(
                DAMAGED, _("{name} was changed while it was read.").format(name=display_path(inspected.path.name))
            )
        yield name, data


def _with_signatures(members: Iterable[tuple[str, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """(bytes, signature) of each segment that its signature follows."""
    held: tuple[str, bytes] | None = None
    for name, data in members:
        if not name.endswith(SIGNATURE):
            held = (name, data)
        elif held is not None and name == held[0] + SIGNATURE:
            yield held[1], data


def _next(members: Iterator[tuple[str, bytes]], name: str) -> bytes:
    found, data = next(members, ("", b""))
    if found != name:
        raise tarball.BadTar(f"{name} is missing")
    return data


def _manifest(data: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise tarball.BadTar(f"manifest: {error}") from None
    if manifest.format != BUNDLE_FORMAT:
        raise FileRefused(
            NEWER_FORMAT,
            _("This bundle was made by a newer version ({format}). Upgrade this program first.").format(
                format=clean(manifest.format)[:40]
            ),
        )
    names = [m.name for m in manifest.members]
    if len(set(names)) != len(names) or not all(_MEMBER.fullmatch(n) for n in names):
        raise tarball.BadTar("the manifest lists what may not be in a bundle")
    if any(m.size > MAX_DOCUMENT and not m.name.endswith(".zst") for m in manifest.members):
        raise tarball.BadTar("a certificate or signature that is too large")
    if not INSTANT.fullmatch(manifest.made_at):
        raise tarball.BadTar("manifest: instant")
    if not 0 < manifest.hlc <= MAX_HLC:
        raise tarball.BadTar("manifest: clock")
    return manifest


def _certificates(found: dict[str, bytes]) -> list[tuple[keys.Certificate, bytes, bytes]]:
    certificates = []
    for name, data in found.items():
        if name.endswith(SIGNATURE) or not name.startswith("certs/"):
            continue
        certificate = keys.decode_certificate(data)
        if certificate is not None and name == f"certs/{certificate.replica}.json" and name + SIGNATURE in found:
            certificates.append((certificate, data, found[name + SIGNATURE]))
    return certificates


def _revocations(found: dict[str, bytes]) -> list[tuple[keys.Revocation, bytes, bytes]]:
    revocations = []
    for name, data in found.items():
        revocation = keys.decode_revocation(data) if name.startswith("revocations/") else None
        if revocation is not None and name == f"revocations/{revocation.replica}.json" and name + SIGNATURE in found:
            revocations.append((revocation, data, found[name + SIGNATURE]))
    return revocations


@contextmanager
def _decrypted_tar(path: Path, age_secret: str | None) -> Iterator[IO[bytes]]:
    """The tar inside a file as a stream. Errors of decryption are raised while it is read, or when the block ends."""
    if path.exists() and not path.is_file():  # opening a pipe or a device would block
        why = _("it is a folder, name a file in it") if path.is_dir() else _("it is no file")
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=display_path(path), why=why))
    try:
        source = path.open("rb")
    except OSError as error:
        raise FieldappError(
            _("{path} cannot be read: {why}.").format(path=display_path(path), why=os_error_text(error))
        ) from None
    with source:
        if source.read(_LONGEST_HEAD).startswith(_ARCHIVES):
            raise FileRefused(
                WRONG_KIND,
                _("{name} is a packed archive. Nothing was changed: unpack it, and read what is in it.").format(
                    name=display_path(path.name)
                ),
            )
        source.seek(0)
        if age_secret is None:
            yield source
            return
        if not agefile.has_age_header(source):
            if tarball.has_tar_header(source):
                raise FileRefused(
                    WRONG_KIND,
                    _("{name} is a pack: `fieldapp init --pack` begins from it. Nothing was changed.").format(
                        name=display_path(path.name)
                    ),
                )
            raise tarball.BadTar("no age file")
        with agefile.decrypted(source, age_secret, lambda failed: _explain(path, failed)) as plain:
            yield plain


def _explain(path: Path, failed: Sequence[Exception]) -> None:
    """Raise the error that decryption met: it says more than the error of the reader of its output."""
    if not failed or isinstance(failed[0], ValueError):
        return
    import pyrage

    error = failed[0]
    if isinstance(error, pyrage.DecryptError):
        text = str(error).lower()
        if "no matching" in text:
            raise NotForUs(
                _("{name} is for somebody else: it is not encrypted to this laptop.").format(
                    name=display_path(path.name)
                )
            )
        raise DamagedFile(path) from error
    if isinstance(error, OSError):
        raise DamagedFile(path) from error
    raise error


class NotForUs(FileRefused):
    """The bundle is encrypted to others: normal on a stick with bundles of many posts."""

    def __init__(self, message: str) -> None:
        super().__init__(FOR_OTHERS, message)


class DamagedFile(FileRefused):
    """A file that is cut off, damaged, or something else; the error it is raised from says why, in English."""

    def __init__(self, path: Path, pack: bool = False) -> None:
        if pack:
            text = _("{name} is damaged or is no pack. Nothing was changed. Ask headquarters for a new pack.")
        else:
            text = _("{name} is cut off, damaged or no bundle. Nothing was changed.")
        super().__init__(DAMAGED, text.format(name=display_path(path.name)))
