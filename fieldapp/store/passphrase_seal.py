"""Age files under a passphrase whose cost is fixed, so that each laptop can open what another one has sealed.

Age's own programs measure the machine at the moment of sealing: the same laptop makes files that take 128 MB to open,
or 1 GB, and a file of a fast machine may be more than a slow one can open. Here the cost is ``WORK_FACTOR``, always.
The format is age's (https://age-encryption.org/v1, recipient type scrypt): any age program opens the files.
"""

import io
import os
import re

from fieldapp.store import age_writer

WORK_FACTOR = 17
"""Logarithm of scrypt's N, with r = 8 and p = 1: 128 MiB of memory, and about a second on a slow machine"""
_BLOCK = 128 * 8
"""Bytes of memory for each of scrypt's N blocks, at r = 8"""
_STANZA = re.compile(rb"\Aage-encryption\.org/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]?)\n")
_LONGEST = 64 * 1024
"""Bytes of content; more is never sealed here"""


def work_factor(sealed: bytes) -> int | None:
    """The work factor that the header of an age file names; None if it is not sealed with a passphrase."""
    found = _STANZA.match(sealed)
    return int(found[1]) if found else None


def memory_needed(factor: int) -> int:
    """Bytes of memory that opening a file of this work factor takes."""
    return _BLOCK << factor


def seal(secret: bytes, passphrase: str, factor: int = WORK_FACTOR) -> bytes:
    """Encrypt at most 64 KiB into an age file that only the passphrase opens; MemoryError if the derivation has too
    little memory."""
    if len(secret) > _LONGEST:
        raise ValueError(len(secret))
    salt = os.urandom(16)
    wrap_key = _scrypt(passphrase.encode(), b"age-encryption.org/v1/scrypt" + salt, factor)

    def stanza(file_key: bytes) -> bytes:
        body = age_writer.wrapped_key(wrap_key, file_key)
        return b"-> scrypt %s %d\n%s\n" % (age_writer.base64(salt), factor, body)

    made = io.BytesIO()
    writer = age_writer.AgeWriter(made, stanza)
    writer.write(secret)
    writer.close()
    return made.getvalue()


def _scrypt(passphrase: bytes, salt: bytes, factor: int) -> bytes:
    import hashlib  # OpenSSL's library, with its memory: not needed to ask for a passphrase

    needed = memory_needed(factor)
    try:
        return hashlib.scrypt(passphrase, salt=salt, n=1 << factor, r=8, p=1, dklen=32, maxmem=needed + (1 << 20))
    except ValueError as error:  # what OpenSSL says when it gets no memory
        raise MemoryError(needed) from error
