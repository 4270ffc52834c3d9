"""Rules across records, checked on entry; after a merge, what breaks them is listed for a person."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fieldapp.domain.model import Record
from fieldapp.domain.party import Introduction

COMPARED_BY: Mapping[str, str] = {"introduction": "member_id"}
"""Kind -> the field whose equal rows a new record is compared with."""


def across(kind: str, record: Record, others: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(field, English message) for each rule that the record breaks together with others; rows as stored."""
    if isinstance(record, Introduction):
        for other in others:
            if overlap(record.date_from, record.date_to, other["date_from"], other["date_to"]):
                return [("date_from", "This member has an introduction in that time already. End it first.")]
    return []


def overlap(first: date, last: date | None, other_first: str, other_last: str | None) -> bool:
    """Whether two inclusive periods share a day; None as the end means still in force."""
    ends_before = other_last is not None and date.fromisoformat(other_last) < first
    begins_after = last is not None and date.fromisoformat(other_first) > last
    return not (ends_before or begins_after)
