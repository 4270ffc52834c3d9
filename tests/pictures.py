"""Pictures of every screen at 80×24 and 160×50, in Vietnamese and English, compared with those in ``docs/screens``.

A tour is one run of the application: keys lead from screen to screen, and each is drawn at both sizes. A screen gets
its words when its module is loaded, so English tours run in a process of their own: ``python -m pictures ROOT``.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import evidence_files
import pytest
from contrast import faint
from field import USER, World
from form_driver import strokes
from idle import with_style_sheets_parsed_once, without_a_clock
from sync_state import second_laptop
from textual.pilot import Pilot

from fieldapp import demo
from fieldapp.domain.dates import format_date
from fieldapp.i18n import language
from fieldapp.records import attachments, lists, records
from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment
from fieldapp.tui.app import FieldApp
from fieldapp.tui.widgets.text_field import TextField
from fieldapp.work import review_queue

FOLDER = Path(__file__).parents[1] / "docs" / "screens"
SIZES = ((80, 24), (160, 50))
OTHER = "Lê Văn C"
MAX_TURNS, STILL_TURNS, A_WHILE = 60, 6, 0.05
"""Looks within which a screen must stop changing; looks without change after which it has stopped; seconds between
those"""


class Shot(NamedTuple):
    """One screen."""

    name: str
    keys: Sequence[str] = ()
    """keys that lead to it from the one before; ``<f2>`` is a key, anything else is typed"""


FORM = ("kham chua", "<enter>", "5/10/2013", "<enter>", "24221", "<enter>")
FIGURES = ("<enter>", "<enter>", "<enter>", "<enter>", "185", "<enter>", "<enter>", "5tr")

TOURS: Mapping[str, Sequence[Shot]] = {
    "post": (
        Shot("home"),
        Shot("help", ("<f1>",)),
        Shot("menu", ("<escape>", "<f2>")),
        Shot("ways", ("ngay cong",)),
        Shot("pick_list", ("<escape>", "<f2>", "<enter>", "nha")),
        Shot("form", ("<f4>", "<escape>", *["<backspace>"] * 3, *FORM, *FIGURES)),
        Shot("templates", ("<f6>", "Khám hằng tháng")),
        Shot("problem", ("<escape>", "<escape>", "<f2>", "<enter>", "gieng", "<enter>", "31/2/2013", "<f2>")),
        Shot("duplicate", (*["<backspace>"] * 9, "15/3/2013", "<enter>", "24214", *["<enter>"] * 5, "1",
                           "<f2>")),
        Shot("roster", ("<escape>", "<escape>", "<f2>", "ky sinh hoat", "<enter>", "ba na", "<enter>", "<enter>",
                        "3/11/2013", *["<enter>"] * 4, "<f6>", "<down>", "<space>")),
        Shot("missing", ("<enter>", "Lê Thị Mới", "<up>", "<enter>")),
        Shot("books", ("<escape>", "<escape>", "<escape>", "<f4>")),
        Shot("list", ("<enter>", "kham")),
        Shot("record", ("<enter>",)),
        Shot("papers", ("<f8>",)),
        Shot("record_files", ("<escape>", "<f7>")),
        Shot("attach", ("<f2>",)),
        Shot("void", ("<escape>", "<escape>", "<delete>", "nhập trùng")),
        Shot("quick", ("<escape>", "<escape>", "<f6>", "gieng", "<enter>", "20/3/2013", "<enter>", "24221", "<enter>",
                       "1", "<enter>", "12")),
        Shot("search", ("<escape>", "<escape>", "<f3>", "gieng")),
        Shot("search_kind", (*["<backspace>"] * 5, "<f4>", "quy che")),
        Shot("agreement", ("<enter>", "<enter>")),
        Shot("palette", ("<escape>", "<escape>", "<ctrl+p>", "hoat dong")),
        Shot("people", ("<escape>", "<f9>", "<escape>", "<ctrl+p>", "nguoi dung", "<enter>")),
        Shot("passphrase", ("<escape>", "<ctrl+p>", "mat khau moi", "<enter>")),
        Shot("report", ("<escape>", "<f8>")),
        Shot("figure_records", ("<enter>",)),
        Shot("report_text", ("<escape>", "<tab>", "Giúp dân kịp thời trong lũ.", "<enter>", "Nhân dân tin tưởng.")),
        Shot("report_file", ("<escape>", "<f2>")),
        Shot("report_photos", ("<f4>", "<enter>")),
        Shot("letterhead", ("<escape>", "<f2>", "12", "<enter>", "24/11/2013", "<enter>", "-BCH", "<enter>")),
        Shot("dashboard", ("<f2>", "<escape>", "<f8>", *["<right>"] * 4)),
        Shot("usb", ("<escape>", "<escape>", "<f9>")),
        Shot("sample", ("<escape>", "<ctrl+p>", "go lai", "<enter>", "su kien", "<enter>")),
        Shot("blind", ("<enter>",)),
        Shot("differences", ("<enter>", "<enter>", "30/9/2013", "<enter>", "Nước rút chậm", "<f2>", "<enter>")),
        Shot("rates", ("<f2>", "<f8>")),
        Shot("lock", ("<ctrl+l>",)),
    ),
    "hq": (
        Shot("hq_home"),
        Shot("coverage", ("<f6>",)),
        Shot("plans", ("<escape>", "<ctrl+p>", "bang ke hoach", "<enter>", "<f4>", "gieng", "<enter>", "<down>",
                       "12", "<enter>")),
        Shot("review_overview", ("<up>", "<delete>", "<escape>", "<f7>")),
        Shot("review_list", ("<enter>",)),
        Shot("review", ("<enter>",)),
        Shot("comment", ("<delete>",)),
        Shot("decide", ("<escape>", "<escape>", "<escape>", "<escape>", "<ctrl+p>", "can quyet", "<enter>")),
        Shot("conflict", ("<enter>",)),
        Shot("undecided", ("<escape>", "<down>", "<enter>")),
        Shot("laptop", ("<escape>", "<down>", "<enter>")),
        Shot("hq_usb", ("<escape>", "<escape>", "<f9>")),
        Shot("paper_templates", ("<escape>", "<ctrl+p>", "mau giay to", "<enter>")),
    ),
    "locked": (
        Shot("unlock"),
        Shot("recover", ("<f5>",)),
    ),
}  # fmt: skip

ENGLISH = {
    "ky sinh hoat": "meeting",
    "bang ke hoach": "plans of the posts",
    "go lai": "key again",
    "su kien": "event",
    "nguoi dung": "who uses",
    "can quyet": "to decide",
    "mat khau moi": "new passphrase",
    "mau giay to": "paper templates",
    "hoat dong": "activit",
    "quy che": "agreement",
}
"""Vietnamese words that are typed to find something by its name -> the English ones"""


class FixedDate(date):
    """A date whose today is the day of the pictures."""

    @classmethod
    def today(cls) -> "FixedDate":
        return cls(2013, 11, 24)


def fill(world: World) -> None:
    """Record the demo's activities and more at the post; at headquarters what is to be decided."""
    made = world.post
    cell = lists.record_window(made, "party_cell").rows[0]["id"]
    for name in ("Y Thanh Niê", "H'Bia Êban", "Siu Blêh", "Rơ Châm Hyeo", "Ksor H'Nan", "Nguyễn Thị Ánh", "Lê Văn Đạt"):
        records.save(made, "member", {"full_name": name, "party_cell_id": cell})
    member = records.save(made, "member", {"full_name": "Trần Văn Bình", "position": "Đội trưởng"})
    dates = {"date_from": "2013-01-01", "date_to": "2013-12-06"}
    records.save(made, "introduction", {"member_id": member, "party_cell_id": cell, **dates})
    agreement = {
        "name": "Quy chế phối hợp Đảng ủy BĐBP – Huyện ủy Ea Súp, Buôn Đôn",
        "date_from": "2008-05-01",
        "tasks": [
            {"number": 1, "title": "Tuyên truyền, giáo dục pháp luật ở biên giới"},
            {"number": 2, "title": "Trao đổi thông tin hằng tháng"},
        ],
    }
    kept = records.save(made, "agreement", agreement)
    task = records.get(made, kept).children["tasks"][0]["id"]
    me, made.user = made.user, OTHER
    flood = records.save(made, "event", {"name": "Lũ 2013 Ea Súp", "date_from": "2013-09-18"})
    made.user = me
    for entry in demo._activities(flood, made):
        serves = {"agreement_task_id": task} if entry["activity_kind_id"] == "cung_co_co_so_chinh_tri" else {}
        records.save(made, "activity", entry | serves)
    matter = {
        "matter_type": "information_exchange",
        "direction": "sent",
        "subject": "Tình hình cột mốc 42",
        "counterpart": "Đảng uỷ xã Ia Lốp",
        "opened_on": "2013-11-01",
        "due_on": "2013-11-21",
    }
    records.save(made, "matter", matter)
    award = {
        "awarded_on": "2013-11-20",
        "recipient_type": "individual",
        "recipient": "Y Thanh Niê",
        "form": "Giấy khen",
    }
    commendation = records.save(made, "commendation", award)
    seen = lists.record_window(made, "activity", text="kham").rows[0]["id"]
    photo = attachments.Prepared("IMG_0012.jpg", "image/jpeg", evidence_files.scene(), date(2013, 10, 5), "13.1, 107.8")
    attachments.add(made, seen, [photo], "khám bệnh ở Buôn Ba Na")
    b = second_laptop(world)
    world.carry(made, world.hq)
    well = lists.record_window(made, "activity", text="so 6").rows[0]["id"]
    world.carry(world.hq, b)
    for store, hamlet in ((made, "Buôn Ba Na"), (b, "Thôn 5")):
        records.save(store, "activity", {"hamlet": hamlet}, well)
        world.carry(store, world.hq)
    records.save(made, "commendation", {"form": "Bằng khen", "awarded_by": "UBND huyện Ea Súp"}, commendation)
    records.void(b, commendation, "trùng với danh sách của huyện")
    for store in (made, b):
        world.carry(store, world.hq)
    b.close()
    returned = lists.record_window(made, "activity", text="so 5").rows[0]["id"]
    told = review_queue.comment_on("measures", "Số hộ lớn bất thường, xem lại")
    review_queue.review_record(world.hq, returned, "returned", comments=[told])
    world.carry(world.hq, made)
    pack = enrolment.write_pack(world.hq, code="EABUNG", name="Đồn BP Ea Bung", dest=world.usb)
    asking = enrolment.init_post(world.root / "asking", pack, user="Siu Y", passphrase="x y z")
    world.carry(asking, world.hq)
    asking.close()
    for draft in made.drafts():
        made.drop_draft(draft.id)


@contextmanager
def still() -> Iterator[None]:
    """Remove what differs from run to run: the clock, sticks, random keys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fieldapp.store.wall.today", FixedDate.today)
        for module in ("records.words", "records.view", "records.history"):
            patch.setattr(f"fieldapp.{module}.local_instant", lambda at: "24/11/2013 21:40")
        patch.setattr("fieldapp.reports.narrative._instant", lambda at: "21:40 24/11/2013")
        patch.setattr("fieldapp.tui.screens.file_page.documents", lambda: PurePosixPath("D:/Báo cáo"))
        for system in ("linux", "windows"):
            patch.setattr(f"fieldapp.sync.format.drives._{system}_roots", lambda: iter(()))
        patch.setattr("fieldapp.tui.screens.attach_files.photographs_and_papers", list)
        patch.setattr("fieldapp.tui.screens.form.FormScreen.keep", lambda self: setattr(self, "_kept", self._typed()))
        words = "gạo muối đường chè thuốc vải đèn dầu giấy bút"
        patch.setattr("fieldapp.sync.format.keys.fingerprint", lambda sign_key, age_key: words)
        patch.setattr(vault, "users", lambda home: [USER, OTHER])
        yield


async def tour(name: str, root: Path, keys: Mapping[str, bytes]) -> list[str]:
    """Go through one tour; lists what differs from its picture, is too faint, or does not stop changing."""
    store = None if name == "locked" else Store.open(root / name, keys[name], USER if name == "post" else "Trực ban")
    app = FieldApp(root / "post" if store is None else root / name, store)
    wrong: list[str] = []
    sizes = SIZES if language() == "vi" else SIZES[:1]  # the small size shows whether English words fit
    with still():
        async with app.run_test(size=sizes[0]) as pilot:
            for number, shot in enumerate(TOURS[name]):
                typed = [ENGLISH.get(part, part) if language() == "en" else part for part in shot.keys]
                await strokes(pilot, *typed)
                for size in sizes if number % 2 == 0 else sizes[::-1]:
                    if app.size != size:
                        await pilot.resize_terminal(*size)
                    wrong += await _compare(pilot, f"{shot.name}-{size[0]}x{size[1]}")
    return wrong


async def _compare(pilot: Pilot[Any], name: str) -> list[str]:
    app = pilot.app
    app.clear_notifications()
    for field in app.screen.query(TextField):
        field.cursor_blink = False
    path = (FOLDER if language() == "vi" else FOLDER / language()) / f"{name}.svg"
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    before, same = "", 0
    for _turn in range(MAX_TURNS):
        await pilot.pause(A_WHILE if same else None)
        drawn = _dated(app.export_screenshot(title="fieldapp"))
        same = same + 1 if drawn == before else 0
        if drawn == expected or same == STILL_TURNS:  # on a busy machine a screen may draw its data late
            break
        before = drawn
    else:
        return [f"{name} does not stop changing"]
    if os.environ.get("FIELDAPP_UPDATE_SCREENS") and drawn != expected:
        path.parent.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
        expected = drawn
    wrong = [f"{name}: too faint: {text}" for text in faint(app)]
    shown = [b.binding.description for b in app.screen.active_bindings.values() if b.binding.show]
    if not app.screen._compositor.render_strips()[-1].text.rstrip().endswith(shown[-1]):
        wrong.append(f"{name}: the footer is cut")
    return [*wrong, *([] if drawn == expected else [f"{path.name} is not what the screen shows now"])]


def _dated(drawn: str) -> str:
    """The picture with the fixed date in place of today's, and without the number in its names of classes.

    The number keeps such names apart from those in other pictures; it depends on all that is shown, so on the day too.
    """
    return re.sub(r"terminal-\d+", "terminal", drawn.replace(format_date(date.today()), format_date(FixedDate.today())))


async def all_tours(root: Path, keys: Mapping[str, bytes]) -> list[str]:
    """Go through every tour; lists what is wrong."""
    return [f"{name}: {problem}" for name in TOURS for problem in await tour(name, root, keys)]


if __name__ == "__main__":
    import asyncio
    import gc

    gc.freeze()  # as tests/conftest.py
    gc.set_threshold(50_000, 20, 20)
    given = {name: bytes.fromhex(key) for name, key in json.loads(sys.stdin.read()).items()}
    with pytest.MonkeyPatch.context() as patched:
        without_a_clock(patched)
        with_style_sheets_parsed_once(patched)
        found = asyncio.run(all_tours(Path(sys.argv[1]), given))
    print("\n".join(found))
    sys.exit(bool(found))
