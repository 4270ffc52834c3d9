"""Sheets in old Vietnamese fonts: headings and text become Unicode, shown before and after and asked once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msoffcrypto.format.ooxml
import pytest
import xlsxwriter
from field import Run, World
from old_letters import shown, stored

from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions, SheetOutcome
from fieldapp.sheets.questions import NeedsAnswer
from fieldapp.vietnamese.old_fonts import Encoding

HEAD = ("STT", "Loại hoạt động", "Ngày", "Nơi", "Nội dung", "Ngày công")
TEXTS = ("Giúp bà con thôn Ba gặt lúa", "Đắp đập thủy lợi, sửa đường", "Gặt hộ")


def book(path: Path, fonts: tuple[str, ...], encoding: Encoding | None, *, all_of_it: bool = True) -> Path:
    """A sheet of labour days; ``fonts``: of the text of each row, and last of the headings."""
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet("T9")
    looks = [made.add_format({"font_name": font}) if font else None for font in fonts]

    def old(text: str) -> str:
        return shown(text, encoding) if encoding else text

    for column, text in enumerate(HEAD):
        sheet.write(0, column, old(text) if all_of_it else text, looks[-1] if all_of_it else None)
    for row, text in enumerate(TEXTS, start=1):
        kind = "Giúp dân lao động sản xuất"
        sheet.write_row(row, 0, [row, old(kind) if all_of_it else kind, f"{row}/9/2013", "Ia Rvê"])
        sheet.write(row, 4, old(text), looks[row - 1])
        sheet.write(row, 5, 10 + row)
    made.close()
    return path


@pytest.fixture
def give(world: World) -> Callable[..., SheetOutcome]:
    def call(path: Path, **order: Any) -> SheetOutcome:
        return importing.import_sheet(world.post, path, ImportOptions("activity", confirm=True, **order))

    return call


Give = Callable[..., SheetOutcome]


def contents(world: World) -> list[str]:
    return [
        row["description"]
        for row in world.post.rows("SELECT description FROM activity WHERE description <> '' ORDER BY date_from")
    ]


@pytest.mark.parametrize("all_of_it", [False, True])
@pytest.mark.parametrize(
    ("font", "encoding"),
    [(".VnTime", Encoding.TCVN3), ("VNI-Times", Encoding.VNI), ("", Encoding.TCVN3), ("", Encoding.VNI),
     ("", Encoding.UTF8)],
)  # fmt: skip
def test_old_text_is_shown_before_and_after_and_asked_once(
    give: Give, world: World, tmp_path: Path, font: str, encoding: Encoding, all_of_it: bool
) -> None:
    path = book(tmp_path / "a.xlsx", (font,) * 4, encoding, all_of_it=all_of_it)
    with pytest.raises(NeedsAnswer) as asked:
        give(path)
    (question,) = asked.value.questions
    assert question.key == "letters"
    assert [choice.key for choice in question.choices] == ["unicode", "keep"]
    assert f"→ “{HEAD[1] if all_of_it else TEXTS[0]}”" in question.text
    assert encoding.value in question.text
    assert len(give(path, answers={"letters": "unicode"}).added) == 3
    assert contents(world) == [*TEXTS]


def test_capitals_and_several_fonts_in_one_sheet(give: Give, world: World, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet()
    looks = {font: made.add_format({"font_name": font}) for font in (".VnTime", ".VnTimeH", "VNI-Times", "Arial")}
    for column, text in enumerate(HEAD):
        sheet.write(0, column, shown(text.lower(), Encoding.TCVN3), looks[".VnTimeH"])
    rows = [(".VnTime", Encoding.TCVN3), ("VNI-Times", Encoding.VNI), ("Arial", None)]
    for row, (font, encoding) in enumerate(rows, start=1):
        sheet.write_row(row, 0, [row, "Giúp dân lao động sản xuất", f"{row}/9/2013", "Ia Rvê"])
        sheet.write(row, 4, shown(TEXTS[0], encoding) if encoding else TEXTS[0], looks[font])
        sheet.write(row, 5, 10)
    made.close()
    with pytest.raises(NeedsAnswer, match=r"“NGÀY”.*TCVN3.*|TCVN3.*VNI.*“NGÀY”"):
        give(path)
    assert len(give(path, answers={"letters": "unicode"}).added) == 3
    assert contents(world) == [TEXTS[0]] * 3


def test_correct_text_in_an_old_font_is_not_asked_about(give: Give, world: World, tmp_path: Path) -> None:
    assert len(give(book(tmp_path / "a.xlsx", (".VnTime", ".VnTimeH", "VNI-Times", ".VnTime"), None)).added) == 3
    assert contents(world) == [*TEXTS]


def test_a_person_may_say_that_the_text_is_right(give: Give, world: World, tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", (".VnTime",) * 4, Encoding.TCVN3, all_of_it=False)
    assert len(give(path, answers={"letters": "keep"}).added) == 3
    assert contents(world)[0] == shown(TEXTS[0], Encoding.TCVN3)


def test_the_command_asks_and_opens_with_a_password(run: Run, world: World, tmp_path: Path) -> None:
    plain = book(tmp_path / "a.xlsx", (".VnTime",) * 4, Encoding.TCVN3)
    path = tmp_path / "b.xlsx"
    with plain.open("rb") as data, path.open("wb") as encrypted:
        msoffcrypto.format.ooxml.OOXMLFile(data).encrypt("đồn 743", encrypted)
    given = ("import-table", str(path), "--kind", "activity", "--confirm")
    code, out, error = run(*given)
    assert (code, out) == (1, "")
    assert "b.xlsx có mật khẩu" in error
    (tmp_path / "p").write_text("đồn 743\n", encoding="utf-8")
    code, _out, error = run(*given, "--password-file", str(tmp_path / "p"))
    assert code == 1
    assert "--answer letters=unicode" in error
    assert "“Loại hoạt động”" in error
    _code, out, error = run(*given, "--password-file", str(tmp_path / "p"), "--answer", "letters=unicode", "--json")
    assert len(json.loads(out)["added"]) == 3
    assert "đồn 743" not in out + error


@pytest.mark.parametrize(
    "encoding", [Encoding.TCVN3, Encoding.TCVN5712, Encoding.VNI, Encoding.VISCII, Encoding.CP1258]
)
@pytest.mark.parametrize("head", ["", "sep=;\r\n"])
def test_csv_in_an_old_encoding(give: Give, world: World, tmp_path: Path, encoding: Encoding, head: str) -> None:
    lines = [";".join(HEAD)]
    lines += [f'{n};Giúp dân lao động sản xuất;{n}/9/2013;Ia Rvê;"{text}";{n}' for n, text in enumerate(TEXTS, start=1)]
    path = tmp_path / "a.csv"
    path.write_bytes(stored(head + "\r\n".join(lines) + "\r\n", encoding))
    with pytest.raises(NeedsAnswer, match="“Loại hoạt động”"):
        give(path)
    assert len(give(path, answers={"letters": "unicode"}).added) == 3
    assert contents(world) == [*TEXTS]


def test_a_heading_that_may_be_read_either_way_is_read_like_its_line(give: Give, world: World, tmp_path: Path) -> None:
    """“Sè hé” over a column of numbers alone, in no font that says it: its line is TCVN3."""
    heads = [shown(head, Encoding.TCVN3) for head in (*HEAD[:5], "Số hộ")]
    text = "\n".join([";".join(heads), "1;Giúp dân lao động sản xuất;1/9/2013;Ia Rvê;Gặt;7"])
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    outcome = give(tmp_path / "a.csv", answers={"letters": "unicode"})
    assert world.post.value("SELECT max(amount) FROM activity_measure") == 7
    assert not any("Sè" in note for note in outcome.notes)
