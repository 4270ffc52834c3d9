"""The form, driven by keys alone on a real encrypted store."""

from datetime import date, timedelta
from typing import Any

import pytest
from field import World
from form_driver import cell, form_driver, members
from old_letters import shown
from textual._compositor import Compositor
from textual.events import Key
from textual.widgets import Static

from fieldapp.domain.dates import format_date
from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND
from fieldapp.records import history, lists, records
from fieldapp.store.database import Database
from fieldapp.tui.widgets.pick_list import PickList
from fieldapp.vietnamese.old_fonts import Encoding

BORDER_COMMUNE = "24221"


async def test_a_drilled_well_is_recorded_by_keys_alone(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve", "<enter>")
        await form.type("Buôn Ba Na", "<enter>", "<enter>", "<enter>", "Khoan giếng", "<enter>")
        await form.type("1", "<enter>", "12", "<enter>", "70tr")
        assert "→ 70 triệu đồng" in form.text()
        await form.type("<f2>")
        found = records.get(world.post, form.app.result)
    unit = records.get(world.post, found.row["unit_id"]).row
    assert (found.row["date_from"], found.row["hamlet"], unit["code"]) == ("2013-10-05", "Buôn Ba Na", BORDER_COMMUNE)
    assert [m["amount"] for m in found.children["measures"]] == [1, 12, 70_000_000]
    assert world.post.drafts() == []


async def test_what_was_changed_elsewhere_since_it_was_opened_is_asked_about_before_it_is_replaced(
    world: World,
) -> None:
    """By another window, or by a bundle that it read. What the person did not touch stays as it is now."""
    well = world.well(hamlet="Buôn A")
    other = world.post.reopen()
    households = world.post.value("SELECT id FROM measure WHERE code = 'ho_huong_loi'")
    async with form_driver(world.post, "activity", well) as form:
        figures = [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 15}]
        changed = {"hamlet": "Buôn B", "partners": "Xã đội", "description": "Dòng này dài.\n" * 40}
        records.save(other, "activity", {"measures": figures, **changed}, well)
        form.row("hamlet").entry.focus()
        await form.type("<end>", "<backspace>", "C")
        form.row(households).entry.focus()
        await form.type("<end>", "<backspace>", "4")
        form.row("description").entry.focus()
        await form.type("x", "<f2>")
        assert 1 < form.row("description").size.height < 10, "in short, so that the other questions are seen"
        said = " ".join(form.text().split())
        assert form.app.result == "open" and "Buôn B" in said
        assert "nay là: Hộ hưởng lợi: 15 hộ. Thay" in said, "what is as it was is not told again"
        await form.type("<f2>")
        assert form.app.result == well
    found = records.get(world.post, well)
    assert (found.row["hamlet"], found.row["partners"]) == ("Buôn C", "Xã đội")
    assert [m["amount"] for m in found.children["measures"]] == [1, 14]
    other.close()


async def test_a_draft_of_a_change_asks_about_what_was_changed_since(world: World) -> None:
    well = world.well(hamlet="Buôn A")
    async with form_driver(world.post, "activity", well) as form:
        form.row("hamlet").entry.focus()
        await form.type("<end>", "<backspace>", "C", "<escape>")
    records.save(world.post, "activity", {"hamlet": "Buôn B"}, well)
    (draft,) = world.post.drafts()
    async with form_driver(world.post, "activity", well, draft) as form:
        await form.type("<f2>")
        assert form.app.result == "open" and "Buôn B" in " ".join(form.text().split())
        await form.type("<f2>")
    assert records.get(world.post, well).row["hamlet"] == "Buôn C"
    assert world.post.drafts() == []


async def test_a_hamlet_typed_in_letters_of_an_old_font_is_not_recorded_so(world: World) -> None:
    well = world.well()
    async with form_driver(world.post, "activity", row_id=well) as form:
        form.row("hamlet").entry.focus()
        await form.type(shown("thôn Đồng Tiến", Encoding.TCVN3), "<f2>")
        assert form.app.result == "open"
        assert "TCVN3" in form.text()
        await form.type("<f2>")
    assert records.get(world.post, well).row["hamlet"] == "thôn Đồng Tiến"


async def test_households_are_not_counted_in_millions_of_dong(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve", "<enter>")
        await form.type("Buôn Ba Na", "<enter>", "<enter>", "<enter>", "Khoan giếng", "<enter>", "1", "<enter>", "80tr")
        assert "số tiền" in form.text()
        await form.type("<f2>")
        assert form.app.result == "open"


async def test_the_day_of_the_form_says_which_units_come_first(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve")
        assert form.text().index("Huyện Ea Súp") < form.text().index("Xã Ia Rvê · Tỉnh Đắk Lắk")


async def test_a_wrong_date_is_said_at_once_and_refused_and_mended(world: World) -> None:
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ 2013", "<enter>", "31/2/26")
        assert "31/02/2026" in form.note("date_from")
        await form.type("<enter>", "<f2>")
        assert form.app.result == "open"
        assert form.focus_is_at("date_from")
        assert form.note("date_from").startswith("!")
        assert form.row("name").data == "Lũ 2013"
        await form.type(*["<backspace>"] * 7, "30/9/13")
        assert "thứ hai, 30/09/2013" in form.note("date_from")
        await form.type("<f2>")
        assert records.get(world.post, form.app.result).row["date_from"] == "2013-09-30"


async def test_an_end_before_the_beginning_is_said_beside_the_end(world: World) -> None:
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ", "<enter>", "5/10/13", "<enter>", "1/10/13", "<f2>")
        assert form.focus_is_at("date_to")
        assert form.note("date_to").startswith("!")


async def test_what_was_typed_comes_back_after_leaving(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "32", "<enter>", "ia rve", "<enter>", "Buôn [/] Ba", "<enter>")
        await form.type("<enter>", "<enter>", "<enter>", "hàng chục", "<escape>")
        assert form.app.result is None
    (draft,) = world.post.drafts()
    async with form_driver(world.post, "activity", draft=draft) as form:
        assert form.row("activity_kind_id").entry.value == "Giếng khoan"
        assert form.row("date_from").entry.value == "32"
        assert form.row("hamlet").entry.value == "Buôn [/] Ba"
        assert form.part("measures").data[0]["note"] == "hàng chục"
        await form.type("<enter>", *["<backspace>"] * 2, "5/10/13", "<f2>")
        assert "01/07/2025" in form.note("unit_id"), "the unit was chosen before there was a day"
        await form.type("<f2>")
        assert records.get(world.post, form.app.result).row["hamlet"] == "Buôn [/] Ba"
    assert world.post.drafts() == []


async def test_f2_once_too_often_frightens_nobody(world: World) -> None:
    """The form that comes after a saved one is empty: an impatient second F2 is told so; nothing is marked wrong."""
    async with form_driver(world.post, "event") as form:
        await form.type("<f2>")
        assert "các bản đã ghi không ảnh hưởng" in form.text()
        assert "!" not in form.note("name")
        await form.type("Lũ", "<f2>")
        assert form.note("date_from").startswith("!")


async def test_no_draft_of_a_form_in_which_nothing_was_typed(world: World) -> None:
    async with form_driver(world.post, "meeting") as form:
        await form.type("<enter>", "<enter>", "<escape>")
    assert world.post.drafts() == []


async def test_a_draft_is_kept_while_typing(world: World) -> None:
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ")
        form.app.form.keep()
        (draft,) = world.post.drafts()
        assert draft.data == {"name": "Lũ"}
        await form.type("<backspace>", "<backspace>", "<escape>")
    assert world.post.drafts() == []


@pytest.mark.parametrize("until_the_end", [False, True])
async def test_what_could_not_be_kept_is_not_lost_unsaid(world: World, until_the_end: bool) -> None:
    """Another window takes in bundles meanwhile, and nobody else can write."""
    other = world.post.reopen()
    world.post.db.execute("PRAGMA busy_timeout = 0")
    async with form_driver(world.post, "event") as form:
        other.db.execute("BEGIN IMMEDIATE")
        await form.type("Lũ")
        form.app.form.keep()
        await form.type("<end>")
        assert "chưa giữ được bản nháp" in form.text()
        if until_the_end:
            await form.type("<escape>")
            assert form.app.result == "open"
            assert "Bấm Esc lần nữa để ra" in form.text()
        else:
            other.db.execute("ROLLBACK")
        await form.type("<escape>")
        assert form.app.result is None
    other.close()
    assert [draft.data for draft in world.post.drafts()] == ([] if until_the_end else [{"name": "Lũ"}])


async def test_the_draft_goes_with_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other, plain, seen = world.post.reopen(), Database.execute, []

    def execute(db: Database, sql: str, parameters: Any = ()) -> Any:
        done = plain(db, sql, parameters)
        if sql == "COMMIT":
            seen.append((other.value("SELECT count(*) FROM event"), len(other.drafts())))
        return done

    monkeypatch.setattr(Database, "execute", execute)
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ", "<enter>", "hn")
        form.app.form.keep()
        await form.type("<f2>")
    other.close()
    assert (0, 1) in seen
    assert (1, 1) not in seen, "after a power cut the record would be offered again"
    assert seen[-1] == (1, 0)


async def test_a_draft_keeps_the_day_that_was_meant_when_it_was_typed(world: World) -> None:
    day = format_date(date.today())
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ", "<enter>", "hn")
        form.app.form.keep()
        (draft,) = world.post.drafts()
        assert draft.data["date_from"] == day
        await form.type("<enter>")
        assert form.row("date_from").entry.value == day
        await form.type("<escape>")


async def test_a_draft_is_kept_when_the_program_is_quit(world: World) -> None:
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ")
        form.app.exit()
    (draft,) = world.post.drafts()
    assert draft.data == {"name": "Lũ"}


async def test_escape_closes_the_list_first_and_then_the_form(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<escape>")
        assert form.app.result == "open"
        assert form.row("activity_kind_id").entry.value == "gieng"
        await form.type("<f4>", "<down>", "<down>", "<up>", "<enter>")
        assert form.row("activity_kind_id").entry.value == "Nhà đại đoàn kết"
        await form.type("<shift+tab>", "<escape>")
        assert form.app.result is None


@pytest.mark.usefixtures("painted")
async def test_a_letter_is_painted_before_the_list_below_it_is_filled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several letters that come at once the list is filled for all; a key after them acts on that list."""
    done: list[tuple[str, str]] = []
    find, paint = lists.choices, Compositor.render_update

    def found(store: Any, kind: str, text: str, *rest: Any) -> Any:
        done.append(("found", text))
        return find(store, kind, text, *rest)

    async with form_driver(world.post, "activity") as form:
        entry = form.row("activity_kind_id").entry
        assert isinstance(entry, PickList)

        def painted(compositor: Compositor, full: bool = False, **more: Any) -> Any:
            done.append(("painted", entry.value))
            return paint(compositor, full, **more)

        monkeypatch.setattr(lists, "choices", found)
        monkeypatch.setattr(Compositor, "render_update", painted)
        await form.type("g")
        assert done.index(("painted", "g")) < done.index(("found", "g"))
        assert entry.is_open
        done.clear()
        await form.type("ie")
        assert [text for what, text in done if what == "found"] == ["gie"]
        assert done.index(("painted", "gie")) < done.index(("found", "gie"))
        await form.type("<backspace>", "<backspace>", "<backspace>", "nha")
        assert form.note("activity_kind_id") == ""
        for key, is_open, value in (("down", True, "nhà dai"), ("enter", False, "Nhà đại đoàn kết")):
            entry.load(None)
            done.clear()
            form.app.set_focus(entry)
            for letter in "nhà dai":
                form.app.post_message(Key(letter, letter))
            await form.pilot.press(key)
            assert next(text for what, text in done if what == "found") == "nhà dai"
            assert (entry.is_open, entry.value) == (is_open, value)
        assert entry.data == find(world.post, "activity_kind", "nhà đại đoàn kết")[0][0]


async def test_the_way_on_takes_what_the_letters_just_before_it_mean(world: World) -> None:
    async with form_driver(world.post, "activity") as form:
        entry = form.row("activity_kind_id").entry
        for letter in "nhà dai":
            form.app.post_message(Key(letter, letter))
        await form.pilot.press("tab")
        assert entry.value == "Nhà đại đoàn kết" and not form.focus_is_at("activity_kind_id")
        assert isinstance(entry, PickList) and not entry.is_open
        await form.type("<shift+tab>", "<backspace>", "zzz")
        assert "không có" in form.note("activity_kind_id")
        for letter in "zz":
            form.app.post_message(Key(letter, letter))
        await form.pilot.press("escape")
        assert form.app.result is None, "no list is open"


async def test_an_overlapping_introduction_is_refused_at_its_date(world: World) -> None:
    (member,) = members(world, 1)
    records.save(
        world.post, "introduction", {"member_id": member, "party_cell_id": cell(world), "date_from": "2026-01-01"}
    )
    async with form_driver(world.post, "introduction") as form:
        await form.type("tran", "<enter>", "ba na", "<enter>", "3/11/26", "<enter>", "<f2>")
        assert form.app.result == "open"
        assert form.focus_is_at("date_from")
        assert form.note("date_from").startswith("!")
        assert form.row("date_from").entry.value == "03/11/2026"
    assert lists.count(world.post, "introduction") == 1


async def test_text_is_never_markup(world: World) -> None:
    name = "[red]x[/] [/] [@click=app.quit]y"
    member = records.save(world.post, "member", {"full_name": name, "party_cell_id": cell(world)})
    async with form_driver(world.post, "meeting") as form:
        await form.type("ba na", "<enter>", "<enter>", "3/11/26", "<enter>", name)
        assert name in form.text().split("1 ·")[1]
        await form.type("<f2>", "<f2>")  # nobody is called: yes
        assert records.get(world.post, form.app.result).row["place"] == name
    async with form_driver(world.post, "introduction") as form:
        await form.type("x")
        assert f" {name}" in form.text()
        await form.type("<enter>")
        assert form.row("member_id").data == member
        await form.type("[/]", "<enter>", "<f2>")
        assert "[/]" in form.note("party_cell_id")


async def test_only_what_was_changed_is_written(world: World) -> None:
    story = "Dòng một.\nDòng hai: [/]."
    activity = world.well(description=story, partners="Trạm y tế")
    before = len(history.history(world.post, activity))
    async with form_driver(world.post, "activity", activity) as form:
        form.row("people").entry.focus()
        await form.type("Siu Blêh", "<f2>")
        assert form.app.result == activity
    steps = history.history(world.post, activity)[before:]
    assert [(s.field, s.new) for s in steps] == [("people", "Siu Blêh")]
    assert records.get(world.post, activity).row["description"] == story


async def test_lines_of_a_long_text_survive_an_edit(world: World) -> None:
    activity = world.well(description="Một.\nHai.")
    async with form_driver(world.post, "activity", activity) as form:
        form.row("description").entry.focus()
        await form.type("<end>", " Ba.", "<f2>")
    assert records.get(world.post, activity).row["description"] == "Một.\nHai. Ba."


async def test_a_field_is_copied_from_the_record_before(world: World) -> None:
    world.well(partners="Trạm y tế xã", hamlet="Buôn Ba Na")
    async with form_driver(world.post, "activity") as form:
        await form.type("<f5>", "<enter>")
        assert form.row("activity_kind_id").entry.value == "Giếng khoan"
        form.row("partners").entry.focus()
        await form.type("<f5>")
        assert form.row("partners").data == "Trạm y tế xã"
        assert form.row("hamlet").data is None
        await form.type("<f5>", "<f5>")
        assert "◆" not in form.text(), "F5 held down only copies"
        assert "phím khác" in form.text()
        await form.type("<home>", "<f5>")
        assert "◆" in form.text()
        await form.type("<f5>")
        assert "◆" not in form.text(), "a pinned field is let go"
        form.row("description").entry.focus()
        await form.type("<enter>", "<enter>", "<f5>")
        assert [figure["amount"] for figure in form.part("measures").data] == [12]


async def test_saving_twice_in_a_row_records_once(world: World) -> None:
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ", "<enter>", "5/10/13")
        await form.pilot.press("f2", "f2", "f2")
    assert lists.count(world.post, "event") == 1


async def test_what_may_not_be_recorded_is_said_and_stays(world: World) -> None:
    async with form_driver(world.post, "party_cell") as form:
        await form.type("Chi bộ", "<enter>", "ia rve", "<enter>", "<f2>")
        assert form.app.result == "open"
        assert str(form.app.form.query_one("#message", Static).render()).startswith("! ")
        assert form.row("name").data == "Chi bộ"


@pytest.mark.parametrize(
    ("kind", "size"),
    [*((kind, (80, 24)) for kind, model in BY_KIND.items() if model.TOP), ("activity", (160, 50))],
)
async def test_every_kind_has_a_form_whose_focus_is_in_sight(world: World, kind: str, size: tuple[int, int]) -> None:
    async with form_driver(world.post, kind, size=size) as form:
        seen = set()
        for _turn in range(40):
            focused = form.app.focused
            assert focused is not None
            for _wait in range(20):
                if 0 <= focused.region.y < size[1] - 1:
                    break
                await form.pilot.pause()
            else:
                raise AssertionError(f"{focused} is at {focused.region}, out of sight")
            if focused in seen:
                break
            seen.add(focused)
            await form.type("<enter>")
        assert len(seen) >= len([shape for shape in fields_of(BY_KIND[kind]) if not shape.later])


async def test_an_end_without_a_year_is_the_near_one_after_the_beginning(world: World) -> None:
    begun = date.today() - timedelta(days=3)
    ends, before = begun + timedelta(days=10), begun - timedelta(days=10)
    async with form_driver(world.post, "event") as form:
        await form.type("Lũ", "<enter>", f"{begun:%d/%m/%Y}", "<enter>", f"{before.day}/{before.month}")
        assert "trước ngày bắt đầu" in form.note("date_to")
        await form.type("<f2>")
        assert form.app.result == "open"
        await form.type("<ctrl+u>", f"{ends.day}/{ends.month}")
        assert f"{ends:%d/%m/%Y}" in form.note("date_to")
        await form.type("<f2>")
        assert records.get(world.post, form.app.result).row["date_to"] == ends.isoformat()


async def test_a_text_that_does_not_fit_into_its_field_says_so_once_it_is_left(world: World) -> None:
    """At the place of typing its end is seen; else its beginning, which says what it is."""
    async with form_driver(world.post, "activity") as form:
        await form.type("gieng", "<enter>", "5/10/13", "<enter>", "ia rve", "<enter>")
        hamlet = form.row("hamlet").entry
        await form.type("Buôn Ba Na " * 8)
        assert not hamlet.render_line(0).text.startswith(" Buôn Ba Na Buôn Ba Na Buôn Ba Na Buôn Ba Na Buôn")
        await form.type("<enter>")
        line = hamlet.render_line(0).text
        assert line.startswith("Buôn Ba Na")
        assert line.rstrip().endswith("…")
        assert hamlet.value == "Buôn Ba Na " * 8
        assert "▼ còn" in form.text(), "and the form says that it goes on below"
