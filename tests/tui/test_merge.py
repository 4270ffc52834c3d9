"""Two records of one member are merged in the form, with what follows beside them; the roll call shows one of them."""

import pytest
from field import World
from form_driver import cell, form_driver

from fieldapp.records import persons, records
from fieldapp.store.ids import new_id
from fieldapp.tui.screens.duplicate import MergeDialog
from fieldapp.tui.widgets.roster_grid import RosterGrid

pytestmark = pytest.mark.asyncio


async def test_two_members_are_merged_in_the_form_and_the_roll_call_shows_one(world: World) -> None:
    store, at = world.post, cell(world)
    an, again, ba = (
        records.save(store, "member", {"full_name": name, "party_cell_id": at}, confirm=True)
        for name in ("Nguyễn Văn An", "Nguyen Van An", "Lê Văn Ba")
    )
    marks = [{"member_id": an, "status": "absent"}, {"member_id": again, "status": "present"}]
    given = {"party_cell_id": at, "held_on": "2026-06-05", "attendance": marks}
    meeting = records.save(store, "meeting", given, confirm=True)
    assert persons.how_to_merge(store, records.get(store, again).row)[0][0] == "Có thể trùng"

    async with form_driver(store, "member") as form:
        assert "Trùng với" not in form.text(), "of a new one nothing is known yet"
    async with form_driver(store, "member", again) as form:
        await form.type(*["<tab>"] * 6, "<f4>")
        assert form.focus_is_at("same_as_id")
        assert form.text().count("Nguyen Van An") == 1, "the record itself is not offered"
        assert "Thêm: " not in form.text(), "and nobody is added to be the same"
        await form.type("<escape>", "nguyen van an", "<enter>", "<f2>")
        assert isinstance(form.app.screen, MergeDialog)
        assert "1 lượt điểm danh của bản này tính" in form.text()
        assert "bản gộp đi" in form.text() and "f2 Gộp" in form.text() and "f2 Vẫn ghi" not in form.text()
        await form.type("<f2>")
    assert records.get(store, again).row["same_as_id"] == an
    assert "xóa ô “Trùng với”" in persons.how_to_merge(store, records.get(store, again).row)[0][1]

    async with form_driver(store, "meeting", meeting) as form:
        shown = form.text()
        assert (shown.count("Nguyễn Văn An"), shown.count("Nguyen Van An"), shown.count("Lê Văn Ba")) == (1, 0, 1)
        assert "0 có mặt" in shown and "2 chưa" in shown, "present or absent: a person says it"
        form.app.form.query_one(RosterGrid).focus()
        await form.type("<down>", "<space>", "<f2>")  # somebody else: what is not said yet stays as it is
        assert form.app.result == meeting
    rows = {r["member_id"]: r["status"] for r in records.get(store, meeting).children["attendance"]}
    assert rows == {an: "absent", again: "present", ba: "present"}
    async with form_driver(store, "meeting", meeting) as form:
        form.app.form.query_one(RosterGrid).focus()
        await form.type("<f6>", "<f2>")
    rows = {r["member_id"]: r["status"] for r in records.get(store, meeting).children["attendance"]}
    assert rows == {an: "present", again: "present", ba: "present"}, "each row stays that of its member"

    columns = "post_id, created_at, created_by, meeting_id, member_id"
    store.db.execute(  # as the merge of two laptops leaves it
        f"INSERT INTO attendance (id, {columns}, status) SELECT ?, {columns}, 'absent' FROM attendance"
        " WHERE member_id = ?", [new_id(store.identity.post_id or ""), ba])  # fmt: skip
    async with form_driver(store, "meeting", meeting) as form:
        form.app.form.query_one(RosterGrid).focus()
        await form.type("<space>", "<f2>")
        assert form.app.result == meeting
    kept = [r for r in records.get(store, meeting).children["attendance"] if r["member_id"] == ba]
    assert [r["status"] for r in kept] == ["present", "absent"], "nobody has said which"
    async with form_driver(store, "meeting", meeting) as form:
        form.app.form.query_one(RosterGrid).focus()
        await form.type("<f6>", "<f2>")
    kept = [r for r in records.get(store, meeting).children["attendance"] if r["member_id"] == ba]
    assert [r["status"] for r in kept] == ["present"], "one row of one member is kept"

    async with form_driver(store, "member", again) as form:
        await form.type(*["<tab>"] * 6, "<end>", "<ctrl+u>", "<f2>")
    assert records.get(store, again).row["same_as_id"] is None
