"""Of two records with one name Enter takes neither: what tells them apart is shown, and an arrow chooses."""

from unicodedata import normalize

from field import World
from form_driver import form_driver

from fieldapp.records import records

COMMUNE = "24221"


async def test_of_two_members(world: World) -> None:
    for year in (1980, 1991):
        records.save(world.post, "member", {"full_name": "Y Thanh", "birth_year": year}, confirm=True)
    records.save(world.post, "member", {"full_name": "Y Thanh An"})
    async with form_driver(world.post, "household_charge") as form:
        field = form.row("member_id").entry
        field.focus()
        await form.type("y thanh", "<enter>", "<enter>")
        assert (form.focus_is_at("member_id"), field.data) == (True, "y thanh")
        assert "Năm sinh 1980" in form.text()
        assert "nhiều mục trùng tên" in form.text()
        await form.type("<down>", "<down>", "<enter>")
        assert "1991" in field.value
        assert not form.focus_is_at("member_id")
        field.focus()
        await form.type("y thanh an", "<enter>")
        assert field.value == "Y Thanh An"


async def test_of_two_cells_that_an_activity_helped(world: World) -> None:
    for hamlet in ("Buôn Một", "Buôn Hai"):
        cell = {"name": "Chi bộ Drai", "unit_id": COMMUNE, "hamlet": hamlet}
        records.save(world.hq, "party_cell", cell, confirm=True)
    async with form_driver(world.hq, "activity") as form:
        form.row("target_type").entry.focus()
        await form.type("chi bo", "<enter>", "drai", "<enter>")
        assert form.part("targets").data == []
        assert "Buôn Hai" in form.text()
        await form.type("<down>", "<enter>")
        assert len(form.part("targets").data) == 1


async def test_of_names_that_differ_in_diacritics_alone(world: World) -> None:
    """Typed with them, the one is meant, by Enter and by saving; typed without, both may be."""
    names = ["Lê Văn Tám", "Lê Văn Tâm", "Lê Văn Tầm"]
    for name in names:
        records.save(world.post, "member", {"full_name": name}, confirm=True)
    async with form_driver(world.post, "household_charge") as form:
        field = form.row("member_id").entry
        for name in [*names, "LÊ VĂN TÂM", "le\u0302 va\u0306n ta\u0300\u0302m"]:
            field.focus()
            field.load(None)
            await form.type(name, "<enter>")
            assert field.value.lower() == normalize("NFC", name).lower().replace("t\u00e0\u0302m", "tầm")
            field.load(None)
            field.focus()
            await form.type(name, "<escape>", "<down>")
            assert field.value.lower() == normalize("NFC", name).lower().replace("t\u00e0\u0302m", "tầm")
        field.load(None)
        field.focus()
        await form.type("le van tam", "<enter>")
        assert (form.focus_is_at("member_id"), field.data) == (True, "le van tam")
        await form.type("<down>", "<down>", "<enter>")
        assert field.value in names
