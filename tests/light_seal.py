"""An age file under a passphrase whose derivation takes no time: for tests that open it from other processes.

As https://c2sp.org/age says it. The program reads how much work a file asks for from the file itself.
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
"""Logarithm of scrypt's N; age itself takes 17 or 18"""


def seal(secret: bytes, passphrase: str) -> bytes:
    """What ``vault.seal_with_passphrase`` gives, but for the work that it takes to open it; up to 64 KiB."""
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
