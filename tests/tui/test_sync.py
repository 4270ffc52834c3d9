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


async def test_what_is_for_others_is_said(world: World) -> None:
    outgoing.export(world.post, world.usb)
    (there,) = outgoing.export(world.hq, world.usb)
    async with run(world.root / "hq", world.hq.again()) as s:
        there.path.write_bytes(b"not what this laptop wrote")
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG. Có thể rút USB.")
        assert "2 gói: 1 đã nhận từ trước · 1 bị từ chối" in s.text
    (world.usb / there.path.name).unlink()
    async with run(world.root / "post", world.post.again()) as s:
        await s.press("f9", str(world.usb), "enter")
        await s.wait("✓ XONG. Có thể rút USB.")
        assert "Ở đó không có gói nào" not in s.text
        assert "2 gói: 1 đã nhận từ trước · 1 do máy này viết" in s.text
