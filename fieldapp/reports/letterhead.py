"""The letterhead: who a report comes from and goes to; and the number and day of one report's letter.

Kept on this laptop, one for each layout.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fieldapp.domain import lengths
from fieldapp.domain.body_names import unshouted
from fieldapp.domain.model import tidy_line
from fieldapp.errors import FieldappError
from fieldapp.i18n import _, everywhere
from fieldapp.reports.query import Query
from fieldapp.reports.units import report_key
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key, tidy

LayoutCode = Literal["decree30", "party"]
"""Decree 30/2020/NĐ-CP for letters of offices; Guide 36-HD/VPTW of 2018 for letters of the Party"""

NOBODY = "-"
"""Typed alone where a letter is addressed to nobody"""

Text = Annotated[str, Field(max_length=200), BeforeValidator(lambda value: tidy_line(value) or "")]


class Letterhead(BaseModel):
    """The parts of a letterhead. Each may be empty: then a blank is left to be filled in by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    superior: Text = ""
    """the body above"""
    addressed: Text = ""
    """to whom a report of an office goes; empty: to the body above; ``NOBODY``: to nobody. The Party's names none"""
    issuer: Text = ""
    sign: Text = "BC"
    """follows the number: ``BC-BCH``"""
    place: Text = ""
    """where it is signed: ``Đắk Lắk``"""
    recipients: Annotated[list[Text], Field(max_length=20)] = ["Lưu: VT"]
    authority: Text = ""
    """in whose name it is signed: ``TM. BAN CHỈ HUY``, ``T/M ĐẢNG ỦY``"""
    position: Text = ""
    signer: Text = ""


_OF_HEADQUARTERS, _OF_A_POST = "Lưu Văn phòng Đảng ủy", "Lưu Đảng ủy"
"""Who keeps a letter of the Party"""


@dataclass(frozen=True)
class Issue:
    """What distinguishes the letter of one report from the others."""

    number: str = ""
    """empty: a blank is left to be filled in by hand"""
    dated: date | None = None
    """None: the day on which the file is written"""


def issue(store: Store, query: Query, layout: LayoutCode) -> Issue:
    """The number and day that are kept with a report."""
    row = store.row(
        "SELECT number, dated FROM local_report_letter WHERE date_from = ? AND date_to = ? AND area = ? AND layout = ?",
        [*report_key(store, query), layout],
    )
    if row is None:
        return Issue()
    return Issue(row["number"], date.fromisoformat(row["dated"]) if row["dated"] else None)


def save_issue(store: Store, query: Query, layout: LayoutCode, given: Issue) -> None:
    """Keep the number and day of a report's letter. FieldappError where the number is too long."""
    number = tidy(given.number)
    if len(number) > lengths.CODE:
        raise FieldappError(_("A letter's number has at most {n} characters.").format(n=lengths.CODE))
    with store.transaction():
        store.db.execute(
            "INSERT INTO local_report_letter VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (date_from, date_to, area, layout)"
            " DO UPDATE SET number = excluded.number, dated = excluded.dated",
            [*report_key(store, query), layout, number, given.dated.isoformat() if given.dated else None],
        )


def letterhead(store: Store, layout: LayoutCode) -> Letterhead:
    """The saved letterhead of a layout; before one is saved, one made from what this replica knows of itself.

    A headquarters that is called by that word alone has not said which body it is: a blank is left.
    """
    kept, me = store.setting(_key(layout)), store.identity
    if kept is not None:
        saved = Letterhead.model_validate_json(kept)
        if not me.post_name:
            return saved
        # a post's committee has no office; the program offered it one before
        named = [_OF_A_POST if text == _OF_HEADQUARTERS else text for text in saved.recipients]
        return saved.model_copy(update={"recipients": named})
    above = store.value("SELECT name FROM local_replica WHERE role = 'hq' AND own = 0 ORDER BY id")
    has_name = search_key(me.name) not in map(search_key, everywhere("Headquarters"))
    issuer, last = me.post_name or (me.name if has_name else ""), "Lưu: VT, ……"
    if layout == "party":  # a letter of the Party is its committee's; a post's has no office of its own
        issuer, above = (name and f"Đảng ủy {unshouted(name)}" for name in (issuer, above))
        last = _OF_A_POST if me.post_name else _OF_HEADQUARTERS
    return Letterhead(
        superior=above or "",
        issuer=issuer,
        sign="BC/ĐU" if layout == "party" else "BC",
        recipients=[*([above] if above else []), last],
        authority="T/M ĐẢNG ỦY" if layout == "party" else "",
        position="CHỈ HUY TRƯỞNG" if layout == "decree30" else "BÍ THƯ",
    )


def save_letterhead(store: Store, layout: LayoutCode, given: Mapping[str, Any]) -> Letterhead:
    """Change the given fields and save the letterhead; FieldappError names the fields that are wrong."""
    try:
        changed = Letterhead.model_validate({**letterhead(store, layout).model_dump(), **given})
    except ValidationError as error:
        named = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        fields = ", ".join(Letterhead.model_fields)
        raise FieldappError(
            _("Not kept: {named} cannot be used. The fields are {fields}; recipients is a list of texts.").format(
                named=named, fields=fields
            )
        ) from None
    store.set_setting(_key(layout), json.dumps(changed.model_dump(), ensure_ascii=False))
    return changed


def _key(layout: LayoutCode) -> str:
    return f"letterhead.{layout}"
