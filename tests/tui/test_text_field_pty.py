"""Vietnamese through a real pseudo-terminal, as input methods send it."""

import json
import random
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

HERE = Path(__file__).parent
WORDS = [
    "tiếng",
    "Việt",
    "nước",
    "giếng",
    "khoan",
    "đồng",
    "bào",
    "nghĩa",
    "tình",
    "đường",
    "biên",
    "cột",
    "mốc",
    "tuần",
    "tra",
    "thường",
    "xuyên",
    "được",
    "những",
    "người",
    "chiến",
    "sĩ",
    "quân",
    "dân",
    "nguyễn",
    "khám",
    "chữa",
    "bệnh",
    "miễn",
    "phí",
    "phòng",
    "chống",
    "lụt",
    "bão",
    "xã",
    "Ia",
    "Rvê",
    "Ea",
    "Súp",
    "Krông",
    "Nô",
    "Đắk",
    "Lắk",
    "hỗ",
    "trợ",
    "huyện",
    "ủy",
    "chi",
    "bộ",
    "buôn",
    "trưởng",
    "bản",
    "sinh",
    "hoạt",
    "nghị",
    "quyết",
    "tặng",
    "quà",
    "gia",
    "đình",
    "chính",
    "sách",
    "mười",
    "hai",
    "căn",
    "nhà",
    "đại",
    "đoàn",
    "kết",
    "Ƀuôn",
    "H'Bia",
    "Êban",
]
SENTENCES = (
    "Bàn giao sáu giếng khoan cho bà con buôn Ba Na",
    "Khám, chữa bệnh và cấp thuốc miễn phí 2.385 lượt người",
    "Đồng chí Nguyễn Văn Thưởng được giới thiệu về chi bộ thôn 5",
    "Hỗ trợ 2.100 kg gạo, 14 triệu đồng sau lũ ở huyện Ea Súp",
    "Trường hợp vắng mặt: ốm, có lý do",
    "Củng cố 32 chi bộ thôn, buôn; tham mưu cho cấp ủy 4 xã biên giới",
    "Tuần tra song phương, phát quang đường biên từ mốc 42 đến mốc 45",
    "Giúp dân gặt lúa chạy lũ: 722 ngày công, 111 lượt cán bộ, chiến sĩ",
    "Tặng 40 suất quà cho gia đình chính sách, người có uy tín ở buôn Đrăng Phốk",
    "Nghị quyết: mỗi đảng viên phụ trách từ 3 đến 5 hộ nghèo",
)
BACKSPACES = ("\x7f", "\x08")


def plain(word: str) -> str:
    """The letters that are hit first, before the input method knows the mark."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)).replace("đ", "d")


def corrected(text: str, rng: random.Random, mark: str = "") -> str:
    """Each word is sent plain up to a place, then taken back by backspaces and sent anew."""
    sent = []
    for word in text.split(" "):
        bare = plain(word)
        keep = next((i for i, (a, b) in enumerate(zip(bare, word, strict=False)) if a != b), len(word))
        wrong = bare[keep:]
        back = rng.choice(BACKSPACES) * (len(wrong) + len(mark))
        sent.append(bare[:keep] + wrong + mark + back + word[keep:])
    return " ".join(sent)


WAYS: dict[str, Callable[[str, random.Random], str]] = {
    "as it is": lambda text, rng: text,
    "corrected by backspace": corrected,
    "OpenKey": lambda text, rng: corrected(text, rng, "\u202f"),
    "decomposed": lambda text, rng: unicodedata.normalize("NFD", text),
    "pasted": lambda text, rng: f"\x1b[200~{unicodedata.normalize('NFD', text)}\x1b[201~",
    "backspaces and a paste": lambda text, rng: f"xyz\x7f\x7f\x7f\x1b[200~{text}\x1b[201~",
    "in the middle": lambda text, rng: f"{text[-1]}\x1b[D{corrected(text[:-1], rng)}",
}


def arrive(tmp_path: Path, texts: list[tuple[str, str]], field: str, split: random.Random | None) -> list[list[str]]:
    """What the two fields hold after each pair was typed ahead over Enter or Tab."""
    out = tmp_path / f"{field}.json"
    child = pexpect.spawn(sys.executable, [str(HERE / "typing_app.py"), str(out), field], dimensions=(24, 80))
    child.delaybeforesend = None
    child.expect("\x1b\\[\\?2004h", timeout=30)  # the terminal is in the hands of the application
    time.sleep(0.5)
    for number, (first, second) in enumerate(texts):
        data = (first + ("\r" if number % 2 else "\t") + second + "\x12").encode()
        while data:
            size = split.randint(1, 40) if split else len(data)
            child.send(data[:size])
            data = data[size:]
            while True:  # take what it paints, so that it is never held up
                try:
                    child.read_nonblocking(65536, timeout=0)
                except pexpect.TIMEOUT:
                    break
    child.send("\x11")
    child.expect(pexpect.EOF, timeout=60)
    seen: list[list[str]] = json.loads(out.read_text(encoding="utf-8"))
    return seen


@pytest.mark.parametrize("split", [False, True], ids=["in one burst", "bytes split anywhere"])
def test_every_way_of_arriving(tmp_path: Path, split: bool) -> None:
    rng = random.Random(20261124)
    typed, meant = [], []
    for way in WAYS.values():
        for text in (*WORDS, *SENTENCES):
            typed.append((way(text, rng), way(text, rng)))
            meant.append([text, text])
    seen = arrive(tmp_path, typed, "ours", rng if split else None)
    wrong = [(t, s, m) for t, s, m in zip(typed, seen, meant, strict=True) if s != m]
    assert wrong == []


def test_several_pasted_lines_are_joined(tmp_path: Path) -> None:
    typed = [("\x1b[200~dòng một\r\ndòng hai\n dòng ba\x1b[201~", "")]
    assert arrive(tmp_path, typed, "ours", None) == [["dòng một dòng hai  dòng ba", ""]]


def test_going_back_and_losing_the_focus(tmp_path: Path) -> None:
    """Letters are composed at once when a field is left; the key that brings the terminal's focus back comes first."""
    cases = {
        ("e\u0301", "\x1b[Z\x7f"): "",  # entered again, one letter and not its tone alone is taken back
        ("e\u0301b\x1b[D", "\x1b[Zx"): "éxb",  # and the cursor is where it was
        ("e\u0301\x1b[H", "\x1b[Zx"): "xé",
        ("tôi \x1b[Otieng\x7f\x7f\x7fếng", ""): "tôi tiếng",  # some terminals tell only that they lost the focus
        ("tôi \x1b[O\x1b[Itieng\x7f\x7f\x7fếng", ""): "tôi tiếng",
        ("tôi \x1b[O\x1b[200~tiếng\x1b[201~", ""): "tôi tiếng",
    }
    seen = arrive(tmp_path, [*cases] * 20, "ours", None)
    assert seen == [[meant, ""] for meant in cases.values()] * 20


def test_the_stock_field_breaks_words(tmp_path: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    rng = random.Random(1)
    typed = [(corrected(w, rng), corrected(w, rng)) for w in WORDS]
    seen = arrive(tmp_path, typed, "stock", None)
    assert sum(s != [w, w] for s, w in zip(seen, WORDS, strict=True)) > len(WORDS) // 2
