"""What must be on the disk when it is said to be."""

import os
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Put the names in a folder onto the disk: a file that was made, renamed or taken away stays so in a power cut."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some FAT drivers refuse it
            os.fsync(handle)
    finally:
        os.close(handle)
