"""Write age files (https://age-encryption.org/v1): any age program opens them.

pyrage, which reads them here, writes them too, at a third of this speed: it takes 8 KiB at a time from Python. Header
and chunks are composed as the format says; every cipher, hash and key is that of ``cryptography``.
"""

import os
from base64 import b64encode
from collections.abc import Callable
from typing import IO

CHUNK = 64 * 1024
"""Bytes of content that one chunk of the format holds"""


class AgeWriter:
    """A stream that is encrypted into an age file. Until ``close`` has written its last chunk, the file is cut off."""

    def __init__(self, target: IO[bytes], stanzas_for: Callable[[bytes], bytes]) -> None:
        """Write the header; ``stanzas_for`` seals the file's key, of 16 bytes, for those who may open it."""
        import hmac

        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        file_key, nonce = os.urandom(16), os.urandom(16)
        header = b"age-encryption.org/v1\n" + stanzas_for(file_key) + b"---"
        mac = hmac.digest(derived_key(file_key, b"", b"header"), header, "sha256")
        target.write(header + b" " + base64(mac) + b"\n" + nonce)
        self._target = target
        self._cipher = ChaCha20Poly1305(derived_key(file_key, nonce, b"payload"))
        self._number = 0
        self._left = bytearray()

    def write(self, data: bytes) -> int:
        """Encrypt what follows."""
        rest = memoryview(data)
        while rest:
            if len(self._left) == CHUNK:  # more follows, so it is not the last
                self._seal(self._left, last=False)
                self._left.clear()
            while not self._left and len(rest) > CHUNK:
                self._seal(rest[:CHUNK], last=False)
                rest = rest[CHUNK:]
            room = CHUNK - len(self._left)
            self._left += rest[:room]
            rest = rest[room:]
        return len(data)

    def close(self) -> None:
        """Write the last chunk; the target stays open."""
        self._seal(self._left, last=True)

    def _seal(self, content: bytearray | memoryview, *, last: bool) -> None:
        nonce = self._number.to_bytes(11, "big") + bytes([last])
        self._target.write(self._cipher.encrypt(nonce, content, None))
        self._number += 1


def wrapped_key(wrap_key: bytes, file_key: bytes) -> bytes:
    """The body of a stanza: the file's key under one that is used for nothing else."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return base64(ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None))


def base64(data: bytes) -> bytes:
    """As age writes it, without padding."""
    return b64encode(data).rstrip(b"=")


def derived_key(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """32 bytes by HKDF-SHA-256 (RFC 5869)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(hashes.SHA256(), 32, salt, purpose).derive(key)
