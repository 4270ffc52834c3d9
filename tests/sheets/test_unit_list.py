"""A later official list of units: shown first, written as changes with validity days, carried to the posts."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from field import Run, World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from old_letters import stored

from fieldapp.errors import FieldappError, NeedsConfirmation
from fieldapp.records import records, rule_violations
from fieldapp.sheets import limits
from fieldapp.sheets.unit_list import take_unit_list
from fieldapp.store.store import Store
from fieldapp.vietnamese.old_fonts import Encoding

HEAD = ("level", "code", "name", "parent_code", "valid_from", "valid_to", "basis")
SUCCESSION = ("old_code", "new_code", "effective", "share")
Write = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    """Write a list as CSV."""

    def write(name: str, head: Sequence[str], *lines: Sequence[str], encoding: str = "utf-8", by: str = ",") -> Path:
        path = tmp_path / name
        path.write_bytes("\r\n".join(by.join(line) for line in (head, *lines)).encode(encoding))
        return path

    return write


def units(store: Store, code: str) -> list[tuple[str, str | None, str | None]]:
    """(name, first day, last day) of each unit with a code since the reform."""
    rows = store.rows(
        "SELECT * FROM unit WHERE code = ? AND voided_at IS NULL AND valid_from IS NOT NULL ORDER BY valid_from", [code]
    )
    return [(row["name"], row["valid_from"], row["valid_to"]) for row in rows]


def named(store: Store, name: str, **where: Any) -> dict[str, Any]:
    row = store.row("SELECT * FROM unit WHERE name = ? AND voided_at IS NULL ORDER BY valid_from DESC", [name])
    assert row is not None, name
    return row


def as_list(store: Store) -> Iterable[tuple[str, ...]]:
    """What is in force here, as an official list."""
    for row in store.rows(
        "SELECT u.*, p.code AS above FROM unit u LEFT JOIN unit p ON p.id = u.parent_id"
        " WHERE u.valid_from IS NOT NULL ORDER BY u.level DESC, u.code"
    ):
        days = (row["valid_from"], row["valid_to"] or "")
        yield (row["level"], row["code"], row["name"], row["above"] or "", *days, "")


NEXT_YEAR = (
    ("commune", "24250", "Phường Ea Nuôl", "66", "2027-01-01", "", "01/NQ"),
    ("commune", "24999", "Xã Buôn Ba Na", "66", "01/01/2027", "", "02/NQ"),
    ("commune", "24998", "Xã Krông Ana", "66", "2025-07-01", "", "03/NQ"),
)


def test_next_year_s_changes_are_shown_then_written_and_reach_the_post(world: World, run: Run, csv: Write) -> None:
    path = csv("units.csv", HEAD, *NEXT_YEAR)
    parts = csv(
        "successions.csv",
        SUCCESSION,
        ("24559", "24999", "2027-01-01", "part"),
        ("24559", "24568", "2027-01-01", "land"),
    )
    krong_ana = named(world.hq, "Xã Krông Ana")["id"]
    before = world.hq.rows("SELECT * FROM unit ORDER BY id")
    code, out, err = run("hq", "units", "--from", path, "--successions", parts, home="hq")
    assert code == 0
    for told in ("Xã Ea Nuôl (24250) → Phường Ea Nuôl (24250)", "Xã Buôn Ba Na (24999)", "24538 → 24998", "01/01/2027"):
        assert told in out, told
    assert "Xã Ea Na (24559) → Xã Dur Kmăl (24568)" in out
    assert "--yes" in err
    assert world.hq.rows("SELECT * FROM unit ORDER BY id") == before
    counts = json.loads(run("hq", "units", "--from", path, "--successions", parts, "--json", home="hq")[1])["counts"]
    assert counts == {"new": 1, "renamed": 1, "recoded": 1, "corrected": 0, "ended": 1, "succeeded": 3}

    assert run("hq", "units", "--from", path, "--successions", parts, "--yes", home="hq")[0] == 0
    world.carry(world.hq, world.post)
    for store in (world.hq, world.post):
        assert units(store, "24250") == [
            ("Xã Ea Nuôl", "2025-07-01", "2026-12-31"),
            ("Phường Ea Nuôl", "2027-01-01", None),
        ]
        assert units(store, "24999") == [("Xã Buôn Ba Na", "2027-01-01", None)]
        assert (records.get(store, krong_ana).row["code"], units(store, "24538")) == ("24998", [])
        assert units(store, "24559")[0][2] == "2026-12-31"
        assert rule_violations.violations(store) == []
    unit = named(world.post, "Xã Ea Na")["id"]
    with pytest.raises(NeedsConfirmation) as asked:
        records.save(
            world.post, "activity", {"activity_kind_id": "gieng_khoan", "date_from": "2027-02-01", "unit_id": unit}
        )
    assert "Xã Buôn Ba Na" in asked.value.fields["unit_id"]
    assert "Xã Dur Kmăl" in asked.value.fields["unit_id"]

    code, out, _err = run("hq", "units", "--from", path, "--successions", parts, "--yes", home="hq")
    assert (code, "không" in out) == (0, True), "a second time it brings nothing"
    assert all(
        n == 0 for n in json.loads(run("hq", "units", "--from", path, "--json", home="hq")[1])["counts"].values()
    )


def test_what_is_stored_already_brings_nothing(world: World, run: Run, csv: Write) -> None:
    """At most spellings are put right: two blanks in a name, a bent apostrophe."""
    path = csv("u.csv", HEAD, *as_list(world.hq))
    found = json.loads(run("hq", "units", "--from", path, "--yes", "--json", home="hq")[1])
    assert {change["sort"] for change in found["changes"]} <= {"corrected"}
    assert found["unlisted"] == 0
    path = csv("u.csv", HEAD, *as_list(world.hq))
    assert json.loads(run("hq", "units", "--from", path, "--json", home="hq")[1])["changes"] == []


def test_a_province_is_renamed_and_its_communes_belong_to_the_new_one(world: World, run: Run, csv: Write) -> None:
    renamed = csv("u.csv", HEAD, ("province", "66", "Thành phố Đắk Lắk", "", "2027-01-01", "", ""))
    assert run("hq", "units", "--from", renamed, "--yes", home="hq")[0] == 0
    world.carry(world.hq, world.post)
    new = named(world.post, "Thành phố Đắk Lắk")["id"]
    assert named(world.post, "Xã Krông Ana")["parent_id"] == new
    assert records.get(world.post, new).row["valid_from"] == "2027-01-01"


def test_a_commune_that_gave_land_away_and_was_kept_does_not_end(world: World, run: Run, csv: Write) -> None:
    path = csv("s.csv", SUCCESSION, ("24538", "24568", "2027-01-01", "land"), ("24538", "24538", "2027-01-01", "part"))
    code, out, _err = run("hq", "units", "--successions", path, "--yes", home="hq")
    assert (code, "Xã Krông Ana (24538) → Xã Dur Kmăl (24568)" in out) == (0, True)
    assert units(world.hq, "24538")[0][2] is None
    assert json.loads(run("hq", "units", "--successions", path, "--json", home="hq")[1])["changes"] == []


def test_codes_that_change_places(world: World, run: Run, csv: Write) -> None:
    one, other = named(world.hq, "Xã Krông Ana"), named(world.hq, "Xã Dur Kmăl")
    path = csv("u.csv", HEAD, ("commune", other["code"], one["name"], "66", "2025-07-01", "", ""),
               ("commune", one["code"], other["name"], "66", "2025-07-01", "", ""))  # fmt: skip
    assert run("hq", "units", "--from", path, "--yes", home="hq")[0] == 0
    assert records.get(world.hq, one["id"]).row["code"] == other["code"]
    assert records.get(world.hq, other["id"]).row["code"] == one["code"]


@pytest.mark.parametrize(("encoding", "by"), [("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-8", ","), ("utf-16-le", ";")])
def test_as_excel_and_notepad_write_it(world: World, run: Run, csv: Write, encoding: str, by: str) -> None:
    """Excel also drops zeros at the beginning of codes, and turns days round."""
    line = ("commune", "249", "Xã  Cư M’Ta Mới", "66", "01/01/2027", "31/12/2030", "")
    path = csv("u.csv", HEAD, line, encoding=encoding, by=by)
    done = run("hq", "units", "--from", path, "--yes", home="hq")
    assert done[0] == 0, done
    assert units(world.hq, "00249") == [("Xã Cư M'Ta Mới", "2027-01-01", "2030-12-31")]


GOOD = ("commune", "24999", "Xã Mới", "66", "2027-01-01", "", "")


def test_a_list_may_have_vietnamese_headings_and_words(world: World, run: Run, csv: Write) -> None:
    """As an office writes it, with the words of the screen; the same comes of it."""
    english = run("hq", "units", "--from", csv("e.csv", HEAD[:5], NEXT_YEAR[0][:5]), home="hq")
    head = ("Cấp", "Mã", "Tên", "Mã cấp trên", "Từ ngày")
    line = ("Xã", "24250", "Phường Ea Nuôl", "66", "01/01/2027")
    assert run("hq", "units", "--from", csv("v.csv", head, line), home="hq")[:2] == english[:2] != (0, "")
    succession = csv(
        "s.csv", ("Mã cũ", "mã mới", "Ngày hiệu lực", "Phần"), ("24538", "24568", "01/01/2027", "Toàn bộ dân cư")
    )
    assert run("hq", "units", "--successions", succession, "--yes", home="hq")[0] == 0
    assert world.hq.value("SELECT share FROM unit_succession WHERE effective_on = '2027-01-01'") == "all_people"
    code, _out, err = run("hq", "units", "--from", csv("w.csv", HEAD, ("khu", *NEXT_YEAR[0][1:])), home="hq")
    assert code == 1
    assert "phường" in err
    assert "thị trấn" in err


BAD_LINES = [
    (("commune", "24999", "Xã Khác", "66", "2027-01-01", "", ""), "24999"),
    (("commune", "24538", "Xã Hạ Lang", "66", "2025-07-01", "", ""), "Krông Ana"),
    (("commune", "24997", "Xã Khác", "77777", "2027-01-01", "", ""), "77777"),
    (("commune", "24997", "Xã Khác", "", "2027-01-01", "", ""), "parent_code"),
    (("province", "98", "Tỉnh Khác", "66", "2027-01-01", "", ""), "parent_code"),
    (("commune", "24997", "Xã Khác", "66", "2027-13-01", "", ""), "2027-13-01"),
    (("commune", "24997", "Xã Khác", "66", "1/7/27", "", ""), "1/7/27"),
    (("commune", "24997", "Xã Khác", "66", "0201-01-01", "", ""), "01/01/0201"),
    (("commune", "24997", "Xã Khác", "66", "2027-01-01", "2026-01-01", ""), "kết thúc"),
    (("commune", "24997", "Xã Khác", "66", "", "", ""), "valid_from"),
    (("commune", "2499x", "Xã Khác", "66", "2027-01-01", "", ""), "2499x"),
    (("commune", "24997", "", "66", "2027-01-01", "", ""), "tên"),
    (("commune", "24997", "X" * 201, "66", "2027-01-01", "", ""), "tên"),
    (("ward", "24997", "Xã Khác", "66", "2027-01-01", "", ""), "ward"),
    (("=cmd|' /C calc'!A0", "24997", "\x1b[31mXã", "66", "2027-01-01", "", ""), "=cmd"),
]


@pytest.mark.parametrize(("line", "told"), BAD_LINES)
def test_a_wrong_line_is_named_and_nothing_is_changed(
    world: World, run: Run, csv: Write, line: Sequence[str], told: str
) -> None:
    before = world.hq.rows("SELECT * FROM unit ORDER BY id")
    code, out, err = run("hq", "units", "--from", csv("u.csv", HEAD, GOOD, line), "--yes", home="hq")
    assert (code, out) == (1, "")
    assert "3" in err
    assert told in err
    assert "\x1b" not in err
    assert world.hq.rows("SELECT * FROM unit ORDER BY id") == before


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("24559", "77777", "2027-01-01", "whole"), "77777"),
        (("77777", "24559", "2027-01-01", "whole"), "77777"),
        (("24559", "24568", "", "whole"), "effective"),
        (("24559", "24568", "2027-01-01", "most"), "most"),
        (("24538", "24568", "2027-01-01", "whole"), "24538"),
    ],
)
def test_a_wrong_succession_is_named(world: World, run: Run, csv: Write, line: Sequence[str], told: str) -> None:
    path = csv("s.csv", SUCCESSION, ("24538", "24568", "2027-01-01", "whole"), line)
    code, out, err = run("hq", "units", "--successions", path, "--yes", home="hq")
    assert (code, out) == (1, "")
    assert told in err
    assert "3" in err
    assert units(world.hq, "24538")[0][2] is None


def test_a_wrong_file_is_refused(world: World, run: Run, csv: Write, tmp_path: Path) -> None:
    successions = csv("s.csv", SUCCESSION, ("24538", "24568", "2027-01-01", "whole"))
    for path, told in (
        (successions, "--successions"),
        (csv("a.csv", ("level", "name"), ("commune", "Xã")), "parent_code"),
        (csv("b.csv", (*HEAD, "name"), GOOD), "name"),
        (csv("d.csv", HEAD, *[GOOD] * (limits.LINES + 1)), "20.000"),
        (tmp_path / "none.csv", "none.csv"),
    ):
        code, out, err = run("hq", "units", "--from", path, "--yes", home="hq")
        assert (code, out) == (1, "")
        assert told in err, told
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(limits.BYTES + 1)
    assert run("hq", "units", "--from", huge, "--yes", home="hq")[0] == 1
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"PK\x03\x04\xff\xfe\x00\x01")
    assert run("hq", "units", "--from", binary, "--yes", home="hq")[0] == 1
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert run("hq", "units", "--from", empty, home="hq")[0] == 1
    assert run("hq", "units", home="hq")[0] == 2


def test_a_post_takes_no_list(run: Run, csv: Write) -> None:
    assert run("hq", "units", "--from", csv("u.csv", HEAD, GOOD), "--yes")[0] == 1


class _Undo(Exception):
    """Rolls back what one example wrote."""


NAMES = ("Xã Krông Ana", "Phường Krông Ana", "Xã Krông A Na", "Xã Dur Kmăl", "Xã Ea Na", "Xã Mới", "Phường Mới")
DAYS = ("", "2025-07-01", "2026-11-01", "2027-01-01", "2028-01-01")
LINES = st.tuples(
    st.just("commune"), st.sampled_from(("24538", "24559", "24568", "24999", "24998")), st.sampled_from(NAMES),
    st.sampled_from(("66", "01")), st.sampled_from(DAYS), st.sampled_from(("", "", "2026-12-31", "2027-12-31")),
    st.just(""),
)  # fmt: skip
PARTS = st.tuples(
    st.sampled_from(("24538", "24559", "24999")), st.sampled_from(("24538", "24568", "24999")),
    st.sampled_from(("2026-11-01", "2027-01-01")), st.sampled_from(("whole", "part")),
)  # fmt: skip


@settings(max_examples=int(os.environ.get("FIELDAPP_EXAMPLES", "60")),
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.lists(LINES, max_size=5), st.lists(PARTS, max_size=3))
def test_any_list_is_refused_or_leaves_each_code_with_one_unit_and_brings_nothing_again(
    world: World, csv: Write, lines: list[Sequence[str]], parts: list[Sequence[str]]
) -> None:
    paths = csv("u.csv", HEAD, *lines), csv("s.csv", SUCCESSION, *parts)
    before = world.hq.rows("SELECT * FROM unit ORDER BY id")
    with suppress(_Undo), world.hq.transaction():
        shown = []
        try:
            shown = take_unit_list(world.hq, *paths, write=False).changes
            assert world.hq.rows("SELECT * FROM unit ORDER BY id") == before
            assert take_unit_list(world.hq, *paths, write=True).changes == shown
        except FieldappError:
            assert world.hq.rows("SELECT * FROM unit ORDER BY id") == before
            raise _Undo from None
        together = world.hq.rows(
            "SELECT a.code FROM unit a JOIN unit b ON b.code = a.code AND a.id < b.id WHERE coalesce(a.valid_from, '')"
            " <= coalesce(b.valid_to, '9999') AND coalesce(b.valid_from, '') <= coalesce(a.valid_to, '9999')"
        )
        assert together == []
        assert take_unit_list(world.hq, *paths, write=False).changes == []
        raise _Undo


def test_names_in_letters_of_an_old_font_are_shown_before_and_after(world: World, run: Run, tmp_path: Path) -> None:
    lines = [",".join(HEAD[:5]), "commune,24998,Xã Đường Sắt Mới,66,2027-01-01"]
    (tmp_path / "u.csv").write_bytes(stored("\r\n".join(lines), Encoding.TCVN3))
    code, out, error = run("hq", "units", "--from", str(tmp_path / "u.csv"), home="hq")
    assert (code, "TCVN3" in out, "→ “Xã Đường Sắt Mới”" in out) == (0, True, True), error
    assert units(world.hq, "24998") == []
    code, out, error = run("hq", "units", "--from", str(tmp_path / "u.csv"), "--json", home="hq")
    assert (code, "Xã Đường Sắt Mới" in out) == (0, True), error
