"""Names as people say them find the record, and only where they can mean no other."""

from datetime import date

import pytest
from field import World

from fieldapp.errors import FieldappError
from fieldapp.records import records
from fieldapp.records.reading import resolve_reference
from fieldapp.records.words import labels

pytestmark = pytest.mark.usefixtures("whole_baseline")

THEN, NOW = date(2013, 11, 5), date(2026, 11, 5)


@pytest.mark.parametrize(
    ("text", "on", "label"),
    [
        ("Ia Rvê", THEN, "Xã Ia Rvê · Huyện Ea Súp · Tỉnh Đắk Lắk"),
        ("Ia Rvê", NOW, "Xã Ia Rvê · Tỉnh Đắk Lắk"),
        ("xã Ea Bung, huyện Ea Súp", THEN, "Xã Ea Bung · Huyện Ea Súp · Tỉnh Đắk Lắk"),
        ("X. Krông Na (Buôn Đôn)", THEN, "Xã Krông Na · Huyện Buôn Đôn · Tỉnh Đắk Lắk"),
        ("Tân Lập, Krông Búk", THEN, "Xã Tân Lập · Huyện Krông Búk · Tỉnh Đắk Lắk"),
        ("Xã EaBung", THEN, "Xã Ea Bung · Huyện Ea Súp · Tỉnh Đắk Lắk"),
        ("H. Ea Súp", THEN, "Huyện Ea Súp · Tỉnh Đắk Lắk"),
        ("Phường Hoà Hiệp", NOW, "Phường Hòa Hiệp · Tỉnh Đắk Lắk"),
        ("Xã Ia Rvê · Tỉnh Đắk Lắk", NOW, "Xã Ia Rvê · Tỉnh Đắk Lắk"),
        ("Hòa Hội - Xuyên Mộc - Bà Rịa - Vũng Tàu", THEN, "Xã Hòa Hội · Huyện Xuyên Mộc · Tỉnh Bà Rịa - Vũng Tàu"),
        ("P. Lâm Viên - Đà Lạt (Lâm Đồng)", NOW, "Phường Lâm Viên - Đà Lạt · Tỉnh Lâm Đồng"),
        ("Sơn Hạ, Quảng Ngãi", NOW, "Xã Sơn Hạ · Tỉnh Quảng Ngãi"),
        ("An Hiệp, Vĩnh Long", NOW, "Xã An Hiệp · Tỉnh Vĩnh Long"),
        ("Mường Nhé, Mường Nhé, Điện Biên", THEN, "Xã Mường Nhé · Huyện Mường Nhé · Tỉnh Điện Biên"),
    ],
)
def test_units(world: World, text: str, on: date, label: str) -> None:
    found = resolve_reference(world.post, "unit", text, on)
    assert labels(world.post, "unit", [found])[found] == label


def test_a_unit_is_found_by_what_the_program_itself_calls_it(world: World) -> None:
    """As sheets of refused rows, lists and reports write it: names with dashes, and those that differ by a tone."""
    rows = world.post.rows("SELECT id, valid_from, valid_to FROM unit WHERE voided_at IS NULL ORDER BY id")[::193]
    named = labels(world.post, "unit", [row["id"] for row in rows])
    lost: dict[str, str] = {}
    for row in rows:
        day = date.fromisoformat(row["valid_from"] or row["valid_to"])
        try:
            found = resolve_reference(world.post, "unit", named[row["id"]], day)
        except ValueError as error:
            found = str(error)
        lost |= {} if found == row["id"] else {named[row["id"]]: found}
    assert lost == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Ea Súp", "Huyện Ea Súp"),
        ("Tân Lập", "Buôn Ma Thuột"),
        ("Thị trấn Ia Rvê", "Không tìm thấy"),
        ("Ia Lốp, Ia Rvê", "Không tìm thấy"),
        ("Ia Rvê, Buôn Đôn", "Không tìm thấy"),
        ("Ia", "Không tìm thấy"),
        ("xã", "Không tìm thấy"),
        (", ·", "Không tìm thấy"),
    ],
)
def test_units_that_may_be_several_or_none(world: World, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        resolve_reference(world.post, "unit", text, THEN)


@pytest.mark.parametrize(
    ("home", "typed", "label"),
    [
        ("04", "1558", "Xã Hạ Lang · Tỉnh Cao Bằng"),
        ("08", "889", "Xã Nghĩa Thuận · Tỉnh Tuyên Quang"),
        ("66", "889", "Huyện Châu Phú · Tỉnh An Giang"),
        ("66", "646", "Huyện Ea Súp · Tỉnh Đắk Lắk"),
        ("66", "66", "Tỉnh Đắk Lắk"),
    ],
)
def test_a_code_without_its_zeros_is_the_one_meant(world: World, home: str, typed: str, label: str) -> None:
    """Spreadsheets drop them: in the provinces of the north every commune's code has one."""
    world.post.set_setting("province", home)
    found = resolve_reference(world.post, "unit", typed, NOW)
    assert labels(world.post, "unit", [found])[found] == label


def test_one_digit_is_no_code_of_a_province(world: World) -> None:
    """It is a ward, or the number of a line in the column of the commune by mistake: all lay in Cao Bằng."""
    world.post.set_setting("province", "66")
    found = resolve_reference(world.post, "unit", "4", NOW)
    assert labels(world.post, "unit", [found])[found] == "Phường 4 · Thành phố Tuy Hòa · Tỉnh Phú Yên"
    world.post.set_setting("province", "04")
    with pytest.raises(ValueError, match="là tên của nhiều mục"):
        resolve_reference(world.post, "unit", "4", NOW)


@pytest.mark.parametrize("typed", ["1558", "2026"])
def test_a_number_is_no_unit_of_another_province_that_lost_zeros(world: World, typed: str) -> None:
    """A year, or a count in the wrong column: 02026 is a commune of Thái Nguyên."""
    with pytest.raises(ValueError, match="Không tìm thấy"):
        resolve_reference(world.post, "unit", typed, NOW)


@pytest.mark.parametrize("typed", ["phong quang", "phongquang", "phường phong quang", "Phong Quảng"])
def test_what_is_typed_without_marks_is_in_the_own_province_before_it_is_spelled_so(world: World, typed: str) -> None:
    """A post of Huế that types without marks does not mean Phong Quang of Thái Nguyên."""
    world.post.set_setting("province", "46")
    found = resolve_reference(world.post, "unit", typed, NOW)
    assert labels(world.post, "unit", [found])[found].startswith("Phường Phong Quảng")


def test_the_own_province_comes_first(world: World) -> None:
    several = world.hq.rows(
        "SELECT n.id, n.name FROM unit n JOIN unit p ON p.id = n.parent_id AND p.code = '66' WHERE n.valid_to IS NULL"
        " AND (SELECT count(*) FROM unit o WHERE o.name = n.name AND o.valid_to IS NULL) > 1 LIMIT 1"
    )
    assert (
        [resolve_reference(world.post, "unit", row["name"], NOW) for row in several]
        == [row["id"] for row in several]
        != []
    )


def test_of_communes_of_two_provinces_that_are_one_now_none_is_nearer(world: World) -> None:
    """A post on the coast, which was in Phú Yên, means another Xã Hòa Thành than one in the mountains."""
    with pytest.raises(ValueError, match=r"Krông Bông.*Đông Hòa|Đông Hòa.*Krông Bông"):
        resolve_reference(world.post, "unit", "Hòa Thành", THEN)
    for text in ("Hòa Thành, Phú Yên", "Hòa Thành, Đông Hòa"):
        found = resolve_reference(world.post, "unit", text, THEN)
        assert labels(world.post, "unit", [found])[found] == "Xã Hòa Thành · Thị xã Đông Hòa · Tỉnh Phú Yên"
    found = resolve_reference(world.post, "unit", "Hòa Thịnh", THEN)
    assert labels(world.post, "unit", [found])[found] == "Xã Hòa Thịnh · Huyện Tây Hòa · Tỉnh Phú Yên"


def test_cells_people_and_kinds(world: World) -> None:
    ids = {
        position: records.save(world.post, "member", {"full_name": "Nguyễn Văn B", "position": position}, confirm=True)
        for position in ("Đại úy, đội trưởng", "Trung tá")
    }
    assert resolve_reference(world.post, "member", "Đ/c Nguyễn Văn B, Trung tá") == ids["Trung tá"]
    assert resolve_reference(world.post, "member", "nguyen van b - trung tá") == ids["Trung tá"]
    for cell in ("buôn Ba Na", "CB Ba Na", "Chi bộ buôn Ba-na", "Chi bộ buôn Ba Na (Ia Rvê)"):
        assert resolve_reference(world.post, "party_cell", cell)
    with pytest.raises(ValueError, match="Không tìm thấy"):
        resolve_reference(world.post, "party_cell", "thôn Ba Na")
    with pytest.raises(ValueError, match="Trung tá"):
        resolve_reference(world.post, "member", "Nguyễn Văn B")
    with pytest.raises(ValueError, match="Mái ấm"):
        resolve_reference(world.post, "activity_kind", "nhà tình thương")


def test_a_text_of_any_length_is_only_not_found(world: World) -> None:
    for text in ("a b " * 8000, "x" * 32_000, "a" + " " * 32_000 + "b", ", " * 16_000, "(" * 32_000):
        with pytest.raises(ValueError, match="Không tìm thấy"):
            resolve_reference(world.post, "unit", text, THEN)


@pytest.mark.parametrize("decimals", [10**40, -1, [1], "x"])
def test_an_amount_is_not_scaled_by_what_is_no_number_of_decimals(world: World, decimals: object) -> None:
    field = {"activity_kind": "gieng_khoan", "code": "x", "name": "X", "field_type": "number", "maximum": "12"}
    with pytest.raises(FieldappError) as refused:
        records.save(world.hq, "kind_field", {**field, "decimals": decimals})
    assert "decimals" in refused.value.fields
