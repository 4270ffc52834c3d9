"""The lines of keys: drawn again only when they say something else."""

from field import World
from form_driver import form_driver

from fieldapp.tui.screens.quick import QuickScreen
from fieldapp.tui.widgets.footer import KeyFooter


async def test_the_footer_is_kept_while_its_keys_are_the_same(world: World) -> None:
    async with form_driver(world.post, "event") as h:
        footer = h.app.screen.query_one(KeyFooter)
        shown = footer.shown
        assert shown
        await h.type("<enter>")
        assert h.focus_is_at("date_from")
        assert footer.shown is shown
        await h.type("5")
        assert "Ghim" in [words for _names, words, *_ in footer.shown], "F5 pins what is typed"
        await h.type("<enter>")
        assert "Như bản trước" in [words for _names, words, *_ in footer.shown], "and copies into an empty field"
        await h.type("6")
        assert "Ghim" in [words for _names, words, *_ in footer.shown]


async def test_enter_is_named_after_what_it_does_in_the_last_cell_of_a_line(world: World) -> None:
    async with form_driver(world.post, "event") as form:
        form.app.push_screen(QuickScreen("event"))
        await form.type("Lũ", "<enter>")
        assert "Enter Ô sau" in form.text()
        await form.type("5/11/26", "<enter>")
        assert "Enter/f2 Lưu" in form.text()
        await form.type("<enter>")
        assert "✓ Lũ" in form.text()


async def test_no_key_of_a_covered_screen_is_named(world: World) -> None:
    async with form_driver(world.post, "introduction") as form:
        await form.type("Vu Moi")
        assert "F6 Mẫu" in form.text(), "two lines of keys"
        await form.type("<enter>")
        assert "Thêm › Đảng viên" in form.text()
        assert "F6 Mẫu" not in form.text()
        await form.type("<escape>", "<f6>")
        assert "F2 Lưu" not in form.text(), "nor under any other window"
