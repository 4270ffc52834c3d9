"""A PostgreSQL of the tests' own: a cluster in a folder, on a socket, without a network, as an ordinary user."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 60
"""Seconds after which starting or stopping fails"""

USER = "nobody"


def binaries() -> Path | None:
    """The folder with ``initdb`` of PostgreSQL 15 or newer: Debian keeps it off the path."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb") if int(p.parts[-3]) >= 15]
    if found:
        return max(found, key=lambda p: int(p.parts[-2]))
    named = shutil.which("initdb")
    return Path(named).resolve().parent if named else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; the address of its database ``postgres`` as its superuser ``fieldapp``."""
    bin_dir = binaries()
    assert bin_dir is not None
    root = Path(tempfile.mkdtemp(prefix="fieldapp-pg-", dir="/tmp"))  # a socket's path is short
    as_user = ["setpriv", f"--reuid={USER}", "--clear-groups", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(root, USER)
    data = root / "data"
    settings = {
        "listen_addresses": "", "unix_socket_directories": str(root), "fsync": "off", "synchronous_commit": "off",
        "full_page_writes": "off", "shared_buffers": "64MB", "max_wal_size": "1GB", "autovacuum": "off",
        "log_min_messages": "fatal",
    }  # fmt: skip

    def run(*command: str) -> None:
        done = subprocess.run(
            [*as_user, *command], cwd=root, capture_output=True, text=True, timeout=LIMIT, check=False,
            stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        )  # fmt: skip
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"

    try:
        run(str(bin_dir / "initdb"), "-D", str(data), "-U", "fieldapp", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        control = [str(bin_dir / "pg_ctl"), "-D", str(data), "-t", str(LIMIT), "-l", str(root / "log")]
        run(*control, "-w", "start")
        try:
            yield f"postgresql://fieldapp@/postgres?host={root}"
        finally:
            run(*control, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)
