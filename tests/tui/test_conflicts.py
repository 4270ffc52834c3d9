"""Conflicts, new laptops and what was refused are worked off on the screen."""

from field import World
from screen_driver import run
from sync_state import second_laptop

from fieldapp.records import records
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.merge import merge
from fieldapp.sync.peers import peers
from fieldapp.tui.screens.conflicts import ConflictScreen, ConflictsScreen
from fieldapp.tui.screens.laptops import LaptopScreen
from fieldapp.tui.screens.record import RecordScreen


async def test_the_chosen_value_is_a_change_that_all_take(world: World) -> None:
    well = world.well(hamlet="Buôn gốc")
    world.carry(world.post, world.hq)
    b = second_laptop(world)
    records.save(world.post, "activity", {"hamlet": "Buôn [b]A[/]"}, well, confirm=True)
    records.save(b, "activity", {"hamlet": "Buôn B", "unit_id": "24214"}, well, confirm=True)
    world.carry(world.post, world.hq)
    world.carry(b, world.hq)
    (before,) = [c for c in merge.conflicts(world.hq) if c["column"] == "hamlet"]
    assert before["winner"]["value"] == "Buôn B"
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("ctrl+p", "can quyet dinh", "enter")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "Buôn [b]A[/]" in s.text
        assert s.footer.endswith("Giúp")
        await s.press("enter")
        assert isinstance(s.app.screen, ConflictScreen)
        assert "Nguyễn Văn A" in s.text
        assert "Trần Văn B" in s.text
        assert "đang dùng" in s.text
        assert s.footer.endswith("Giúp")
        await s.press("down", "f2")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "Không còn gì" in s.text
    assert merge.conflicts(world.hq) == []
    for laptop in (world.post, b):
        world.carry(world.hq, laptop)
        assert records.get(laptop, well).row["hamlet"] == "Buôn [b]A[/]"
        assert merge.conflicts(laptop) == []
    b.close()


async def test_a_record_that_was_voided_without_knowing_is_taken_back_at_the_post(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    b = second_laptop(world)
    records.void(b, well, "không có giếng này")
    records.save(world.post, "activity", {"hamlet": "Buôn [b]A[/]"}, well, confirm=True)
    for laptop in (b, world.post):
        world.carry(laptop, world.hq)
    world.carry(world.hq, world.post)
    async with run(world.root / "post", world.post.reopen()) as s:
        assert "1 bản ghi chờ quyết định" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "“không có giếng này” (Trần Văn B" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, ConflictScreen)
        assert "Thôn, buôn: — → Buôn [b]A[/]" in s.text
        await s.press("f4")
        assert isinstance(s.app.screen, RecordScreen)
        await s.press("escape", "down", "f2")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "Không còn gì" in s.text
    assert records.get(world.post, well).row["voided_at"] is None
    world.carry(world.post, world.hq)
    world.carry(world.hq, b)
    assert records.get(b, well).row["hamlet"] == "Buôn [b]A[/]"
    assert merge.conflicts(world.hq) == merge.conflicts(b) == []
    b.close()


async def test_enter_alone_decides_nothing_however_often(world: World) -> None:
    well = world.well(hamlet="Buôn gốc")
    world.carry(world.post, world.hq)
    b = second_laptop(world)
    for laptop, hamlet in ((world.post, "Buôn A"), (b, "Buôn B")):
        records.save(laptop, "activity", {"hamlet": hamlet}, well, confirm=True)
        world.carry(laptop, world.hq)
    b.close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press(*["enter"] * 6)
        assert isinstance(s.app.screen, ConflictScreen)
        await s.press("down", "enter")
        assert "F2 quyết định: “Buôn A” là đúng" in " ".join(s.text.split())
        assert merge.conflicts(world.hq)
        await s.press("f2")
        assert "Không còn gì" in s.text
    assert merge.conflicts(world.hq) == []
    assert records.get(world.hq, well).row["hamlet"] == "Buôn A"


async def test_a_figure_is_named_by_the_record_that_it_belongs_to(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    b = second_laptop(world)
    for store, amount in ((world.post, 2), (b, 1300)):
        records.save(
            store,
            "activity",
            {"measures": [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": amount}]},
            well,
            confirm=True,
        )
        world.carry(store, world.hq)
    b.close()
    assert [(c["table"], c["column"]) for c in merge.conflicts(world.hq)] == [("activity_measure", "amount")]
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f6", "f6", "enter")
        assert "Giếng khoan" in s.text
        assert "1.300" in s.text
        await s.press("f4")
        assert isinstance(s.app.screen, RecordScreen)


async def test_a_laptop_is_certified_by_its_words(world: World) -> None:
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    post = enrolment.init_post(world.root / "second", pack, user="B", passphrase="x y")
    event = records.save(post, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
    outgoing.export(post, world.usb)
    (world.usb / "x.fieldapp.tar.age").write_bytes(b"junk")
    incoming.import_files(world.hq, [world.usb])
    words = peers.own(post).fingerprint.split()
    post.close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f6", "f6")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "! Thay đổi 1–1 của Đồn BP Ea Bung" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, LaptopScreen)
        assert all(word in s.text for word in words)
        assert s.footer.endswith("Giúp")
        await s.press("enter", "escape")
        assert peers.find_peer(world.hq, "EABUNG").trust == "pending", "nothing is certified by Enter"
        await s.press("enter", "f2")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "Không còn gì" in s.text
    assert peers.find_peer(world.hq, "EABUNG").trust == "certified"
    assert records.get(world.hq, event).row["name"] == "Tết quân dân"


async def test_a_laptop_that_replaces_a_revoked_one_is_told_from_it(world: World) -> None:
    old = enrolment.revoke_replica(world.hq, "IARVE")
    pack = enrolment.write_pack(world.hq, code="IARVE", dest=world.usb)
    post = enrolment.init_post(world.root / "second", pack, user="B", passphrase="x y")
    world.carry(post, world.hq)
    new = post.identity.replica_id
    post.close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f6", "f6")
        assert f"Đồn BP Ia Rvê (A · {new[-4:]})" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, LaptopScreen)
        assert f"máy {old.id[-4:]}, đã thu hồi" in s.text
        assert f"Máy này là {new[-4:]}" in " ".join(s.text.split())
        assert s.footer.endswith("Giúp")


async def test_a_laptop_that_waits_bears_the_name_that_its_post_has_now(world: World) -> None:
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    post = enrolment.init_post(world.root / "second", pack, user="B", passphrase="x y")
    records.save(post, "event", {"name": "Tết quân dân", "date_from": "2013-01-20"})
    world.carry(post, world.hq)
    post.close()
    enrolment.rename_post(world.hq, "EABUNG", name="Đồn BP Ia Lốp")
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f6", "f6")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "Đồn BP Ia Lốp (A) chờ chứng thực" in s.text
        assert "! Thay đổi 1–1 của Đồn BP Ia Lốp" in s.text
        assert "Ea Bung" not in s.text


async def test_a_laptop_that_a_revoked_one_had_certified_is_confirmed(world: World) -> None:
    """It stays certified; an officer compares its words all the same, and until then it is listed."""
    pack = enrolment.write_hq_pack(world.hq, dest=world.usb)
    second = enrolment.init_further_hq(world.root / "hq-b", pack, user="Phó", passphrase="x y", laptop="B")
    world.carry(second, world.hq)
    enrolment.trust_replica(world.hq, second.identity.replica_id)
    world.carry(world.hq, second)
    laptop = enrolment.init_post(world.root / "b", enrolment.write_pack(second, code="IARVE", dest=world.usb),
                                 user="B", passphrase="x y", laptop="B")  # fmt: skip
    world.carry(laptop, second)
    enrolment.trust_replica(second, laptop.identity.replica_id)
    world.carry(second, world.hq)
    words = peers.own(laptop).fingerprint.split()
    enrolment.revoke_replica(world.hq, second.identity.replica_id)
    for store in (second, laptop):
        store.close()
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f6", "f6")
        assert "! Đồn BP Ia Rvê (B): do một máy của sở chỉ huy nay đã bị thu hồi" in s.text
        await s.press("enter")
        assert isinstance(s.app.screen, LaptopScreen)
        assert all(word in s.text for word in words)
        assert "F2 xác nhận" in s.text
        await s.press("f2")
        assert isinstance(s.app.screen, ConflictsScreen)
        assert "Không còn gì" in s.text
