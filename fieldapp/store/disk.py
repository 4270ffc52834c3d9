"""Force file names onto the disk, so that they survive a power cut."""

import os
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, so that a power cut does not undo a new, renamed or deleted file."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some FAT drivers refuse it
            os.fsync(handle)
    finally:
        os.close(handle)
