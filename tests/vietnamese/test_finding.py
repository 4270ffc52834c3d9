"""One ranking for everything that is found by its name."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldapp.vietnamese import finding
from fieldapp.vietnamese.finding import nearest, nearness, words_found
from fieldapp.vietnamese.text import search_key

NAMES = {
    "Giếng khoan": "giếng nước, nước sạch",
    "Khám, chữa bệnh, cấp thuốc miễn phí": "y tế, quân y",
    "Phòng khám quân dân y": "trạm xá",
    "Kỳ sinh hoạt": "họp, điểm danh",
    "Việc phối hợp": "hứa, cam kết",
    "Giúp dân lao động sản xuất": "ngày công, thu hoạch",
}


def found(typed: str) -> list[str]:
    return [name for _near, name, _line in nearest((nearness(typed, n, NAMES[n]), n, n) for n in NAMES)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gieng", "Giếng khoan"),
        ("khoan giếng", "Giếng khoan"),
        ("nuoc", "Giếng khoan"),
        ("khám", "Khám, chữa bệnh, cấp thuốc miễn phí"),
        ("quân y", "Khám, chữa bệnh, cấp thuốc miễn phí"),
        ("phong kh", "Phòng khám quân dân y"),
        ("họp", "Kỳ sinh hoạt"),
        ("hop", "Kỳ sinh hoạt"),
        ("hợp", "Việc phối hợp"),
        ("HỨA", "Việc phối hợp"),
        ("ngaycong", "Giúp dân lao động sản xuất"),
        ("iếng kho", "Giếng khoan"),
    ],
)
def test_the_nearest_comes_first(typed: str, first: str) -> None:
    assert found(typed)[0] == first


WORDS = st.lists(
    st.sampled_from(["hè", "tình", "nguyện", "he", "hẻ", "khoan", "giếng", "2026"]), min_size=1, max_size=3
)


@given(WORDS, WORDS, st.randoms())
def test_the_very_name_comes_first_whatever_else_begins_with_it(
    name: list[str], more: list[str], chance: random.Random
) -> None:
    """Typed in any order, with or without diacritics, in capitals."""
    typed = name.copy()
    chance.shuffle(typed)
    longer = [*name, *more]
    for text in (" ".join(typed), search_key(" ".join(typed)), " ".join(typed).upper()):
        lines = [" ".join(longer), " ".join(longer[::-1]), " ".join(name)]
        assert nearest((nearness(text, line), line, line) for line in lines)[0][1] == " ".join(name)


def test_a_page_that_was_pasted_is_no_name() -> None:
    """Nothing is looked for, or each further key would do so for a thousand words."""
    page = "giếng khoan " * 500
    assert nearness(page, "Giếng khoan") is None
    assert words_found(page, "Giếng khoan") == 0


def test_letters_within_words_count_only_where_nothing_else_fits() -> None:
    assert found("hua") == ["Việc phối hợp"]  # and not “chữa”
    assert found("xyz") == []


@given(st.sampled_from(sorted(NAMES)), st.data())
def test_any_of_its_words_in_part_and_in_any_order_find_it(name: str, data: st.DataObject) -> None:
    words = search_key(f"{name} {NAMES[name]}").split()
    chosen = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=4, unique=True))
    parts = [word[: data.draw(st.integers(1, len(word)))] for word in chosen]
    random.Random(0).shuffle(parts)
    assert name in found(" ".join(parts))


def test_what_is_typed_is_made_ready_once_for_all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not again for each of some hundred names, at each letter."""
    folded: list[str] = []

    def counted(text: str) -> str:
        folded.append(text)
        return search_key(text)

    monkeypatch.setattr(finding, "search_key", counted)
    for _twice in range(2):
        folded.clear()
        for name, also in NAMES.items():
            nearness("nước sạch", name, also)
            words_found("nước sạch", name, also)
    assert folded.count("nước sạch") <= 1
