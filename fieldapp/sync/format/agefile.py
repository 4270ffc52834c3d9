"""age files as streams: pyrage reads them in a thread, through a pipe; ``store/age_writer.py`` writes them."""

import os
import threading
from base64 import b32decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, cast

from fieldapp.store import age_writer
from fieldapp.store.age_writer import AgeWriter
from fieldapp.sync.format import tarball

MAGIC = b"age-encryption.org/v1\n"
MAX_HEADER = 65_536
"""Bytes"""
_BECH32 = str.maketrans("qpzry9x8gf2tvdw0s3jn54khce6mua7l", "abcdefghijklmnopqrstuvwxyz234567")
"""The letters of keys, as those of Python's base 32"""
_BECH32_CHECKSUM = 6
"""Letters at the end of a key"""


def has_age_header(source: IO[bytes]) -> bool:
    """Whether a file begins with an age header that is not too long; seeks back to the beginning.

    The library reads each line of a header into memory, however long it is: a file of zeros would fill the memory.
    """
    head = source.read(MAX_HEADER)
    source.seek(0)
    return head.startswith(MAGIC) and b"\n--- " in head


@contextmanager
def decrypted(
    source: IO[bytes], age_secret: str, explain: Callable[[Sequence[Exception]], None]
) -> Iterator[IO[bytes]]:
    """The plain text of an open age file. ``explain`` gets the errors that decryption met, and raises one of its own:
    when the reader of the plain text finds a bad tar, and when the block ends."""
    import pyrage

    identity = pyrage.x25519.Identity.from_str(age_secret)
    failed: list[Exception] = []
    read_on = threading.Event()
    read_on.set()

    def decrypt(target: IO[bytes]) -> None:
        try:
            pyrage.decrypt_io(source, target, [identity])
            target.flush()
        except Exception as error:
            # where nobody reads on, the pipe is broken, which Windows calls an invalid argument
            if read_on.is_set() or not isinstance(error, OSError):
                failed.append(error)
        finally:
            with suppress(OSError):
                target.close()

    read_fd, write_fd = os.pipe()
    reader = os.fdopen(read_fd, "rb")
    worker = threading.Thread(target=decrypt, args=(os.fdopen(write_fd, "wb"),), daemon=True)
    worker.start()
    try:
        yield reader
    except tarball.BadTar:
        _stop(reader, worker, read_on)
        explain(failed)
        raise
    finally:
        _stop(reader, worker, read_on)
    explain(failed)


def _stop(reader: IO[bytes], worker: threading.Thread, read_on: threading.Event) -> None:
    read_on.clear()
    reader.close()
    worker.join()


@contextmanager
def encrypted(target: IO[bytes], recipients: Sequence[str]) -> Iterator[IO[bytes]]:
    """A stream that is encrypted to age recipients into ``target``; where the block raises, the file stays cut off."""
    import pyrage

    for recipient in recipients:
        pyrage.x25519.Recipient.from_str(recipient)  # RecipientError unless it has the form of one
    writer = AgeWriter(target, lambda file_key: b"".join(_stanza(recipient, file_key) for recipient in recipients))
    yield cast(IO[bytes], writer)
    writer.close()


def takes_files(recipient: str) -> bool:
    """Whether files can be encrypted to an age recipient: it has the form of one, and not a key that shares the same
    secret with everybody."""
    import pyrage

    try:
        pyrage.x25519.Recipient.from_str(recipient)
        _stanza(recipient, bytes(16))
    except (pyrage.RecipientError, ValueError):
        return False
    return True


def _stanza(recipient: str, file_key: bytes) -> bytes:
    """The file's key for one recipient, ``age1…``, by X25519."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    data = recipient.lower().removeprefix("age1")[:-_BECH32_CHECKSUM]
    public = b32decode(data.translate(_BECH32).upper() + "=" * (-len(data) % 8))
    once = X25519PrivateKey.generate()
    share = once.public_key().public_bytes_raw()
    shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    wrap_key = age_writer.derived_key(shared, share + public, b"age-encryption.org/v1/X25519")
    return b"-> X25519 %s\n%s\n" % (age_writer.base64(share), age_writer.wrapped_key(wrap_key, file_key))
