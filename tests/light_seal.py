"""Sealing under a passphrase whose derivation takes no time: for tests that open the files from other processes."""

from fieldapp.store import passphrase_seal
from fieldapp.vietnamese.text import clean

WORK = 4
"""Logarithm of scrypt's N; the program itself uses ``passphrase_seal.WORK_FACTOR``"""


def usual(factor: int = WORK + 1) -> str:
    """Code that another process runs before the program: it seals at the cost of ``factor``.

    What ``seal`` made is of another cost than is usual there, so the first process that opens it seals it again:
    without this, at the full cost, which then each further one pays.
    """
    return f"from fieldapp.store import passphrase_seal as p; p.WORK_FACTOR = {factor}; p.seal.__defaults__ = {factor},"


def seal(secret: bytes, passphrase: str) -> bytes:
    """Seal like ``vault.seal_with_passphrase``, but so that opening takes no work."""
    return passphrase_seal.seal(secret, clean(passphrase), WORK)
