"""Record kinds as pydantic models: what a person enters, without the columns that the store fills in.

A model's field is a column of the table of the same name in ``schema.sql``; ``tests/domain/test_records.py`` holds the
two together. A field's ``title`` is the English message that the catalogues translate. Forms, lists, validation, the
command line and export are made from these models: a new kind of record is one class here, one table there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

from fieldapp.domain.text import clean


@dataclass(frozen=True)
class Ref:
    """The field holds the id of a record of this kind."""

    kind: str


@dataclass(frozen=True)
class Long:
    """The field holds a text of several sentences."""


@dataclass(frozen=True)
class Past:
    """The day lies in the past as a rule: one in the future is asked about once."""


@dataclass(frozen=True)
class YearMark:
    """The whole number is a year: shown without a point for thousands."""


@dataclass(frozen=True)
class Scaled:
    """The whole number counts units of 10^-decimals; ``by`` is the field that says how many decimals: itself, or a
    reference to a record that has ``decimals``."""

    by: str


@dataclass(frozen=True)
class Child:
    """Rows of another table that are entered with their parent, on the same form.

    ``parent`` is the child's column that names the parent; ``editor`` says how the form shows them; two rows of one
    parent that agree in ``about`` are the same row.
    """

    model: "type[Record]"
    parent: str
    editor: Literal["measures", "extras", "targets", "roster", "rows"]
    about: tuple[str, ...]


def _tidy_line(value: Any) -> Any:
    return (clean(value) or None) if isinstance(value, str) else value


def _tidy_lines(value: Any) -> Any:
    return (clean(value, multiline=True) or None) if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_tidy_line)]
Short = Annotated[str | None, Field(min_length=1, max_length=200), BeforeValidator(_tidy_line)]
Letter = Annotated[str | None, Field(min_length=1, max_length=60), BeforeValidator(_tidy_line)]
Remark = Annotated[str | None, Field(min_length=1, max_length=1000), BeforeValidator(_tidy_line)]
Story = Annotated[str | None, Long(), Field(min_length=1, max_length=4000), BeforeValidator(_tidy_lines)]
Day = date
PastDay = Annotated[date, Past()]
MaybeDay = Annotated[date | None, BeforeValidator(_tidy_line)]
MaybePastDay = Annotated[date | None, Past(), BeforeValidator(_tidy_line)]
Year = Annotated[int, YearMark(), Field(ge=1945, le=2100)]
Count = Annotated[int | None, Field(ge=0, le=10**9)]
Quantity = Annotated[int | None, Field(ge=0, le=10**15)]

Level = Literal["province", "district", "commune", "hamlet"]
Section = Literal[
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
TargetType = Literal[
    "commune",
    "party_cell",
    "police",
    "militia",
    "women_union",
    "farmers_union",
    "hamlet",
    "household_group",
    "other",
]
MeetingType = Literal["regular", "thematic", "extraordinary"]
AttendanceStatus = Literal["present", "excused", "absent"]
FieldType = Literal["text", "number", "date", "choice"]
PlanIndicator = Literal[
    "meetings_attended",
    "members_introduced",
    "cells_strengthened",
    "communes_strengthened",
    "households_in_charge",
    "commendations",
]
"""Figures beside those of measures that a plan may set a target for; codes of ``domain/indicators.py``."""
Rating = Literal["excellent", "good", "completed", "not_completed"]
"""Four grades of the yearly rating (Central Committee's Regulation 124-QĐ/TW of 2023)."""
Body = Literal["party_committee", "peoples_council"]
BodyLevel = Literal["hamlet", "commune", "district", "province"]
Outcome = Literal["pending", "elected", "not_elected", "withdrawn"]
AgreementType = Literal["regulation", "joint_plan", "programme"]
MatterType = Literal["information_exchange", "advice_to_committee", "problem_on_the_spot", "support_request"]
Direction = Literal["sent", "received"]
ReviewType = Literal["periodic_review", "final_review"]
RecipientType = Literal["collective", "individual"]


class Record(BaseModel):
    """What a person enters of one record."""

    model_config = ConfigDict(extra="forbid")

    KIND: ClassVar[str]
    """The kind's code, which is its table's name."""
    TITLE: ClassVar[str]
    PLURAL: ClassVar[str]
    REFERENCE: ClassVar[bool] = False
    """Reference data: headquarters writes it, all read it. Otherwise a post does, and the row carries ``post_id``."""
    LABEL: ClassVar[tuple[str, ...]]
    """Fields that together name a record to a person, in a list of choices or a title."""
    LIST: ClassVar[tuple[str, ...]]
    """Fields shown as columns of the list."""
    DATE: ClassVar[str | None] = None
    """The field that places the record in time."""
    CHILDREN: ClassVar[Mapping[str, Child]] = {}
    """Name in the JSON form -> rows entered together with this record."""
    TOP: ClassVar[bool] = True
    """Has a list and a form of its own; False for rows that live on their parent's form."""
    REFERRED: ClassVar[bool] = False
    """A row of a parent's form that other records refer to: it is searched for by words like those with a list."""
    UNIQUE: ClassVar[tuple[str, ...]] = ()
    """Two records that agree in these fields say the same twice: refused on entry, listed after a merge."""

    def rule_breaks(self) -> list[tuple[str, str]]:
        """Rules over several fields: (field, English message) for each that is broken. Checked on entry only."""
        return []


class Unit(Record):
    KIND = "unit"
    TITLE = "Unit"
    PLURAL = "Units"
    REFERENCE = True
    LABEL = ("name", "parent_id")
    LIST = ("name", "code", "level", "parent_id", "valid_to")

    level: Annotated[Level, Field(title="Level")]
    code: Annotated[Letter, Field(title="Code")] = None
    name: Annotated[Name, Field(title="Name")]
    parent_id: Annotated[str | None, Ref("unit"), Field(title="Belongs to")] = None
    valid_from: Annotated[MaybeDay, Field(title="Valid from")] = None
    valid_to: Annotated[MaybeDay, Field(title="Valid to")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.valid_from, self.valid_to, "valid_to")


class UnitSuccession(Record):
    KIND = "unit_succession"
    TITLE = "Succession of units"
    PLURAL = "Successions of units"
    REFERENCE = True
    LABEL = ("old_unit_id", "new_unit_id")
    LIST = ("old_unit_id", "new_unit_id", "effective_on")
    DATE = "effective_on"

    old_unit_id: Annotated[str, Ref("unit"), Field(title="Old unit")]
    new_unit_id: Annotated[str, Ref("unit"), Field(title="New unit")]
    effective_on: Annotated[Day, Field(title="Effective on")]


class Post(Record):
    KIND = "post"
    TITLE = "Post"
    PLURAL = "Posts"
    REFERENCE = True
    LABEL = ("name",)
    LIST = ("code", "name", "unit_id")

    code: Annotated[str, Field(title="Code", min_length=1, max_length=20, pattern="^[A-Za-z0-9]+$")]
    name: Annotated[Name, Field(title="Name")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None


class EthnicGroup(Record):
    KIND = "ethnic_group"
    TITLE = "Ethnic group"
    PLURAL = "Ethnic groups"
    REFERENCE = True
    LABEL = ("name",)
    LIST = ("name", "also_called", "code")

    code: Annotated[Name, Field(title="Code", max_length=60)]
    name: Annotated[Name, Field(title="Name")]
    also_called: Annotated[Short, Field(title="Also called")] = None


class ActivityKind(Record):
    KIND = "activity_kind"
    TITLE = "Kind of activity"
    PLURAL = "Kinds of activity"
    REFERENCE = True
    LABEL = ("name",)
    LIST = ("name", "section", "code")

    code: Annotated[Name, Field(title="Code", max_length=60)]
    name: Annotated[Name, Field(title="Name")]
    section: Annotated[Section, Field(title="Section")]
    position: Annotated[int, Field(title="Order")] = 0
    also_called: Annotated[Short, Field(title="Also called")] = None


class Measure(Record):
    KIND = "measure"
    TITLE = "Measure"
    PLURAL = "Measures"
    REFERENCE = True
    LABEL = ("name",)
    LIST = ("name", "unit_name", "nature", "code")

    code: Annotated[Name, Field(title="Code", max_length=60)]
    name: Annotated[Name, Field(title="Name")]
    unit_name: Annotated[str, Field(title="Unit of measure", min_length=1, max_length=60)]
    decimals: Annotated[int, Field(title="Decimals", ge=0, le=3)] = 0
    nature: Annotated[Nature, Field(title="Nature")]


class KindMeasure(Record):
    """A measure that activities of a kind are recorded with.

    Limits are in the measure's units of 10^-decimals: beyond ``minimum`` and ``maximum`` an amount is refused, beyond
    the usual ones it is asked about once.
    """

    KIND = "kind_measure"
    TITLE = "Measure of a kind"
    PLURAL = "Measures of kinds"
    REFERENCE = True
    LABEL = ("activity_kind_id", "measure_id")
    LIST = ("activity_kind_id", "measure_id")

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    measure_id: Annotated[str, Ref("measure"), Field(title="Measure")]
    position: Annotated[int, Field(title="Order")] = 0
    hint: Annotated[Short, Field(title="Hint")] = None
    minimum: Annotated[Quantity, Scaled("measure_id"), Field(title="At least")] = None
    maximum: Annotated[Quantity, Scaled("measure_id"), Field(title="At most")] = None
    usual_minimum: Annotated[Quantity, Scaled("measure_id"), Field(title="Usually at least")] = None
    usual_maximum: Annotated[Quantity, Scaled("measure_id"), Field(title="Usually at most")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _limits(self)


class KindField(Record):
    """An extra field of a kind of activity, added by headquarters without a new program.

    Limits of numbers are in units of 10^-``decimals``; ``choices`` are separated by semicolons.
    """

    KIND = "kind_field"
    TITLE = "Extra field of a kind"
    PLURAL = "Extra fields of kinds"
    REFERENCE = True
    LABEL = ("name", "activity_kind_id")
    LIST = ("activity_kind_id", "name", "field_type", "hint")

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    code: Annotated[Name, Field(title="Code", max_length=60)]
    name: Annotated[Name, Field(title="Name")]
    field_type: Annotated[FieldType, Field(title="Type of field")]
    choices: Annotated[Remark, Field(title="Choices (separated by ;)")] = None
    decimals: Annotated[int, Field(title="Decimals", ge=0, le=3)] = 0
    unit_name: Annotated[Letter, Field(title="Unit of measure")] = None
    needed: Annotated[bool, Field(title="Needed")] = False
    hint: Annotated[Short, Field(title="Hint")] = None
    minimum: Annotated[Quantity, Scaled("decimals"), Field(title="At least")] = None
    maximum: Annotated[Quantity, Scaled("decimals"), Field(title="At most")] = None
    usual_minimum: Annotated[Quantity, Scaled("decimals"), Field(title="Usually at least")] = None
    usual_maximum: Annotated[Quantity, Scaled("decimals"), Field(title="Usually at most")] = None
    position: Annotated[int, Field(title="Order")] = 0

    def rule_breaks(self) -> list[tuple[str, str]]:
        if self.field_type == "choice" and len(self.choice_list) < 2:
            return [("choices", "Give at least two choices, separated by semicolons.")]
        return _limits(self)

    @property
    def choice_list(self) -> list[str]:
        """The choices one by one."""
        return split_choices(self.choices)


def split_choices(text: str | None) -> list[str]:
    """The choices of an extra field, as written with semicolons between them; each once."""
    return list(dict.fromkeys(part.strip() for part in (text or "").split(";") if part.strip()))


class PartyCell(Record):
    KIND = "party_cell"
    TITLE = "Party cell"
    PLURAL = "Party cells"
    REFERENCE = True
    LABEL = ("name", "unit_id")
    LIST = ("name", "unit_id", "hamlet")

    name: Annotated[Name, Field(title="Name")]
    unit_id: Annotated[str, Ref("unit"), Field(title="Unit")]
    hamlet: Annotated[Short, Field(title="Hamlet")] = None


class Plan(Record):
    """A target that headquarters sets for a post, or for all together, over a period.

    ``target`` is in the measure's units of 10^-decimals, like the amounts that it is compared with.
    """

    KIND = "plan"
    TITLE = "Plan"
    PLURAL = "Plans"
    REFERENCE = True
    LABEL = ("measure_id", "indicator", "date_from")
    LIST = ("date_from", "date_to", "for_post_id", "measure_id", "indicator", "target")
    DATE = "date_from"
    UNIQUE = ("for_post_id", "date_from", "date_to", "measure_id", "activity_kind_id", "indicator")

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
        return _order(self.date_from, self.date_to, "date_to")


class Agreement(Record):
    """A coordination regulation, plan or programme with local bodies; its numbered tasks are what was agreed to do."""

    KIND = "agreement"
    TITLE = "Agreement"
    PLURAL = "Agreements"
    LABEL = ("name",)
    LIST = ("date_from", "name", "parties", "date_to")
    DATE = "date_from"

    agreement_type: Annotated[AgreementType, Field(title="Type of agreement")] = "regulation"
    name: Annotated[Name, Field(title="Name")]
    number: Annotated[Letter, Field(title="Number")] = None
    parties: Annotated[Remark, Field(title="Parties")] = None
    signed_on: Annotated[MaybePastDay, Field(title="Signed on")] = None
    date_from: Annotated[Day, Field(title="In force from")]
    date_to: Annotated[MaybeDay, Field(title="In force to")] = None
    note: Annotated[Story, Field(title="Note")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.date_from, self.date_to, "date_to")


class AgreementTask(Record):
    """A numbered task of an agreement: activities and matters may name the one that they serve."""

    KIND = "agreement_task"
    TITLE = "Task"
    PLURAL = "Tasks"
    LABEL = ("agreement_id", "number", "title")
    LIST = ("number", "title")
    TOP = False
    REFERRED = True

    agreement_id: Annotated[str, Ref("agreement"), Field(title="Agreement")]
    number: Annotated[int, Field(title="Number", ge=1, le=999)]
    title: Annotated[str, Field(title="Task", min_length=1, max_length=1000), BeforeValidator(_tidy_line)]


class AgreementAmendment(Record):
    KIND = "agreement_amendment"
    TITLE = "Amendment"
    PLURAL = "Amendments"
    LABEL = ("amended_on", "content")
    LIST = ("amended_on", "content")
    TOP = False

    agreement_id: Annotated[str, Ref("agreement"), Field(title="Agreement")]
    amended_on: Annotated[PastDay, Field(title="Date")]
    content: Annotated[str, Field(title="Content", min_length=1, max_length=1000), BeforeValidator(_tidy_line)]


Agreement.CHILDREN = {
    "tasks": Child(AgreementTask, "agreement_id", "rows", ("number",)),
    "amendments": Child(AgreementAmendment, "agreement_id", "rows", ("amended_on", "content")),
}


class Event(Record):
    KIND = "event"
    TITLE = "Event"
    PLURAL = "Events"
    LABEL = ("name",)
    LIST = ("date_from", "name", "date_to")
    DATE = "date_from"

    name: Annotated[Name, Field(title="Name")]
    date_from: Annotated[Day, Field(title="From")]
    date_to: Annotated[MaybeDay, Field(title="To")] = None
    description: Annotated[Story, Field(title="Description")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.date_from, self.date_to, "date_to")


class ActivityMeasure(Record):
    """One figure of an activity. Unknown is not zero: ``amount`` None with ``approximate`` is "by the dozen".

    ``measured_on`` dates a part of a long activity: that part counts on its own day (``domain.md``, rule 6).
    """

    KIND = "activity_measure"
    TITLE = "Figure"
    PLURAL = "Figures"
    LABEL = ("measure_id", "amount")
    LIST = ("measure_id", "amount", "note")
    TOP = False

    activity_id: Annotated[str, Ref("activity"), Field(title="Activity")]
    measure_id: Annotated[str, Ref("measure"), Field(title="Measure")]
    amount: Annotated[int | None, Field(title="Amount", ge=0, le=10**15)] = None
    approximate: Annotated[bool, Field(title="Approximate")] = False
    note: Annotated[Remark, Field(title="Note")] = None
    measured_on: Annotated[MaybePastDay, Field(title="Up to")] = None


class ActivityExtra(Record):
    """The value of an extra field: text as typed, a number as its digits in units of 10^-decimals, a date as ISO."""

    KIND = "activity_extra"
    TITLE = "Extra field"
    PLURAL = "Extra fields"
    LABEL = ("kind_field_id", "value")
    LIST = ("kind_field_id", "value")
    TOP = False

    activity_id: Annotated[str, Ref("activity"), Field(title="Activity")]
    kind_field_id: Annotated[str, Ref("kind_field"), Field(title="Field")]
    value: Annotated[str, Field(title="Value", min_length=1, max_length=1000), BeforeValidator(_tidy_line)]


class ActivityTarget(Record):
    """A body that an activity strengthened or helped; counted distinct (``domain.md``, rule 3)."""

    KIND = "activity_target"
    TITLE = "Body helped"
    PLURAL = "Bodies helped"
    LABEL = ("target_type", "unit_id", "party_cell_id", "name")
    LIST = ("target_type", "unit_id", "party_cell_id", "name")
    TOP = False

    activity_id: Annotated[str, Ref("activity"), Field(title="Activity")]
    target_type: Annotated[TargetType, Field(title="Type of body")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None
    party_cell_id: Annotated[str | None, Ref("party_cell"), Field(title="Party cell")] = None
    name: Annotated[Short, Field(title="Name")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        if self.unit_id is None and self.party_cell_id is None and self.name is None:
            return [("name", "Say which body: a unit, a party cell or a name.")]
        return []


class Activity(Record):
    KIND = "activity"
    TITLE = "Activity"
    PLURAL = "Activities"
    LABEL = ("activity_kind_id", "date_from", "unit_id")
    LIST = ("date_from", "activity_kind_id", "unit_id", "description")
    DATE = "date_from"
    CHILDREN = {
        "measures": Child(ActivityMeasure, "activity_id", "measures", ("measure_id", "measured_on")),
        "extras": Child(ActivityExtra, "activity_id", "extras", ("kind_field_id",)),
        "targets": Child(
            ActivityTarget, "activity_id", "targets", ("target_type", "unit_id", "party_cell_id", "name")
        ),
    }

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    date_from: Annotated[PastDay, Field(title="Date")]
    date_to: Annotated[MaybePastDay, Field(title="To")] = None
    unit_id: Annotated[str, Ref("unit"), Field(title="Where")]
    hamlet: Annotated[Short, Field(title="Hamlet")] = None
    event_id: Annotated[str | None, Ref("event"), Field(title="Event")] = None
    description: Annotated[Story, Field(title="Description")] = None
    partners: Annotated[Remark, Field(title="Partners")] = None
    people: Annotated[Remark, Field(title="People in charge")] = None
    joint_reference: Annotated[Letter, Field(title="Joint reference")] = None
    agreement_task_id: Annotated[str | None, Ref("agreement_task"), Field(title="Serves the task")] = None
    ethnic_group_id: Annotated[str | None, Ref("ethnic_group"), Field(title="Ethnic group helped")] = None
    unit_now_id: Annotated[str | None, Ref("unit"), Field(title="Today's unit (if split)")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.date_from, self.date_to, "date_to")


class Member(Record):
    """A party member: of the post (no cell of his own here), or of a village cell (``party_cell_id``)."""

    KIND = "member"
    TITLE = "Party member"
    PLURAL = "Party members"
    LABEL = ("full_name", "position")
    LIST = ("full_name", "position", "party_cell_id")

    full_name: Annotated[Name, Field(title="Full name")]
    position: Annotated[Short, Field(title="Rank and position")] = None
    party_cell_id: Annotated[str | None, Ref("party_cell"), Field(title="Own cell (members from the village)")] = None
    joined_on: Annotated[MaybePastDay, Field(title="Joined the Party on")] = None
    note: Annotated[Remark, Field(title="Note")] = None


class Introduction(Record):
    """A post's member introduced to a village cell for temporary party activity."""

    KIND = "introduction"
    TITLE = "Introduction"
    PLURAL = "Introductions"
    LABEL = ("member_id", "party_cell_id")
    LIST = ("date_from", "member_id", "party_cell_id", "date_to")
    DATE = "date_from"

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    party_cell_id: Annotated[str, Ref("party_cell"), Field(title="Party cell")]
    letter_number: Annotated[Letter, Field(title="Letter number")] = None
    letter_date: Annotated[MaybeDay, Field(title="Letter date")] = None
    date_from: Annotated[Day, Field(title="From")]
    date_to: Annotated[MaybeDay, Field(title="To")] = None
    role: Annotated[Short, Field(title="Role in the cell")] = None
    end_reason: Annotated[Remark, Field(title="Reason of the end")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.date_from, self.date_to, "date_to")


class Attendance(Record):
    KIND = "attendance"
    TITLE = "Attendance"
    PLURAL = "Attendance"
    LABEL = ("member_id", "status")
    LIST = ("member_id", "status", "reason")
    TOP = False

    meeting_id: Annotated[str, Ref("meeting"), Field(title="Meeting")]
    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    status: Annotated[AttendanceStatus, Field(title="Present")]
    reason: Annotated[Remark, Field(title="Reason")] = None


class Meeting(Record):
    KIND = "meeting"
    TITLE = "Meeting"
    PLURAL = "Meetings"
    LABEL = ("party_cell_id", "held_on")
    LIST = ("held_on", "party_cell_id", "meeting_type", "content")
    DATE = "held_on"
    CHILDREN = {"attendance": Child(Attendance, "meeting_id", "roster", ("member_id",))}

    party_cell_id: Annotated[str, Ref("party_cell"), Field(title="Party cell")]
    meeting_type: Annotated[MeetingType, Field(title="Type of meeting")] = "regular"
    held_on: Annotated[PastDay, Field(title="Date")]
    place: Annotated[Short, Field(title="Place")] = None
    content: Annotated[Story, Field(title="Content")] = None
    resolution: Annotated[Story, Field(title="Resolution")] = None


class HouseholdCharge(Record):
    """One household that a party member looks after, from when to when."""

    KIND = "household_charge"
    TITLE = "Household in charge"
    PLURAL = "Households in charge"
    LABEL = ("household", "member_id")
    LIST = ("household", "member_id", "unit_id", "date_from", "date_to")
    DATE = "date_from"

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    household: Annotated[Name, Field(title="Household (its head)")]
    unit_id: Annotated[str, Ref("unit"), Field(title="Unit")]
    hamlet: Annotated[Short, Field(title="Hamlet")] = None
    date_from: Annotated[PastDay, Field(title="From")]
    date_to: Annotated[MaybeDay, Field(title="To")] = None
    result: Annotated[Remark, Field(title="Result")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.date_from, self.date_to, "date_to")


class CellRating(Record):
    KIND = "cell_rating"
    TITLE = "Rating of a cell"
    PLURAL = "Ratings of cells"
    LABEL = ("party_cell_id", "year")
    LIST = ("year", "party_cell_id", "rating")
    UNIQUE = ("party_cell_id", "year")

    party_cell_id: Annotated[str, Ref("party_cell"), Field(title="Party cell")]
    year: Annotated[Year, Field(title="Year")]
    rating: Annotated[Rating, Field(title="Rating")]
    note: Annotated[Remark, Field(title="Note")] = None


class MemberRating(Record):
    KIND = "member_rating"
    TITLE = "Rating of a member"
    PLURAL = "Ratings of members"
    LABEL = ("member_id", "year")
    LIST = ("year", "member_id", "rating")
    UNIQUE = ("member_id", "year")

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    year: Annotated[Year, Field(title="Year")]
    rating: Annotated[Rating, Field(title="Rating")]
    note: Annotated[Remark, Field(title="Note")] = None


class Candidacy(Record):
    """A member who stands for a party committee or a people's council."""

    KIND = "candidacy"
    TITLE = "Candidacy"
    PLURAL = "Candidacies"
    LABEL = ("member_id", "body", "term")
    LIST = ("nominated_on", "member_id", "body", "level", "outcome")
    DATE = "nominated_on"

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    body: Annotated[Body, Field(title="Body")]
    level: Annotated[BodyLevel, Field(title="Level")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None
    term: Annotated[Letter, Field(title="Term")] = None
    nominated_on: Annotated[PastDay, Field(title="Nominated on")]
    outcome: Annotated[Outcome, Field(title="Outcome")] = "pending"
    decided_on: Annotated[MaybePastDay, Field(title="Decided on")] = None
    note: Annotated[Remark, Field(title="Note")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.nominated_on, self.decided_on, "decided_on")


class Matter(Record):
    """Something to be done together with a local body: due on a day, then late."""

    KIND = "matter"
    TITLE = "Matter"
    PLURAL = "Matters"
    LABEL = ("subject", "counterpart")
    LIST = ("opened_on", "matter_type", "subject", "due_on", "closed_on")
    DATE = "opened_on"

    matter_type: Annotated[MatterType, Field(title="Type of matter")]
    direction: Annotated[Direction, Field(title="Direction")] = "sent"
    counterpart: Annotated[Name, Field(title="With whom")]
    subject: Annotated[Name, Field(title="Subject")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None
    opened_on: Annotated[PastDay, Field(title="Opened on")]
    due_on: Annotated[MaybeDay, Field(title="Due on")] = None
    closed_on: Annotated[MaybePastDay, Field(title="Done on")] = None
    result: Annotated[Story, Field(title="Result")] = None
    agreement_task_id: Annotated[str | None, Ref("agreement_task"), Field(title="Serves the task")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.opened_on, self.due_on, "due_on") + _order(self.opened_on, self.closed_on, "closed_on")


class SelfManagementGroup(Record):
    """Residents who look after a section of the border line and its markers."""

    KIND = "self_management_group"
    TITLE = "Self-management group"
    PLURAL = "Self-management groups"
    LABEL = ("name", "unit_id")
    LIST = ("name", "unit_id", "marker_from", "marker_to", "households")

    name: Annotated[Name, Field(title="Name")]
    unit_id: Annotated[str, Ref("unit"), Field(title="Unit")]
    hamlet: Annotated[Short, Field(title="Hamlet")] = None
    leader: Annotated[Short, Field(title="Leader")] = None
    marker_from: Annotated[Letter, Field(title="From marker")] = None
    marker_to: Annotated[Letter, Field(title="To marker")] = None
    length_m: Annotated[Count, Field(title="Length (m)")] = None
    markers: Annotated[Count, Field(title="Markers")] = None
    households: Annotated[Count, Field(title="Households")] = None
    people: Annotated[Count, Field(title="People")] = None
    patrols_monthly: Annotated[Count, Field(title="Patrols a month")] = None
    date_from: Annotated[PastDay, Field(title="From")]
    date_to: Annotated[MaybeDay, Field(title="To")] = None
    note: Annotated[Remark, Field(title="Note")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.date_from, self.date_to, "date_to")


class ReviewMeeting(Record):
    """A periodic or final review of the coordination (sơ kết, tổng kết)."""

    KIND = "review_meeting"
    TITLE = "Review of the coordination"
    PLURAL = "Reviews of the coordination"
    LABEL = ("review_type", "held_on")
    LIST = ("held_on", "review_type", "content")
    DATE = "held_on"

    review_type: Annotated[ReviewType, Field(title="Type of review")]
    held_on: Annotated[PastDay, Field(title="Date")]
    period_from: Annotated[MaybeDay, Field(title="Period from")] = None
    period_to: Annotated[MaybeDay, Field(title="Period to")] = None
    agreement_id: Annotated[str | None, Ref("agreement"), Field(title="Agreement")] = None
    place: Annotated[Short, Field(title="Place")] = None
    content: Annotated[Story, Field(title="Content")] = None
    conclusion: Annotated[Story, Field(title="Conclusion")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        return _order(self.period_from, self.period_to, "period_to")


class Commendation(Record):
    KIND = "commendation"
    TITLE = "Commendation"
    PLURAL = "Commendations"
    LABEL = ("recipient", "form")
    LIST = ("awarded_on", "recipient", "recipient_type", "form")
    DATE = "awarded_on"

    awarded_on: Annotated[PastDay, Field(title="Date")]
    recipient_type: Annotated[RecipientType, Field(title="Type of recipient")]
    recipient: Annotated[Name, Field(title="To whom")]
    form: Annotated[Short, Field(title="Form")] = None
    awarded_by: Annotated[Short, Field(title="Awarded by")] = None
    reason: Annotated[Story, Field(title="For what")] = None


RECORDS: tuple[type[Record], ...] = (
    Unit,
    UnitSuccession,
    Post,
    EthnicGroup,
    ActivityKind,
    Measure,
    KindMeasure,
    KindField,
    PartyCell,
    Plan,
    Agreement,
    AgreementTask,
    AgreementAmendment,
    Event,
    Activity,
    ActivityMeasure,
    ActivityExtra,
    ActivityTarget,
    Member,
    Introduction,
    Meeting,
    Attendance,
    HouseholdCharge,
    CellRating,
    MemberRating,
    Candidacy,
    Matter,
    SelfManagementGroup,
    ReviewMeeting,
    Commendation,
)
"""Every kind, parents before those that refer to them."""

BY_KIND: Mapping[str, type[Record]] = {record.KIND: record for record in RECORDS}


@dataclass(frozen=True)
class FieldShape:
    """How one field is entered and shown."""

    name: str
    title: str
    type: Literal["text", "long", "date", "integer", "year", "boolean", "choice", "ref"]
    required: bool
    ref: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    scaled_by: str | None = None
    """an integer in units of 10^-decimals: the field that says how many decimals"""
    past: bool = False
    """a date that lies in the past as a rule"""


def fields_of(model: type[Record]) -> list[FieldShape]:
    """The fields of a model in the order of entry."""
    return [_shape(name, info) for name, info in model.model_fields.items()]


def _shape(name: str, info: FieldInfo) -> FieldShape:
    ref = next((m.kind for m in info.metadata if isinstance(m, Ref)), None)
    base, optional = _without_none(info.annotation)
    default = None if info.is_required() else info.default
    required = info.is_required()
    title = info.title or name
    if ref is not None:
        return FieldShape(name, title, "ref", required, ref=ref)
    if get_origin(base) is Literal:
        return FieldShape(name, title, "choice", not optional, choices=get_args(base), default=default)
    if base is date:
        return FieldShape(name, title, "date", required, past=any(isinstance(m, Past) for m in info.metadata))
    if base is bool:
        return FieldShape(name, title, "boolean", False, default=default)
    if base is int:
        scaled = next((m.by for m in info.metadata if isinstance(m, Scaled)), None)
        year = any(isinstance(m, YearMark) for m in info.metadata)
        return FieldShape(name, title, "year" if year else "integer", required, default=default, scaled_by=scaled)
    long = any(isinstance(m, Long) for m in info.metadata)
    return FieldShape(name, title, "long" if long else "text", required, default=default)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    args = [a for a in get_args(annotation) if a is not type(None)]
    if type(None) in get_args(annotation) and len(args) == 1:
        return args[0], True
    return annotation, False


def _limits(record: "KindMeasure | KindField") -> list[tuple[str, str]]:
    for least, most in (("minimum", "maximum"), ("usual_minimum", "usual_maximum")):
        low, high = getattr(record, least), getattr(record, most)
        if low is not None and high is not None and high < low:
            return [(most, "The upper limit lies below the lower one.")]
    return []


def _order(first: date | None, last: date | None, field: str) -> list[tuple[str, str]]:
    if first is not None and last is not None and last < first:
        return [(field, "The end lies before the beginning.")]
    return []
