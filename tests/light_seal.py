"""Age files under a passphrase whose derivation takes no time: for tests that open them from other processes.

The format is that of https://c2sp.org/age. The program reads from the file itself how much work it asks for.
"""

import hashlib
import hmac
import os
from base64 import b64encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldapp.vietnamese.text import clean

WORK = 4
"""Logarithm of scrypt's N; age itself uses 17 or 18"""


def seal(secret: bytes, passphrase: str) -> bytes:
    """Seal like ``vault.seal_with_passphrase``, but so that opening takes no work; up to 64 KiB."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    salted = b"age-encryption.org/v1/scrypt" + salt
    wrap_key = hashlib.scrypt(clean(passphrase).encode(), salt=salted, n=1 << WORK, r=8, p=1, dklen=32)
    body = ChaCha20Poly1305(wrap_key).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_base64(salt), WORK, _base64(body))
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\x01", secret, None)
    return header + b" " + _base64(mac) + b"\n" + nonce + payload


def _base64(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, purpose).derive(key)
