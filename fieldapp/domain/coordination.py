"""The post's cooperation with local bodies: agreements, matters, border line, reviews, commendations."""

from typing import Annotated, Literal

from fieldapp.domain import lengths
from fieldapp.domain.model import (
    Child,
    Count,
    CountedIn,
    Day,
    Field,
    Lettered,
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
    Short,
    Tidied,
    UsualYears,
    tidy_line,
)

AgreementType = Literal["regulation", "joint_plan", "programme"]

MatterType = Literal["information_exchange", "advice_to_committee", "problem_on_the_spot", "support_request"]

Direction = Literal["sent", "received"]

ReviewType = Literal["periodic_review", "final_review"]

RecipientType = Literal["collective", "individual"]


class Agreement(Record):
    """A coordination regulation, plan or programme agreed with local bodies, with numbered tasks."""

    KIND = "agreement"
    TITLE = "Agreement"
    PLURAL = "Agreements"
    LABEL = ("name",)
    LIST = ("date_from", "name", "parties", "date_to")
    DATE = "date_from"
    ORDERED = (("date_from", "date_to"),)

    agreement_type: Annotated[AgreementType, Field(title="Type of agreement")] = "regulation"
    name: Annotated[Name, Field(title="Name")]
    number: Annotated[LetterNumber, Field(title="Number")] = None
    parties: Annotated[Remark, Field(title="Parties", example="commune Party")] = None
    signed_on: Annotated[MaybePastDay, Field(title="Signed on")] = None
    date_from: Annotated[Day, Field(title="In force from")]
    date_to: Annotated[MaybeDay, UsualYears(ahead=20), Field(title="In force to")] = None
    note: Annotated[LongText, Field(title="Note")] = None


class AgreementTask(Record):
    """A numbered task of an agreement; an activity or a matter may name the task that it serves."""

    KIND = "agreement_task"
    TITLE = "Task"
    PLURAL = "Tasks"
    LABEL = ("number", "title", "agreement_id")
    LIST = ("number", "title")
    TOP = False
    REFERRED = True

    agreement_id: Annotated[str, Ref("agreement"), Field(title="Agreement")]
    number: Annotated[int, Field(title="Number", ge=1, le=999)]
    title: Annotated[str, Field(title="Task", min_length=1, max_length=lengths.REMARK), Tidied(tidy_line)]


class AgreementAmendment(Record):
    KIND = "agreement_amendment"
    TITLE = "Amendment"
    PLURAL = "Amendments"
    LABEL = ("amended_on", "content")
    LIST = ("amended_on", "content")
    TOP = False

    agreement_id: Annotated[str, Ref("agreement"), Field(title="Agreement")]
    amended_on: Annotated[PastDay, Field(title="Date")]
    content: Annotated[str, Field(title="Content", min_length=1, max_length=lengths.REMARK), Tidied(tidy_line)]


Agreement.CHILDREN = {
    "tasks": Child(AgreementTask, "agreement_id", "rows", ("number",)),
    "amendments": Child(AgreementAmendment, "agreement_id", "rows", ("amended_on", "content")),
}


class Matter(Record):
    """Something to be done together with a local body: due on a day, then late."""

    KIND = "matter"
    TITLE = "Matter"
    PLURAL = "Matters"
    LABEL = ("subject", "counterpart")
    LIST = ("opened_on", "matter_type", "subject", "due_on", "closed_on")
    ALIKE = ("opened_on", "matter_type", "counterpart", "subject")
    DATE = "opened_on"
    ORDERED = (
        ("opened_on", "due_on"),
        ("opened_on", "closed_on"),
    )

    matter_type: Annotated[MatterType, Field(title="Type of matter")]
    direction: Annotated[Direction, Field(title="Direction")] = "sent"
    counterpart: Annotated[Name, Personal(), Field(title="With whom")]
    subject: Annotated[Name, Personal(), Field(title="Subject")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None
    opened_on: Annotated[PastDay, Field(title="Opened on")]
    due_on: Annotated[MaybeDay, Field(title="Due on")] = None
    closed_on: Annotated[MaybePastDay, Field(title="Done on")] = None
    result: Annotated[LongText, Field(title="Result")] = None
    agreement_task_id: Annotated[str | None, Ref("agreement_task"), Field(title="Serves the task")] = None


class SelfManagementGroup(Record):
    """Residents who look after a section of the border line and its markers."""

    KIND = "self_management_group"
    TITLE = "Self-management group"
    PLURAL = "Self-management groups"
    LABEL = ("name", "unit_id")
    APART = ("hamlet",)
    LIST = ("name", "unit_id", "marker_from", "marker_to", "households")
    ORDERED = (("date_from", "date_to"),)

    name: Annotated[Name, Field(title="Name")]
    unit_id: Annotated[str, Ref("unit"), Field(title="Commune, ward")]
    hamlet: Annotated[Short, Field(title="Hamlet", example="hamlet 1")] = None
    leader: Annotated[Short, Personal(), Lettered(), Field(title="Leader")] = None
    marker_from: Annotated[LetterNumber, Field(title="From marker")] = None
    marker_to: Annotated[LetterNumber, Field(title="To marker")] = None
    length_m: Annotated[Count, CountedIn("m", 100_000), Field(title="Length (m)")] = None
    markers: Annotated[Count, CountedIn("mốc", 200), Field(title="Markers")] = None
    households: Annotated[Count, CountedIn("hộ", 1_000), Field(title="Households")] = None
    people: Annotated[Count, CountedIn("người", 5_000), Field(title="People")] = None
    patrols_monthly: Annotated[Count, CountedIn("lượt", 100), Field(title="Patrols a month")] = None
    date_from: Annotated[PastDay, Field(title="From")]
    date_to: Annotated[MaybeDay, UsualYears(ahead=10), Field(title="To")] = None
    note: Annotated[Remark, Personal(), Field(title="Note")] = None


class ReviewMeeting(Record):
    """A periodic or final review of the coordination (sơ kết, tổng kết)."""

    KIND = "review_meeting"
    TITLE = "Review of the coordination"
    PLURAL = "Reviews of the coordination"
    LABEL = ("review_type", "held_on")
    LIST = ("held_on", "review_type", "content")
    DATE = "held_on"
    ORDERED = (("period_from", "period_to"),)

    review_type: Annotated[ReviewType, Field(title="Type of review")]
    held_on: Annotated[PastDay, Field(title="Date")]
    period_from: Annotated[MaybeDay, Field(title="Period from")] = None
    period_to: Annotated[MaybeDay, Field(title="Period to")] = None
    agreement_id: Annotated[str | None, Ref("agreement"), Field(title="Agreement")] = None
    place: Annotated[Short, Field(title="Place", example="community house")] = None
    content: Annotated[LongText, Field(title="Content")] = None
    conclusion: Annotated[LongText, Field(title="Conclusion")] = None


class Commendation(Record):
    KIND = "commendation"
    TITLE = "Commendation"
    PLURAL = "Commendations"
    LABEL = ("recipient", "form")
    LIST = ("awarded_on", "recipient", "recipient_type", "form")
    ALIKE = ("awarded_on", "recipient", "form")
    DATE = "awarded_on"

    awarded_on: Annotated[PastDay, Field(title="Date")]
    recipient_type: Annotated[RecipientType, Field(title="Type of recipient")]
    recipient: Annotated[Name, Personal(), Field(title="To whom")]
    form: Annotated[Short, Field(title="Form", example="certificate")] = None
    awarded_by: Annotated[Short, Field(title="Awarded by", example="commune office")] = None
    reason: Annotated[LongText, Field(title="For what")] = None
