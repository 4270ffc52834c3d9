"""How party members take part in the cells of villages."""

from typing import Annotated, Literal

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
    Short,
    UsualYears,
    Year,
    YearMark,
)

MeetingType = Literal["regular", "thematic", "extraordinary"]

AttendanceStatus = Literal["present", "excused", "absent"]

Rating = Literal["excellent", "good", "completed", "not_completed"]
"""Four grades of the yearly rating (Central Committee's Regulation 124-QĐ/TW of 2023)."""

Body = Literal["party_committee", "peoples_council"]

BodyLevel = Literal["hamlet", "commune", "district", "province"]

CandidacyResult = Literal["pending", "elected", "not_elected", "withdrawn"]


class Member(Record):
    """A party member: of the post (without a cell of their own here), or of a village cell (``party_cell_id``).

    A record with ``same_as_id`` gave way to another one of the same person. What is about it stays as it is stored, and
    is read as about that person (the view ``person``).
    """

    KIND = "member"
    TITLE = "Party member"
    PLURAL = "Party members"
    LABEL = ("full_name", "position")
    LIST = ("full_name", "position", "party_cell_id")
    ALIKE = ("full_name",)
    APART = ("birth_year", "party_cell_id")
    MORE = ("same_as_id",)
    LATER = ("same_as_id",)

    full_name: Annotated[Name, Personal(), Field(title="Full name")]
    position: Annotated[Short, Personal(), Field(title="Rank and position", example="first lieutenant")] = None
    birth_year: Annotated[
        int | None, YearMark(), UsualYears(100), Personal(), Field(title="Year of birth", ge=1900, le=2100)
    ] = None
    party_cell_id: Annotated[
        str | None,
        Ref("party_cell"),
        Field(title="Own cell (members from the village)", description="empty: a member of the post"),
    ] = None
    joined_on: Annotated[MaybePastDay, UsualYears(back=75), Personal(), Field(title="Joined the Party on")] = None
    note: Annotated[Remark, Personal(), Field(title="Note")] = None
    same_as_id: Annotated[str | None, Ref("member"), Field(title="Same person as")] = None


class Introduction(Record):
    """A post's member introduced to a village cell for temporary party activity."""

    KIND = "introduction"
    TITLE = "Introduction"
    PLURAL = "Introductions"
    LABEL = ("member_id", "party_cell_id")
    LIST = ("date_from", "member_id", "party_cell_id", "date_to")
    DATE = "date_from"
    ORDERED = (("date_from", "date_to"),)
    PLACED = {"letter_number": "date_to", "letter_date": "letter_number"}
    """Before the day from which it holds, that day is typed into the letter's"""

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    party_cell_id: Annotated[str, Ref("party_cell"), Field(title="Party cell")]
    letter_number: Annotated[LetterNumber, Personal(), Field(title="Letter number")] = None
    letter_date: Annotated[MaybeDay, Field(title="Letter date")] = None
    date_from: Annotated[Day, Field(title="From")]
    date_to: Annotated[
        MaybeDay, UsualYears(ahead=6), Field(title="To", description="empty: the end is not known yet")
    ] = None
    role: Annotated[Short, Personal(), Field(title="Role in the cell", example="deputy secretary")] = None
    end_reason: Annotated[Remark, Personal(), Field(title="Reason of the end", example="term over")] = None


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
    reason: Annotated[Remark, Personal(), Field(title="Reason")] = None


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
    place: Annotated[Short, Field(title="Place", example="community house")] = None
    content: Annotated[LongText, Field(title="Content")] = None
    resolution: Annotated[LongText, Field(title="Resolution")] = None


class HouseholdCharge(Record):
    """One household that a party member looks after, from when to when."""

    KIND = "household_charge"
    TITLE = "Household in charge"
    PLURAL = "Households in charge"
    LABEL = ("household", "member_id")
    APART = ("hamlet",)
    LIST = ("household", "member_id", "unit_id", "date_from", "date_to")
    DATE = "date_from"
    ORDERED = (("date_from", "date_to"),)

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    household: Annotated[Name, Personal(), Field(title="Household (its head)")]
    unit_id: Annotated[str, Ref("unit"), Field(title="Commune, ward")]
    hamlet: Annotated[Short, Field(title="Hamlet", example="hamlet 1")] = None
    date_from: Annotated[PastDay, Field(title="From")]
    date_to: Annotated[
        MaybeDay, UsualYears(ahead=6), Field(title="To", description="empty: the end is not known yet")
    ] = None
    result: Annotated[Remark, Personal(), Field(title="Result")] = None


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
    note: Annotated[Remark, Personal(), Field(title="Note")] = None


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
    note: Annotated[Remark, Personal(), Field(title="Note")] = None


class Candidacy(Record):
    """A member who stands for a party committee or a people's council."""

    KIND = "candidacy"
    TITLE = "Candidacy"
    PLURAL = "Candidacies"
    LABEL = ("member_id", "body", "term")
    LIST = ("nominated_on", "member_id", "body", "level", "outcome")
    DATE = "nominated_on"
    ORDERED = (("nominated_on", "decided_on"),)

    member_id: Annotated[str, Ref("member"), Field(title="Party member")]
    body: Annotated[Body, Field(title="Body")]
    level: Annotated[BodyLevel, Field(title="Level")]
    unit_id: Annotated[str | None, Ref("unit"), Field(title="Unit")] = None
    term: Annotated[LetterNumber, Field(title="Term")] = None
    nominated_on: Annotated[PastDay, Field(title="Nominated on")]
    outcome: Annotated[CandidacyResult, Field(title="Outcome")] = "pending"
    decided_on: Annotated[MaybePastDay, Field(title="Decided on")] = None
    note: Annotated[Remark, Personal(), Field(title="Note")] = None
