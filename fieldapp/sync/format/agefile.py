"""age files as streams: the library reads or writes them in a thread of its own, through a pipe."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from fieldapp.sync.format import tarball

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


def encrypt_pieces(target: IO[bytes], recipients: Sequence[str], pieces: Iterator[bytes]) -> None:
    """Encrypt to age recipients what ``pieces`` give, one after the other; their errors are raised as they are."""
    import pyrage

    source = _Pieces(pieces)
    try:
        pyrage.encrypt_io(source, target, [pyrage.x25519.Recipient.from_str(r) for r in recipients])
    except Exception:
        if source.failed is not None:  # age hides it in an error of its own
            raise source.failed from None
        raise


class _Pieces:
    """A binary file whose content comes in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")
        self.failed: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            while not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._left = memoryview(piece)
        except Exception as error:
            self.failed = error
            raise
        given, self._left = self._left[:size], self._left[size:]
        return bytes(given)


@contextmanager
def encrypted(target: IO[bytes], recipients: Sequence[str]) -> Iterator[IO[bytes]]:
    """A stream that is encrypted to age recipients into ``target``; no more than a pipe holds is in memory."""
    import pyrage

    to = [pyrage.x25519.Recipient.from_str(r) for r in recipients]
    read_fd, write_fd = os.pipe()
    failed: list[BaseException] = []

    def encrypt() -> None:
        with os.fdopen(read_fd, "rb") as source:
            try:
                pyrage.encrypt_io(source, target, to)
            except BaseException as error:
                failed.append(error)

    worker = threading.Thread(target=encrypt, daemon=True)
    worker.start()
    try:
        with suppress(OSError), os.fdopen(write_fd, "wb") as plain:
            yield plain
    finally:
        worker.join()
    if failed:
        raise failed[0]
