"""What headquarters has not received: one number wherever it is said, and the list of these records."""

import pytest
from field import Run, World
from screen_driver import at_post

from fieldapp.records import records
from fieldapp.store.store import Store
from fieldapp.sync.exchange import outgoing, status
from fieldapp.sync.format import drives
from fieldapp.tui.screens import search
from fieldapp.tui.screens.home import HomeScreen
from fieldapp.tui.screens.search import SearchScreen
from fieldapp.tui.widgets.record_table import RecordTable


async def test_one_number_in_the_header_at_home_on_the_stick_and_on_the_command_line(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed, wrong, waits = (world.well(description=f"Giếng {n}") for n in range(3))
    with monkeypatch.context() as on_a_stick:
        on_a_stick.setattr(drives, "on_one_disk", lambda _folder, _home: False)
        (first,) = outgoing.export(world.post, world.usb)
    assert "3 bản ghi, " in first.sentence
    figures = [{"measure_id": "gieng", "amount": 2}]
    records.save(world.post, "activity", {"measures": figures}, changed, confirm=True)  # only a row of it changes
    records.void(world.post, wrong, "nhầm")
    new = records.save(world.post, "event", {"name": "Lũ 2013", "date_from": "2013-11-01"})
    counts = "3 chưa xuất, 1 đã xuất, chờ biên nhận"
    async with at_post(world) as s:
        assert "SCH chưa nhận 4 bản ghi · 3 chưa xuất" in s.text.splitlines()[0]
        assert "! chưa xuất      3 bản ghi: F9" in s.text
        assert "SCH chưa nhận  4 bản ghi (1 đã xuất, chờ biên nhận): xem" in s.text
        await s.press("f9")
        assert f"Sở chỉ huy chưa nhận 4 bản ghi: {counts}." in " ".join(s.text.split())
        await s.press("f3")
        listed = s.app.screen
        assert isinstance(listed, SearchScreen)
        assert "4 bản ghi · sở chỉ huy chưa nhận" in s.text
        signs = dict(zip((h.row_id for h in listed._hits), listed.query_one(RecordTable).lines, strict=True))
        assert {row_id: sign for row_id, (sign, _texts) in signs.items()} == {
            changed: "·", wrong: "×", waits: "→", new: "·",
        }  # fmt: skip
        assert "· chưa xuất  → đã xuất, chờ biên nhận  ✓ SCH đã nhận" in s.text
        await s.press("escape", "escape", "down", "enter")
        assert "4 bản ghi · sở chỉ huy chưa nhận" in s.text, "from the first screen"
        await s.press("escape", "f3", "f7", "chua nhan", "enter")
        assert "4 bản ghi · sở chỉ huy chưa nhận" in s.text, "from the search"
        await s.press("escape")
        assert isinstance(s.app.screen, HomeScreen)
        await s.pilot.click(".sent")
        await s.press()
        assert "4 bản ghi · sở chỉ huy chưa nhận" in s.text, "from the header"
    assert f"chưa nhận 4 bản ghi: {counts}." in run("sync", "status")[1]
    out = run("sync", "unsent")[1].splitlines()
    assert len(out) == 4
    assert [line for line in out if "chờ biên nhận" in line] == [line for line in out if waits in line]
    (second,) = outgoing.export(world.post, world.usb)
    assert (second.records, "4 bản ghi, " in second.sentence) == (4, True)
    assert status.exchange_status(world.post).counts == "gói còn trên máy, chưa chép ra USB"
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    assert status.exchange_status(world.post).sentence == "Sở chỉ huy đã nhận đủ."
    assert run("sync", "unsent")[1] == ""


async def test_a_long_list_is_read_once_and_drawn_in_windows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST", 2)
    monkeypatch.setattr(search.SearchScreen, "at_a_time", 2)
    for number in range(5):
        world.well(partners="Huyện đoàn" if number < 2 else "Trạm y tế", date_from=f"2026-0{number + 1}-05")
    reads = 0

    def counted(store: Store) -> dict[str, status.OnWay]:
        nonlocal reads
        reads += 1
        return unreceived_records(store)

    unreceived_records = status.unreceived_records
    monkeypatch.setattr(status, "unreceived_records", counted)
    async with at_post(world) as s:
        await s.press("f9", "f3")
        table, read = s.app.screen.query_one(RecordTable), reads
        assert "5 bản ghi" in s.text
        assert len(table.lines) == 2
        await s.press("gieng", "down", "down", "down", "down")
        assert reads == read, "not at each key"
        assert (len(table.lines), table.chosen) == (5, 4), "all can be reached"
        await s.press("escape", "escape", "f3")
        assert "2+ bản ghi" in s.text
        await s.press("huyen doan")
        assert "2 bản ghi" in s.text, "a sign for more only where there are more"
