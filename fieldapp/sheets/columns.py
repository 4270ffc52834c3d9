"""What a person can say of the columns of a sheet, and what was said before about sheets with the same headings."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import get_args

from fieldapp.domain.assistance import Activity, TargetType
from fieldapp.domain.model import Record, fields_of
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import lists
from fieldapp.records.words import choice_title
from fieldapp.sheets.headings import (
    BodiesTarget,
    ColumnTarget,
    ExtraTarget,
    FieldTarget,
    FigureTarget,
    Layout,
    MarkTarget,
    ParentTarget,
    field_named,
)
from fieldapp.store.store import Store
from fieldapp.vietnamese.text import search_key

NAMED = 2
"""So many figures that a column may be are named"""
SETTING = "sheet_columns"
"""Beginning of the names of the local settings that remember what columns mean"""


def fields_to_choose(store: Store, model: type[Record]) -> Iterator[tuple[str, str]]:
    """What a column can be: (the field as ``headings.field_named`` takes it, its title)."""
    for shape in fields_of(model):
        yield shape.name, _(shape.title)
    if not issubclass(model, Activity):
        return
    for measure in store.rows(
        "SELECT code, name, unit_name FROM measure WHERE voided_at IS NULL ORDER BY name COLLATE vietnamese, id"
    ):
        yield f"measures.{measure['code']}", f"{measure['name']} ({measure['unit_name']})"
    for row in store.rows(
        "SELECT DISTINCT name FROM kind_field WHERE voided_at IS NULL ORDER BY name COLLATE vietnamese"
    ):
        yield f"extras.{row['name']}", row["name"]
    for target_type in get_args(TargetType):
        yield f"targets.{target_type}", _("Bodies helped: {type}").format(type=_(choice_title(target_type)))


def meaning(store: Store, model: type[Record], target: ColumnTarget) -> str:
    """What a column is, in words."""
    titles = {shape.name: _(shape.title) for shape in fields_of(model)}
    if isinstance(target, FieldTarget):
        return titles[target.name]
    if isinstance(target, ParentTarget):
        return _("{field}: the unit above").format(field=titles[target.name])
    if isinstance(target, BodiesTarget):
        return _("Bodies helped: {type}").format(type=_(choice_title(target.target_type)))
    if isinstance(target, ExtraTarget):
        return target.name
    if isinstance(target, FigureTarget):
        best = min(target.measures.values())
        names = lists.measure_names(store, [m for m, grade in target.measures.items() if grade == best])
        if len(names) > NAMED:  # the kind of the activity decides
            names = [*names[:NAMED], "…"]
        return " / ".join(names) + (f" ({target.times})" if target.times else "")
    return _("not recorded")


def remember(store: Store, layout: Layout, columns: Mapping[str, str | None]) -> None:
    """Keep what was chosen for sheets of this kind with the same headings."""
    store.set_setting(_setting(layout), json.dumps(columns, ensure_ascii=False))


def remembered(store: Store, layout: Layout) -> dict[str, str | None]:
    """What was chosen the last time; without fields that there are no longer."""
    kept = json.loads(store.setting(_setting(layout)) or "{}")
    return {heading: field for heading, field in kept.items() if field is None or _is_known(store, layout, field)}


def _is_known(store: Store, layout: Layout, field: str) -> bool:
    try:
        field_named(store, layout.model, field)
    except FieldappError:
        return False
    return True


def _setting(layout: Layout) -> str:
    own = {column.at for column in layout.columns if isinstance(column.target, MarkTarget)}
    kept = [heading for at, heading in enumerate(layout.headings) if heading and at not in own]
    headings = "\n".join(sorted(map(search_key, kept)))
    return f"{SETTING} {layout.model.KIND} {hashlib.sha256(headings.encode()).hexdigest()[:16]}"
