"""Reference data: headquarters writes it, all read it."""

from typing import Annotated, Literal

from fieldapp.domain import lengths
from fieldapp.domain.file_names import is_windows_device
from fieldapp.domain.model import (
    Day,
    Field,
    LetterNumber,
    MaybeDay,
    Name,
    Personal,
    Quantity,
    Record,
    Ref,
    Remark,
    Scaled,
    Short,
    UsualYears,
    limits_in_order,
)

Level = Literal["province", "district", "commune", "hamlet"]

KindSection = Literal[
    "works",
    "labour",
    "health",
    "relief",
    "gifts",
    "education",
    "political_base",
    "propaganda",
    "border",
    "security",
    "support_received",
]

Nature = Literal["works", "persons", "turns", "households", "labour", "quantity", "cash", "in_kind", "service", "text"]

Border = Literal["land_border"]

Share = Literal["whole", "part", "all_people", "land_only"]
"""What of an old unit went to a successor. ``all_people``: all who lived there, with a part of the land; ``land_only``:
land where nobody lived"""

FieldType = Literal["text", "number", "date", "choice"]

PLACES = "{name of a measure} is its amount, as in: giải quyết {Vụ}"
PLACE = "{amount} is the amount with its unit, as in: {amount} gạo"
"""What a sentence is made of: ``domain/sentences.py``"""
MOST_WANTED = 9
"""Files of one sort that a kind may want at each record. Wanting asks, counts and lists; it never keeps from saving"""
MADE = "empty: made from the name"
"""What an empty code means where ``CODE_MADE``"""

PlanIndicator = Literal[
    "meetings_attended",
    "members_introduced",
    "cells_strengthened",
    "communes_strengthened",
    "households_in_charge",
    "commendations",
]
"""Figures, besides those of measures, that a plan may set a target for; codes from ``domain/indicators.py``"""


class Unit(Record):
    KIND = "unit"
    TITLE = "Unit"
    PLURAL = "Units"
    REFERENCE = True
    CLOSED = True
    LABEL = ("name", "parent_id")
    LIST = ("name", "code", "level", "parent_id", "valid_to")
    ALIKE = ("name", "parent_id", "valid_to")
    ORDERED = (("valid_from", "valid_to"),)

    level: Annotated[Level, Field(title="Level")]
    code: Annotated[LetterNumber, Field(title="Code")] = None
    name: Annotated[Name, Field(title="Name")]
    parent_id: Annotated[str | None, Ref("unit"), Field(title="Belongs to")] = None
    valid_from: Annotated[MaybeDay, UsualYears(back=200), Field(title="Valid from")] = None
    valid_to: Annotated[MaybeDay, UsualYears(back=200), Field(title="Valid to")] = None
    border: Annotated[Border | None, Field(title="On the border")] = None
    also_called: Annotated[Short, Field(title="Also called")] = None


class UnitSuccession(Record):
    KIND = "unit_succession"
    TITLE = "Succession of units"
    PLURAL = "Successions of units"
    REFERENCE = True
    LABEL = ("old_unit_id", "new_unit_id")
    LIST = ("old_unit_id", "new_unit_id", "effective_on", "share")
    DATE = "effective_on"
    FOUND_BY = ("old_unit_id", "new_unit_id")

    old_unit_id: Annotated[str, Ref("unit"), Field(title="Old unit")]
    new_unit_id: Annotated[str, Ref("unit"), Field(title="New unit")]
    effective_on: Annotated[Day, UsualYears(back=200), Field(title="Effective on")]
    share: Annotated[Share | None, Field(title="What went over")] = None
    """Empty: not known, so that it counts like a part"""


class Post(Record):
    KIND = "post"
    TITLE = "Post"
    PLURAL = "Posts"
    REFERENCE = True
    LABEL = ("name",)
    LIST = ("code", "name", "unit_id")
    APART = ("unit_id",)

    code: Annotated[str, Field(title="Code", min_length=1, max_length=20, pattern="^[A-Za-z0-9]+$")]
    name: Annotated[Name, Field(title="Name")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        if is_windows_device(self.code):
            return [("code", "Windows cannot have files of this name: choose another code.")]
        return super().rule_breaks()


class EthnicGroup(Record):
    KIND = "ethnic_group"
    TITLE = "Ethnic group"
    PLURAL = "Ethnic groups"
    REFERENCE = True
    CLOSED = True
    LABEL = ("name",)
    LIST = ("name", "also_called", "code")

    code: Annotated[Name, Field(title="Code", max_length=lengths.CODE)]
    name: Annotated[Name, Field(title="Name")]
    also_called: Annotated[Short, Field(title="Also called")] = None


class ActivityKind(Record):
    KIND = "activity_kind"
    TITLE = "Kind of activity"
    PLURAL = "Kinds of activity"
    REFERENCE = True
    CODE_MADE = True
    LABEL = ("name",)
    LIST = ("name", "section", "code")

    code: Annotated[Name, Field(title="Code", description=MADE, max_length=lengths.CODE)]
    name: Annotated[Name, Field(title="Name")]
    section: Annotated[KindSection, Field(title="Section")]
    position: Annotated[int, Field(title="Order")] = 0
    also_called: Annotated[Short, Field(title="Also called")] = None
    sentence: Annotated[Remark, Field(title="Sentence in the report", description=PLACES)] = None
    photographs_wanted: Annotated[int | None, Field(title="Photographs wanted, at least", ge=0, le=MOST_WANTED)] = None
    minutes_wanted: Annotated[int | None, Field(title="Minutes wanted, at least", ge=0, le=MOST_WANTED)] = None


class Measure(Record):
    KIND = "measure"
    TITLE = "Measure"
    PLURAL = "Measures"
    REFERENCE = True
    CODE_MADE = True
    LABEL = ("name",)
    LIST = ("name", "unit_name", "nature", "code")
    FIXED = ("decimals",)

    code: Annotated[Name, Field(title="Code", description=MADE, max_length=lengths.CODE)]
    name: Annotated[Name, Field(title="Name")]
    unit_name: Annotated[str, Field(title="Unit of measure", min_length=1, max_length=lengths.CODE)]
    decimals: Annotated[int, Field(title="Decimals", ge=0, le=3)] = 0
    nature: Annotated[Nature, Field(title="Nature")]
    sentence: Annotated[Remark, Field(title="Sentence in the report", description=PLACE)] = None


class KindMeasure(Record):
    """A measure for activities of a kind.

    Limits are in units of 10^-decimals of the measure. An amount beyond ``minimum`` or ``maximum`` is refused; about an
    amount beyond the usual limits, the program asks once.
    """

    KIND = "kind_measure"
    TITLE = "Measure of a kind"
    PLURAL = "Measures of kinds"
    REFERENCE = True
    LABEL = ("activity_kind_id", "measure_id")
    LIST = ("activity_kind_id", "measure_id")
    FIXED = ("activity_kind_id", "measure_id")

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    measure_id: Annotated[str, Ref("measure"), Field(title="Measure")]
    position: Annotated[int, Field(title="Order")] = 0
    hint: Annotated[Short, Field(title="Hint")] = None
    minimum: Annotated[Quantity, Scaled("measure_id"), Field(title="At least")] = None
    maximum: Annotated[Quantity, Scaled("measure_id"), Field(title="At most")] = None
    usual_minimum: Annotated[Quantity, Scaled("measure_id"), Field(title="Usually at least")] = None
    usual_maximum: Annotated[Quantity, Scaled("measure_id"), Field(title="Usually at most")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return limits_in_order(self)


class KindField(Record):
    """An extra field of a kind of activity, added by headquarters without a new program.

    Limits of numbers are in units of 10^-``decimals``; ``choices`` are separated by semicolons.
    """

    KIND = "kind_field"
    TITLE = "Extra field of a kind"
    PLURAL = "Extra fields of kinds"
    REFERENCE = True
    CODE_MADE = True
    LABEL = ("name", "activity_kind_id")
    LIST = ("activity_kind_id", "name", "field_type", "hint")
    FIXED = ("activity_kind_id", "field_type", "decimals")

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    code: Annotated[Name, Field(title="Code", description=MADE, max_length=lengths.CODE)]
    name: Annotated[Name, Field(title="Name")]
    field_type: Annotated[FieldType, Field(title="Type of field")]
    choices: Annotated[Remark, Field(title="Choices (separated by ;)")] = None
    decimals: Annotated[int, Field(title="Decimals", ge=0, le=3)] = 0
    unit_name: Annotated[LetterNumber, Field(title="Unit of measure")] = None
    needed: Annotated[bool, Field(title="Needed")] = False
    hint: Annotated[Short, Field(title="Hint")] = None
    minimum: Annotated[Quantity, Scaled("decimals"), Field(title="At least")] = None
    maximum: Annotated[Quantity, Scaled("decimals"), Field(title="At most")] = None
    usual_minimum: Annotated[Quantity, Scaled("decimals"), Field(title="Usually at least")] = None
    usual_maximum: Annotated[Quantity, Scaled("decimals"), Field(title="Usually at most")] = None
    position: Annotated[int, Field(title="Order")] = 0

    def rule_breaks(self) -> list[tuple[str, str]]:
        if self.field_type == "choice" and len(split_choices(self.choices)) < 2:
            return [("choices", "Give at least two choices, separated by semicolons.")]
        return limits_in_order(self)


def split_choices(text: str | None) -> list[str]:
    """The choices of an extra field, from a text with semicolons between them; each choice once."""
    return list(dict.fromkeys(part.strip() for part in (text or "").split(";") if part.strip()))


class PartyCell(Record):
    KIND = "party_cell"
    TITLE = "Party cell"
    PLURAL = "Party cells"
    REFERENCE = True
    LABEL = ("name", "unit_id")
    APART = ("hamlet",)
    LIST = ("name", "unit_id", "hamlet")

    name: Annotated[Name, Field(title="Name")]
    unit_id: Annotated[str, Ref("unit"), Field(title="Commune, ward")]
    hamlet: Annotated[Short, Field(title="Hamlet", example="hamlet 1")] = None


class PaperTemplate(Record):
    """A Word file of headquarters' own, from which papers about records of a kind are made.

    It is taken in and checked as a file, so it has no form. Of several with one code the newest stands.
    """

    KIND = "paper_template"
    TITLE = "Paper template"
    PLURAL = "Paper templates"
    REFERENCE = True
    TOP = False
    LABEL = ("name",)
    LIST = ("code", "name", "record_kind")

    code: Annotated[str, Field(title="Code", min_length=1, max_length=lengths.CODE)]
    name: Annotated[Name, Field(title="Name")]
    record_kind: Annotated[str, Field(title="Kind of record", min_length=1, max_length=lengths.CODE)]
    content: Annotated[str, Personal(), Field(title="File", min_length=1, max_length=lengths.FILE)]
    """Base64; marked personal because it may name who signs, and is of no use among figures"""


class Plan(Record):
    """A target that headquarters sets for one post, or for all posts together, over a period.

    ``target`` is in units of 10^-decimals of the measure, like the amounts that it is compared with.
    """

    KIND = "plan"
    TITLE = "Plan"
    PLURAL = "Plans"
    REFERENCE = True
    LABEL = ("measure_id", "indicator", "date_from")
    LIST = ("date_from", "date_to", "for_post_id", "measure_id", "indicator", "target")
    DATE = "date_from"
    UNIQUE = ("for_post_id", "date_from", "date_to", "measure_id", "activity_kind_id", "indicator")
    ORDERED = (("date_from", "date_to"),)

    for_post_id: Annotated[str | None, Ref("post"), Field(title="Post (empty: all together)")] = None
    date_from: Annotated[Day, Field(title="From")]
    date_to: Annotated[Day, Field(title="To")]
    measure_id: Annotated[str | None, Ref("measure"), Field(title="Measure")] = None
    activity_kind_id: Annotated[str | None, Ref("activity_kind"), Field(title="Of this kind only")] = None
    indicator: Annotated[PlanIndicator | None, Field(title="Or this figure")] = None
    target: Annotated[int, Scaled("measure_id"), Field(title="Target", ge=1, le=10**15)]

    def rule_breaks(self) -> list[tuple[str, str]]:
        if (self.measure_id is None) == (self.indicator is None):
            return [("indicator", "Give either a measure or a figure.")]
        if self.activity_kind_id is not None and self.measure_id is None:
            return [("activity_kind_id", "A kind narrows a measure: give the measure.")]
        return super().rule_breaks()
