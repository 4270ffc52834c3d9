"""What no longer counts when a record is voided: the records that are about it."""

import json
from collections.abc import Callable, Collection, Mapping

from fieldapp.i18n import _, counted
from fieldapp.records import persons
from fieldapp.store.store import Store

ABOUT_A_MEMBER: Mapping[str, Callable[[int], str]] = {
    "introduction": lambda n: counted("{n} introduction", "{n} introductions", n),
    "household_charge": lambda n: counted("{n} household", "{n} households", n),
    "candidacy": lambda n: counted("{n} candidacy", "{n} candidacies", n),
    "member_rating": lambda n: counted("{n} rating", "{n} ratings", n),
}
"""Kinds whose records count only together with their member (``docs/counting-rules.md``, rule 8) -> how many, in
words"""


def leaving_text(store: Store, kind: str, ids: Collection[str]) -> str:
    """A sentence about the records that leave the figures together with some of a kind; empty if there are none.

    With a member go those about the records that gave way to this one.
    """
    if kind != "member":
        return ""
    ids = [each for row_id in ids for each in (row_id, *persons.given_way_to(store, row_id))]
    among = "member_id IN (SELECT value FROM json_each(?)) AND voided_at IS NULL"
    numbers = {
        about: store.value(f"SELECT count(*) FROM {about} WHERE {among}", [json.dumps([*ids])])
        for about in ABOUT_A_MEMBER
    }
    what = ", ".join(ABOUT_A_MEMBER[about](n) for about, n in numbers.items() if n)
    return _("What is about this member counts no more either: {what}.").format(what=what) if what else ""
