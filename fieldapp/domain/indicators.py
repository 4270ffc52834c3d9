"""What a report counts, as data; ``reports/figures.py`` turns each into SQL over the store.

Sums need no list here: every measure of every section of activities is summed by itself, so that two measures never
add up (``domain.md``, rules 1 and 2). What is counted distinct does.
"""

from dataclasses import dataclass
from typing import Literal

from fieldapp.domain.assistance import TargetType


@dataclass(frozen=True)
class Distinct:
    """A figure that counts each body or person once in the period, however often it occurs (rules 3 and 4)."""

    code: str
    section: str
    title: str
    """English message"""
    unit: str
    """English message: the word behind the number"""
    over: Literal["targets", "introductions"]
    target_type: TargetType | None = None


DISTINCT: tuple[Distinct, ...] = (
    Distinct("communes_strengthened", "political_base", "Communes strengthened", "communes", "targets", "commune"),
    Distinct(
        "cells_strengthened", "political_base", "Party cells strengthened", "party cells", "targets", "party_cell"
    ),
    Distinct(
        "police_strengthened", "political_base", "Commune police strengthened", "police units", "targets", "police"
    ),
    Distinct("militia_strengthened", "political_base", "Militia strengthened", "militia units", "targets", "militia"),
    Distinct(
        "women_unions_strengthened",
        "political_base",
        "Women's unions strengthened",
        "women's unions",
        "targets",
        "women_union",
    ),
    Distinct(
        "farmers_unions_strengthened",
        "political_base",
        "Farmers' unions strengthened",
        "farmers' unions",
        "targets",
        "farmers_union",
    ),
    Distinct("hamlets_strengthened", "political_base", "Hamlets strengthened", "hamlets", "targets", "hamlet"),
    Distinct(
        "members_introduced", "party", "Members introduced to party cells of hamlets", "party members", "introductions"
    ),
)
