"""age files from outside, before they are given to the library that opens them."""

from typing import IO

MAGIC = b"age-encryption.org/v1\n"
MAX_HEADER = 65_536
"""Bytes"""


def has_age_header(source: IO[bytes]) -> bool:
    """Whether a file begins with an age header that is not too long; leaves it at its beginning.

    The library reads a header line by line into memory, however long a line is: a file of zeros would fill it.
    """
    head = source.read(MAX_HEADER)
    source.seek(0)
    return head.startswith(MAGIC) and b"\n--- " in head
