"""Figures as data: what is counted, from which source, by which date, with which filter.

The sums of measures are not listed here: each measure of a kind of activity is a figure of its own, so that
headquarters adds figures without code. Listed here are the figures that naive counting gets wrong: bodies, members and
cells count once in a period, however often they occur (``docs/counting-rules.md``, rules 3 and 4). A record that is in
force counts in every period that it touches.
"""

from typing import Literal

from msgspec import Struct

from fieldapp.domain.assistance import TargetType
from fieldapp.domain.coordination import MatterType

Source = Literal[
    "target",
    "introduction",
    "meeting",
    "attendance",
    "household_charge",
    "candidacy",
    "election",
    "cell_rating",
    "member_rating",
    "matter",
    "self_management_group",
    "review_meeting",
    "commendation",
]
"""A set of facts, one in each row; ``reports/sources.py`` says where they come from"""


class Indicator(Struct, frozen=True):
    """One figure. ``where`` is a filter: (column, values); a fact counts if its column has one of the values."""

    code: str
    section: str
    title: str
    """English message"""
    unit: str
    """English message: the word after the number"""
    source: Source
    counts: Literal["distinct", "sum"] = "distinct"
    of: str = "record"
    """The column whose distinct values are counted, or whose values are summed"""
    when: Literal["day", "in_force"] = "day"
    """``day``: the fact's last day is in the period; ``in_force``: at least one of its days is"""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def adds_up(self) -> bool:
        """Whether the parts of a period or an area add up to the whole; not if one thing may occur in several parts."""
        return self.when == "day" and (self.counts == "sum" or self.of == "record")


def _bodies(code: str, title: str, unit: str, target_type: TargetType) -> Indicator:
    return Indicator(code, "political_base", title, unit, "target", of="body", where=(("target_type", (target_type,)),))


def _matters(matter_type: MatterType, title: str) -> tuple[Indicator, ...]:
    """Matters open in the period: all, and those done in time, done late, late and not done, or open and not late, as
    was known at its end."""
    kind = ("matter_type", (matter_type,))
    named = ((code, f"{title}: {state}") for code, state in (
        ("", "in all"), ("_on_time", "done in time"), ("_late", "done late"), ("_overdue", "late and not done"),
        ("_open", "open, not late")))  # fmt: skip
    states = {"_on_time": "on_time", "_late": "late", "_overdue": "overdue", "_open": "open"}
    return tuple(
        Indicator(
            matter_type + code,
            "coordination",
            title,
            "matters",
            "matter",
            when="in_force",
            where=(kind, *((("state", (states[code],)),) if code else ())),
        )
        for code, title in named
    )


INDICATORS: tuple[Indicator, ...] = (
    _bodies("communes_strengthened", "Communes strengthened", "communes", "commune"),
    Indicator(
        "border_communes_strengthened", "political_base", "Border communes strengthened", "communes", "target",
        of="body", where=(("target_type", ("commune",)), ("border", ("land_border",))),
    ),
    _bodies("cells_strengthened", "Party cells strengthened", "party cells", "party_cell"),
    _bodies("police_strengthened", "Commune police strengthened", "police units", "police"),
    _bodies("militia_strengthened", "Militia strengthened", "militia units", "militia"),
    _bodies("women_unions_strengthened", "Women's unions strengthened", "women's unions", "women_union"),
    _bodies("farmers_unions_strengthened", "Farmers' unions strengthened", "farmers' unions", "farmers_union"),
    _bodies("hamlets_strengthened", "Hamlets strengthened", "hamlets", "hamlet"),
    _bodies("household_groups_helped", "Household groups helped", "groups", "household_group"),
    Indicator(
        "members_introduced", "party", "Members introduced to party cells of hamlets", "party members", "introduction",
        of="member_id", when="in_force",
    ),
    Indicator(
        "cells_with_members", "party", "Party cells with members of the post", "party cells", "introduction",
        of="party_cell_id", when="in_force",
    ),
    Indicator("meetings_held", "party", "Cell meetings recorded", "meetings", "meeting"),
    Indicator(
        "meetings_attended", "party", "Cell meetings attended by members of the post", "meetings", "attendance",
        of="meeting_id", where=(("own", ("1",)), ("status", ("present",))),
    ),
    Indicator(
        "attendance_missed", "party", "Absences of members of the post", "absences", "attendance",
        of="attendance_id", where=(("own", ("1",)), ("status", ("absent", "excused"))),
    ),
    Indicator(
        "households_in_charge", "party", "Households that members look after", "households", "household_charge",
        of="household", when="in_force",
    ),
    Indicator(
        "members_in_charge", "party", "Members who look after households", "party members", "household_charge",
        of="member_id", when="in_force",
    ),
    Indicator("candidacies", "party", "Members who stood for election", "party members", "candidacy", of="member_id"),
    Indicator("candidates_elected", "party", "Members elected", "party members", "election", of="member_id"),
    *(
        Indicator(
            f"{kind}s_{rating}", "party", title, unit, f"{kind}_rating",  # type: ignore[arg-type]
            of=of, where=(("rating", (rating,)),),
        )
        for kind, of, unit, titles in (
            ("cell", "party_cell_id", "party cells", (
                "Cells rated excellent", "Cells rated good", "Cells rated as having done their task",
                "Cells rated as not having done their task")),
            ("member", "member_id", "party members", (
                "Members rated excellent", "Members rated good", "Members rated as having done their task",
                "Members rated as not having done their task")),
        )
        for rating, title in zip(("excellent", "good", "completed", "not_completed"), titles, strict=True)
    ),
    *_matters("information_exchange", "Information exchanged"),
    *_matters("advice_to_committee", "Advice to committees"),
    *_matters("problem_on_the_spot", "Problems solved on the spot"),
    *_matters("support_request", "Requests for support"),
    Indicator(
        "self_management_groups", "self_management", "Self-management groups", "groups", "self_management_group",
        when="in_force",
    ),
    Indicator(
        "group_households", "self_management", "Households in them", "households", "self_management_group",
        counts="sum", of="households", when="in_force",
    ),
    Indicator(
        "group_markers", "self_management", "Markers that they look after", "markers", "self_management_group",
        counts="sum", of="markers", when="in_force",
    ),
    Indicator(
        "group_length", "self_management", "Border line that they look after", "m", "self_management_group",
        counts="sum", of="length_m", when="in_force",
    ),
    Indicator(
        "periodic_reviews", "reviews", "Periodic reviews", "reviews", "review_meeting",
        where=(("review_type", ("periodic_review",)),),
    ),
    Indicator(
        "final_reviews", "reviews", "Final reviews", "reviews", "review_meeting",
        where=(("review_type", ("final_review",)),),
    ),
    Indicator(
        "commendations", "commendations", "Commendations", "commendations", "commendation"),
    Indicator(
        "commendations_collective", "commendations", "Collectives commended", "collectives", "commendation",
        where=(("recipient_type", ("collective",)),),
    ),
    Indicator(
        "commendations_individual", "commendations", "Individuals commended", "persons", "commendation",
        where=(("recipient_type", ("individual",)),),
    ),
)  # fmt: skip

BY_CODE = {indicator.code: indicator for indicator in INDICATORS}
