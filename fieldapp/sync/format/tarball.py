"""The tar inside a bundle: plain files, in order, nothing else.

Python's ``tarfile`` reads headers of any length into memory and follows links, but a bundle comes from a stick that
anybody may have had. So this reader accepts plain USTAR members only, and checks each size before it reads.
"""

import re
from collections.abc import Iterator
from typing import IO

BLOCK = 512
MAGIC = slice(257, 263)
"""The place of the magic bytes in a header"""
MAX_MEMBER = 64 * 1024 * 1024
MAX_MEMBERS = 200_000
_NUMBERS = ((100, 108), (108, 116), (116, 124), (124, 136), (136, 148), (148, 156), (329, 337), (337, 345))
"""Places of mode, owner, group, size, time, checksum and device in a header"""
_OCTAL = re.compile(rb" *[0-7]*[ \0]*")


class BadTar(ValueError):
    """The stream is not such a tar; the message says why in English."""


def write_member(stream: IO[bytes], name: str, data: bytes) -> None:
    """Append one file."""
    import tarfile

    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o600
    stream.write(info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict"))
    stream.write(data)
    stream.write(bytes(-len(data) % BLOCK))


def write_end(stream: IO[bytes]) -> None:
    """Close the archive."""
    stream.write(bytes(2 * BLOCK))


def has_tar_header(source: IO[bytes]) -> bool:
    """Whether a file begins with the header of such a tar; seeks back to the beginning."""
    head = source.read(BLOCK)
    source.seek(0)
    return head[MAGIC] == b"ustar\0"


def read_members(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """(name, content) of each file, in order, to the end of the archive; BadTar if anything else is there."""
    import tarfile

    for _ in range(MAX_MEMBERS):
        block = _exactly(stream, BLOCK)
        if block == bytes(BLOCK):
            while rest := stream.read(MAX_MEMBER // 1024):
                if rest.strip(b"\0"):
                    raise BadTar("bytes after the end")
            return
        if block[MAGIC] != b"ustar\0":
            raise BadTar("not plain USTAR")
        # Python would also read other numbers: 1_0, -1, base-256
        if not all(_OCTAL.fullmatch(block[slice(*place)]) for place in _NUMBERS):
            raise BadTar("a number that is not octal")
        try:
            info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError, ValueError) as error:
            raise BadTar(f"header: {error}") from None
        if info.type != tarfile.REGTYPE:
            raise BadTar("a member that is not a plain file")
        if not 0 <= info.size <= MAX_MEMBER:
            raise BadTar("a member that is too large")
        content = _exactly(stream, info.size)
        if _exactly(stream, -info.size % BLOCK).strip(b"\0"):
            raise BadTar("padding that is not empty")
        yield info.name, content
    raise BadTar("too many members")


def _exactly(stream: IO[bytes], size: int) -> bytes:
    parts = []
    while size:
        part = stream.read(size)
        if not part:
            raise BadTar("cut off")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
