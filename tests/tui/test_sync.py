"""What the USB screen says of what lies on a stick."""

from field import World
from screen_hands import run
from sync_state import no_unicode

from fieldapp.sync import outgoing


async def test_a_name_that_is_no_unicode_stops_nothing(world: World) -> None:
    no_unicode(world.usb)
    world.well()
    outgoing.export(world.post, world.usb)
    async with run(world.root / "hq", world.hq.again()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG. Có thể rút USB.")
        assert "xau\ufffd\ufffd.fieldapp.tar.age" in s.text


async def test_a_name_is_no_line_of_its_own(world: World) -> None:
    world.well()
    (made,) = outgoing.export(world.post, world.usb)
    made.path.rename(world.usb / "x\n✓ Đồn Yalop (A): 500 thay đổi mới (y.fieldapp.tar.age")
    async with run(world.root / "hq", world.hq.again()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG. Có thể rút USB.")
        assert "(“x ✓ Đồn Yalop" in " ".join(s.text.split())
        assert not any(line.startswith("✓ Đồn Yalop") for line in s.text.splitlines())
