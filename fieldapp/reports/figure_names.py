"""What figures are called in a report: measures, kinds, units and amounts as words."""

from collections.abc import Iterable, Mapping

from fieldapp.domain.amounts import MONEY, format_amount, format_money
from fieldapp.domain.sentences import within
from fieldapp.i18n import _
from fieldapp.vietnamese.text import search_key


def amount_in_words(value: int, decimals: int, unit: str) -> str:
    """“70 triệu đồng”, “73,4 km”, “22,5 m³” of “m3”"""
    unit = _POWERS.get(unit, unit)
    return format_money(value) if unit == MONEY else f"{format_amount(value, decimals)} {unit}".rstrip()


_POWERS: Mapping[str, str] = {"m2": "m²", "m3": "m³", "km2": "km²"}
"""Units as they are typed -> as they are written"""


SIZES = frozenset({MONEY, "kg", "tấn", "tạ", "m", "km", "ha", "m2", "m3", "m²", "m³", "lít"})
"""Units of size: what is measured in them is not numbered"""


def named(title: str, unit: str) -> str:
    """“số ngày công”, “trị giá quà”, “gạo”; of a kind: “số ngày công (giúp dân lao động sản xuất)”, “số giếng khoan”"""
    text, kind = measure_and_kind(title)
    if unit not in SIZES and not text.startswith(("số ", "tổng ", "tỷ lệ ", "trị giá ")):
        text = _("number of {things}").format(things=text)
    return f"{text} ({kind})" if kind else text


CALLED: Mapping[str, str] = {
    "Trị giá khám, thuốc": "Trị giá khám, chữa bệnh, cấp thuốc",
    "Mái ấm biên giới": "Nhà “Mái ấm biên giới”",
    "Phòng khám quân dân y": "Phòng khám quân dân y kết hợp",
    "Đường, cầu": "Đường, cầu làm mới, sửa chữa",
    "Lớp học": "Phòng học",
    "Em được giúp": "Em được giúp đỡ",
    "Hiện vật được giúp": "Hiện vật được giúp đỡ",
    "Ngày công được giúp": "Ngày công được giúp đỡ",
    "Trị giá được giúp": "Trị giá được giúp đỡ",
    "Lượt người khám, chữa bệnh": "Lượt người được khám, chữa bệnh",
    "Giúp dân lao động sản xuất": "Giúp Nhân dân lao động sản xuất",
    "Tuyên truyền, phổ biến pháp luật": "Tuyên truyền, phổ biến, giáo dục pháp luật",
}
"""Shipped names of measures and kinds -> what a letter calls them: the shipped log is signed. Other names stay"""


def measure_and_kind(title: str) -> tuple[str, str]:
    """“Ngày công · Khám, chữa bệnh” within a sentence: (“ngày công”, “khám, chữa bệnh”). A kind that goes on where the
    measure ends is one name with it: (“căn nhà đại đoàn kết”, “”) of “Căn nhà · Nhà đại đoàn kết”."""
    measure, _between, kind = (within(CALLED.get(part, part)) for part in title.partition(" · "))
    words, more = measure.split(), kind.split()
    for shared in range(min(len(words), len(more)), 0, -1):
        if search_key(" ".join(words[-shared:])) == search_key(" ".join(more[:shared])):
            return " ".join([*words, *more[shared:]]), ""
    return measure, kind


_PEOPLE = {("Lượt cán bộ, chiến sĩ", "lượt CBCS"): "lượt người", ("Lượt phương tiện", "phương tiện"): "lượt"}
"""The same of units of shipped measures: (name, unit) -> unit"""


def whole_unit(title: str, unit: str) -> str:
    """“lượt người”, not “lượt”, where the title says so."""
    if (title, unit) in _PEOPLE:
        return _PEOPLE[title, unit]
    people = f"{unit} người"
    return people if unit and title.lower().startswith(people) else _POWERS.get(unit, unit)


def once(words: Iterable[str | None]) -> list[str]:
    """Words for a number, each once in its first spelling: “hàng chục” is “Hàng chục”."""
    first: dict[str, str] = {}
    for text in filter(None, words):
        first.setdefault(search_key(text) or text, text)
    return list(first.values())
