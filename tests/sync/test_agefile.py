"""Age files that are written here: any age program opens them, whatever the size, and none takes half for whole."""

import io
from collections.abc import Sequence
from itertools import pairwise

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.store.age_writer import CHUNK
from fieldapp.sync.format import agefile

KEYS = [pyrage.x25519.Identity.generate() for _ in range(2)]
ODD = b"0123456789abcdefghijklmnopqrstuvwxyz!" * (3 * CHUNK // 37)
"""Its pieces differ wherever they are cut by chunks"""


def sealed(pieces: Sequence[bytes]) -> bytes:
    made = io.BytesIO()
    with agefile.encrypted(made, [str(key.to_public()) for key in KEYS]) as plain:
        for piece in pieces:
            plain.write(piece)
    return made.getvalue()


@given(
    cuts=st.lists(
        st.integers(0, len(ODD)) | st.sampled_from([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1]), max_size=6
    )
)
@settings(max_examples=40, deadline=None)
def test_each_recipient_opens_what_was_written_in_any_pieces(cuts: list[int]) -> None:
    at = [0, *sorted(cuts)]
    made = sealed([ODD[begin:end] for begin, end in pairwise(at)])
    for key in KEYS:
        assert pyrage.decrypt(made, [key]) == ODD[: at[-1]]


def test_what_breaks_off_is_no_whole_file() -> None:
    """Also where it breaks off between two chunks: only the last one is marked as such."""
    made = io.BytesIO()
    with pytest.raises(OSError, match="pulled"), agefile.encrypted(made, [str(KEYS[0].to_public())]) as plain:
        plain.write(ODD)
        raise OSError("pulled")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(made.getvalue(), [KEYS[0]])


def test_no_two_files_have_a_key_in_common() -> None:
    first, second = sealed([b"the same"]), sealed([b"the same"])
    assert first[:22] == second[:22] == agefile.MAGIC
    assert not {line[:40] for line in first[22:].split(b"\n")} & {line[:40] for line in second[22:].split(b"\n")}


def test_what_is_no_key_is_refused() -> None:
    key = str(KEYS[0].to_public())
    for wrong in ("", "age1", key[:-1] + ("q" if key[-1] != "q" else "p"), str(KEYS[0])):
        with pytest.raises(pyrage.RecipientError), agefile.encrypted(io.BytesIO(), [wrong]):
            pass
