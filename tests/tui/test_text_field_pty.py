"""Vietnamese through a real pseudo-terminal, as input methods send it."""

import json
import random
import re
import string
import sys
import time
from functools import partial
from itertools import zip_longest
from pathlib import Path

import on_windows
import pytest
from bursts import BACKSPACES, WAYS, corrected, spell_text

import fieldapp
from fieldapp.tui.terminal_keys import PASTE_SILENCE
from fieldapp.vietnamese.telex import METHODS

pexpect = pytest.importorskip("pexpect", reason=on_windows.TERMINAL)

HERE = Path(__file__).parent
OWN_WORDS = """
    tiếng Việt nước giếng khoan đồng bào nghĩa tình đường biên cột mốc tuần tra thường xuyên được những người chiến
    sĩ quân dân nguyễn khám chữa bệnh miễn phí phòng chống lụt bão xã Ia Rvê Ea Súp Krông Nô Đắk Lắk hỗ trợ huyện ủy
    chi bộ buôn trưởng bản sinh hoạt nghị quyết tặng quà gia đình chính sách mười hai căn nhà đại đoàn kết Ƀuôn
    H'Bia Êban
"""
PLACES = (Path(fieldapp.__file__).parent / "data" / "units_2025.csv").read_text(encoding="utf-8")
PLACE_WORDS = sorted({word for word in re.findall(r"[^\W\d_]{2,}", PLACES) if not word.isascii()})
WORDS = [*OWN_WORDS.split(), *PLACE_WORDS[:: len(PLACE_WORDS) // 240]]
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
    "Ủy ban nhân dân xã Ia Rvê đề nghị đồn hỗ trợ đường dây điện",
    "Hòa giải 02 vụ tranh chấp đất rẫy giữa hai hộ ở thôn 7",
    "Xây 12 căn nhà đại đoàn kết, mỗi căn trị giá 35 triệu đồng",
    "Đảng bộ huyện Buôn Đôn; Đảng ủy xã Krông Na; chi bộ buôn Đrăng Phốk",
    "Cử quân y xuống từng buôn, phát thuốc và hướng dẫn vệ sinh nguồn nước",
    "Kỳ sinh hoạt thường lệ: 18 đồng chí, vắng 2, có lý do",
    "Bắt giữ, xử lý 3 vụ vận chuyển gỗ trái phép qua biên giới",
    "Ở thôn Đoàn, bà con chủ yếu trồng điều, sắn và đậu xanh",
    "Nước rút chậm; đường vào thôn 9 ngập sâu 1,2 m, phải đi xuồng",
    "Gửi báo cáo về Bộ Chỉ huy trước 16 giờ 30 ngày 05/11/2026",
    "Mừng thọ già làng Y Thăk Bkrông tròn tám mươi tuổi",
    "Học bổng “Nâng bước em tới trường”: em Rơ Châm H'Yăo, lớp 6",
    "Phòng khám quân dân y kết hợp tiếp nhận 97 lượt người ốm",
    "Tổ tự quản số 4 giữ đoạn từ mốc 44 đến cột mốc 45(2)",
    "Kết nạp quần chúng ưu tú Nguyễn Quỳnh Như vào Đảng",
    "Thăm hỏi, động viên gia đình liệt sĩ Lò Văn Khuyến",
    "Tuyên truyền Luật Biên phòng Việt Nam cho 320 lượt người nghe",
    "Trao bò giống sinh sản cho 6 hộ nghèo người Ê Đê, Gia Rai",
    "Chữa cháy rẫy mía ở tiểu khu 1.214, thiệt hại khoảng nửa hecta",
    "Bàn giao nhà ở cho mẹ Việt Nam anh hùng; khuỷu tay, uỵch, khuya khoắt",
)


def arrive(
    tmp_path: Path, texts: list[tuple[str, str]], field: str, split: random.Random | None, *, pause: float = 0
) -> list[list[str]]:
    """What the two fields hold after each pair was typed ahead over Enter or Tab, or after a pause in seconds."""
    out = tmp_path / f"{field}.json"
    child = pexpect.spawn(sys.executable, [str(HERE / "typing_app.py"), str(out), field], dimensions=(24, 80))
    child.delaybeforesend = None
    child.expect("\x1b\\[\\?2004h", timeout=30)  # the terminal is in the hands of the application
    time.sleep(0.5)
    for number, (first, second) in enumerate(texts):
        data = (("\r" if number % 2 else "\t") + second + "\x12").encode()
        if pause:
            child.send(first.encode())
            time.sleep(pause)
        else:
            data = first.encode() + data
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
    child.expect(pexpect.EOF, timeout=300)  # on a machine that others use too
    seen: list[list[str]] = json.loads(out.read_text(encoding="utf-8"))
    return seen


TEXTS = [" ".join(WORDS[at : at + 5]) for at in range(0, len(WORDS), 5)] + list(SENTENCES)


@pytest.mark.parametrize("split", [False, True], ids=["in one burst", "bytes split anywhere"])
def test_every_way_of_arriving(tmp_path: Path, split: bool) -> None:
    """Each way gets a third of the texts; whole in ``test_every_field``, of fields in the program."""
    assert len(WORDS) >= 300
    assert len(SENTENCES) >= 30
    rng = random.Random(20261124)
    typed, meant = [], []
    for number, way in enumerate(WAYS.values()):
        texts = TEXTS[(number + split) % 3 :: 3]
        for first, second in zip_longest(texts[::2], texts[1::2], fillvalue="đủ"):
            typed.append((way(first, rng), way(second, rng)))
            meant.append([first, second])
    seen = arrive(tmp_path, typed, "ours", rng if split else None)
    wrong = [(t, s, m) for t, s, m in zip(typed, seen, meant, strict=True) if s != m]
    assert wrong == []


def test_the_own_input_method(tmp_path: Path) -> None:
    """Telex keys and VNI keys, typed ahead over Enter and Tab; in the last sentences with a slip in each word."""
    rng = random.Random(3)
    for method in METHODS.values():
        typed = [(text, spell_text(text, method)) for text in SENTENCES[:8]]
        typed += [(text, re.sub(r"\w+", partial(slip, rng), spell_text(text, method))) for text in SENTENCES[8:16]]
        seen = arrive(tmp_path, [(keys, keys) for _text, keys in typed], method.name, None)
        assert seen == [[text, text] for text, _keys in typed]


def slip(rng: random.Random, word: re.Match[str]) -> str:
    """The keys of a word with a wrong letter somewhere behind its first key, and the backspace that takes it back."""
    at = rng.randint(1, len(word[0]))
    return f"{word[0][:at]}{rng.choice(string.ascii_lowercase)}{rng.choice(BACKSPACES)}{word[0][at:]}"


def test_several_pasted_lines_are_joined(tmp_path: Path) -> None:
    typed = [("\x1b[200~dòng một\r\ndòng hai\n dòng ba\x1b[201~", "")]
    assert arrive(tmp_path, typed, "ours", None) == [["dòng một dòng hai  dòng ba", ""]]


def test_keys_as_terminals_send_them(tmp_path: Path) -> None:
    """All of them are in test_terminal_keys; here some go the whole way."""
    cases = {
        "Ê đê\x1b[127;2u": "Ê đ",  # Backspace with Shift: kitty, xterm
        "Ê đê\x1b[27;2;127~": "Ê đ",
        "một hai\x1b\x7f": "một",  # with Alt
        "một hai\x1b\x08": "một",
        "một hai\x1b[127;5u": "một",  # with Ctrl
        "một hai\x1b[1~\x1b[3;2~": "ột hai",  # Home of the Linux console, Del with Shift
        "một hai\x1b[7~\x1b[3;5~": "hai",  # Home of rxvt, Del with Ctrl
        "một hai\x1b\x1b[DX": "một Xhai",  # Alt+Left of rxvt
        "\x1b2\x1bn\x1bOng\x1b]": "2nOng]",  # Esc means nothing here
        "\x1b[0;;" + ":".join(str(ord(letter)) for letter in SENTENCES[0]) + "u": SENTENCES[0],
        "\x1b[99999999u\x1b[1:1;1:3ua": "a",
        "\x1b[?62;22cđủ": "đủ",
        "\x1b[57400u": "1",
    }
    seen = arrive(tmp_path, [(keys, "") for keys in cases], "ours", None)
    assert seen == [[meant, ""] for meant in cases.values()]


def test_a_paste_whose_end_is_cut_ends(tmp_path: Path) -> None:
    cases = {"\x1b[200~xã Ia Rvê": "xã Ia Rvê", "\x1b[200~xã Ia\x1b[20": "xã Ia"}
    seen = arrive(tmp_path, [(keys, "đủ") for keys in cases], "ours", None, pause=PASTE_SILENCE + 0.5)
    assert seen == [[meant, "đủ"] for meant in cases.values()]


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
    typed = [(corrected(w, rng), corrected(w, rng)) for w in WORDS[:70]]
    seen = arrive(tmp_path, typed, "stock", None)
    assert sum(s != [w, w] for s, w in zip(seen, WORDS[:70], strict=True)) > 35


def test_gnu_screen_is_not_asked_for_the_mouse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Screen 4.9 that is asked for it keeps Esc back until another key comes."""
    monkeypatch.setenv("STY", "1.pts-1.may")
    child = pexpect.spawn(sys.executable, [str(HERE / "typing_app.py"), "", "ours"], dimensions=(24, 80))
    child.expect("\x1b\\[\\?2004h", timeout=30)
    assert b"\x1b[?1000h" not in child.before
    child.close(force=True)
