"""The annex of photographs: chosen ones of records that the report counts, three on a page, in Word, PDF and a page."""

import base64
import re
from io import BytesIO
from pathlib import Path

import docx
import evidence_files as files
import pytest
from field import Run, World
from PIL import Image
from pypdf import PdfReader
from textual.widgets import OptionList, Static
from tui.test_opened_in_a_burst import YEAR

from fieldapp.records import attachments, records
from fieldapp.reports import photographs
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.report_file import ReportFileScreen
from fieldapp.tui.screens.report_photos import ReportPhotosScreen


@pytest.fixture
def wells(world: World, tmp_path: Path) -> list[str]:
    """A well with four photographs and a paper; a voided one with one; both in 2013."""
    made = [world.well(), world.well(description="giếng khác")]
    for number in range(5):
        photo = attachments.prepare(files.written(tmp_path, f"{number}.jpg", files.jpeg(number, word="x")))
        attachments.add(world.post, made[number == 4], [photo], f"ảnh <b>{number}</b>")
    attachments.add(world.post, made[0], [attachments.prepare(files.written(tmp_path, "bb.pdf", files.pdf()))])
    records.void(world.post, made[1], "ghi trùng")
    return made


def media(path: Path) -> list[bytes]:
    """The pictures in a document of Word."""
    parts = docx.Document(str(path)).part.package.iter_parts()
    return [part.blob for part in parts if part.partname.startswith("/word/media/")]


@pytest.mark.parametrize("form", ["docx", "pdf", "html"])
def test_the_annex_has_the_photographs_of_what_the_report_counts(
    world: World, wells: list[str], run: Run, tmp_path: Path, form: str
) -> None:
    out = tmp_path / f"a.{form}"
    assert run("report", "--period", "2013", "--format", form, "--out", out, "--photos")[0] == 0
    data = out.read_bytes()
    if form == "docx":
        paper = docx.Document(str(out))
        text = [p.text for p in paper.paragraphs]
        pictures = [Image.open(BytesIO(data)) for data in media(out)]
        breaks = [p for p in paper.paragraphs if p.paragraph_format.page_break_before]
        assert len(breaks) == 2  # the annex, and the fourth photograph
    elif form == "pdf":
        pages = PdfReader(BytesIO(data)).pages
        text = "\n".join(page.extract_text() for page in pages).splitlines()
        on_pages = [len(page.images) for page in pages if len(page.images)]
        assert on_pages == [3, 1]
        pictures = [image.image for page in pages for image in page.images]  # type: ignore[misc]
    else:
        text = re.findall("<figcaption>(.*?)</figcaption>", data.decode())
        found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', data.decode())
        pictures = [Image.open(BytesIO(base64.b64decode(one))) for one in found]
        assert b"<b>0</b>" not in data
        assert data.index(b'class="sign"') < data.index("PHỤ LỤC: HÌNH ẢNH".encode()), "an annex follows the signature"
    assert len({picture.tobytes() for picture in pictures}) == 4
    titles = [line for line in text if line.startswith("Ảnh ")]
    assert len(titles) == 4
    assert all("05/03/2026" in title and "Giếng khoan" in title for title in titles)


def test_without_being_asked_for_no_photograph_leaves(world: World, wells: list[str], run: Run, tmp_path: Path) -> None:
    out = tmp_path / "a.html"
    assert run("report", "--period", "2013", "--format", "html", "--out", out)[0] == 0
    assert b"data:image" not in out.read_bytes()
    code, _out, err = run("report", "--period", "2013", "--photos")
    assert code != 0
    assert "--photos" in err


def test_far_too_many_photographs_are_refused_in_a_sentence(
    world: World, wells: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "MOST", 3)
    code, _out, err = run("report", "--period", "2013", "--format", "pdf", "--out", tmp_path / "a.pdf", "--photos")
    assert code == 1
    assert "nhiều nhất 3 ảnh" in err
    assert not (tmp_path / "a.pdf").exists()


async def test_photographs_are_chosen_on_the_screen(world: World, wells: list[str], tmp_path: Path) -> None:
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ReportFileScreen(YEAR))
        await pilot.press("f4")
        await pilot.pause()
        assert isinstance(app.screen, ReportPhotosScreen)
        assert app.screen.query_one(OptionList).option_count == 4
        await pilot.press("enter", "enter", "escape")
        await pilot.pause()
        assert "2 ảnh" in str(app.screen.query_one("#annex", Static).render())
        app.screen.query_one("#folder").value = str(tmp_path)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await app.workers.wait_for_complete()
    (out,) = tmp_path.glob("bao-cao*.docx")
    assert len(media(out)) == 2
