"""The line of keys: made again only when it says something else."""

from field import World
from form_driver import form_driver
from textual.widgets._footer import FooterKey


async def test_the_footer_is_kept_while_its_keys_are_the_same(world: World) -> None:
    async with form_driver(world.post, "event") as h:
        keys = list(h.app.screen.query(FooterKey))
        assert keys
        await h.type("Lũ", "<enter>")
        assert h.focus_is_at("date_from")
        assert list(h.app.screen.query(FooterKey)) == keys
        h.app.screen.set_focus(None)
        await h.type()
        assert list(h.app.screen.query(FooterKey)) != keys, "and they are others where no field has the focus"
