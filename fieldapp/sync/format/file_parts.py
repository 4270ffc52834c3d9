"""Parts with the files of records, beside a bundle: ``NAME.1.fieldapp-files``, ``NAME.2.fieldapp-files`` …

    part = the line “fieldapp-files/1”, then age( tar( SHA256SUMS, files/<sha256>, … ) )

Files are no members of the bundle itself: readers up to version 0.2 refuse a bundle with a member that they do not
know, and its records would not arrive. They pass over these parts, whose first bytes are not age's. A part is small, so
that a stick that is pulled loses at most one. Nothing in it is signed: a file counts only if a record's change, which
is signed, names its SHA-256.
"""

import re
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

import pyrage

from fieldapp.sync.format import agefile, tarball

MAGIC = b"fieldapp-files/1\n"
SUFFIX = ".fieldapp-files"
LISTED = "SHA256SUMS"
"""The first member: a line for each file, as ``sha256sum`` writes it"""
FOLDER = "files/"
_NAME = re.compile(r"(.+)\.[0-9]+\.fieldapp-files.*", re.IGNORECASE)
_FILE = re.compile(r"files/([0-9a-f]{64})")
_LINE = re.compile(rb"([0-9a-f]{64})  files/\1")
PART = 50_000_000
"""Bytes of files that one part holds about"""
OVERHEAD = 2_048
"""Bytes that a file takes beside its content: header, padding, its line, and its share of age's"""


class BadPart(ValueError):
    """The part is cut off, damaged, or something else; what was read before is whole."""


class PartForOthers(ValueError):
    """The part is encrypted to somebody else."""


def name_of(stem: str, number: int) -> str:
    """The name of a part beside the bundle of a name without its ending."""
    return f"{stem}.{number}{SUFFIX}"


def stem_of(name: str) -> str:
    """The name without its ending of the bundle that a part was written beside; empty if it is no name of a part."""
    found = _NAME.fullmatch(name)
    return found[1] if found else ""


def parts_in(folder: Path) -> list[Path]:
    """The parts in a folder, by name; OSError if it cannot be read."""
    found = (path for path in folder.iterdir() if SUFFIX in path.name.lower() and not path.name.startswith("."))
    return sorted(path for path in found if path.is_file() and _begins_right(path))


def _begins_right(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def write(target: IO[bytes], recipients: Sequence[str], hashes: Sequence[str], files: Iterator[bytes]) -> None:
    """Write a part: one file for each of the hashes, in their order; one that is empty is left out."""

    target.write(MAGIC)
    with agefile.encrypted(target, recipients) as plain:
        tarball.write_member(plain, LISTED, "".join(f"{h}  {FOLDER}{h}\n" for h in hashes).encode())
        for name, data in zip(hashes, files, strict=True):
            if data:
                tarball.write_member(plain, FOLDER + name, data)
        tarball.write_end(plain)


def listed(path: Path, age_secret: str) -> list[str]:
    """The hashes of the files that a part says it holds; the rest is not read. BadPart, PartForOthers, OSError."""
    with _opened(path, age_secret) as members:
        name, data = next(members, ("", b""))
        if name != LISTED:
            raise BadPart("no list")
        return [line[1].decode() for line in _LINE.finditer(data)]


def read(path: Path, age_secret: str, wanted: Collection[str]) -> Generator[tuple[str, bytes | None], None, None]:
    """(hash, content) of each wanted file of a part; None for one that is not what its hash says.

    BadPart after those that are whole, PartForOthers, OSError. One file is in memory at a time.
    """
    with _opened(path, age_secret) as members:
        for name, data in members:
            found = _FILE.fullmatch(name)
            if found and found[1] in wanted:
                yield found[1], data if sha256(data).hexdigest() == found[1] else None


@contextmanager
def _opened(path: Path, age_secret: str) -> Iterator[Iterator[tuple[str, bytes]]]:
    """The members of a part's tar."""
    with path.open("rb") as source:
        if source.read(len(MAGIC)) != MAGIC:
            raise BadPart("no part")
        beginning = source.tell()
        head = source.read(agefile.MAX_HEADER)
        if not (head.startswith(agefile.MAGIC) and b"\n--- " in head):
            raise BadPart("no age file")
        source.seek(beginning)
        try:
            with agefile.decrypted(source, age_secret, _explain) as plain:
                yield tarball.read_members(plain)
        except tarball.BadTar as error:
            raise BadPart(str(error)) from error


def _explain(failed: Sequence[Exception]) -> None:
    if not failed:
        return
    if isinstance(failed[0], pyrage.DecryptError) and "no matching" in str(failed[0]).lower():
        raise PartForOthers
    raise BadPart(str(failed[0])) from failed[0]
