"""One kit for all tests of a run, for this Python on Linux and for Windows: the first worker that needs it makes it.

What a test has installed from it lies here for those that begin with a laptop on which it is installed.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fieldapp.kit import assemble
from fieldapp.kit.assemble import TargetMachine

HERE = TargetMachine("windows" if os.name == "nt" else "linux", f"{sys.version_info[0]}.{sys.version_info[1]}")
WINDOWS = TargetMachine("windows", "3.12")
PATIENCE = 400.0
"""Seconds to wait for another worker's kit"""


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run that all workers have."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "kit"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def alone(shared: Path) -> Iterator[None]:
    """Hold what all workers have in common: one of them at a time."""
    with closing(sqlite3.connect(shared / "lock", timeout=PATIENCE)) as lock:
        lock.execute("BEGIN EXCLUSIVE")  # the lock that every system has, and that goes with its process
        yield


@pytest.fixture(scope="session")
def made(shared: Path) -> Path:
    """An unsigned kit that tests must not change: ``kit`` is a copy."""
    with alone(shared):
        found = next(shared.glob("fieldapp-kit-*"), None)
        return found or assemble.make_kit(shared, [HERE, WINDOWS], lambda _line: None)


@pytest.fixture
def kit(made: Path, tmp_path: Path) -> Path:
    """A kit for one test, on a stick with a space and Vietnamese letters in its name."""
    return shutil.copytree(made, tmp_path / "Bộ cài (E)" / made.name, copy_function=os.link)


@contextmanager
def installing(shared: Path, home: Path, *, anew: bool) -> Iterator[None]:
    """Around the start of an installer. It finds in ``home`` what the first one of this run has installed, and that it
    is whole; ``anew``: it does not."""
    versions, kept = home / ".local/share/fieldapp/versions", shared / "installed"
    with alone(shared):
        if kept.exists() and not anew:
            _copy(kept, versions)
        yield
        if not kept.exists():
            _copy(versions, kept)


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, copy_function=os.link, symlinks=True)


@pytest.fixture
def spoil() -> Callable[[Path], None]:
    """Changes one byte in the middle of a file; its other hard links keep the old content."""

    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        path.write_bytes(data)

    return change
