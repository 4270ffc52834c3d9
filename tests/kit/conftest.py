"""One kit for all tests of a run, for this Python on Linux and for Windows: the first worker that needs it makes it."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fieldapp.kit import assemble
from fieldapp.kit.assemble import TargetMachine

HERE = TargetMachine("windows" if os.name == "nt" else "linux", f"{sys.version_info[0]}.{sys.version_info[1]}")
WINDOWS = TargetMachine("windows", "3.12")
PATIENCE = 400.0
"""Seconds to wait for another worker's kit"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unsigned kit that tests must not change: ``kit`` is a copy."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "kit"
    shared.mkdir(exist_ok=True)
    with closing(sqlite3.connect(shared / "lock", timeout=PATIENCE)) as lock:
        lock.execute("BEGIN EXCLUSIVE")  # the lock that every system has, and that goes with its process
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
