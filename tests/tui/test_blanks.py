"""Whatever its road, text has plain blanks and our Đ; a letter with its mark is deleted whole, from both sides."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import xlsxwriter
from field import Run, World
from form_driver import form_driver
from textual.app import ComposeResult
from textual.events import Key, Paste
from textual.pilot import Pilot

from fieldapp.records import lists, records
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.tui.keys import TypingApp
from fieldapp.tui.widgets.text_field import TextField

BLANKS = "\u00a0\u2009\u3000\u202f\u2003"
NAMES = [f"\u00d0ặng{blank}Văn{blank}\ufeffAn" for blank in BLANKS]
RIGHT = "Đặng Văn An"


def test_by_json_and_in_a_change(world: World, run: Run) -> None:
    for blank, name in zip(BLANKS, NAMES, strict=True):
        well = {
            "activity_kind_id": "gieng_khoan",
            "date_from": f"5{blank}tháng{blank}10{blank}năm{blank}2013",
            "unit_id": f"xã{blank}ia{blank}rvê",
            "hamlet": name,
            "description": f"a\x0b{name}",
            "measures": [{"measure_id": "gieng", "amount": f"1{blank}000"}],
        }
        code, out, err = run("add", "activity", "--json", "-", "--confirm", stdin=well)
        assert code == 0, err
        found = records.get(world.post, out.strip())
        assert (found.row["hamlet"], found.row["description"]) == (RIGHT, f"a\n{RIGHT}")
        assert [m["amount"] for m in found.children["measures"]] == [1000]
        run("edit", out.strip(), "--json", "-", "--confirm", stdin={"hamlet": f"buôn{blank}\u00d0a"})
        assert records.get(world.post, out.strip()).row["hamlet"] == "buôn Đa"


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_by_a_sheet(world: World, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = [["Ngày", "Loại hoạt động", "Nơi", "Thôn", "Giếng"]]
    for day, (blank, person) in enumerate(zip(BLANKS, NAMES, strict=True), 1):
        lines.append([f"0{day}/10/2013", "Giếng khoan", "Ia\u00a0Rvê", person, f"1{blank}000"])
    if name == "a.csv":
        path.write_text("\n".join(";".join(line) for line in lines), encoding="utf-8")
    else:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            for at, line in enumerate(lines):
                sheet.write_row(at, 0, line)
    outcome = importing.import_sheet(world.post, path, ImportOptions("activity", confirm=True))
    assert [refused.reason for refused in outcome.refused] == []
    found = [records.get(world.post, row["id"]) for row in lists.record_window(world.post, "activity").rows]
    assert [f.row["hamlet"] for f in found] == [RIGHT] * len(NAMES)
    assert [f.children["measures"][0]["amount"] for f in found] == [1000] * len(NAMES)


async def test_in_a_form_typed_and_pasted(world: World) -> None:
    """AltGr and the space bar give U+00A0, Word's tables and lines what is pasted here."""
    async with form_driver(world.post, "activity") as form:
        hamlet, event = form.row("hamlet").entry, form.row("event_id").entry
        hamlet.focus()
        await form.pilot.pause()
        for letter in "\u00d0ặng\u00a0Văn\u2009An":
            form.app.post_message(Key("x", letter))
        await form.type("<enter>")
        assert hamlet.value == RIGHT
        hamlet.focus()
        for letter in "\u2028B":  # from the end of a line of a page
            form.app.post_message(Key("x", letter))
        await form.type("<backspace>", "<backspace>", "<enter>")
        assert hamlet.value == RIGHT
        await form.type("<enter>")  # over the last day
        form.app.post_message(Paste("a\u3000b\nc\x0bd\u202fe\u200bf"))
        await form.pilot.pause()
        assert event.value == "a b c d ef"


def test_letters_that_only_look_like_ours_are_asked_about(world: World, run: Run) -> None:
    member = {"full_name": "Nguyễn Văn \u0410n"}
    code, _out, err = run("add", "member", "--json", "-", stdin=member)
    assert code == 1
    assert "“\u0410n” có chữ cái của bảng chữ khác" in err
    assert "chữ Kirin" in err
    assert run("add", "member", "--json", "-", "--confirm", stdin=member)[0] == 0
    assert lists.count(world.post, "member") == 1


# in the field -------------------------------------------------------------------------------------------------------

BREVE = "\u0306"
TEXT = f"ê{BREVE}ban Čư{BREVE} ơ{BREVE}"


class OneField(TypingApp[None]):
    def compose(self) -> ComposeResult:
        yield TextField(TEXT)


@asynccontextmanager
async def one_field() -> AsyncGenerator[tuple[TextField, Pilot[None]], None]:
    app = OneField()
    async with app.run_test() as pilot:
        yield app.query_one(TextField), pilot


async def test_a_letter_with_its_mark_is_one() -> None:
    async with one_field() as (field, pilot):
        await pilot.press("end", "left")
        assert field.cursor_position == len(TEXT) - 2
        await pilot.press("delete", "backspace", "backspace")
        assert field.value == f"ê{BREVE}ban Č"
        await pilot.press("home", "right")
        assert field.cursor_position == 2
        await pilot.press("left", "delete")
        assert field.value == "ban Č"
        field.value = f"a ê{BREVE}ban"
        await pilot.press("end", "ctrl+w")
        assert field.value == "a "
        field.value = f"e{BREVE}i"
        await pilot.press("home", "shift+right", "delete")
        assert field.value == "i"


async def test_what_an_input_method_sends_piece_by_piece_it_takes_back_so() -> None:
    async with one_field() as (field, pilot):
        field.value = ""
        for letter in f"b~be\u0302~\u0302{BREVE}":
            pilot.app.post_message(Key("backspace", "\x7f") if letter == "~" else Key("x", letter))
        await pilot.pause()
        assert field.value == f"be\u0302{BREVE}"
        await pilot.press("left", "right", "backspace")
        assert field.value == "b"
