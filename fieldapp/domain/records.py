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
class Child:
    """Rows of another table that are entered with their parent, on the same form.

    ``parent`` is the child's column that names the parent; ``editor`` says how the form shows them.
    """

    model: "type[Record]"
    parent: str
    editor: Literal["measures", "targets", "roster"]


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
MaybeDay = Annotated[date | None, BeforeValidator(_tidy_line)]

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
    KIND = "kind_measure"
    TITLE = "Measure of a kind"
    PLURAL = "Measures of kinds"
    REFERENCE = True
    LABEL = ("activity_kind_id", "measure_id")
    LIST = ("activity_kind_id", "measure_id")

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    measure_id: Annotated[str, Ref("measure"), Field(title="Measure")]
    position: Annotated[int, Field(title="Order")] = 0


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
    """One figure of an activity. Unknown is not zero: ``amount`` None with ``approximate`` is "by the dozen"."""

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
        "measures": Child(ActivityMeasure, "activity_id", "measures"),
        "targets": Child(ActivityTarget, "activity_id", "targets"),
    }

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    date_from: Annotated[Day, Field(title="Date")]
    date_to: Annotated[MaybeDay, Field(title="To")] = None
    unit_id: Annotated[str, Ref("unit"), Field(title="Where")]
    hamlet: Annotated[Short, Field(title="Hamlet")] = None
    event_id: Annotated[str | None, Ref("event"), Field(title="Event")] = None
    description: Annotated[Story, Field(title="Description")] = None
    partners: Annotated[Remark, Field(title="Partners")] = None
    people: Annotated[Remark, Field(title="People in charge")] = None
    joint_reference: Annotated[Letter, Field(title="Joint reference")] = None

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
    joined_on: Annotated[MaybeDay, Field(title="Joined the Party on")] = None
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
    CHILDREN = {"attendance": Child(Attendance, "meeting_id", "roster")}

    party_cell_id: Annotated[str, Ref("party_cell"), Field(title="Party cell")]
    meeting_type: Annotated[MeetingType, Field(title="Type of meeting")] = "regular"
    held_on: Annotated[Day, Field(title="Date")]
    place: Annotated[Short, Field(title="Place")] = None
    content: Annotated[Story, Field(title="Content")] = None
    resolution: Annotated[Story, Field(title="Resolution")] = None


RECORDS: tuple[type[Record], ...] = (
    Unit,
    UnitSuccession,
    Post,
    ActivityKind,
    Measure,
    KindMeasure,
    PartyCell,
    Event,
    Activity,
    ActivityMeasure,
    ActivityTarget,
    Member,
    Introduction,
    Meeting,
    Attendance,
)
"""Every kind, parents before those that refer to them."""

BY_KIND: Mapping[str, type[Record]] = {record.KIND: record for record in RECORDS}


@dataclass(frozen=True)
class FieldShape:
    """How one field is entered and shown."""

    name: str
    title: str
    type: Literal["text", "long", "date", "integer", "boolean", "choice", "ref"]
    required: bool
    ref: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None


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
        return FieldShape(name, title, "date", required)
    if base is bool:
        return FieldShape(name, title, "boolean", False, default=default)
    if base is int:
        return FieldShape(name, title, "integer", required, default=default)
    long = any(isinstance(m, Long) for m in info.metadata)
    return FieldShape(name, title, "long" if long else "text", required, default=default)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    args = [a for a in get_args(annotation) if a is not type(None)]
    if type(None) in get_args(annotation) and len(args) == 1:
        return args[0], True
    return annotation, False


def _order(first: date | None, last: date | None, field: str) -> list[tuple[str, str]]:
    if first is not None and last is not None and last < first:
        return [(field, "The end lies before the beginning.")]
    return []
