"""Every text of a record has a length: on the form, in the file, and in what another laptop sends."""

import re

import pytest
from field import Run, World

from fieldapp.domain import lengths
from fieldapp.packaged import packaged
from fieldapp.sync.exchange import incoming, outgoing

EVENT = "01a22b0b-aa04-7579-9684-3bdd19f356b{n}"
STATES_ITS_LENGTH = re.compile(r"length\(|\bIN \(|date\(|REFERENCES")
"""In the definition of a column: text of a length, one of some words, a day, the id of a row that is there"""


def test_every_text_column_has_a_length() -> None:
    schema = packaged("schema.sql").read_text(encoding="utf-8")
    for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\) STRICT", schema, re.DOTALL):
        for column, definition in re.findall(r"^    (\w+) TEXT(.*(?:\n {5,}.*)*)", body, re.MULTILINE):
            if not table.startswith("local_"):
                limited = column in lengths.UNCHECKED or STATES_ITS_LENGTH.search(definition)
                assert limited, f"{table}.{column}"


@pytest.mark.parametrize("column", ["created_by", "created_at", "voided_at", "void_reason"])
@pytest.mark.parametrize("beyond", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_a_text_without_a_check_is_taken_up_to_its_length(world: World, column: str, beyond: bool, again: bool) -> None:
    """``again``: the row changes twice, which is folded another way."""
    text = "x" * (lengths.UNCHECKED[column] + beyond)
    event = {"created_at": "2026-11-25T08:00:00Z", "created_by": "A", "name": "Lũ", "date_from": "2013-09-18"}
    post = world.post
    with post.transaction():  # not through the program, which writes no such text
        for number in range(2):
            row = {**event, "id": EVENT.format(n=number), "post_id": post.identity.post_id}
            row |= {column: text} if number else {}
            post.db.execute(
                f"INSERT INTO event ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
        if again:
            post.db.execute("UPDATE event SET description = 'nước lên'")
    (made,) = outgoing.export(post, world.usb)
    (result,) = incoming.import_files(world.hq, [made.path])
    assert result.complete
    assert bool(result.set_aside) == beyond
    there = {row["id"][-1]: row[column] for row in world.hq.rows(f"SELECT id, {column} FROM event")}
    assert there.keys() == {"0"} if beyond else there["1"] == text


def test_a_reason_that_is_too_long_is_refused_with_the_number(world: World, run: Run) -> None:
    well = world.well()
    code, _out, err = run("void", well, "--reason", "x" * (lengths.LONG + 1))
    assert (code, "4000" in err or "4.000" in err) == (1, True), err
    assert world.post.value("SELECT voided_at FROM activity") is None
    assert run("void", well, "--reason", "x" * lengths.LONG)[0] == 0
