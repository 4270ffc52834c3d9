"""How far a log has been received."""

from typing import Annotated

from msgspec import Meta, Struct

NonNegative = Annotated[int, Meta(ge=0, le=1 << 53)]
"""Sizes and sequence numbers: integers that every JSON reader represents exactly"""


class Head(Struct, frozen=True):
    """How far a log has been received: its last change, and the hash of the segment that brought it."""

    last: NonNegative
    hash: str
    replica: str = ""
    """id of the replica that writes the log, to name it before any of its segments has come"""
