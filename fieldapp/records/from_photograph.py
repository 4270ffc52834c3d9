"""What a photograph tells that its record does not say yet: the day and the position. A person takes it over."""

from typing import Any

from fieldapp.domain.dates import format_date, iso_date
from fieldapp.domain.model import fields_of
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.records.attachments import Attached
from fieldapp.store.store import Store

_POSITION_FIELDS = ("place", "description")
"""Fields that take a position, where the kind has them: in the first of them that is empty"""


def offered(store: Store, photograph: Attached) -> dict[str, Any]:
    """Empty fields of the record -> what the photograph tells: its day, if the record has none or, where it lasted
    longer than a day, no last one; and its position. Nothing that somebody wrote is offered to be replaced."""
    found = records.get(store, photograph.record_id)
    model, row = records.model_of(found.kind), found.row
    given: dict[str, Any] = {}
    day, first = photograph.taken_on, model.DATE
    if day is not None and first is not None:
        last = next((end for begin, end in model.ORDERED if begin == first), None)
        began = iso_date(row[first])
        if began is None:
            given[first] = day.isoformat()
        elif last is not None and row[last] is None and day > began:
            given[last] = day.isoformat()
    fields = {shape.name for shape in fields_of(model)}
    place = next((name for name in _POSITION_FIELDS if name in fields and not row[name]), None)
    if photograph.place and place is not None:
        given[place] = _("Position {place}").format(place=photograph.place)
    return given


def told(store: Store, photograph: Attached) -> str:
    """“To: 08/10/2026; Description: Position 12.8, 107.9”; empty where nothing is offered."""
    given = offered(store, photograph)
    model = records.model_of(photograph.record_kind)
    titles = {shape.name: _(shape.title) for shape in fields_of(model)}
    days = {shape.name for shape in fields_of(model) if shape.type == "date"}
    texts = []
    for name, value in given.items():
        day = iso_date(value) if name in days else None
        texts.append(f"{titles[name]}: {format_date(day) if day else value}")
    return "; ".join(texts)


def take_over(store: Store, photograph: Attached, *, confirm: bool = False) -> None:
    """Write it into the record: a change like any other. Raises what ``records.save`` raises."""
    with store.transaction():
        records.save(store, photograph.record_kind, offered(store, photograph), photograph.record_id, confirm=confirm)
