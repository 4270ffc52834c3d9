"""A PostgreSQL for the tests of this folder, and a fresh database in it for each."""

import os
from collections.abc import Generator
from itertools import count
from typing import Any

import on_windows
import postgres
import psycopg
import pytest


@pytest.fixture(scope="session")
def cluster() -> Generator[str, None, None]:
    if os.name == "nt":
        pytest.skip(on_windows.ABSENT + "a PostgreSQL that the tests may start")
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL 15 or newer is not installed: apt-get install postgresql")
    with postgres.cluster() as url:
        yield url


_NUMBERS = count(1)


@pytest.fixture
def database(cluster: str) -> str:
    """The address of an empty database, as superuser."""
    return postgres.new_database(cluster, f"d{next(_NUMBERS)}")


@pytest.fixture
def pg(database: str) -> Generator[psycopg.Connection[Any], None, None]:
    """A connection to it in autocommit."""
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection
