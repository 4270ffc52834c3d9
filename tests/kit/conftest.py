"""One kit for all tests of a run, for this Python on Linux and for Windows: the first worker that needs it makes it."""

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldapp.kit import assemble
from fieldapp.kit.assemble import TargetMachine

HERE = TargetMachine("linux", f"{sys.version_info[0]}.{sys.version_info[1]}")
WINDOWS = TargetMachine("windows", "3.12")
PATIENCE = 400.0
"""Seconds to wait for another worker's kit"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unsigned kit that tests must not change: ``kit`` is a copy."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "kit"
    shared.mkdir(exist_ok=True)
    until = time.monotonic() + PATIENCE
    with (shared / "lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                assert time.monotonic() < until, "another worker did not finish its kit"
                time.sleep(0.2)
        found = next(shared.glob("fieldapp-kit-*"), None)
        return found or assemble.make_kit(shared, [HERE, WINDOWS], lambda _line: None)


@pytest.fixture
def kit(made: Path, tmp_path: Path) -> Path:
    """A kit for one test, on a stick with a space and Vietnamese letters in its name."""
    return shutil.copytree(made, tmp_path / "Bộ cài (E)" / made.name, copy_function=os.link)


@pytest.fixture
def spoil() -> Callable[[Path], None]:
    """Changes one byte in the middle of a file; its other hard links keep the old content."""

    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        path.write_bytes(data)

    return change
