"""A file of a record: a photograph, a scanned minute. The row says what it is; its bytes are stored apart.

``records/attachments.py`` adds and reads them.
"""

from typing import Annotated, Literal

from fieldapp.domain import lengths
from fieldapp.domain.model import (
    Field,
    LetterNumber,
    MaybePastDay,
    Name,
    Personal,
    Record,
    Remark,
)

FileSort = Literal["photograph", "minute", "paper"]
"""What a file is evidence of: a photograph shows it, a signed minute says it; any other paper"""

HASH = 64
"""Hex digits of a SHA-256"""


class Attachment(Record):
    """One file at one record. The same bytes at two records are two rows and one stored file."""

    KIND = "attachment"
    TITLE = "Attached file"
    PLURAL = "Attached files"
    TOP = False
    LABEL = ("name", "caption")
    LIST = ("name", "caption", "taken_on")
    ALIKE = ("record_id", "sha256")

    record_kind: Annotated[str, Field(title="Kind of record", min_length=1, max_length=lengths.CODE)]
    record_id: Annotated[str, Field(title="Record", min_length=1, max_length=lengths.CODE)]
    name: Annotated[Name, Personal(), Field(title="File name")]
    media_type: Annotated[str, Field(title="File type", min_length=1, max_length=lengths.NAME)]
    size: Annotated[int, Field(title="Size in bytes", ge=0, le=10**12)]
    sha256: Annotated[str, Field(title="SHA-256", min_length=1, max_length=HASH)]
    caption: Annotated[Remark, Personal(), Field(title="Caption")] = None
    taken_on: Annotated[MaybePastDay, Field(title="Taken on")] = None
    place: Annotated[LetterNumber, Personal(), Field(title="Taken at (latitude, longitude)")] = None
    sort: Annotated[FileSort | None, Field(title="Sort of file")] = None
    """Empty in rows of versions before: a picture is a photograph, and a paper a minute"""
