"""Write a report into a file: choose the writer, and leave either the whole file or none."""

import os
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from fieldapp.errors import FieldappError, os_error_text
from fieldapp.i18n import _
from fieldapp.reports import letterhead
from fieldapp.reports.files import document
from fieldapp.reports.files.document import Document
from fieldapp.reports.letterhead import Issue, LayoutCode
from fieldapp.reports.query import Query
from fieldapp.store import disk, leftovers, people
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import tidy

Form = Literal["docx", "xlsx", "pdf", "html"]

FORMS: tuple[Form, ...] = get_args(Form)


def write_report(
    store: Store,
    query: Query,
    form: Form,
    out: Path,
    *,
    layout: LayoutCode = "decree30",
    number: str | None = None,
    dated: date | None = None,
    annexed: bool = False,
    template: Path | None = None,
    personal: bool = False,
    photos: Collection[str] | Literal["all"] = (),
) -> None:
    """Write the report of a query; ``template`` is for Word only.

    ``number`` and ``dated`` of the letter are kept with the report; those that are not given are the kept ones.
    ``annexed``: with the annex on what the figures were computed from. ``photos``: ids of photographs for an annex.

    Raises FieldappError if the file exists or cannot be written, or the libraries of the extra ``hq`` are missing.
    """
    if os.path.exists(out):  # noqa: PTH110 — Path.exists raises for a name that is too long
        raise _there(out)
    people.check(store, people.Act.REPORT_FILES)
    if number is not None or dated is not None:
        issue = letterhead.issue(store, query, layout)
        issue = Issue(issue.number if number is None else tidy(number), dated or issue.dated)
        letterhead.save_issue(store, query, layout, issue)
    data = report_bytes(
        store, query, form, layout=layout, annexed=annexed, template=template, personal=personal, photos=photos
    )
    leftovers.remember(store, out.parent)
    save_file(out, data, private=personal)


def report_bytes(
    store: Store,
    query: Query,
    form: Form,
    *,
    layout: LayoutCode = "decree30",
    annexed: bool = False,
    template: Path | None = None,
    personal: bool = False,
    photos: Collection[str] | Literal["all"] = (),
) -> bytes:
    """The report of a query as the bytes of a file; nothing is written. FieldappError for whom may not have it."""
    writer = _writer(form, template)
    people.check(store, people.Act.REPORT_FILES, writes=False)
    many, issue = form in ("xlsx", "html"), letterhead.issue(store, query, layout)
    return writer(document.make_document(
        store, query, layout, issue, annexed=annexed, splits=many, entries=form == "xlsx", personal=personal,
        photos=photos,
    ))  # fmt: skip


def _writer(form: Form, template: Path | None) -> Callable[[Document], bytes]:
    try:
        if form == "docx":
            from fieldapp.reports.files.docx import docx_bytes

            return lambda made: docx_bytes(made, template)
        if form == "xlsx":
            from fieldapp.reports.files.xlsx import xlsx_bytes

            return xlsx_bytes
        if form == "pdf":
            from fieldapp.reports.files.pdf import pdf_bytes

            return pdf_bytes
        from fieldapp.reports.files.html import html_bytes

        return html_bytes
    except ModuleNotFoundError as error:
        raise not_installed(form, error) from None


def not_installed(form: Form, error: ModuleNotFoundError) -> FieldappError:
    """The error that files of a form need a library which is not installed."""
    return FieldappError(
        _(
            "{form} files need a part of the program that is not installed here ({module}). Install it from the"
            ' folder that the program came in: pip install "fieldapp[hq]". The figures are there without it by'
            " --format text, csv or json."
        ).format(form=form.upper(), module=error.name)
    )


def save_file(out: Path, data: bytes, *, private: bool = False) -> None:
    """Write bytes into a new file: first into one beside it, which is then renamed. FieldappError where that fails.

    ``private``: it says who people are, and other accounts may not read it.
    """
    with disk.begun(out.parent) as part:
        disk.check_name(out)
        try:
            disk.write_new(part, data, 0o600 if private else 0o666)
            disk.take_name(part, out)
        except FileExistsError:
            raise _there(out) from None
        except OSError as error:
            held = disk.held_text(error)
            if held:
                raise FieldappError(held) from None
            raise FieldappError(
                _("{path} cannot be written: {why}. Name another file or folder.").format(
                    path=out, why=os_error_text(error)
                )
            ) from None


def _there(out: Path) -> FieldappError:
    return FieldappError(_("There is a file {path} already. It stays as it is: name another.").format(path=out))
