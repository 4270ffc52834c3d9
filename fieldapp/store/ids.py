"""Row ids computed from a row's natural key, so that every replica gives a row the same id."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

FIRST_DAY = "2008-01-01"
"""The day in the ids of rows that have no natural date. The coordination regulation of the source has been in force
since 2008, so no id has an earlier day"""


def derived_id(table: str, day: str, *key: str) -> str:
    """The id of a row, computed from its natural date and its natural key.

    It has the form of a UUIDv7: the milliseconds of ``day`` (ISO, from 1970 on), then SHA-256 of table and key instead
    of random bits.
    """
    ms = round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    rest = hashlib.sha256("|".join((table, *key)).encode()).digest()[:10]
    number = int.from_bytes(ms.to_bytes(6) + rest)
    number &= ~(0xF << 76) & ~(0x3 << 62)
    return str(UUID(int=number | (0x7 << 76) | (0x2 << 62)))
