"""What the documents promise, a test shows: each row of their tables names one, and it is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from field import World

from fieldapp.cli.program import cli

ROOT = Path(__file__).parents[1]
PROMISES = [
    name
    for name in ("counting-rules.md", "security.md", "reliability.md", "sync.md", "postgresql.md")
    if (ROOT / "docs" / name).exists()
]


def defined() -> set[str]:
    return {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def rows(text: str) -> list[str]:
    """The rows of the tables whose last column is headed “test”."""
    found, promising = [], False
    for line in text.splitlines():
        if not line.startswith("|"):
            promising = False
        elif re.search(r"\|\s*tests?\s*\|$", line, re.IGNORECASE):
            promising = True
        elif promising and not set(line) <= set("|-: "):
            found.append(line)
    return found


@pytest.mark.parametrize("name", PROMISES)
def test_each_promise_names_a_test_that_exists(name: str) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    promised = rows(text)
    assert len(promised) > 8
    assert [row for row in promised if not re.search(r"`test_\w+`", row.rsplit("|", 2)[1])] == []
    assert sorted({*re.findall(r"`(test_\w+)`", text)} - defined()) == []


def test_the_readme_names_every_command() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (`.*?`) \|", table)
    named = {name.split()[-1] for row in rows for name in re.findall(r"`(.*?)`", row)}

    def missing(group: click.Group, path: str) -> Iterator[str]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from missing(command, f"{path} {name}")
            elif not command.hidden and name not in named:
                yield f"{path} {name}"

    assert sorted(missing(cli, "fieldapp")) == []


def test_each_connection_has_the_settings(world: World) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "temp_store": 2, "foreign_keys": 1, "busy_timeout": 5000}
    wanted["cache_size"] = -16 * 1024  # KiB
    with world.post.reopen() as store:
        assert {name: store.value(f"PRAGMA {name}") for name in wanted} == wanted


def test_no_document_holds_marks_of_a_merge() -> None:
    """One had three of them when it was published."""
    marked = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)
    found = [
        path.name
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        if marked.search(path.read_text("utf-8"))
    ]
    assert found == []
