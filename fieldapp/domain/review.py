"""Headquarters' review of a post's record: accepted, or returned with a comment."""

from typing import Annotated, Literal

from fieldapp.domain import lengths
from fieldapp.domain.model import Field, LetterNumber, LongText, Personal, Record, Remark

ReviewOutcome = Literal["accepted", "returned"]


class Review(Record):
    """One review of one record. It is never changed: a later review of the record replaces it.

    ``comments`` holds what ``field`` and ``comment`` cannot: several comments, or one on a measure
    (``records.reviews.Comment``). ``comment`` says all of them in one line, for versions that do not know it.
    """

    KIND = "review"
    TITLE = "Review"
    PLURAL = "Reviews"
    ABOUT_A_POST = True
    TOP = False
    LABEL = ("outcome", "comment")
    LIST = ("outcome", "field", "comment")

    record_kind: Annotated[str, Field(title="Kind of record", min_length=1, max_length=lengths.CODE)]
    record_id: Annotated[str, Field(title="Record", min_length=1, max_length=lengths.CODE)]
    outcome: Annotated[ReviewOutcome, Field(title="Outcome")]
    field: Annotated[LetterNumber, Field(title="Field")] = None
    comment: Annotated[Remark, Personal(), Field(title="Comment")] = None
    seen: Annotated[str, Field(title="Seen as", min_length=1, max_length=lengths.CODE)]
    replaces: Annotated[LetterNumber, Field(title="Replaces")] = None
    comments: Annotated[LongText, Field(title="Comments")] = None

    def rule_breaks(self) -> list[tuple[str, str]]:
        """A returned record needs a comment."""
        if self.outcome == "returned" and self.comment is None:
            return [("comment", "Say what must be corrected.")]
        return []
