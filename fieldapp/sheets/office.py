"""Which office format a file is, by what is in it: people rename files, and a password changes what is in them."""

import io
import struct
import zipfile
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets import limits
from fieldapp.sheets.cells import SheetTable
from fieldapp.sheets.docx import read_docx
from fieldapp.sheets.ods import is_encrypted, read_ods
from fieldapp.sheets.xls import broken_xls, read_xls
from fieldapp.sheets.xlsb import read_xlsb
from fieldapp.sheets.xlsx import read_xlsx
from fieldapp.sheets.xml_parts import BROKEN, Parts

COMPOUND = b"\xd0\xcf\x11\xe0"
"""First bytes of a file of Office before 2007, and of a later one with a password"""
_BARE_XLS = (b"\x09\x08", b"\x09\x04", b"\x09\x02")
"""First bytes of a file of Excel 2 to 5 that has no container"""
_ENCRYPTED, _WORD, _WORKBOOK = (n.encode("utf-16-le") for n in ("EncryptedPackage", "WordDocument", "Workbook"))
_NO_PASSWORD = "VelvetSweatshop"  # noqa: S105
"""With which Excel encrypts a file that is only protected from changes: it opens without being asked"""


class NeedsPassword(FieldappError):
    """The file only opens with a password, and it was not given, or is wrong."""

    def __init__(self, path: Path, *, wrong: bool = False, may_be_given: bool = True) -> None:
        self.may_be_given = may_be_given
        if wrong and may_be_given:
            text = _("The password of {file} is wrong. Nothing was recorded.")
        elif may_be_given:
            text = _("{file} has a password: give it by --password-file, or save the file without one.")
        else:
            text = _("{file} has a password. Open it in a spreadsheet program and save it without one.")
        super().__init__(text.format(file=path.name))


def is_text(data: bytes) -> bool:
    """Whether a file is neither a workbook or document nor a web page, by its first bytes."""
    return not (data.startswith((b"PK", COMPOUND, *_BARE_XLS)) or _is_page(data))


def read_office(path: Path, data: bytes, password: str | None = None, first: int | None = None) -> list[SheetTable]:
    """The sheets of a workbook, or the tables of a document; FieldappError says what is wrong.

    ``first``: only so many lines are needed; of documents, and of sheets behind the first, there may be more or less.
    """
    if data.startswith(COMPOUND):
        data = _opened(path, data, password)
    if data.startswith((COMPOUND, *_BARE_XLS)):
        return read_xls(path, data, first)
    if not data.startswith(b"PK"):
        raise _no_office_file(path, data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {info.filename.replace("\\", "/").lower() for info in archive.infolist()[: limits.PARTS]}
        if "xl/workbook.bin" in names:
            return read_xlsb(path, data, first)
        if "content.xml" in names:
            if is_encrypted(Parts(data, path.name)):
                raise NeedsPassword(path, may_be_given=False)
            return read_ods(path, data, first)
        if any(name.startswith("word/") for name in names):
            return read_docx(path, data)
        return read_xlsx(path, data, first)
    except (*BROKEN, struct.error):
        raise broken_xls(path) from None


def _is_page(data: bytes) -> bool:
    begin = data[:2000].lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t").lower().replace(b"\0", b"")
    return begin.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"mime-version"))


def _no_office_file(path: Path, data: bytes) -> FieldappError:
    """What a file really is whose name says that it is a workbook."""
    if _is_page(data):
        return FieldappError(
            _(
                "{file} is a web page with the name of a sheet. Open it in a spreadsheet program and save it as .xlsx."
            ).format(file=path.name)
        )
    return broken_xls(path)


def _opened(path: Path, data: bytes, password: str | None) -> bytes:
    """The file without its password; FieldappError if it has one that is not given, or is of Word before 2007."""
    if _WORD in data and _WORKBOOK not in data and _ENCRYPTED not in data:
        raise FieldappError(
            _("{file} is a document of an old Word. Open it in a word processor and save it as .docx.").format(
                file=path.name
            )
        )
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    try:
        file = msoffcrypto.OfficeFile(io.BytesIO(data))
        if not file.is_encrypted():
            return data
        for tried in filter(None, (password, _NO_PASSWORD)):
            out = io.BytesIO()
            try:
                file.load_key(password=tried)
                file.decrypt(out)
            except (InvalidKeyError, DecryptionError):
                continue
            if out.getvalue().startswith((b"PK", COMPOUND)):
                return out.getvalue()
    except (
        FileFormatError,
        ParseError,
        DecryptionError,
        AssertionError,
        TypeError,
        AttributeError,
        *BROKEN,
        struct.error,
    ):
        return data  # damaged, or too old: what reads it says so
    raise NeedsPassword(path, wrong=password is not None)
