"""Vietnamese in the letters of old fonts and code pages: known by the font or by evidence, and made Unicode.

A font such as .VnTime draws ``®`` as đ: what is stored is a letter of Western Europe (code page 1252) that Unicode
reads as itself. One letter proves nothing: ``xã`` is a word as it stands, and ``xó`` in .VnTime. What proves it are
words: those that are Vietnamese syllables after the change and cannot be words before. Text that is correct already has
none of them, names of the Highlands (ñ, č, ĭ, ŏ, ŭ) included.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import NamedTuple

from fieldapp.vietnamese.syllables import TONES, VOWELS, complete

_TCVN = (
    "ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ\xa0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ"
    "ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
"""TCVN 5712:1993 (VN1), bytes 0x80 to 0xFF. Fonts draw only its small letters and ĂÂÊÔƠƯĐ (VN3)"""
_TCVN_CONTROLS = {1: "Ú", 2: "Ụ", 4: "Ừ", 5: "Ử", 6: "Ữ", 17: "Ứ", 18: "Ự", 19: "Ỳ", 20: "Ỷ", 21: "Ỹ", 22: "Ý", 23: "Ỵ"}
_VISCII = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
"""RFC 1456, bytes 0x80 to 0xFF"""
_VISCII_CONTROLS = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}

_VNI_MARKS = {
    "a": dict(zip("ùøûõïêéèúüëâáàåãä", "áàảãạăắằẳẵặâấầẩẫậ", strict=True)),
    "e": dict(zip("ùøûõïâáàåãä", "éèẻẽẹêếềểễệ", strict=True)),
    "o": dict(zip("ùøûõïâáàåãä", "óòỏõọôốồổỗộ", strict=True)),
    "u": dict(zip("ùøûõï", "úùủũụ", strict=True)),
    "y": dict(zip("ùøûõ", "ýỳỷỹ", strict=True)),
    "ô": dict(zip("ùøûõï", "ớờởỡợ", strict=True)),
    "ö": dict(zip("ùøûõï", "ứừửữự", strict=True)),
}
"""Letter -> the sign after it -> the letter with its mark"""
_VNI_ALONE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}

_FOREIGN = str.maketrans({"ñ": "n", "č": "c", "ĭ": "i", "ŏ": "o", "ŭ": "u", "ĕ": "e", "ƀ": "b", "\u0306": ""})
"""Letters of Ede, Jarai and Bahnar that Vietnamese does not have"""
_NEARLY_ALL = 0.8
"""Share of words"""
_USUAL_WORDS = """
    xã thôn buôn làng ấp huyện tỉnh bản phường hộ dân người giúp đỡ lúa gạo nhà ngày công tháng năm quý đồng tiền bò
    lợn gà cây giống sửa chữa làm đường cầu giếng nước đập thủy lợi trường lớp học sinh khám bệnh thuốc cấp phát quà
    tặng đồn biên phòng bộ đội chiến sĩ cán đảng viên chi ủy hội nghị họp phụ nữ nông cựu thanh niên đoàn thu hoạch
    gặt cấy trồng chăm sóc vận động tuyên truyền nội dung số lượng đơn vị họ và tên ghi chú địa điểm thời gian kết
    quả kinh phí nghèo khó khăn lũ lụt bão hạn cháy rừng nương rẫy rào vườn mái tôn ngói gỗ xi măng cát đá gạch bê
    nền móng của cho với các những được không có là đã đang sẽ tại từ đến về theo trên dưới trong ngoài một hai bốn
    sáu bảy tám chín mười
"""
_USUAL = frozenset(_USUAL_WORDS.split())
"""Words that people write most: they decide where a font is old, and its text may be read either way"""
_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyzđ" + VOWELS)
_VIETNAMESE = frozenset("abcdefghijklmnopqrstuvwxyz" + _VISCII.lower())
_LOOK_ALIKES = str.maketrans("ÐðƉɖ", "ĐđĐđ")
"""Letters of other languages whose capitals look like Đ, and are used for it"""
_MANY = 3
"""So many texts must be in an old encoding for each that is correct, that others beside them are read in it"""
_FIRST_SOUND = re.compile(r"^[A-ZĐ]’(?=[^\W\d_])")
"""Of names such as “H’Ñĕ” and “M’Đrăk”, with the apostrophe that word processors write"""
_UNITS = frozenset({"µm", "µg", "µl", "µs", "µ"})
_WORD = re.compile(r"[^\x00-\x40\x5b-\x60\x7b-\x7f]+")
_PUNCTUATION = "“”‘’„‚…–—•‹›«»·\xa0"


class Encoding(Enum):
    """How the letters are stored; the value is what people call it."""

    TCVN3 = "TCVN3 (.VnTime)"
    VNI = "VNI (VNI-Times)"
    VISCII = "VISCII"
    CP1258 = "Windows-1258"
    UTF8 = "UTF-8"
    """UTF-8 that was opened as if it were code page 1252: ``Ä‘``"""
    TCVN5712 = "TCVN 5712"
    """TCVN3 with capitals that have a tone: in files of text only, no font draws them"""


IN_TEXT = (Encoding.TCVN3, Encoding.VNI, Encoding.VISCII, Encoding.CP1258, Encoding.UTF8)
"""What text of a sheet, a letter or the clipboard may be in; of equal evidence the first counts"""
IN_BYTES = (Encoding.TCVN3, Encoding.TCVN5712, Encoding.VNI, Encoding.VISCII, Encoding.CP1258)
"""What a file of text may be in that is not UTF-8 or UTF-16"""


class FontLetters(NamedTuple):
    """What a font draws."""

    encoding: Encoding
    capitals: bool
    """it draws small letters as capitals (.VnTimeH)"""


@lru_cache(maxsize=1_000)
def font_letters(font: str) -> FontLetters | None:
    """What an old Vietnamese font draws; None for every other font."""
    name = font.strip().casefold()
    if name.startswith(".vn") or re.fullmatch(r"vn(time|arial)h?", name):
        return FontLetters(Encoding.TCVN3, name.endswith("h"))
    if name.startswith("vni"):
        return FontLetters(Encoding.VNI, False)
    if re.match(r"vi (times|arial|helvet)", name):
        return FontLetters(Encoding.VISCII, name.endswith(" hoa"))
    return None


# letters ----------------------------------------------------------------------------------------------------------


def decode(text: str, encoding: Encoding, *, capitals: bool = False) -> str:
    """The text in Unicode, NFC; ``text`` is as Unicode reads it, in letters of code page 1252 or 1258.

    ``capitals``: of a font that draws small letters as capitals. What the encoding does not have stays as it is.
    """
    if text.isascii() and not any(c < " " for c in text):
        return text
    match encoding:
        case Encoding.VNI:
            changed = _vni().sub(_vni_letter, _western(text))
        case Encoding.UTF8:
            changed = _from_utf8(_from_utf8(text))  # some programs spoil it a second time
        case Encoding.CP1258:
            changed = "".join(_page_1258(c) for c in text)
        case _:
            letters = _letters(encoding)
            changed = "".join(letters.get(c, c) for c in (_western(text) if encoding is Encoding.TCVN3 else text))
            if encoding is Encoding.TCVN3 and not capitals:
                changed = "\n".join(map(_capitals_of_words, changed.split("\n")))
    changed = unicodedata.normalize("NFC", changed)
    return changed.upper() if capitals else changed


@cache
def _letters(encoding: Encoding) -> Mapping[str, str]:
    """The letter of code page 1252 -> what it stands for."""
    table, controls = (_VISCII, _VISCII_CONTROLS) if encoding is Encoding.VISCII else (_TCVN, _TCVN_CONTROLS)
    letters = {_byte(0x80 + at): letter for at, letter in enumerate(table)}
    if encoding is Encoding.TCVN3:
        return {sign: c for sign, c in letters.items() if c.isalpha() and (c.islower() or c in "ĂÂÊÔƠƯĐ")}
    return {**letters, **{chr(code): letter for code, letter in controls.items()}}


def _byte(value: int) -> str:
    """A byte as code page 1252 reads it; the five that it does not have, as the control characters they are."""
    try:
        return bytes([value]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(value)


@cache
def _bytes() -> Mapping[str, int]:
    controls = {chr(value): value for value in range(0x80, 0xA0)}  # what ISO 8859-1 has in their place
    return controls | {_byte(value): value for value in range(256)}


@cache
def _page_1258_only() -> Mapping[int, str]:
    """Letters that a machine with code page 1258 shows for a byte -> what code page 1252 shows for it."""
    both = [(bytes([value]).decode("cp1258", "replace"), _byte(value)) for value in range(0x80, 0x100)]
    return {ord(shown): western for shown, western in both if shown not in (western, "\ufffd")}


def _western(text: str) -> str:
    """The text as code page 1252 shows it, where a machine with code page 1258 has read it."""
    return text.translate(_page_1258_only())


def _page_1258(c: str) -> str:
    value = _bytes().get(c)
    return c if value is None or value < 0x80 else bytes([value]).decode("cp1258", "replace").replace("\ufffd", c)


def _from_utf8(text: str) -> str:
    return re.sub(r"[^\x00-\x7f]+", _from_utf8_run, text)


def _from_utf8_run(found: re.Match[str]) -> str:
    codes = [code for c in found[0] if (code := _bytes().get(c)) is not None]
    if len(codes) < len(found[0]):
        return found[0]
    try:
        return bytes(codes).decode("utf-8")
    except UnicodeDecodeError:
        return found[0]


@cache
def _vni() -> re.Pattern[str]:
    pairs = "|".join(
        f"[{base}{base.upper()}][{''.join(signs)}{''.join(signs).upper()}]" for base, signs in _VNI_MARKS.items()
    )
    alone = "".join(_VNI_ALONE)
    return re.compile(f"{pairs}|[{alone}{alone.upper()}]")


def _vni_letter(found: re.Match[str]) -> str:
    base, sign = found[0][0], found[0][1:]
    letter = _VNI_MARKS[base.lower()][sign.lower()] if sign else _VNI_ALONE[base.lower()]
    return letter.upper() if base.isupper() else letter


def _capitals_of_words(changed: str) -> str:
    """Letters with a tone as capitals in words of capitals: TCVN3 has no capitals with a tone, so ``TæNG`` is TỔNG."""
    toned = [c.islower() and _tone_of(c) > 0 for c in changed]
    spans = [found.span() for found in re.finditer(r"[^\W\d_]+", changed)]
    sure = {span: [changed[at] for at in range(*span) if not toned[at] and changed[at].isalpha()] for span in spans}
    shouted = any(len(letters) > 1 and all(map(str.isupper, letters)) for letters in sure.values())
    quiet = not any(c.islower() for letters in sure.values() for c in letters)
    out = list(changed)
    for span, letters in sure.items():
        if all(map(str.isupper, letters)) and (len(letters) > 1 or (shouted and quiet)):
            out[span[0] : span[1]] = [c.upper() for c in out[span[0] : span[1]]]
    return "".join(out)


# evidence ---------------------------------------------------------------------------------------------------------


def _tone_of(word: str) -> int:
    """The number of the word's tone, 0 for none, -1 for several."""
    tones = [TONES.index(c) for c in unicodedata.normalize("NFD", word) if c in TONES[1:]]
    return 0 if not tones else tones[0] if len(tones) == 1 else -1


def _without_tone(word: str) -> str:
    kept = "".join(c for c in unicodedata.normalize("NFD", word) if c not in TONES[1:])
    return unicodedata.normalize("NFC", kept)


def _is_cased(word: str) -> bool:
    """Whether capitals stand where a person puts them: all, none, or the first."""
    return word.islower() or word.isupper() or (word[:1].isupper() and word[1:].islower())


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Whether a word is a Vietnamese syllable as people write it."""
    letters, tone = _without_tone(word.lower()), _tone_of(word)
    if tone < 0 or not {*word.lower()} <= _VIETNAMESE or not _is_cased(word) or not any(c in VOWELS for c in letters):
        return False
    return complete(letters, tone, name=False)


@lru_cache(maxsize=20_000)
def _is_right(word: str) -> bool:
    """Whether a word can stand as it is: a syllable, or a name of the Highlands."""
    if is_syllable(word):
        return True
    word = _FIRST_SOUND.sub("", word).translate(_LOOK_ALIKES)
    plain = unicodedata.normalize("NFC", word.lower()).translate(_FOREIGN)
    letters, tone = _without_tone(plain), _tone_of(plain)
    if not {*letters} <= _ALPHABET or tone < 0:
        return False
    if not any(c in VOWELS for c in letters):
        return True  # an abbreviation: QĐ
    return _is_cased(word) and word[:1].isupper() and complete(letters, tone, name=True)


class _Chunk(NamedTuple):
    """What stands between two blanks, as evidence for an encoding."""

    proves: int
    """marks of it that only this encoding explains; 0 if it proves nothing"""
    is_sure: bool
    """it proves the encoding alone, without a second word"""
    is_right: bool
    """it is correct as it stands, and would not be after the change"""
    is_unicode: bool
    """it is correct as it stands, and has letters that no old encoding has"""
    is_likely: bool = False
    """it is nothing as it stands, and may be a name of the Highlands after the change: no proof, but it belongs to what
    is proved"""


_NOTHING = _Chunk(0, False, False, False)


@lru_cache(maxsize=50_000)
def _chunk(chunk: str, encoding: Encoding) -> _Chunk:
    right = bool(_words(chunk)) and _stands(chunk)
    new = decode(chunk, encoding)
    beyond = [c for c in chunk if c not in _bytes()]
    if right and beyond:
        return _Chunk(0, False, True, True)
    if new == chunk or chunk in _UNITS or any(ord(c) not in _page_1258_only() for c in beyond):
        return _NOTHING
    after = _words(new)
    good = bool(after) and all(map(is_syllable, after))
    signs = [at for at, c in enumerate(chunk) if not c.isascii()]
    if right or not good:
        may_be = bool(after) and all(map(_is_right, after))
        return _Chunk(0, False, right and not may_be, False, not right and not beyond and may_be)
    if all(chunk[at] in "ñÑ" for at in signs) or any(len(word) == 1 for word in after):
        return _NOTHING  # ñ is a letter of Ede too, and a letter alone a sign
    if encoding is Encoding.VNI:
        marks = len([found for found in _vni().findall(_western(chunk)) if len(found) > 1 or found in "ñÑ"])
    else:
        marks = sum(_marks(word) for word in after)
    inside = len(new) > 2 and any(0 < at < len(chunk) - 1 for at in signs)
    return _Chunk(marks or 1, marks > 1 or (inside and encoding is not Encoding.VNI), False, False)


def _marks(word: str) -> int:
    """How many letters of a word are not of ASCII."""
    return sum(not c.isascii() for c in word)


def _proved(chunks: Set[str]) -> list[Encoding]:
    """The encodings that words prove, the one with most words first; each must explain what those before it do not."""
    proved: list[Encoding] = []
    left = {chunk for chunk in chunks if not _stands(chunk)}
    while left:
        proofs = {
            encoding: {chunk for chunk in left if _chunk(chunk, encoding).proves}
            for encoding in IN_TEXT
            if encoding not in proved
        }
        best = max(proofs, key=lambda encoding: len(proofs[encoding]), default=None)
        if best is None or not _is_enough(proofs[best], left, best):
            return proved
        proved.append(best)
        left -= proofs[best]
    return proved


def _is_enough(proofs: Set[str], chunks: Set[str], encoding: Encoding) -> bool:
    """Whether words prove an encoding: two, or one with two marks; and not a few of many that nothing explains."""
    sure = len(proofs) > 1 or any(_chunk(chunk, encoding).is_sure for chunk in proofs)
    return sure and len(proofs) * 4 >= len(chunks)


@lru_cache(maxsize=50_000)
def _stands(chunk: str) -> bool:
    """Whether the words of a chunk can stand as they are."""
    return all(_is_right(word) for word in _words(chunk))


def _words(chunk: str) -> list[str]:
    """The words of a chunk that are not of ASCII, without signs beside them."""
    words = (word.strip(_PUNCTUATION) for word in _WORD.findall(chunk))
    return [word for word in words if word and not word.isascii()]


def _chunks(text: str) -> Iterator[str]:
    if not text.isascii():
        parts = text.split(" ") if text.isprintable() else re.split(r"[ \t\r\n]+", text)
        yield from (part for part in parts if not part.isascii())


# texts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """A text as it is stored, and what is known about it."""

    text: str
    font: str = ""
    place: Hashable = None
    """texts of one place, such as a column, are written alike"""


@dataclass(frozen=True)
class Converted:
    """A text that was in an old encoding."""

    before: str
    after: str
    encoding: Encoding


def convert(texts: Sequence[Written]) -> dict[int, Converted]:
    """The texts that are in an old encoding, by their index; each encoding must be proved by the texts together.

    A font is evidence too, but weaker than words: many people write Unicode in a cell that still has an old font.
    """
    written = {at: w for at, w in enumerate(texts) if not w.text.isascii()}
    proved = _proved({chunk for text in {w.text for w in written.values()} for chunk in _chunks(text)})
    if not proved and not any(font_letters(w.font) for w in written.values()):
        return {}
    converted: dict[int, Converted] = {}
    for at, w in written.items():
        letters = font_letters(w.font)
        tried = [*([letters.encoding] if letters else []), *proved]
        best = max(tried, key=lambda e: _says(w.text, e)[0], default=None)
        if best is not None and not _says(w.text, best)[0]:
            best = next((e for e in tried if _is_likely(w.text, e)), None)
        if best is not None:
            capitals = letters is not None and letters.capitals and best is letters.encoding
            converted[at] = Converted(w.text, _words_changed(w.text, best, capitals=capitals), best)
    if converted or any(font_letters(w.font) for w in written.values()):
        converted |= _read_like_others(written, converted)
    return {at: change for at, change in sorted(converted.items()) if change.after != change.before}


def _read_like_others(written: Mapping[int, Written], sure: Mapping[int, Converted]) -> dict[int, Converted]:
    """Texts that may be read either way, read as the others of their font or else of their place are written."""
    encodings: dict[Hashable, set[Encoding]] = {}
    for at, change in sure.items():
        encodings.setdefault(written[at].place, set()).add(change.encoding)
    old = Counter(_group(written[at]) for at in sure)
    right: Counter[Hashable] = Counter()
    either: list[tuple[Written, FontLetters, int]] = []
    beyond = any(_beyond(change.before) for change in sure.values())
    for at, w in written.items():
        beside = encodings.get(w.place, set()) if w.place is not None else set()
        letters = font_letters(w.font) or (FontLetters(next(iter(beside)), False) if len(beside) == 1 else None)
        if at in sure or letters is None:
            continue
        if _is_unicode(w.text, letters.encoding):
            right[_group(w)] += 1
        elif not _stays(w.text, letters.encoding) and (beyond or not _beyond(w.text)):
            either.append((w, letters, at))
    read = {}
    for w, letters, at in either:
        after = decode(w.text, letters.encoding, capitals=letters.capitals)
        better = _usual(after) - _usual(w.text)
        others = old[_group(w)] - _MANY * right[_group(w)]
        if others > 0 or (others == 0 and better > 0):
            read[at] = Converted(w.text, after, letters.encoding)
    return read


def _group(written: Written) -> Hashable:
    """Which texts are written alike: those of an old font; else those of a place."""
    return written.font if font_letters(written.font) else ("", written.place)


def _is_likely(text: str, encoding: Encoding) -> bool:
    """Whether a text belongs to what is proved: nothing of it is correct, and a word is nothing as it stands."""
    said = [_chunk(chunk, encoding) for chunk in _chunks(text)]
    return any(s.is_likely for s in said) and not any(s.is_right for s in said)


def _stays(text: str, encoding: Encoding) -> bool:
    """Whether a text is right as it stands, and the change would rather spoil it: “Krông Nô”, “Xã Ba Vì”, “Y Ñ”."""
    chunks = [*_chunks(text)]
    if not all(map(_stands, chunks)):
        return False
    after = decode(text, encoding)
    if " " in text.strip() and _usual(text) > _usual(after):
        return True
    lost = gained = 0
    for word, new in ((w, n) for c in chunks for w, n in zip(_words(c), _words(decode(c, encoding)), strict=False)):
        if word == "Ñ" or (new == word and not _stores(encoding, word)):  # Vietnamese has no letter Ñ
            lost += 1
        elif new != word and len(new) == len(word):  # what VNI writes as two letters may be either
            lost += not is_syllable(new)
            gained += is_syllable(new) and not is_syllable(word)
    return lost > 0 and lost >= gained


def _stores(encoding: Encoding, word: str) -> bool:
    """Whether the letters of a word that the encoding does not change occur in it; asked of those that fonts draw."""
    match encoding:
        case Encoding.VNI:
            letters: Set[str] = {*"íìÍÌ"}
        case Encoding.TCVN3:
            letters = _letters(encoding).keys()
        case _:
            return True
    return all(c.isascii() or c in letters for c in word)


def _usual(text: str) -> int:
    """How many words of a text are among those that people write most."""
    return sum(word.strip(_PUNCTUATION).lower() in _USUAL for chunk in _chunks(text) for word in _WORD.findall(chunk))


def _says(text: str, encoding: Encoding) -> tuple[int, int]:
    """How many marks of a text only this encoding explains, and how many of its words are correct as they are."""
    said = {chunk: _chunk(chunk, encoding) for chunk in _chunks(text)}
    if any(s.is_unicode for s in said.values()):  # what is not correct in it was mistyped
        said = {chunk: s for chunk, s in said.items() if s.is_unicode or not _beyond(chunk)}
    return sum(s.proves for s in said.values()), sum(s.is_right for s in said.values())


def _beyond(chunk: str) -> bool:
    """Whether there are letters that code page 1252 does not have."""
    return any(c not in _bytes() for c in chunk)


def _is_unicode(text: str, encoding: Encoding) -> bool:
    """Whether a text is correct as it stands."""
    proves, right = _says(text, encoding)
    return right > proves


def _words_changed(text: str, encoding: Encoding, *, capitals: bool) -> str:
    """The text after the change. Where part of it is correct already, a word that may be read either way is as usual,
    or as the word before it."""
    if not any(_chunk(chunk, encoding).is_unicode for chunk in _chunks(text)):
        return decode(text, encoding, capitals=capitals)
    parts = re.split(r"([ \t\r\n]+)", text)
    is_old = False
    for at, part in enumerate(parts):
        if part.isascii() or _beyond(part):
            continue
        after = decode(part, encoding, capitals=capitals)
        said = _chunk(part, encoding)
        better = _usual(after) - _usual(part)
        if said.proves or said.is_right or better:
            is_old = not said.is_right and (bool(said.proves) or better > 0)
        if is_old:
            parts[at] = after
    return "".join(parts)


def unicode_text(text: str) -> Converted | None:
    """A single text in Unicode, if its words prove that it is in an old encoding."""
    return convert([Written(text)]).get(0)


# bytes ------------------------------------------------------------------------------------------------------------


def decode_bytes(data: bytes) -> tuple[str, Encoding] | None:
    """The text of a file that is neither UTF-8 nor UTF-16, and its encoding.

    None if no encoding makes words of nearly all of it, or if two do so equally well with different texts.
    """
    shown = western_text(data)
    found = [(decode(shown, encoding), encoding) for encoding in IN_BYTES]
    shares = [_share_of_words(text) for text, _encoding in found]
    best = max(shares)
    text, encoding = found[shares.index(best)]
    equal = {other for (other, _encoding), share in zip(found, shares, strict=True) if share == best}
    return (text, encoding) if best >= _NEARLY_ALL and len(equal) == 1 else None


def western_text(data: bytes) -> str:
    """The bytes as code page 1252 shows them; the five that it does not have, as the control characters they are."""
    text = data.decode("cp1252", "surrogateescape")
    return re.sub(r"[\udc80-\udcff]", lambda found: chr(ord(found[0]) - 0xDC00), text)


def _share_of_words(text: str) -> float:
    """How many of the words that are not ASCII can stand in Vietnamese text."""
    words = [word for chunk in set(_chunks(text)) for word in _words(chunk) if len(word) > 1]
    return sum(map(_is_right, words)) / len(words) if words else 0.0
