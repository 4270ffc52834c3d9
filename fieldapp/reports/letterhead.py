"""The letterhead: who a report comes from and goes to. Kept on this laptop, one for each layout."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from fieldapp.domain.model import tidy_line
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store.store import Store

LayoutCode = Literal["decree30", "party"]
"""Decree 30/2020/NĐ-CP for letters of offices; Guide 36-HD/VPTW of 2018 for letters of the Party"""

Text = Annotated[str, Field(max_length=200), BeforeValidator(lambda value: tidy_line(value) or "")]


class Letterhead(BaseModel):
    """The parts of a letterhead. Each may be empty: then a blank is left to be filled in by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    superior: Text = ""
    """the body above"""
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


def letterhead(store: Store, layout: LayoutCode) -> Letterhead:
    """The saved letterhead of a layout; before one is saved, one made from what this replica knows of itself."""
    kept = store.setting(_key(layout))
    if kept is not None:
        return Letterhead.model_validate_json(kept)
    me = store.identity
    above = store.value("SELECT name FROM local_replica WHERE role = 'hq' AND own = 0 ORDER BY id")
    last = "Lưu: VT" if layout == "decree30" else "Lưu"
    return Letterhead(
        superior=above or "",
        issuer=me.post_name or me.name,
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
