"""age files from outside, before they are given to the library that opens them."""

from typing import IO

MAGIC = b"age-encryption.org/v1\n"
MAX_HEADER = 65_536
"""Bytes"""


def has_age_header(source: IO[bytes]) -> bool:
    """Whether a file begins with an age header that is not too long; seeks back to the beginning.

    The library reads each line of a header into memory, however long it is: a file of zeros would fill the memory.
    """
    head = source.read(MAX_HEADER)
    source.seek(0)
    return head.startswith(MAGIC) and b"\n--- " in head
