"""The templates of papers: those that come with the program, and headquarters' own."""

import csv
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fieldapp.domain import lengths
from fieldapp.errors import FieldappError, os_error_text
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _
from fieldapp.packaged import PACKAGE
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

LONGEST = lengths.FILE // 4 * 3
"""Bytes of a template"""
UNPACKED = 24_000_000
"""Bytes of all that is in a template: more is no template, but something to fill the memory"""
_SHIPPED = "papers"


@dataclass(frozen=True)
class Template:
    """A Word file with the fields of records of one kind."""

    code: str
    name: str
    kind: str
    """of the records"""
    content: bytes
    id: str = ""
    """of headquarters' own; empty: it comes with the program"""


def templates(store: Store, kind: str | None = None) -> list[Template]:
    """The templates, of one kind or of all: those that come with the program, in their order, then headquarters' own.

    One of headquarters' own with the code of a shipped one stands in its place.
    """
    found = {template.code: template for template in _shipped()}
    for row in store.rows("SELECT * FROM paper_template WHERE voided_at IS NULL ORDER BY id"):
        found[row["code"]] = Template(row["code"], row["name"], row["record_kind"], _bytes(row["content"]), row["id"])
    return [template for template in found.values() if kind in (None, template.kind)]


def _bytes(content: str) -> bytes:
    """The file in a stored row; none where the row holds something else, which is said when it is opened."""
    import base64

    try:
        return base64.b64decode(content)
    except ValueError:
        return b""


def has_templates(store: Store, kind: str) -> bool:
    """Whether there are templates of a kind; quick, because footers ask."""
    own = "SELECT 1 FROM paper_template WHERE record_kind = ? AND voided_at IS NULL"
    shipped = any(template.kind == kind for template in _shipped())
    return shipped or store.cached_until_changed(f"papers {kind}", lambda: store.value(own, [kind]) is not None)


def check_word() -> None:
    """Raise FieldappError if what writes Word files is not installed."""
    try:
        import docx  # noqa: F401
    except ModuleNotFoundError as error:
        from fieldapp.reports.files.write import not_installed

        raise not_installed("docx", error) from None


def template_named(store: Store, named: str) -> Template:
    """The template with this code or name; FieldappError with all codes if there is none."""
    listed = templates(store)
    key = search_key(named)
    found = [t for t in listed if key in (search_key(t.code), search_key(t.name))]
    if not found:
        codes = ", ".join(t.code for t in listed)
        raise FieldappError(
            _("There is no paper template “{named}”. Templates: {codes}.").format(named=brief_text(named), codes=codes)
        )
    return found[0]


@cache
def _shipped() -> list[Template]:
    folder = PACKAGE / "data" / _SHIPPED
    lines = csv.DictReader(io.StringIO((folder / "papers.csv").read_text(encoding="utf-8")))
    return [
        Template(line["code"], line["name"], line["kind"], (folder / f"{line['code']}.docx").read_bytes())
        for line in lines
    ]


def read_template(path: Path) -> bytes:
    """The bytes of a template file; FieldappError if it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        why = os_error_text(error)
        raise FieldappError(_("{path} cannot be read: {why}.").format(path=display_path(path), why=why)) from None
    if len(content) > LONGEST:
        raise FieldappError(
            _("{path} is larger than {n} kB. Take pictures out of it, or make them smaller.").format(
                path=display_path(path), n=LONGEST // 1000
            )
        )
    return content


def opened(content: bytes, name: str) -> "WordDocument":
    """A template, opened; FieldappError if it is no Word document."""
    import zipfile

    import docx

    from fieldapp.reports.files import docx as _parts  # noqa: F401 — notes are read as text from then on

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(info.file_size for info in packed.infolist()) > UNPACKED:
                raise ValueError(name)
        return docx.Document(io.BytesIO(content))
    except Exception:
        raise FieldappError(
            _("{path} is no Word document (.docx). Save the template in Word as .docx and give that.").format(
                path=display_path(name)
            )
        ) from None
