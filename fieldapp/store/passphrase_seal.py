"""Age files under a passphrase whose cost is fixed, so that each laptop can open what another one has sealed.

Age's own programs measure the machine at the moment of sealing: the same laptop makes files that take 128 MB to open,
or 1 GB, and a file of a fast machine may be more than a slow one can open. Here the cost is ``WORK_FACTOR``, always.
The format is age's (https://age-encryption.org/v1, recipient type scrypt): any age program opens the files.
"""

import hashlib
import hmac
import re
import secrets
from base64 import b64encode

WORK_FACTOR = 17
"""Logarithm of scrypt's N, with r = 8 and p = 1: 128 MiB of memory, and about a second on a slow machine"""
_BLOCK = 128 * 8
"""Bytes of memory for each of scrypt's N blocks, at r = 8"""
_STANZA = re.compile(rb"\Aage-encryption\.org/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]?)\n")
_LONGEST = 64 * 1024
"""Bytes of content that one chunk of the format holds; more is never sealed here"""


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
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if len(secret) > _LONGEST:
        raise ValueError(len(secret))
    file_key, salt, nonce = secrets.token_bytes(16), secrets.token_bytes(16), secrets.token_bytes(16)
    wrap_key = _scrypt(passphrase.encode(), b"age-encryption.org/v1/scrypt" + salt, factor)
    body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_base64(salt), factor, _base64(body))
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    last_chunk = bytes(11) + b"\x01"
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(last_chunk, secret, None)
    return header + b" " + _base64(mac) + b"\n" + nonce + payload


def _scrypt(passphrase: bytes, salt: bytes, factor: int) -> bytes:
    needed = memory_needed(factor)
    try:
        return hashlib.scrypt(passphrase, salt=salt, n=1 << factor, r=8, p=1, dklen=32, maxmem=needed + (1 << 20))
    except ValueError as error:  # what OpenSSL says when it gets no memory
        raise MemoryError(needed) from error


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt, purpose).derive(key)
