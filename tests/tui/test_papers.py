"""Papers on the screen: from a record, from marked rows, and headquarters' own templates."""

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from field import World
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from fieldapp.records import lists, records
from fieldapp.reports.papers import templates
from fieldapp.store.store import Store
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens import file_page, papers
from fieldapp.tui.screens.list import ListScreen
from fieldapp.tui.screens.record import RecordScreen
from fieldapp.tui.widgets.text_field import TextField


def introduced(store: Store, *names: str) -> list[str]:
    """Introduce members to a cell, each a day later than the one before; the introductions' ids."""
    cell = lists.record_window(store, "party_cell").rows[0]["id"]
    made = []
    for day, name in enumerate(names, start=1):
        member = records.save(store, "member", {"full_name": name}, confirm=True)
        entry = {"member_id": member, "party_cell_id": cell, "date_from": f"2013-02-{day:02d}"}
        made.append(records.save(store, "introduction", entry, confirm=True))
    return made


async def settled(pilot: Pilot[Any], *keys: str) -> str:
    """Press keys, wait for the work of threads; what the screen then says."""
    await pilot.press(*keys)
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return " ".join(str(said.render()) for said in pilot.app.screen.query("#said").results(Static))


async def test_a_record_has_its_papers_on_one_key(world: World, tmp_path: Path) -> None:
    (introduction,) = introduced(world.post, "Y Thanh Niê")
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(RecordScreen(introduction))
        await settled(pilot, "f8")
        assert isinstance(app.screen, papers.PaperScreen)
        app.screen.query_one(TextField).value = str(tmp_path)
        said = await settled(pilot, "enter")
        assert said.startswith("✓ Đã ghi")
        assert "Năm sinh" in said
        await settled(pilot, "enter")  # nothing is written over
    assert {path.name for path in tmp_path.glob("*.docx")} == {
        "gioi_thieu_sinh_hoat_y-thanh-nie-chi-bo-buon-ba-na.docx",
        "gioi_thieu_sinh_hoat_y-thanh-nie-chi-bo-buon-ba-na_2.docx",
    }


async def test_marked_rows_go_into_one_file_or_a_file_each(world: World, tmp_path: Path) -> None:
    introduced(world.post, "Lê Văn Một", "Lê Văn Hai", "Lê Văn Ba")
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ListScreen("introduction"))
        await settled(pilot)
        await settled(pilot, "tab", "space", "space", "space", "space", "f8")  # the third is not marked any more
        assert "2" in str(app.screen.query_one("#about", Static).render())
        choices = app.screen.query_one(OptionList)
        assert choices.option_count == 3
        app.screen.query_one(TextField).value = str(tmp_path)
        for keys in (["enter"], ["down", "enter"], ["down", "enter"]):
            assert (await settled(pilot, *keys)).startswith("✓ Đã ghi")
    whole, listed = docx.Document(str(tmp_path / "gioi_thieu_sinh_hoat.docx")), sorted(tmp_path.glob("*.docx"))
    assert len(whole.sections) == 2
    assert len(listed) == 4
    rows = docx.Document(str(tmp_path / "danh_sach_sinh_hoat.docx")).tables[1].rows
    assert [row.cells[1].text for row in rows] == ["Họ và tên", "Lê Văn Ba", "Lê Văn Hai"]


async def test_in_a_browser_papers_and_templates_go_to_the_browser(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not into a folder of the machine that serves; several as one archive."""
    sent: list[tuple[str, bytes]] = []
    monkeypatch.setattr(FieldApp, "is_web", True)
    monkeypatch.setattr(FieldApp, "deliver_binary", lambda _app, file, *, save_filename, **_more: sent.append(
        (save_filename, file.read())))  # fmt: skip
    monkeypatch.setattr(file_page, "documents", lambda: tmp_path)
    introduced(world.post, "Lê Văn Một", "Lê Văn Hai")
    world.post.set_read_only()
    app = FieldApp(world.root / "post", world.post.reopen(), read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(ListScreen("introduction"))
        await settled(pilot)
        await settled(pilot, "tab", "space", "space", "f8")
        assert "Tệp được gửi về trình duyệt này" in await settled(pilot) or not app.screen.query(TextField)
        for keys in (["enter"], ["down", "enter"]):
            assert "về trình duyệt" in await settled(pilot, *keys)
        app.push_screen(papers.PaperTemplatesScreen())
        assert "về trình duyệt" in await settled(pilot, "enter")
    assert list(tmp_path.glob("*.docx")) == []
    one, several, template = sent
    assert (one[0], several[0]) == ("gioi_thieu_sinh_hoat.docx", "gioi_thieu_sinh_hoat.zip")
    with zipfile.ZipFile(io.BytesIO(several[1])) as whole:
        assert min(whole.namelist()).startswith("gioi_thieu_sinh_hoat_le-van-hai")
    docx.Document(io.BytesIO(template[1]))


async def test_headquarters_takes_in_its_own_template(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("giấy hỏng", "{{khong_co}}"), ("giấy khen đảng viên", "Khen {{ho_va_ten}}")):
        paper = docx.Document()
        paper.add_paragraph(text)
        paper.save(str(tmp_path / f"{name}.docx"))
    monkeypatch.setattr(papers, "newest_files", lambda _endings: sorted(tmp_path.glob("*.docx")))
    app = FieldApp(world.root / "hq", world.hq.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(papers.PaperTemplatesScreen())
        said = await settled(pilot, "f2", *"dang vien", "enter", *"hong", "enter")
        assert "khong_co" in said
        said = await settled(pilot, "f2", *"dang vien", "enter", *"khen", "enter")
        assert said.startswith("✓")
        (own,) = [t for t in templates.templates(world.hq) if t.id]
        assert (own.name, own.kind) == ("giấy khen đảng viên", "member")
        await settled(pilot, "end", "delete")
        monkeypatch.setattr("fieldapp.tui.second_press.HELD_SECONDS", 0)
        await settled(pilot, "delete")
    assert not [t for t in templates.templates(world.hq) if t.id]


async def test_from_a_template_one_goes_to_the_records_it_is_filled_from(world: World) -> None:
    introduced(world.post, "Y Thanh Niê")
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(papers.PaperTemplatesScreen())
        await settled(pilot, "f4")
        assert isinstance(app.screen, ListScreen)
        assert app.screen.kind == "introduction"
        await settled(pilot, "f8")
        assert isinstance(app.screen, papers.PaperScreen)


async def test_without_the_library_for_word_files_the_screen_says_so_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(papers.PaperTemplatesScreen())
        await settled(pilot)
        for name in ("fieldapp.reports.papers.paper", "fieldapp.reports.papers.fields"):
            monkeypatch.setitem(sys.modules, name, None)
        for key in ("enter", "f7"):
            assert "fieldapp[hq]" in await settled(pilot, key)
