"""Extra fields of kinds: their values as people give them, as they are stored, and in words.

They are stored as text: a number as its digits in units of 10^-decimals, a date as ISO, a choice as one of the field's
choices.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fieldapp.domain.amounts import format_amount, parse_amount
from fieldapp.domain.dates import format_date, parse_date
from fieldapp.domain.reference import split_choices
from fieldapp.i18n import _
from fieldapp.records.soft_limits import hard_limit_text
from fieldapp.store import wall
from fieldapp.store.store import Row, Store
from fieldapp.vietnamese.text import search_key, tidy


def fields_of_kind(store: Store, kind_id: str) -> list[Row]:
    """The extra fields for activities of a kind, without voided ones, in the order of the form."""
    return store.rows(
        "SELECT * FROM kind_field WHERE activity_kind_id = ? AND voided_at IS NULL ORDER BY position, id", [kind_id]
    )


def read_value(field: Mapping[str, Any], value: Any) -> str:
    """A given value as it is stored; ValueError with a sentence if it does not fit the field."""
    if isinstance(value, bool | float) or not isinstance(value, str | int | date):
        raise ValueError(_("This cannot be understood."))
    if field["field_type"] == "number":
        amount = (
            value * 10 ** field["decimals"]
            if isinstance(value, int)
            else parse_amount(str(value), field["decimals"], field["unit_name"] or "", field["name"])
        )
        problem = hard_limit_text(amount, field)
        if problem is not None:
            raise ValueError(problem)
        return str(amount)
    if field["field_type"] == "date":
        day = value if isinstance(value, date) else parse_date(str(value), wall.today())
        return day.isoformat()
    text = tidy(str(value))
    if field["field_type"] == "choice":
        offered = split_choices(field["choices"])
        same = [choice for choice in offered if search_key(choice) == search_key(text)]
        exact = [choice for choice in same if choice == text]
        if len(exact or same) != 1:
            raise ValueError(_("Choose one of: {choices}.").format(choices="; ".join(offered)))
        return (exact or same)[0]
    return text


def value_text(field: Mapping[str, Any], value: str) -> str:
    """A stored value in words; a value that no longer fits its field is shown as it is."""
    try:
        if field["field_type"] == "number":
            return f"{format_amount(int(value), field['decimals'])} {field['unit_name'] or ''}".strip()
        if field["field_type"] == "date":
            return format_date(date.fromisoformat(value))
    except ValueError:
        return value
    return value


def value_typed(field: Mapping[str, Any], value: str) -> str:
    """A stored value as a person would have typed it."""
    if field["field_type"] == "number":
        return value_text({**field, "unit_name": None}, value)
    return value_text(field, value)
