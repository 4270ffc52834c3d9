"""Ids that are computed from what a row is, so that every replica gives it the same one."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

FIRST_DAY = "2008-01-01"
"""The coordination regulation of the source is in force since 2008: no row is older by its id. Also the day of ids of
rows that have no natural date"""


def derived_id(table: str, day: str, *key: str) -> str:
    """The id of a row from its natural date and its natural key: a UUIDv7 in form, of the milliseconds of the day
    (ISO, from 1970 on), then SHA-256 of table and key instead of random bits."""
    ms = round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
    rest = hashlib.sha256("|".join((table, *key)).encode()).digest()[:10]
    number = int.from_bytes(ms.to_bytes(6) + rest)
    number &= ~(0xF << 76) & ~(0x3 << 62)
    return str(UUID(int=number | (0x7 << 76) | (0x2 << 62)))
