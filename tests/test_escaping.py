"""Text that somebody else wrote, printed, exported and quoted."""

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.escaping import MAX_BRIEF, display_path


def test_a_name_is_shown_as_one_short_line() -> None:
    assert display_path("đôn_1.age") == "đôn_1.age"
    assert display_path("a\n\n b\u202ec\x1b\udcff") == "“a b\ufffdc\ufffd\ufffd”"
    assert display_path("a” b") == "“a' b”"
    assert display_path("x" * 300 + ".age") == "x" * (MAX_BRIEF // 2) + "…" + "x" * (MAX_BRIEF // 2 - 4) + ".age"


@given(st.text())
def test_whatever_a_name_is(name: str) -> None:
    assert display_path(name).isprintable()
    assert len(display_path(name)) <= MAX_BRIEF + 3
