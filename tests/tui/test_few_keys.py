"""How many keys a record costs: an evening of ten activities and a meeting of eighteen, typed into the real program.

Every key that is pressed counts, but for free text, which nobody can spare. What came out is compared with what was
meant, and the counts with the table in ``docs/typing.md``. ``make soak`` types all of it and prints the table, ``make
test`` the longest activity and the meeting: a form costs a second of the processor.
"""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from field import World
from form_driver import strokes
from textual.events import Key
from textual.pilot import Pilot

from fieldapp.records import lists, records, words
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.form import FormScreen
from fieldapp.tui.screens.home import HomeScreen

pytestmark = pytest.mark.usefixtures("whole_baseline")

DOCUMENT = Path(__file__).parents[2] / "docs" / "typing.md"
MOST, MOST_FOR_A_MEETING = 60, 40
"""Keys beside free text: the median of the activities, and the attendance of a cell of eighteen"""


PATIENCE = 1000
"""Looks until something that does not come is an error"""


class Free(str):
    """Words that only a person can say."""


@dataclass(frozen=True)
class Deed:
    """One record of the evening: how it is typed, and what must have been recorded."""

    name: str
    typed: Sequence[str]
    recorded: dict[str, Any]
    figures: dict[str, Any]
    targets: Sequence[str] = ()
    extras: int = 0

    @property
    def keys(self) -> int:
        """Keys beside free text."""
        return sum(1 if part.startswith("<") else len(part) for part in self.typed if not isinstance(part, Free))

    @property
    def letters(self) -> int:
        """Letters of free text."""
        return sum(len(part) for part in self.typed if isinstance(part, Free))


ON = "<enter>"
SAVE = "<f2>"

EVENING = (
    Deed(
        "Giếng khoan",
        ["gieng", ON, "150326", ON, "ia rve", ON, Free("Buôn Ba Na"), ON, ON, ON, Free("Bàn giao giếng khoan số 1"), ON,
         "1", ON, "12", ON, "70tr", SAVE],
        {"unit_id": "Xã Ia Rvê · Tỉnh Đắk Lắk", "date_from": "2026-03-15", "hamlet": "Buôn Ba Na"},
        {"Giếng": 1, "Hộ hưởng lợi": 12, "Trị giá công trình": 70_000_000},
    ),
    Deed(
        "Nhà đại đoàn kết",
        ["nha dai", ON, "200426", ON, "ia lop", ON, Free("Thôn 5"), ON, ON, ON, Free("Bàn giao nhà đại đoàn kết"), ON,
         "3", ON, "3", ON, "240tr", SAVE],
        {"unit_id": "Xã Ia Lốp · Tỉnh Đắk Lắk", "date_from": "2026-04-20", "hamlet": "Thôn 5"},
        {"Căn nhà": 3, "Hộ hưởng lợi": 3, "Trị giá công trình": 240_000_000},
    ),
    Deed(
        "Phòng khám quân dân y",
        ["phong kham", ON, "190526", ON, "ia rve", ON, ON, ON, ON, Free("Bàn giao phòng khám quân dân y kết hợp"), ON,
         "1", SAVE],
        {"unit_id": "Xã Ia Rvê · Tỉnh Đắk Lắk", "date_from": "2026-05-19", "hamlet": None},
        {"Phòng khám": 1},
    ),
    Deed(
        "Giúp dân lao động sản xuất",
        ["ngay cong", ON, "110626", ON, "ea bung", ON, ON, "140626", ON, ON, Free("Giúp dân gặt lúa, làm đất"), ON,
         "212", ON, "53", ON, "31", SAVE],
        {"unit_id": "Xã Ea Bung · Tỉnh Đắk Lắk", "date_from": "2026-06-11", "date_to": "2026-06-14"},
        {"Ngày công": 212, "Lượt cán bộ, chiến sĩ": 53, "Hộ": 31},
    ),
    Deed(
        "Khám, chữa bệnh, cấp thuốc miễn phí",
        ["kham chua", ON, "270726", ON, "ia rve", ON, Free("Buôn Ba Na"), ON, ON, ON,
         Free("Khám và cấp thuốc miễn phí cho bà con"), ON, "585", ON, "410", ON, "17tr", ON, ON, ON,
         Free("Trạm y tế xã"), SAVE],
        {"unit_id": "Xã Ia Rvê · Tỉnh Đắk Lắk", "date_from": "2026-07-27", "partners": "Trạm y tế xã"},
        {"Lượt người khám, chữa bệnh": 585, "Người được khám, chữa bệnh": 410, "Trị giá khám, thuốc": 17_000_000},
    ),
    Deed(
        "Phòng, chống, khắc phục thiên tai",
        ["lu", ON, "180926", ON, "ea bung", ON, ON, "250926", ON, "lu", ON, Free("Cứu hộ, cứu trợ bà con bị lũ"), ON,
         "111", ON, "hàng chục", ON, "2100", ON, "14tr", ON, ON, "40", SAVE],
        {"unit_id": "Xã Ea Bung · Tỉnh Đắk Lắk", "date_to": "2026-09-25", "event_id": "Lũ Ea Súp"},
        {"Lượt cán bộ, chiến sĩ": 111, "Lượt phương tiện": "hàng chục", "Gạo": 2100, "Tiền mặt": 14_000_000, "Hộ": 40},
    ),
    Deed(
        "Thăm, tặng quà gia đình chính sách",
        ["chinh sach", ON, "260726", ON, "ia rve", ON, ON, ON, ON, Free("Thăm, tặng quà gia đình chính sách"), ON,
         "25", ON, "12,5tr", SAVE],
        {"unit_id": "Xã Ia Rvê · Tỉnh Đắk Lắk", "date_from": "2026-07-26"},
        {"Suất quà": 25, "Trị giá quà": 12_500_000},
    ),
    Deed(
        "Nâng bước em tới trường",
        ["nang buoc", ON, "050926", ON, "ia rve", ON, ON, ON, ON, Free("Hỗ trợ học sinh nghèo đầu năm học"), ON,
         "6", ON, "1", ON, "3tr", SAVE],
        {"unit_id": "Xã Ia Rvê · Tỉnh Đắk Lắk", "date_from": "2026-09-05"},
        {"Em được giúp": 6, "Tháng giúp đỡ": 1, "Trị giá giúp đỡ học tập": 3_000_000},
    ),
    Deed(
        "Củng cố cơ sở chính trị",
        ["cung co", ON, "100826", ON, "ia rve", ON, ON, ON, ON, Free("Tham mưu củng cố cơ sở chính trị xã"), ON,
         "xa", ON, "ia rve", ON, ON, "<shift+tab>", "<shift+tab>", "chi bo", ON, "<f6>", SAVE],
        {"unit_id": "Xã Ia Rvê · Tỉnh Đắk Lắk", "date_from": "2026-08-10"},
        {},
        targets=["commune", "party_cell"],
    ),
    Deed(
        "Tuyên truyền, phổ biến pháp luật",
        ["tuyen truyen", ON, "081026", ON, "ia lop", ON, ON, ON, ON, Free("Tuyên truyền Luật Biên phòng Việt Nam"), ON,
         "1", ON, "120", ON, "200", ON, Free("Luật Biên phòng"), ON, "tap", ON, SAVE],
        {"unit_id": "Xã Ia Lốp · Tỉnh Đắk Lắk", "date_from": "2026-10-08"},
        {"Buổi": 1, "Lượt người nghe": 120, "Tờ rơi": 200},
        extras=2,
    ),
)  # fmt: skip

MEETING = Deed(
    "Sinh hoạt chi bộ, 18 đảng viên",
    ["ba na", ON, ON, "031126", ON, ON, Free("Sinh hoạt thường kỳ tháng 11"), ON, ON,
     "<f6>", "<down>", "<minus>", Free("đi công tác"), ON, "<down>", "<space>", SAVE],
    {"held_on": "2026-11-03", "content": "Sinh hoạt thường kỳ tháng 11"},
    {"present": 16, "excused": 1, "absent": 1},
)  # fmt: skip


async def test_an_evening_costs_few_keys(world: World) -> None:
    _fill(world)
    app = FieldApp(world.root / "post", world.post.reopen())
    async with app.run_test(size=(80, 24)) as pilot:
        await strokes(pilot, "<f2>", ON)
        for deed in EVENING if os.environ.get("FIELDAPP_SOAK") else [max(EVENING, key=lambda deed: deed.keys)]:
            await _type_ahead(pilot, deed)
            assert isinstance(app.screen, FormScreen), deed.name
            _compare(world, "activity", deed)
        await strokes(pilot, "<escape>", "<f2>", "sinh hoat", ON)
        await _type_ahead(pilot, MEETING)
        _compare(world, "meeting", MEETING)
        await strokes(pilot, "<escape>")
        assert isinstance(app.screen, HomeScreen)
    assert world.post.drafts() == []
    counts = [deed.keys for deed in EVENING]
    assert statistics.median(counts) <= MOST
    assert MEETING.keys < MOST_FOR_A_MEETING
    table = _table()
    print(table)
    assert table in DOCUMENT.read_text(encoding="utf-8"), "docs/typing.md has other counts"


async def _type_ahead(pilot: Pilot[Any], deed: Deed) -> None:
    """All keys of a record at once, as fast as the terminal takes them; until the form for the next one is there."""
    form = pilot.app.screen
    for part in deed.typed:
        for key in [part[1:-1]] if part.startswith("<") else part:
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
    for _ in range(PATIENCE):
        await pilot.pause(0.02)
        screen = pilot.app.screen
        if screen is not form and isinstance(screen, FormScreen) and screen.is_mounted:
            return
    raise AssertionError(f"{deed.name} was not recorded: {pilot.app.screen}")


def _fill(world: World) -> None:
    """The members of a cell, and a flood."""
    cell = lists.choices(world.post, "party_cell", "ba na")[0][0]
    for number in range(1, 19):
        records.save(world.post, "member", {"full_name": f"Trần Văn {number:02}", "party_cell_id": cell})
    records.save(world.post, "event", {"name": "Lũ Ea Súp", "date_from": "2026-09-18"})


def _compare(world: World, kind: str, deed: Deed) -> None:
    """The record that was made last is what was meant."""
    newest = world.post.value(f"SELECT id FROM {kind} ORDER BY created_at DESC, id DESC LIMIT 1")
    found = records.get(world.post, newest)
    for field, meant in deed.recorded.items():
        value = found.row[field]
        named = words.labels(world.post, field.removesuffix("_id"), [value])[value] if field.endswith("_id") else value
        assert named == meant, (deed.name, field)
    if kind == "meeting":
        marks = [row["status"] for row in found.children["attendance"]]
        assert {status: marks.count(status) for status in set(marks)} == deed.figures
        assert [row["reason"] for row in found.children["attendance"] if row["reason"]] == ["đi công tác"]
        return
    (kind_name,) = words.labels(world.post, "activity_kind", [found.row["activity_kind_id"]]).values()
    assert kind_name == deed.name
    figures = {}
    for row in found.children["measures"]:
        name = world.post.value("SELECT name FROM measure WHERE id = ?", [row["measure_id"]])
        figures[name] = row["note"] if row["amount"] is None else row["amount"]
    assert figures == deed.figures, deed.name
    assert sorted(row["target_type"] for row in found.children["targets"]) == [*deed.targets], deed.name
    assert len(found.children["extras"]) == deed.extras, deed.name


def _table() -> str:
    rows = [("", "keys", "letters of free text")]
    rows += [(deed.name, str(deed.keys), str(deed.letters)) for deed in (*EVENING, MEETING)]
    keys, letters = ([d.keys for d in EVENING], [d.letters for d in EVENING])
    rows.insert(-1, ("median of the activities", str(statistics.median(keys)), str(statistics.median(letters))))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|---|---|---|", *lines[1:]])
