"""Row ids: new ones, those that are computed from a row's natural key, and the post that an id names."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import cache

FIRST_DAY = "2008-01-01"
"""The day in the ids of rows that have no natural date. The coordination regulation of the source has been in force
since 2008, so no id has an earlier day"""


NAMES_POST = "8"
"""The version digit of an id that names its post"""
_VERSION = 14
_POST_DIGITS = 8
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The hex digit with the variant of RFC 9562 in it, for each random one"""


def new_id(scope: str) -> str:
    """The id of a new row of a scope: a post's id, or ``*`` for reference data."""
    import uuid_utils

    return named_id(str(uuid_utils.uuid7()), scope)


def named_id(row_id: str, scope: str) -> str:
    """The same id, naming the post of its scope; unchanged for reference data.

    It is a UUID of version 8: the time, the counter and the random bits of ``row_id``, then the last eight digits of
    the post's id. So a post's row can be begun by that post alone, whoever else learns its id.
    """
    if scope == "*":
        return row_id
    return f"{row_id[:_VERSION]}{NAMES_POST}{row_id[_VERSION + 1 : -_POST_DIGITS]}{scope[-_POST_DIGITS:]}"


def may_name(row_id: str, scope: str) -> bool:
    """Whether a row of a scope may have this id: it names no post, or the post of the scope.

    The ids that versions up to 0.2 made name none.
    """
    return not naming_others([row_id], scope)


def naming_others(row_ids: Iterable[str], scope: str) -> set[str]:
    """Those of some ids that name another post than that of a scope."""
    own = scope[-_POST_DIGITS:]
    return {row_id for row_id in row_ids if row_id[_VERSION] == NAMES_POST and not row_id.endswith(own)}


def derived_id(table: str, day: str, *key: str) -> str:
    """The id of a row, computed from its natural date and its natural key.

    It has the form of a UUIDv7: the milliseconds of ``day`` (ISO, from 1970 on), then SHA-256 of table and key instead
    of random bits.
    """
    rest = hashlib.sha256("|".join((table, *key)).encode()).hexdigest()
    return f"{_milliseconds(day)}-7{rest[1:4]}-{_VARIANT[rest[4]]}{rest[5:8]}-{rest[8:20]}"


@cache
def _milliseconds(day: str) -> str:
    """The first 48 bits of a UUIDv7 of a day, as they are written."""
    digits = f"{round(datetime.combine(date.fromisoformat(day), time(), UTC).timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"
