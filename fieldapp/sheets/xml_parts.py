"""The XML parts of an office file (a zip), read with care.

What a file claims is measured before memory is used for it.
"""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from fieldapp.sheets import limits

BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, LookupError,
    ArithmeticError, OSError,
)  # fmt: skip
"""What reading a damaged file may raise, here and in what reads its parts"""


class Enough(Exception):
    """Raised by a handler of ``parse`` that needs nothing of what follows."""


class Parts:
    """The parts of one file. Names have no slash before them, and their case does not matter."""

    def __init__(self, data: bytes, name: str, also: str = ".rels") -> None:
        """``name``: of the file, for the sentence that refuses it; ``also``: how names of parts that are no XML end.

        FieldappError, or one of ``BROKEN``.
        """
        self.file = name
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        listed = [info for info in self._zip.infolist() if info.filename.lower().endswith((".xml", ".rels", also))]
        self._listed = {_key(info.filename): info for info in listed}
        too_many = len(self._listed) < len(listed) or len(listed) > limits.PARTS
        if too_many or sum(info.file_size for info in listed) > limits.UNPACKED:
            raise limits.too_large(name)
        self._unread = set(self._listed)

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._listed

    def unread(self) -> Iterator[str]:
        """The parts that nobody has asked for yet."""
        yield from sorted(self._unread)

    def read(self, name: str) -> bytes:
        """A part, unpacked; no more of it than was declared. KeyError if there is none."""
        self._unread.discard(_key(name))
        return self._zip.read(self._listed[_key(name)])

    def tree(self, name: str) -> "Node":
        """A small part as a tree; an empty one if there is no such part."""
        return tree(self.read(name), self.file) if name in self else Node("")

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to within the file: id -> (sort, such as ``worksheet``; name of the part)."""
        folder, base = posixpath.split(name)
        found = {}
        for node in self.tree(posixpath.join(folder, "_rels", f"{base}.rels")).children:
            if node.get("TargetMode") != "External" and node.get("Target"):
                target = posixpath.normpath(posixpath.join("/", folder, node.get("Target").replace("\\", "/")))
                found[node.get("Id")] = (node.get("Type").rpartition("/")[2], target.lstrip("/"))
        return found


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


@dataclass
class Node:
    """An element of a small part; names are without their prefix."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    text: str = ""

    def get(self, name: str) -> str:
        """An attribute, "" if it is not there; a name with a colon means any prefix."""
        if not name.startswith(":"):
            return self.attributes.get(name, "")
        return next((value for key, value in self.attributes.items() if key.endswith(name)), "")

    def child(self, name: str) -> "Node":
        """The first child of this name; an empty one if there is none."""
        return next((node for node in self.children if node.name == name), Node(""))

    def all(self, name: str) -> Iterator["Node"]:
        """Every element of this name below, in their order."""
        for node in self.children:
            if node.name == name:
                yield node
            yield from node.all(name)


def tree(data: bytes, file: str) -> Node:
    """A small part as a tree."""
    top = Node("")
    open_nodes = [top]

    def start(name: str, attributes: Mapping[str, str]) -> None:
        node = Node(local(name), attributes)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_name: str) -> None:
        open_nodes.pop()

    def text(data: str) -> None:
        open_nodes[-1].text += data

    parse(data, file, start, end, text)
    return top.children[0]


def local(name: str) -> str:
    """The name of an element without its prefix."""
    return name.rpartition(":")[2] if ":" in name else name


def parse(
    data: bytes,
    file: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Hand the elements of a part on; ValueError if it is no XML. One with a document type is refused (entities).

    A handler may raise ``Enough``.
    """

    def doctype(*_args: object) -> None:
        raise limits.too_large(file)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except Enough:
        return
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
