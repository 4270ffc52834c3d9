"""Sealing under a passphrase whose derivation takes no time: for tests that open the files from other processes."""

from fieldapp.store import passphrase_seal
from fieldapp.vietnamese.text import clean

WORK = 4
"""Logarithm of scrypt's N; the program itself uses ``passphrase_seal.WORK_FACTOR``"""


def seal(secret: bytes, passphrase: str) -> bytes:
    """Seal like ``vault.seal_with_passphrase``, but so that opening takes no work."""
    return passphrase_seal.seal(secret, clean(passphrase), WORK)
