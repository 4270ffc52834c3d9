"""Text that somebody else wrote, printed, exported and quoted."""

from hypothesis import given
from hypothesis import strategies as st

from fieldapp.escaping import LONGEST, shown


def test_a_name_is_shown_as_one_short_line() -> None:
    assert shown("đôn_1.age") == "đôn_1.age"
    assert shown("a\n\n b\u202ec\x1b\udcff") == "“a b\ufffdc\ufffd\ufffd”"
    assert shown("a” b") == "“a' b”"
    assert shown("x" * 300 + ".age") == "x" * (LONGEST // 2) + "…" + "x" * (LONGEST // 2 - 4) + ".age"


@given(st.text())
def test_whatever_a_name_is(name: str) -> None:
    assert shown(name).isprintable()
    assert len(shown(name)) <= LONGEST + 3
