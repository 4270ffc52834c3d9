"""A PostgreSQL of the tests' own: a cluster in a folder, on a socket, without a network, as an ordinary user."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from fieldapp.publish.tables import SCHEMA, tables
from fieldapp.store.store import Store

LIMIT = 120
"""Seconds after which starting or stopping fails"""

USER = "nobody"


def binaries() -> Path | None:
    """The folder with ``initdb`` of PostgreSQL 15 or newer; on Debian it is not in PATH."""
    found = [p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb") if int(p.parts[-3]) >= 15]
    if found:
        return max(found, key=lambda p: int(p.parts[-2]))
    named = shutil.which("initdb")
    return Path(named).resolve().parent if named else None


@contextmanager
def cluster() -> Iterator[str]:
    """A running cluster; gives the address of its database ``postgres``, as its superuser ``fieldapp``."""
    bin_dir = binaries()
    assert bin_dir is not None
    root = Path(tempfile.mkdtemp(prefix="fieldapp-pg-", dir="/tmp"))  # the path of a socket must be short
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


def new_database(url: str, name: str, owner: str = "fieldapp") -> str:
    """Make an empty database in a cluster; returns its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0")
    return url.replace("/postgres?", f"/{name}?")


def login(url: str, name: str, *roles: str) -> str:
    """Make a login that is a member of some roles; returns the database's address for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        have = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
        if have is None:
            connection.execute(f"CREATE ROLE {name} LOGIN")
        for role in roles:
            connection.execute(f"GRANT {role} TO {name}")
    return url.replace("//fieldapp@", f"//{name}@")


def rows(connection: psycopg.Connection[Any], store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the mirror as SQLite has them, by table."""
    found = {}
    for table in tables(store):
        names = [c.name for c in table.columns]
        stored = connection.execute(f"SELECT {', '.join(names)} FROM {SCHEMA}.{table.name} ORDER BY id").fetchall()
        found[table.name] = [tuple(map(_as_in_sqlite, row)) for row in stored]
    return found


def rows_here(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """The same rows from headquarters' file."""
    return {
        table.name: store.db.execute(
            f"SELECT {', '.join(c.source for c in table.columns)} FROM {table.name} ORDER BY id"
        ).fetchall()
        for table in tables(store)
    }


def _as_in_sqlite(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value.isoformat() if isinstance(value, date) else value
