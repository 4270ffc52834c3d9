"""What the post did for the people."""

from typing import Annotated, Literal

from fieldapp.domain import lengths
from fieldapp.domain.model import (
    Child,
    Day,
    Field,
    LetterNumber,
    LongText,
    MaybeDay,
    MaybePastDay,
    Name,
    PastDay,
    Personal,
    Record,
    Ref,
    Remark,
    Scaled,
    Short,
    SuccessorOf,
    Tidied,
    UsualYears,
    tidy_line,
)

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


class Event(Record):
    KIND = "event"
    TITLE = "Event"
    PLURAL = "Events"
    LABEL = ("name",)
    LIST = ("date_from", "name", "date_to")
    DATE = "date_from"
    ORDERED = (("date_from", "date_to"),)

    name: Annotated[Name, Field(title="Name")]
    date_from: Annotated[Day, Field(title="From")]
    date_to: Annotated[MaybeDay, Field(title="To")] = None
    description: Annotated[LongText, Field(title="Description")] = None


class ActivityMeasure(Record):
    """One figure of an activity. Unknown is not zero: ``amount`` None with ``approximate`` is "by the dozen".

    ``measured_on`` gives the day of a part of a long activity: this part counts on its own day, figures without it on
    the day when the activity ended (``docs/counting-rules.md``, rule 6).
    """

    KIND = "activity_measure"
    TITLE = "Figure"
    PLURAL = "Figures"
    LABEL = ("measure_id", "amount")
    LIST = ("measure_id", "amount", "note")
    TOP = False

    activity_id: Annotated[str, Ref("activity"), Field(title="Activity")]
    measure_id: Annotated[str, Ref("measure"), Field(title="Measure")]
    amount: Annotated[int | None, Scaled("measure_id"), Field(title="Amount", ge=0, le=10**15)] = None
    approximate: Annotated[bool, Field(title="Approximate")] = False
    note: Annotated[Remark, Field(title="Note")] = None
    measured_on: Annotated[MaybePastDay, UsualYears(back=1_000), Field(title="Up to")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        if self.approximate and self.amount is None and self.note is None:
            return [("amount", "Give a number, or words in its place such as “hàng chục”.")]
        return []


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
    value: Annotated[str, Personal(), Field(title="Value", min_length=1, max_length=lengths.REMARK), Tidied(tidy_line)]


class ActivityTarget(Record):
    """A body that an activity strengthened or helped; counts once a period (``docs/counting-rules.md``, rule 3)."""

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
    name: Annotated[Short, Personal(), Field(title="Name")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        if self.unit_id is None and self.party_cell_id is None and self.name is None:
            return [("name", "Say which body: a unit, a party cell or a name.")]
        return []


MEASURES = "measures"
"""Name of the figures of an activity in the JSON form"""


class Activity(Record):
    KIND = "activity"
    TITLE = "Activity"
    PLURAL = "Activities"
    LABEL = ("activity_kind_id", "date_from", "unit_id")
    LIST = ("date_from", "activity_kind_id", "unit_id", "description")
    DATE = "date_from"
    ORDERED = (("date_from", "date_to"),)
    CHILDREN = {
        MEASURES: Child(ActivityMeasure, "activity_id", "measures", ("measure_id", "measured_on")),
        "extras": Child(ActivityExtra, "activity_id", "extras", ("kind_field_id",)),
        "targets": Child(ActivityTarget, "activity_id", "targets", ("target_type", "unit_id", "party_cell_id", "name")),
    }
    ALIKE = ("activity_kind_id", "unit_id", "date_from")
    APART = ("hamlet", "joint_reference", "event_id")
    MORE = ("partners", "people", "agreement_task_id", "ethnic_group_id", "joint_reference", "no_files_because")
    LATER = ("no_files_because",)
    PLACED = {"date_to": "hamlet"}
    """Between the day and the place, people type the place into it"""

    activity_kind_id: Annotated[str, Ref("activity_kind"), Field(title="Kind of activity")]
    date_from: Annotated[PastDay, Field(title="Date")]
    date_to: Annotated[MaybePastDay, Field(title="To", description="empty: one day only")] = None
    unit_id: Annotated[str, Ref("unit"), Field(title="Commune, ward")]
    hamlet: Annotated[Short, Field(title="Hamlet", example="hamlet 1")] = None
    event_id: Annotated[str | None, Ref("event"), Field(title="Event", description="only of a flood, a campaign")] = (
        None
    )
    description: Annotated[LongText, Field(title="Description")] = None
    partners: Annotated[Remark, Field(title="Partners", example="Youth Union")] = None
    people: Annotated[Remark, Personal(), Field(title="People in charge", example="field team")] = None
    joint_reference: Annotated[
        LetterNumber,
        Field(title="Joint reference", description="one code, if several posts do it"),
    ] = None
    agreement_task_id: Annotated[
        str | None,
        Ref("agreement_task"),
        Field(title="Serves the task", description="only of a signed agreement"),
    ] = None
    ethnic_group_id: Annotated[
        str | None,
        Ref("ethnic_group"),
        Field(title="Ethnic group helped", description="only of help for one group"),
    ] = None
    unit_now_id: Annotated[str | None, Ref("unit"), SuccessorOf("unit_id"), Field(title="Today's unit (if split)")] = (
        None
    )
    no_files_because: Annotated[Remark, Personal(), Field(title="Why there is no photograph or minute")] = None
    """What settles that photographs or minutes are lacking which its kind wants"""
