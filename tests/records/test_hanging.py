"""What hangs on a voided record is said, listed and marked; taking a void back by command asks as saving does."""

from datetime import timedelta
from pathlib import Path

import pytest
from field import Run, World

from fieldapp.errors import FieldappError
from fieldapp.records import hanging, lists, records, search, view
from fieldapp.records.reading import resolve_reference
from fieldapp.reports import void_effect
from fieldapp.store import people, wall
from fieldapp.store.store import Store
from fieldapp.work import todo


def cell_of(store: Store) -> str:
    return str(lists.record_window(store, "party_cell").rows[0]["id"])


def test_the_command_says_what_hangs_on_it_before_and_lists_it_afterwards(world: World, run: Run) -> None:
    event = records.save(world.post, "event", {"name": "Lũ tháng 10", "date_from": "2013-10-01"})
    well = world.well(event_id=event)
    world.post.close()
    code, _out, err = run("void", well, "--reason", "ghi trùng")
    assert code == 0
    assert err.index("Báo cáo tháng 10/2013: ") < err.index("Đã hủy.")
    assert "−1 giếng" in err
    assert "−12 hộ" in err
    code, _out, err = run("unvoid", well)
    assert code == 0
    assert "+1 giếng" in err
    assert run("unvoid", well)[0] == 1, "it is not voided any more"
    history = run("show", well, "--history")[1]
    assert history.index("Lý do: — → ghi trùng") < history.index("Lấy lại")

    code, _out, err = run("void", event, "--reason", "nhập nhầm", "--yes")
    assert "Để nguyên, vẫn nêu bản ghi này: 1 hoạt động." in err
    assert "Sự kiện: Lũ tháng 10 (đã hủy " in run("show", well)[1]
    shown = run("show", event)[1]
    assert shown.index("Vẫn nêu bản ghi này: 1 hoạt động") < shown.index(f"  {well}  Giếng khoan")
    told = ": nhập nhầm) còn được nêu trong 1 hoạt động: sửa hoặc hủy chúng, hoặc lấy lại."
    assert told in run("todo")[1]
    assert told in run("doctor")[1]
    assert "[đã hủy] " in run("list", "event", "--voided")[1]
    assert run("void", well, "--reason", "cũng nhầm")[0] == 0
    assert told not in run("todo")[1], "nothing that stands names it"


def test_lines_go_with_their_record_and_what_names_it_stays(world: World) -> None:
    """Both directions, of any kind; what is voided, and lines of voided records, hang on nothing."""
    store, cell = world.post, cell_of(world.post)
    of_post, of_cell = (
        records.save(store, "member", {"full_name": name, **fields})
        for name, fields in (("Lê Văn Sáu", {}), ("Y Bhăm", {"party_cell_id": cell}))
    )
    roll = [{"member_id": who, "status": "present"} for who in (of_post, of_cell)]
    meetings = [
        records.save(store, "meeting", {"party_cell_id": cell, "held_on": day, "attendance": roll}, confirm=True)
        for day in ("2018-03-05", "2018-04-05")
    ]
    assert hanging.counts(store, "meeting", meetings) == {"attendance": 4}
    assert hanging.sentences(store, "meeting", meetings) == [
        "Cùng với bản ghi này không còn được tính: 4 lượt điểm danh."
    ]
    records.void(store, meetings[0], "nhầm")
    assert hanging.counts(store, "member", [of_post]) == {"attendance": 1}
    assert hanging.counts(store, "party_cell", [cell]) == {"member": 1, "meeting": 1}

    tasks = [{"number": n, "title": f"Việc {n}"} for n in (1, 2)]
    agreement = records.save(
        store, "agreement", {"name": "Quy chế", "parties": "Hội Phụ nữ", "date_from": "2013-01-01", "tasks": tasks}
    )
    first = records.get(store, agreement).children["tasks"][0]["id"]
    world.well(agreement_task_id=first)
    assert hanging.sentences(store, "agreement", [agreement]) == [
        "Cùng với bản ghi này không còn được tính: 2 nhiệm vụ.",
        "Để nguyên, vẫn nêu bản ghi này: 1 hoạt động.",
    ]


def test_with_a_person_goes_what_is_about_all_their_records(world: World) -> None:
    store = world.post
    stays, gave_way = (records.save(store, "member", {"full_name": n}) for n in ("Lê Văn Sáu", "Lê Văn Sáu (2)"))
    about = {"member_id": gave_way, "party_cell_id": cell_of(store), "date_from": "2018-01-01"}
    letter = records.save(store, "introduction", {**about, "date_to": "2018-06-30"})
    records.save(store, "member", {"same_as_id": stays}, gave_way, confirm=True)
    sentences = void_effect.void_sentences(store, "member", [stays])
    assert sentences[0] == "Cùng với bản ghi này không còn được tính: 1 giới thiệu sinh hoạt."
    assert sentences[1].startswith("Báo cáo tháng 6/2018: ")
    records.void(store, stays, "nhầm")
    (found,) = hanging.dangling(store)
    assert found.row_id == stays
    assert "trong 1 giới thiệu sinh hoạt: sửa" in found.sentence
    assert [(kind, number) for kind, number, _newest in hanging.records_naming(store, "member", stays)] == [
        ("introduction", 1)
    ]
    assert any("(đã hủy " in text for _title, text in view.describe(store, records.get(store, letter)))


def test_the_list_is_in_the_language_and_of_the_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = cell_of(world.post)
    about = {"party_cell_id": cell, "date_from": "2018-01-01", "date_to": str(wall.today())}
    who = records.save(world.post, "member", {"full_name": "Lê Văn Sáu"})
    records.save(world.post, "introduction", {**about, "member_id": who}, confirm=True)
    records.void(world.hq, cell, "nhập nhầm")
    world.carry(world.hq, world.post)
    assert "còn được nêu" in hanging.dangling(world.post)[0].sentence
    monkeypatch.setenv("FIELDAPP_LANG", "en")
    assert "is still named" in hanging.dangling(world.post)[0].sentence
    tomorrow = wall.today() + timedelta(1)
    monkeypatch.setattr(wall, "today", lambda: tomorrow)
    assert hanging.dangling(world.post) == []


def test_headquarters_reads_through_no_long_table_for_the_list(world: World) -> None:
    """The post counts all that hangs on it; headquarters, with the tables of all posts, what indexes find."""
    who = records.save(world.post, "member", {"full_name": "Lê Văn Sáu"})
    about = {"member_id": who, "party_cell_id": cell_of(world.post)}
    records.save(world.post, "introduction", {**about, "date_from": "2018-01-01"})
    roll = [{"member_id": who, "status": "present"}]
    held = {"party_cell_id": about["party_cell_id"], "held_on": "2018-03-05", "attendance": roll}
    records.save(world.post, "meeting", held, confirm=True)
    records.void(world.post, who, "nhầm")
    world.carry(world.post, world.hq)
    (at_post,), (at_hq,) = (hanging.dangling(store) for store in (world.post, world.hq))
    assert at_post.row_id == at_hq.row_id == who
    assert "trong 1 giới thiệu sinh hoạt, 1 lượt điểm danh: sửa" in at_post.sentence
    assert "trong 1 giới thiệu sinh hoạt: sửa" in at_hq.sentence
    asked: list[str] = []
    world.hq.db.conn.set_trace_callback(asked.append)
    with world.hq.transaction():  # forgets what was computed
        world.hq.set_setting("seen", "1")
    hanging.dangling(world.hq)
    world.hq.db.conn.set_trace_callback(None)
    plans = [s["detail"] for sql in asked if "AS named" in sql for s in world.hq.rows(f"EXPLAIN QUERY PLAN {sql}")]
    assert any("SEARCH r USING" in plan for plan in plans)
    assert [plan for plan in plans if plan.startswith("SCAN r")] == []


def test_no_list_offers_what_is_voided(world: World) -> None:
    store, cell = world.post, cell_of(world.post)
    who = records.save(store, "member", {"full_name": "Lê Văn Sáu", "party_cell_id": cell})
    event = records.save(store, "event", {"name": "Lũ tháng 10", "date_from": "2013-10-01"})
    day = wall.today()
    for kind, row_id, typed in (("member", who, "sau"), ("event", event, "lu thang")):
        assert [found for found, _label in lists.choices(store, kind, typed)] == [row_id]
        records.void(store, row_id, "nhầm")
        assert lists.choices(store, kind, typed) == lists.choices(store, kind, "") == []
        assert lists.record_window(store, kind).rows == []
        assert search.search_records(store, typed, search.Filter(kind=kind)) == []
        with pytest.raises(ValueError, match="Không còn dùng"):
            resolve_reference(store, kind, row_id)
    assert lists.roster(store, cell, day) == []


def test_taking_back_asks_and_refuses_as_saving_does(world: World, run: Run) -> None:
    who = records.save(world.post, "member", {"full_name": "Lê Văn Sáu"})
    about = {"member_id": who, "party_cell_id": cell_of(world.post), "date_from": "2018-01-01"}
    letter = records.save(world.post, "introduction", {**about, "date_to": "2018-06-30"})
    well = world.well()
    records.void(world.post, letter, "nhầm")
    records.void(world.post, well, "trùng")
    records.save(world.post, "introduction", {**about, "date_from": "2018-06-30"})
    held = {"party_cell_id": about["party_cell_id"], "attendance": [{"member_id": who, "status": "present"}]}
    meeting = records.save(world.post, "meeting", {**held, "held_on": "2018-07-05"}, confirm=True)
    records.void(world.post, meeting, "nhầm")
    records.save(world.post, "meeting", {**held, "held_on": "2018-07-06"}, confirm=True)
    same = world.well()
    world.post.close()
    code, _out, err = run("unvoid", letter, "--confirm")
    assert code == 1
    assert "vẫn hủy. Đảng viên này đã có giới thiệu trong thời gian đó" in err
    code, _out, err = run("unvoid", meeting)
    assert code != 0
    assert "đã có kỳ sinh hoạt thường kỳ trong tháng này" in err
    code, _out, err = run("unvoid", well)
    assert code != 0
    assert "Chưa lấy lại." in err
    for row_id in (well, meeting):
        assert run("unvoid", row_id, "--confirm")[0] == 0
    store = world.post.reopen()
    assert records.get(store, well).row["confirmed"] == f"={same}"
    assert f"held_on={about['party_cell_id']} 2018-07" in records.get(store, meeting).row["confirmed"].split("\n")
    store.close()


def test_what_may_not_be_done_is_said_before_its_effects(world: World, run: Run, tmp_path: Path) -> None:
    well, voided = world.well(), world.well(hamlet="Buôn A")
    records.void(world.post, voided, "nhầm")
    world.carry(world.post, world.hq)
    sheet = tmp_path / "members.csv"
    sheet.write_text("Họ và tên\nLê Văn Năm\n", encoding="utf-8")
    assert run("import-table", sheet, "--kind", "member")[0] == 0
    (member,) = lists.record_window(world.post, "member").rows
    about = {"member_id": member["id"], "party_cell_id": cell_of(world.post), "date_from": "2018-01-01"}
    records.save(world.post, "introduction", about)
    for home, *arguments in (
        ("hq", "void", well, "--reason", "nhầm"), ("post", "void", well, "--reason", " "), ("hq", "unvoid", voided),
        ("post", "import-table", "--take-back", "1"),
    ):  # fmt: skip
        code, _out, err = run(*arguments, home=home)
        assert code == 1 and "Báo cáo" not in err and "giới thiệu" not in err, (arguments, err)
    assert [records.get(world.post, i).row["voided_at"] is None for i in (well, voided)] == [True, False]


def test_who_may_not_void_the_records_of_others_takes_back_only_what_is_theirs(world: World) -> None:
    own, of_another = world.well(), world.well(hamlet="Buôn A")
    records.void(world.post, own, "nhầm")
    world.post.user = "Lê Văn C"
    records.void(world.post, of_another, "nhầm")
    world.post.user = "Nguyễn Văn A"
    with world.post.transaction():
        world.post.db.execute("UPDATE local_user SET role = 'recorder' WHERE name = 'Nguyễn Văn A'")
    assert people.role_of(world.post, world.post.user) == "recorder"
    records.take_back(world.post, own)
    with pytest.raises(FieldappError):
        records.take_back(world.post, of_another)


def test_a_sheet_says_what_hangs_on_its_records_before_it_is_taken_back(world: World, run: Run, tmp_path: Path) -> None:
    sheet = tmp_path / "members.csv"
    sheet.write_text("Họ và tên\nLê Văn Năm\nLê Văn Sáu\n", encoding="utf-8")
    assert run("import-table", sheet, "--kind", "member")[0] == 0
    store = world.post.reopen()
    for row in lists.record_window(store, "member").rows:
        about = {"member_id": row["id"], "party_cell_id": cell_of(store), "date_from": "2018-01-01"}
        records.save(store, "introduction", {**about, "date_to": "2018-06-30"})
    store.close()
    code, _out, err = run("import-table", "--take-back", "1", "--reason", "nhầm", "--yes")
    assert code == 0
    assert "2 giới thiệu sinh hoạt" in err
    assert "Báo cáo tháng 6/2018: " in err
    assert "−2 đảng viên" in err


def test_a_retired_cell_is_listed_while_somebody_still_takes_part(world: World) -> None:
    """The post introduced somebody to it, and did not know that headquarters had retired it."""
    cell = cell_of(world.post)
    ended, going_on, moved = (records.save(world.post, "member", {"full_name": n}) for n in ("An", "Bình", "Cúc"))
    about = {"party_cell_id": cell, "date_from": "2018-01-01"}
    records.save(world.post, "introduction", {**about, "member_id": ended, "date_to": "2018-06-30"})
    records.save(world.post, "introduction", {**about, "member_id": moved, "date_to": "2018-06-30"})
    records.void(world.hq, cell, "nhập vào chi bộ khác")
    letter = records.save(world.post, "introduction", {**about, "member_id": going_on})
    world.carry(world.post, world.hq)
    world.carry(world.hq, world.post)
    for store in (world.hq, world.post):
        (found,) = hanging.dangling(store)
        assert (found.kind, found.row_id) == ("party_cell", cell)
        assert "còn được nêu trong 1 giới thiệu sinh hoạt: kết thúc hoặc sửa chúng." in found.sentence
        assert [t.target for t in todo.todo(store, wall.today()) if t.kind == "party_cell"] == [cell]
    records.save(world.post, "introduction", {"date_to": "2018-12-31"}, letter, confirm=True)
    assert hanging.dangling(world.post) == []
    records.take_back(world.hq, cell)
    assert hanging.dangling(world.hq) == []
    assert [found for found, _label in lists.choices(world.hq, "party_cell", "ba na")] == [cell]
