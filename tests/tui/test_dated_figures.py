"""Changing an activity's days on its form asks whether its dated figures go along."""

from field import World
from form_driver import form_driver

from fieldapp.records import records

PARTS = {"2019-07-31": 4, "2019-08-31": 5}


def examined(world: World) -> str:
    return world.well(
        activity_kind_id="kham_chua_benh", date_from="2019-07-01", date_to="2019-08-31",
        measures=[{"measure_id": "luot_kham", "amount": n, "measured_on": day} for day, n in PARTS.items()],
    )  # fmt: skip


def stored(world: World, row_id: str) -> tuple[str, dict[str, int]]:
    found = records.get(world.post, row_id)
    return found.row["date_from"], {r["measured_on"]: r["amount"] for r in found.children["measures"]}


async def test_f6_takes_them_along(world: World) -> None:
    row_id = examined(world)
    async with form_driver(world.post, "activity", row_id) as form:
        assert "Mang số liệu theo" not in form.text()
        form.row("date_from").entry.focus()
        await form.type("05/08/2019")
        form.row("date_to").entry.focus()
        await form.type("05/10/2019", "<f2>")
        assert form.app.result == "open"
        assert "1 số liệu" in form.text()
        assert "F6 Mang số liệu theo" in form.text()
        form.part("targets").focus_problem()
        await form.type("<f8>")
        assert "F6 Mang số liệu theo" in form.text(), "wherever the focus is"
        assert [note.message for note in form.app._notifications] == ["Mang số liệu theo: F6"]
        await form.type("<f6>")
        assert form.app.result == row_id, form.text()
    assert stored(world, row_id) == ("2019-08-05", {"2019-09-04": 4, "2019-10-05": 5})


async def test_f2_again_takes_out_what_lies_outside(world: World) -> None:
    row_id = examined(world)
    async with form_driver(world.post, "activity", row_id) as form:
        form.row("date_from").entry.focus()
        await form.type(*["<backspace>"] * 10, "05/08/2019", "<f2>")
        assert form.app.result == "open"
        await form.type("<f2>")
        assert form.app.result == row_id
    assert stored(world, row_id) == ("2019-08-05", {"2019-08-31": 5})
