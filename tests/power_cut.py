"""What a disk may hold after a power cut, computed from the calls that ``tests/e2e/recorder.c`` recorded.

The model assumes no more of a disk than SQLite does:

- What was written to a file and not yet synced may be there or not, each sector by itself, in any order. A write is
  torn at 512 or at 4,096 bytes. Bytes that were not written are zeros; a file is as large as its last sector needs.
- Changing a file's size is a write like another.
- Creating, renaming and unlinking happen in order: of the operations not yet synced, a power cut leaves the first few,
  as the journal of a file system does. Syncing a folder, or a file of that name, puts them onto the disk.
- What ``fsync`` returned for is there.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Call:
    kind: str
    """a letter, as in recorder.c"""
    name: str
    offset: int
    data: bytes


def calls(record: Path) -> Iterator[Call]:
    """The recorded calls, in order."""
    data = record.read_bytes()
    at = 0
    while at < len(data):
        kind = chr(data[at])
        offset, length = struct.unpack_from("<qq", data, at + 1)
        end = data.index(b"\0", at + 17)
        name = data[at + 17 : end].decode()
        at = end + 1 + length
        yield Call(kind, name, offset, data[end + 1 : at])


@dataclass
class File:
    """What is surely on the disk, and what is pending: (offset, data) of writes, (size, None) of truncations."""

    sure: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.pending:
            _apply(self.sure, offset, data)
        self.pending.clear()


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


class Disk:
    """Files by name, as the program sees them, and as they are surely on the disk."""

    def __init__(self, begin: dict[str, bytes]) -> None:
        self.seen = {name: File(bytearray(data)) for name, data in begin.items()}
        self.sure = dict(self.seen)
        self.names: list[tuple[str, str, File | None]] = []
        """pending changes of names, in order: (folder, name, file or None where it is gone)"""

    def do(self, call: Call) -> None:
        """Apply a call; ValueError at one that the model does not know."""
        file = self.seen.get(call.name)
        if call.kind == "c":
            self.seen[call.name] = File()
            self._name(call.name)
        elif call.kind == "w" and file is not None:
            file.pending.append((call.offset, call.data))
        elif call.kind == "t" and file is not None:
            file.pending.append((call.offset, None))
        elif call.kind == "s" and file is not None:
            file.sync()
            self._sync_names(lambda _folder, name, made: made is file and name == call.name)
        elif call.kind == "d":
            self._sync_names(lambda folder, _name, _made: folder == call.name)
        elif call.kind == "r":
            to = call.data.decode()
            if file is None:  # a folder: all below it
                for name in [n for n in self.seen if n.startswith(call.name + "/")]:
                    self._move(name, to + name.removeprefix(call.name))
            else:
                self._move(call.name, to)
        elif call.kind == "u" and file is not None:
            del self.seen[call.name]
            self._name(call.name)
        elif call.kind not in "um":
            raise ValueError(f"{call.kind} {call.name} {call.data!r} is not modelled")

    def _move(self, name: str, to: str) -> None:
        self.seen[to] = self.seen.pop(name)
        self._name(to)
        self._name(name)

    def _name(self, name: str) -> None:
        self.names.append((name.rpartition("/")[0], name, self.seen.get(name)))

    def _sync_names(self, reached: object) -> None:
        """Sync all pending names up to the last one that is reached: names come in order."""
        assert callable(reached)
        last = max((place for place, n in enumerate(self.names) if reached(*n)), default=-1)
        for _folder, name, file in self.names[: last + 1]:
            _set(self.sure, name, file)
        del self.names[: last + 1]

    def after_a_cut(self, chance: random.Random) -> dict[str, bytes]:
        """One of the states that a power cut at this moment may leave."""
        files = dict(self.sure)
        for _folder, name, file in self.names[: chance.randrange(len(self.names) + 1)]:
            _set(files, name, file)
        sector = chance.choice((512, 4096))
        share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        return {name: _torn(file, chance, sector, share) for name, file in files.items()}


def _set(files: dict[str, File], name: str, file: File | None) -> None:
    if file is None:
        files.pop(name, None)
    else:
        files[name] = file


def _torn(file: File, chance: random.Random, sector: int, share: float) -> bytes:
    """What is sure, and each pending sector with the chance ``share``."""
    content = bytearray(file.sure)
    for offset, data in file.pending:
        if data is None:
            if chance.random() < share:
                _apply(content, offset, None)
            continue
        at = 0
        while at < len(data):
            size = min(sector - (offset + at) % sector, len(data) - at)
            if chance.random() < share:
                _apply(content, offset + at, data[at : at + size])
            at += size
    return bytes(content)
