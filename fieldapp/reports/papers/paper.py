"""A paper: a template filled for one record, for each of several, or for a list of them."""

import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import count
from pathlib import Path

from fieldapp.domain.records import BY_KIND
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.words import display
from fieldapp.reports.files.template_parts import Found, Placeholders, name_key
from fieldapp.reports.files.write import save_file
from fieldapp.reports.letterhead import letterhead
from fieldapp.reports.papers.fields import (
    CHOSEN,
    DOTS,
    Context,
    RecordFields,
    Together,
    blank_of,
    in_order,
    is_of_list,
    layout_of,
    title_of,
)
from fieldapp.reports.papers.templates import Template, opened
from fieldapp.store import leftovers, people, wall
from fieldapp.store.store import Store

MOST = 500
"""Records of which papers are made at once"""
_NAMED = 8
"""Names in one sentence"""


@dataclass(frozen=True)
class Papers:
    """Word files, before they are anywhere."""

    files: list[tuple[str, bytes]]
    """(name without its ending, bytes) of each; the names differ"""
    empty: list[str]
    """titles of the fields of which nothing is known for some record: there are dots"""

    @property
    def note(self) -> str:
        """What is left to do by hand; empty where nothing is."""
        return _by_hand(self.empty)


@dataclass(frozen=True)
class Written:
    """The files that were written."""

    paths: list[Path]
    empty: list[str]
    """as of ``Papers``"""

    @property
    def sentences(self) -> list[str]:
        """What was written, and what is left to do by hand."""
        where = str(self.paths[0]) if len(self.paths) == 1 else _("{n} files in {path}").format(
            n=len(self.paths), path=self.paths[0].parent)  # fmt: skip
        said = _("{path} is written. It is not encrypted: protect it like a paper copy.").format(path=where)
        return [said, *([_by_hand(self.empty)] if self.empty else [])]


def check(store: Store, template: Template, name: str = "") -> bool:
    """Whether a template is a list of all chosen records; otherwise it is filled for each.

    Raises FieldappError that names what cannot be filled.
    """
    context = _context(store, template.kind)
    found = _filled(template, Together([RecordFields(context, template.kind)]), (), name)[1]
    return any(name_key(field).startswith(f"{CHOSEN}.") for field in found.names)


def make_papers(store: Store, template: Template, ids: Sequence[str], *, each: bool = False) -> Papers:
    """Papers about records: one file, each record from a new page on; ``each``: a file for each.

    A list of the chosen records is always one file. Raises FieldappError where the template has what cannot be filled,
    a record is of another kind or voided, or for whom may make none.
    """
    people.check(store, people.Act.REPORT_FILES, writes=False)
    context = _context(store, template.kind)
    found = _records(store, template, ids)
    listed = check(store, template)
    if listed:
        found = in_order(context, template.kind, found)
    fields = [RecordFields(context, template.kind, one) for one in found]
    sets = {plain_stem(template.code): fields}
    if each and not listed:
        sets = {}
        for one, name in zip(fields, _names(store, found), strict=True):
            stem = plain_stem(f"{template.code}_{_plain(name)}")
            alike = count(2)
            while stem in sets:
                stem = plain_stem(f"{template.code}_{_plain(name)}_{next(alike)}")
            sets[stem] = [one]
    empty: dict[str, None] = {}
    files: list[tuple[str, bytes]] = []
    for stem, some in sets.items():
        data, filled = _filled(template, Together(some), () if listed else some)
        files.append((stem, data))
        empty |= dict.fromkeys(sorted(name for name in filled.empty if not is_of_list(template.kind, name)))
    return Papers(files, [*dict.fromkeys(title_of(template.kind, name) for name in empty)])


def write_papers(store: Store, template: Template, ids: Sequence[str], out: Path, *, each: bool = False) -> Written:
    """Write papers about records into the new file ``out``; ``each``: into the folder ``out``, a file for each.

    Raises FieldappError as ``make_papers``, and where a file cannot be written; nothing is written then.
    """
    people.check(store, people.Act.REPORT_FILES)
    made = make_papers(store, template, ids, each=each)
    done: list[Path] = []
    try:
        for stem, data in made.files:
            path = free_path(out, stem) if each else out
            leftovers.remember(store, path.parent)
            save_file(path, data, private=True)
            done.append(path)
    except FieldappError:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    return Written(done, made.empty)


def _by_hand(empty: Sequence[str]) -> str:
    if not empty:
        return ""
    said = _("Dots {dots} stand where nothing is recorded, to be filled in by hand: {names}.")
    return said.format(dots=DOTS, names=_some(empty))


def _context(store: Store, kind: str) -> Context:
    if kind not in BY_KIND:
        raise FieldappError(_("This template is about a kind of record that this version does not know: “{kind}”."
                              " Install the newer version.").format(kind=kind))  # fmt: skip
    return Context(store, letterhead(store, layout_of(kind)), wall.today())


def _records(store: Store, template: Template, ids: Sequence[str]) -> list[records.Found]:
    if not ids:
        raise FieldappError(_("Name the records that the paper is about."))
    if len(set(ids)) > MOST:
        raise FieldappError(_("At most {n} records at once.").format(n=MOST))
    found = [records.get(store, row_id) for row_id in dict.fromkeys(ids)]
    for one in found:
        if one.kind != template.kind:
            raise FieldappError(
                _("“{name}” is a paper about {kind}; this record is of another kind: {other}.").format(
                    name=template.name, kind=_(BY_KIND[template.kind].PLURAL), other=_(BY_KIND[one.kind].TITLE)
                )
            )
        if one.row["voided_at"] is not None:
            raise FieldappError(_("A voided record has no papers."))
    return found


def _filled(template: Template, whole: Together, each: Sequence[RecordFields], name: str = "") -> tuple[bytes, Found]:
    """A template filled; FieldappError names what cannot be filled."""
    paper = opened(template.content, name or template.name)
    places = Placeholders(paper.part.package, whole, blank=lambda field: blank_of(template.kind, field), codes=False)
    places.fill(each)
    found = places.found
    if found.unknown:
        raise FieldappError(
            _("The template asks for {unknown}, which {kind} do not have. docs/papers.md lists what there is; so does"
              " “fieldapp papers {code} --fields”. Nothing was written.").format(
                unknown=_some(sorted(found.unknown)), kind=_(BY_KIND[template.kind].PLURAL), code=template.kind
            )
        )  # fmt: skip
    if found.broken:
        raise FieldappError(
            _("The template has {texts}, which cannot be filled there. A field is written {{{{ngay}}}}, with two braces"
              " on both sides, in one line; a row has fields of one list. Correct the template. Nothing was written.")
            .format(texts=", ".join(f"“{text}”" for text in sorted(set(found.broken))[:_NAMED]))
        )  # fmt: skip
    if found.once:
        raise FieldappError(
            _(
                "Footnotes and comments cannot be repeated, neither with a row nor with the text for another record."
                " Write one file for each record, or take them out of the row."
            )
        )
    if whole.different:
        raise FieldappError(
            _("{names} differs between the records, and stands where there is one for all. Write one file for each"
              " record.").format(names=_some(sorted(whole.different)))
        )  # fmt: skip
    core = paper.core_properties
    core.title, core.author, core.language = template.name, whole.text("co_quan") or "", "vi-VN"
    core.last_modified_by = ""
    core.created = core.modified = wall.now().astimezone(UTC)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue(), found


def _names(store: Store, found: Sequence[records.Found]) -> list[str]:
    """What the files of records are called after: their labels, without what those belong to."""
    kind = found[0].kind
    return [
        " ".join(texts) for texts in display(store, kind, [one.row for one in found], BY_KIND[kind].LABEL, short=True)
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _plain(text: str) -> str:
    """A label as a part of a file's name."""
    return name_key(text).replace(".", "_").replace("_", "-")[:60].strip("-") or "ban-ghi"


def plain_stem(name: str) -> str:
    """What a file is called, without its ending; ``name`` may have come from elsewhere, with a code, and is no path."""
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "giay-to"


def free_path(folder: Path, name: str) -> Path:
    """The path of a Word file in the folder that no file has yet."""
    name = plain_stem(name)
    number, path = 1, folder / f"{name}.docx"
    while os.path.exists(path):  # noqa: PTH110 — Path.exists raises for a name that is too long
        number += 1
        path = folder / f"{name}_{number}.docx"
    return path
