"""Kinds that want photographs and minutes: asked once, listed until they are there, never in the way of saving."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import evidence_files as files
import pytest
from field import Run, World, insert, of_another_post, statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.domain.attachment import FileSort
from fieldapp.records import attachments, kind_form, records, wanted_files
from fieldapp.records.attachments import Prepared
from fieldapp.records.wanted_files import Files
from fieldapp.reports.coverage import coverage, post_details
from fieldapp.store.ids import new_id
from fieldapp.store.store import Store
from fieldapp.work.todo import todo

WORKS = {"gieng_khoan", "nha_dai_doan_ket", "mai_am_bien_gioi", "phong_kham_quan_dan_y", "duong_cau", "lop_hoc",
         "cong_trinh_khac"}  # fmt: skip
TODAY = date(2026, 11, 30)


def one(number: int = 0, name: str = "a.jpg", media_type: str = "image/jpeg") -> Prepared:
    return Prepared(name, media_type, files.jpeg(number))


def paper(number: int = 0, name: str = "scan.pdf") -> Prepared:
    return Prepared(name, "application/pdf", b"%PDF-1.4 " + bytes([number]))


def wanted_by_kinds(store: Store) -> dict[str, Files]:
    return {row["code"]: wanted_files.wanted_by(row) for row in store.rows("SELECT * FROM activity_kind")}


def test_works_want_a_photograph_and_a_minute_and_other_kinds_nothing(world: World) -> None:
    for store in (world.hq, world.post):
        kinds = wanted_by_kinds(store)
        assert {code for code, wanted in kinds.items() if wanted == Files(1, 1)} == WORKS
        assert not any(wanted for code, wanted in kinds.items() if code not in WORKS)


def test_headquarters_changes_what_a_kind_wants_and_the_post_has_it_with_the_reply(world: World, run: Run) -> None:
    well = world.well()
    clinic = world.hq.value("SELECT id FROM activity_kind WHERE code = 'kham_chua_benh'")
    kind_form.save(world.hq, {"photographs_wanted": 3}, records.get(world.hq, clinic).row["id"])
    wells = world.hq.value("SELECT id FROM activity_kind WHERE code = 'gieng_khoan'")
    code, _out, said = run("edit", wells, "--json", "-", home="hq", stdin={"minutes_wanted": 0})
    assert code == 0, said
    code, _out, said = run("edit", wells, "--json", "-", home="hq", stdin={"minutes_wanted": 10})
    assert code == 1
    world.carry(world.hq, world.post)
    kinds = wanted_by_kinds(world.post)
    assert (kinds["kham_chua_benh"], kinds["gieng_khoan"]) == (Files(3, 0), Files(1, 0))
    assert wanted_files.lacking(world.post, well) == Files(1, 0)


def test_two_laptops_of_headquarters_change_one_kind_and_every_column_is_kept(world: World) -> None:
    """As for all reference data: columns merge one by one, whichever came first."""
    kind = world.hq.value("SELECT id FROM activity_kind WHERE code = 'kham_chua_benh'")
    records.save(world.hq, "activity_kind", {"photographs_wanted": 2}, kind)
    records.save(world.hq, "activity_kind", {"minutes_wanted": 1}, kind)
    world.carry(world.hq, world.post)
    row = records.get(world.post, kind).row
    assert (row["photographs_wanted"], row["minutes_wanted"], row["name"]) == (
        2,
        1,
        records.get(world.hq, kind).row["name"],
    )


@pytest.mark.parametrize(
    ("name", "media_type", "sort"),
    [
        ("IMG_0012.jpg", "image/jpeg", "photograph"),
        ("biên bản bàn giao.jpg", "image/jpeg", "minute"),
        ("Bien_ban giếng.png", "image/png", "minute"),
        ("BBBG-05.pdf", "application/pdf", "minute"),
        ("biển bảng tuyên truyền.jpg", "image/jpeg", "photograph"),
        ("scan.pdf", "application/pdf", "minute"),
    ],
)
def test_what_a_file_is_goes_by_its_content_and_its_name(name: str, media_type: str, sort: str) -> None:
    assert one(name=name, media_type=media_type).usual_sort == sort


def test_what_a_file_is_is_said_and_corrected(world: World, run: Run, tmp_path: Path) -> None:
    well = world.well()
    photo = files.written(tmp_path, "IMG_1.jpg", files.jpeg(1))
    code, out, said = run("attach", well, photo, "--sort", "minute")
    assert code == 0 and "biên bản" in out, said
    (found,) = attachments.of_record(world.post, well)
    assert found.sort == "minute"
    assert wanted_files.lacking(world.post, well) == Files(1, 0)
    attachments.set_sort(world.post, found.id, "photograph")
    assert wanted_files.lacking(world.post, well) == Files(0, 1)
    world.carry(world.post, world.hq)
    assert wanted_files.lacking(world.hq, well) == Files(0, 1)
    assert json.loads(run("attached", well, "--json", home="hq")[1])[0]["sort"] == "photograph"


def test_only_a_standing_file_of_the_record_s_own_post_counts_and_one_content_once(world: World) -> None:
    kind = world.hq.value("SELECT id FROM activity_kind WHERE code = 'gieng_khoan'")
    records.save(world.hq, "activity_kind", {"photographs_wanted": 2}, kind)
    world.carry(world.hq, world.post)
    well = world.well()
    assert wanted_files.lacking(world.post, well).words == "2 ảnh, biên bản"
    first, second, minute = attachments.add(world.post, well, [one(1), one(2), paper()])
    assert not wanted_files.lacking(world.post, well)
    attachments.take_out(world.post, second, "nhầm")
    assert wanted_files.lacking(world.post, well) == Files(1, 0)
    row = dict(world.post.row("SELECT * FROM attachment WHERE id = ?", [first]) or {})
    insert(world.post, "attachment", {**row, "id": new_id(row["post_id"])})  # another laptop attached it too
    assert wanted_files.lacking(world.post, well) == Files(1, 0)
    world.post.db.execute("UPDATE attachment SET sort = NULL WHERE id = ?", [minute])  # as a version before wrote it
    assert wanted_files.lacking(world.post, well) == Files(1, 0)
    of_another_post(world.post, well)
    assert wanted_files.lacking(world.post, well) == Files(2, 1)


Step = tuple[str, Any, Any]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 3), st.sampled_from(["photograph", "minute", "paper", None])),
            st.tuples(st.just("out"), st.integers(0, 9), st.none()),
            st.tuples(st.just("sort"), st.integers(0, 9), st.sampled_from(["photograph", "minute", "paper"])),
            st.tuples(st.just("want"), st.integers(0, 3), st.integers(0, 3)),
        ),
        max_size=12,
    )
)
def test_whatever_is_done_to_files_and_kinds_what_is_lacking_is_wanted_less_what_is_there(
    world: World, steps: list[Step]
) -> None:
    """Beside a model of a few lines."""
    store = world.post
    well = world.well()
    kind = store.value("SELECT id FROM activity_kind WHERE code = 'gieng_khoan'")
    with store.transaction(applying=True):
        store.db.execute("UPDATE activity_kind SET photographs_wanted = 1, minutes_wanted = 1 WHERE id = ?", [kind])
    there: dict[str, tuple[FileSort, int]] = {}
    wanted = (1, 1)
    for what, first, second in steps:
        at = list(there)[first % len(there)] if there else None
        if what == "add":
            (row_id,) = attachments.add(store, well, [one(first)], sort=second)
            there.setdefault(row_id, (second or "photograph", first))
        elif what == "out" and at is not None:
            attachments.take_out(store, at, "nhầm")
            del there[at]
        elif what == "sort" and at is not None:
            attachments.set_sort(store, at, second)
            there[at] = (second, there[at][1])
        elif what == "want":
            wanted = (first, second)
            with store.transaction(applying=True):
                store.db.execute(
                    "UPDATE activity_kind SET photographs_wanted = ?, minutes_wanted = ? WHERE id = ?", [*wanted, kind]
                )
        sorts = [sort for sort, _number in there.values()]
        expected = Files(max(wanted[0] - sorts.count("photograph"), 0), max(wanted[1] - sorts.count("minute"), 0))
        assert wanted_files.lacking(store, well) == expected
        assert (well in wanted_files.lacking_records(store, date(2013, 10, 5), date(2013, 10, 5), 50)) == bool(expected)


def test_saving_says_what_is_lacking_and_never_waits_for_it(world: World, run: Run) -> None:
    entry = {"activity_kind_id": "gieng_khoan", "date_from": "2026-11-05", "unit_id": "24221",
             "measures": [{"measure_id": "gieng", "amount": 1}]}  # fmt: skip
    code, out, said = run("add", "activity", "--json", "-", "--confirm", stdin=entry)
    assert code == 0
    assert said.splitlines() == [f"{out.strip()} còn thiếu ảnh, biên bản: fieldapp attach {out.strip()} TỆP…"]
    again = {**entry, "activity_kind_id": "kham_chua_benh", "measures": [{"measure_id": "luot_kham", "amount": 1}]}
    assert run("add", "activity", "--json", "-", "--confirm", stdin=again)[2] == ""


def test_what_lacks_files_is_one_line_of_what_is_to_do_until_they_are_there(world: World) -> None:
    wells = [world.well(date_from=f"2026-11-0{day}") for day in (1, 2)]
    world.well(date_from="2013-10-05")  # longer ago than a year: nobody goes back for it
    world.well(date_from="2026-11-03", activity_kind_id="kham_chua_benh", measures=[])

    def listed() -> list[str]:
        return [line.text for line in todo(world.post, TODAY) if line.sort == "files"]

    assert listed() == [
        "Giếng khoan · 02/11/2026 · Xã Ia Rvê · Tỉnh Đắk Lắk: thiếu ảnh, biên bản",
        "Giếng khoan · 01/11/2026 · Xã Ia Rvê · Tỉnh Đắk Lắk: thiếu ảnh, biên bản",
    ]
    attachments.add(world.post, wells[1], [one(1)])
    assert listed()[0].endswith("thiếu biên bản")
    attachments.add(world.post, wells[1], [paper()])
    attachments.add(world.post, wells[0], [one(2), paper(1)])
    assert listed() == []


def test_headquarters_sees_how_many_records_of_each_post_lack_files(world: World) -> None:
    wells = [world.well(date_from=f"2026-11-0{day}") for day in (1, 2, 3)]
    attachments.add(world.post, wells[0], [one(), paper()])
    world.carry(world.post, world.hq)
    (post,) = coverage(world.hq, TODAY).posts
    assert post.without_files == 2
    assert "· 2 hoạt động còn thiếu ảnh, biên bản" in post_details(post, 30)


def test_what_lacks_files_is_looked_for_by_record_however_many_files_there_are(world: World) -> None:
    """Not among all files of the post, which an index could offer too."""
    asked: list[str] = []
    with statements(asked):
        wanted_files.lacking_records(world.post, TODAY, TODAY, 50)
        wanted_files.lacking(world.post, world.well())
    plans = [row["detail"] for sql in asked if "activity_files" in sql
             for row in world.post.rows("EXPLAIN QUERY PLAN " + re.sub(r":\w+|\?", "'9'", sql))]  # fmt: skip
    looked = {plan for plan in plans if "attachment" in plan}
    assert looked == {"SEARCH f USING INDEX attachment_record (record_id=? AND post_id=?)"}


def test_it_is_said_why_there_is_none_and_the_record_is_settled(world: World, run: Run) -> None:
    """A change like any other: in the history, at headquarters with the next bundle, and taken back by emptying it."""
    wells = [world.well(date_from=f"2026-11-0{day}") for day in (1, 2, 3)]
    attachments.add(world.post, wells[0], [one(), paper()])
    why = {"no_files_because": "Biên bản cháy cùng nhà văn hóa"}
    assert run("edit", wells[1], "--json", "-", stdin=why)[0] == 0
    assert {t.target for t in todo(world.post, TODAY) if t.sort == "files"} == {wells[2]}
    assert not wanted_files.lacking(world.post, wells[1])
    assert "Lý do không có ảnh, biên bản" in run("show", wells[1], "--history")[1]
    world.carry(world.post, world.hq)
    (post,) = coverage(world.hq, TODAY).posts
    assert (post.without_files, post.explained) == (1, 1)
    assert "· 1 hoạt động đã ghi lý do không có ảnh, biên bản" in post_details(post, 30)
    code, out, _said = run("report", "--period", "2026", home="hq")
    told = "Hoạt động cần ảnh, biên bản: đủ ảnh 1/3; đủ biên bản 1/3; 1 hoạt động đã ghi lý do không có."
    assert code == 0 and told in out, out
    assert run("edit", wells[1], "--json", "-", stdin={"no_files_because": None})[0] == 0
    assert {t.target for t in todo(world.post, TODAY) if t.sort == "files"} == {*wells[1:]}
