"""What may be attached to a record: photographs, scans and papers, known by their content and never by their name.

A file comes from a phone, a stick, anybody. Its size is looked at before it is read, its pixels before they are decoded
(``pictures.py``), and what a paper unpacks to before it is unpacked. Papers are stored as they are, and never opened by
the program; those that could do something when they are opened are refused.
"""

import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from fieldapp.domain.amounts import format_amount
from fieldapp.domain.file_names import is_windows_device
from fieldapp.errors import FieldappError, os_error_text, reason_text
from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.vietnamese.text import tidy

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
HEIC = "image/heic"
"""Read, and stored as JPEG"""
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PICTURES = (JPEG, PNG)
"""Photographs as they are stored"""
ENDINGS = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf", DOCX: ".docx"}
"""Media type -> the ending of the name that a file of this type is stored under"""
UNKNOWN = ".bin"
"""The ending of what is none of these: nothing opens it by itself"""
_SAME_ENDING = {".jpeg": ".jpg"}

MB = 1_000_000
MAX_SOURCE = 60 * MB
"""Bytes of a file that is read at all: the largest photographs of phones have some 50 MB"""
MAX_STORED = 25 * MB
"""Bytes of a file as it is stored: it must pass sticks and fit into memory a few times"""
MAX_NAME = 120
"""Characters of a name as it is stored"""
MAX_NAME_BYTES = 230
"""Bytes of it before its ending: Linux allows 255, also for “name (2).docx”"""

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_PDF_DOES = re.compile(
    rb"/(JavaScript|Rendition|Launch|EmbeddedFiles?|RichMedia|Encrypt)(?![A-Za-z])|/(?P<form>XFA)(?=[\s\0\[%])"
)
"""Names that mean it, too long to stand in the bytes of a picture by chance: of three letters, as the name of
a script's text, every fourth scan of 5 MB has one. That text comes with one of these."""
_PDF_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
MAX_UNPACKED = 100 * MB
"""Bytes to which the parts of a paper may unpack"""
MAX_PARTS = 2_000
"""Of a paper: members of a document of Word, packed lists of objects of a PDF"""
_CHUNK = 1 << 16
_LONGEST_NAME = 64
"""Bytes of a name that means it, each escaped"""


class NotAttachable(FieldappError):
    """The file cannot be attached; the message says why, and what to do."""


def read(path: Path) -> bytes:
    """The bytes of a file, once its size is known to be bearable; NotAttachable also if it changes meanwhile."""
    shown = display_path(path.name or path)
    try:
        kind = path.stat()
        if stat.S_ISDIR(kind.st_mode):
            raise NotAttachable(_("{name} is a folder. Name the files in it.").format(name=shown))
        if not stat.S_ISREG(kind.st_mode):
            raise NotAttachable(_("{name} is no file. Nothing was attached.").format(name=shown))
        if kind.st_size == 0:
            raise NotAttachable(_("{name} is empty: it has 0 bytes. Copy it again from where it came.").format(
                name=shown))  # fmt: skip
        if kind.st_size > MAX_SOURCE:
            raise _too_large(shown, kind.st_size, MAX_SOURCE)
        with path.open("rb") as file:
            data = file.read(MAX_SOURCE + 1)
        after = path.stat()
    except OSError as error:
        why = os_error_text(error)
        raise NotAttachable(_("{path} cannot be read: {why}.").format(path=shown, why=why)) from None
    except (ValueError, MemoryError) as error:  # a NUL in the name; a file that does not fit into memory
        raise NotAttachable(_("{path} cannot be read: {why}.").format(path=shown, why=reason_text(error))) from None
    if len(data) != kind.st_size or (after.st_size, after.st_mtime_ns) != (kind.st_size, kind.st_mtime_ns):
        raise NotAttachable(
            _("{name} was changed while it was read. Nothing was attached: wait until it is complete, then do it"
              " again.").format(name=shown)
        )  # fmt: skip
    return data


def media_type_of(data: bytes, path: Path) -> str:
    """What a file is, by its content; NotAttachable for what may not be attached."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"PK\x03\x04") and b"word/document.xml" in data:
        return DOCX
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return HEIC
    shown = display_path(path.name)
    raise NotAttachable(
        _("{name} is no photograph (JPEG, PNG, HEIC) and no paper (PDF, DOCX), whatever its name says. Nothing was"
          " attached.").format(name=shown)
    )  # fmt: skip


def stored_name(name: str, media_type: str) -> str:
    """A file's name as it is stored: one line, without folders, with the ending of its type."""
    stem = tidy(re.split(r"[/\\]", name)[-1].encode("utf-8", "replace").decode())
    before, dot, ending = stem.rpartition(".")
    known = _SAME_ENDING.get(f".{ending.lower()}", f".{ending.lower()}")
    if dot and known in (*ENDINGS.values(), ".heic"):
        stem = before
    stem = re.sub(r'[<>:"|?*]', "_", stem).strip(" .")[: MAX_NAME - 5]
    stem = stem.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(" .")
    stem = f"_{stem}" if is_windows_device(stem) else stem
    return (stem or _("file")) + ENDINGS.get(media_type, UNKNOWN)


def check_stored(data: bytes, path: Path) -> None:
    """NotAttachable if it is larger than what is stored."""
    if len(data) > MAX_STORED:
        raise _too_large(display_path(path.name), len(data), MAX_STORED)


def _too_large(shown: str, size: int, most: int) -> NotAttachable:
    return NotAttachable(
        _("{name} has {size} MB; at most {most} MB can be attached. Scan it again with fewer points per inch, or attach"
          " it in parts.").format(name=shown, size=format_amount(-(-size // MB)), most=most // MB)
    )  # fmt: skip


def check_paper(data: bytes, media_type: str, path: Path) -> None:
    """NotAttachable for a paper that is damaged, or that could do something when it is opened."""
    (_check_pdf if media_type == PDF else _check_docx)(data, path)


def _check_pdf(data: bytes, path: Path) -> None:
    """Refuse a PDF that is cut off, or that does something when it is opened: a script, a program, files inside."""
    shown = display_path(path.name)
    if b"%%EOF" not in data[-2048:]:
        raise NotAttachable(_("{name} is cut off or damaged. Copy it again from where it came.").format(name=shown))
    found = _what_it_does(data)
    for text in _packed_objects(data, shown) if not found else ():
        found = found or _what_it_does(text)
    if found and found[1] == b"Encrypt":
        raise NotAttachable(
            _("{name} is locked with a password or against changes, so that nobody can look into it. Print it into a"
              " new PDF, then attach that.").format(name=shown)
        )  # fmt: skip
    if found:
        raise NotAttachable(
            _("{name} holds a script or other files, which could do something when it is opened. Nothing was attached:"
              " print it into a new PDF, then attach that.").format(name=shown)
        )  # fmt: skip


def _packed_objects(data: bytes, shown: str) -> Iterator[bytes]:
    """What the packed lists of objects of a PDF unpack to; NotAttachable if that is far too much, or too much work."""
    at = last = number = 0
    read, unpacked = 0, 0
    while (at := data.find(b"/ObjStm", at) + 1) > 0:
        begins = data.find(b"stream", at, at + 400)
        if begins < 0 or begins == last:
            continue
        last, number = begins, number + 1
        if number > MAX_PARTS:
            raise _unpacks_too_large(shown)
        begins += len(b"stream\r\n" if data.startswith(b"stream\r\n", begins) else b"stream\n")
        unpacking, parts = zlib.decompressobj(), list[bytes]()
        with suppress(zlib.error):  # it is packed otherwise, or not whole
            while not unpacking.eof and begins < len(data):
                parts.append(unpacking.decompress(data[begins : begins + _CHUNK], MAX_UNPACKED))
                begins, read, unpacked = begins + _CHUNK, read + _CHUNK, unpacked + len(parts[-1])
                if unpacked >= MAX_UNPACKED or read >= MAX_UNPACKED:
                    raise _unpacks_too_large(shown)
        yield b"".join(parts)


def _what_it_does(text: bytes) -> re.Match[bytes] | None:
    """The first name in a PDF that means it; names may have escapes, ``/J#61vaScript``. Read in pieces: one that is
    full of escapes takes thirty times its size."""
    for at in range(0, len(text), _CHUNK):
        piece = text[at : at + _CHUNK + _LONGEST_NAME]
        if found := _PDF_DOES.search(_PDF_ESCAPE.sub(lambda code: bytes([int(code[1], 16)]), piece)):
            return found
    return None


def _check_docx(data: bytes, path: Path) -> None:
    """Refuse a document of Word that is damaged, unpacks to far too much, or brings programs along."""
    from zipfile import BadZipFile, ZipFile

    shown = display_path(path.name)
    try:
        with ZipFile(BytesIO(data)) as parts:
            listed = parts.infolist()
            if len(listed) > MAX_PARTS or sum(part.file_size for part in listed) > MAX_UNPACKED:
                raise _unpacks_too_large(shown)
            names = {part.filename.lower() for part in listed}
            links = b""
            for part in listed:
                if part.filename.lower().endswith("settings.xml.rels"):
                    with parts.open(part) as file:
                        links += file.read(MB)
            damaged = parts.testzip() is not None if len(data) < MB else False
    except (BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error, EOFError):
        damaged, names, links = True, set(), b""
    if damaged or "word/document.xml" not in names:
        raise NotAttachable(_("{name} is cut off or damaged. Copy it again from where it came.").format(name=shown))
    if any("vbaproject" in n or "activex" in n or "/embeddings/" in n for n in names) or b"attachedTemplate" in links:
        raise NotAttachable(
            _("{name} holds a script or other files, which could do something when it is opened. Nothing was attached:"
              " print it into a new PDF, then attach that.").format(name=shown)
        )  # fmt: skip


def _unpacks_too_large(shown: str) -> NotAttachable:
    return NotAttachable(
        _("{name} unpacks to far more than a paper has. Nothing was attached: print it into a new PDF.").format(
            name=shown
        )
    )
