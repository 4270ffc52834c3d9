"""Amounts as people type and read them; stored as integers in units of 10^-decimals. Never a float."""

import re
from collections.abc import Mapping, Sequence

from fieldapp.i18n import _
from fieldapp.vietnamese.text import search_key, tidy

MAX_AMOUNT = 10**15

MONEY = "đồng"
"""The unit of money, in which millions and billions may be written short"""

_DONG = frozenset({"đồng", "đ", "dong", "vnđ", "vnd", "đồng chẵn"})

_TENS: Mapping[str, int] = {"chục": 10, "chuc": 10, "trăm": 100, "tram": 100}
_THOUSANDS: Mapping[str, int] = dict.fromkeys(("k", "nghìn", "ngàn", "nghin", "ngan"), 1_000)
_SHORT_THOUSANDS: Mapping[str, int] = dict.fromkeys(("n", "ng"), 1_000)
"""Of money only: of anything else, ``n`` and ``ng`` may be meant as ``người`` or ``ngày``"""
_LARGE: Mapping[str, int] = {
    "tr": 1_000_000, "triệu": 1_000_000, "trieu": 1_000_000,
    "tỷ": 10**9, "tỉ": 10**9, "ty": 10**9, "ti": 10**9,
}  # fmt: skip
_LARGER_UNITS: Mapping[str, Mapping[str, int]] = {
    "kg": {"tấn": 1_000, "tan": 1_000, "tạ": 100, "yến": 10},
    "m": {"km": 1_000},
}
"""Unit -> word -> how many units it is"""
_SMALLER_UNITS: Mapping[str, Mapping[str, int]] = {"km": {"m": 3, "mét": 3}}
"""Unit -> word -> as a power of ten, how many of it make one unit"""
_OPEN = frozenset({1_000, 1_000_000, 10**9})
"""What a digit may follow that means tenths of it, or three digits that mean thousandths"""

_HALF = ("rưỡi", "rưởi", "ruoi")

_CALLED: Mapping[str, tuple[str, ...]] = {
    "hộ": ("hộ dân", "hộ gia đình", "gia đình"),
    "người": ("người dân", "nhân khẩu", "khẩu"),
    "lượt": ("lượt người",),
    "lượt CBCS": ("lượt cán bộ", "lượt chiến sĩ", "lượt cán bộ chiến sĩ"),
    "ngày công": ("công", "công lao động", "ngày công lao động"),
    "phương tiện": ("xe", "chiếc", "lượt xe", "lượt phương tiện"),
    "em": ("cháu", "học sinh", "em học sinh"),
    "căn": ("nhà", "căn nhà", "ngôi nhà", "cái"),
    "giếng": ("cái", "cái giếng", "giếng khoan"),
    "suất": ("suất quà", "phần", "phần quà"),
    "tờ": ("tờ rơi",),
    "m": ("mét",),
    "km": ("cây số", "ki lô mét"),
    "kg": ("ký", "cân", "ki lô"),
    "ha": ("héc ta", "hecta"),
}
"""Unit -> what people call it too"""

_DIGITS: Mapping[str, int] = {
    "một": 1, "mot": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "bon": 4, "tư": 4, "năm": 5, "nam": 5, "lăm": 5,
    "lam": 5, "nhăm": 5, "sáu": 6, "sau": 6, "bảy": 7, "bẩy": 7, "bay": 7, "tám": 8, "tam": 8, "chín": 9, "chin": 9,
}  # fmt: skip
_NEED_MARKS = ("mot", "bon", "nam", "sau", "bay", "tam", "chin")
"""Digits without their marks, which alone are words of their own"""
_ONLY_AFTER_TENS = ("mốt", "lăm", "lam", "nhăm")

# Patterns are compiled when they are first used, and then kept by ``re``: most commands read no amount.
_PIECE = r"[1-9][0-9]{0,2}(?: [0-9]{3})+(?:,[0-9]+)?(?![0-9.,])|[0-9]+(?:[.,]+[0-9]+)*|[^\W\d_]+|\S"
_NUMBER = r"([1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+|[0-9]+)(?:,([0-9]+))?"
_ENGLISH = r"([1-9][0-9]{0,2}(?:,[0-9]{3}){2,})(?:\.([0-9]+))?"
_UNCLEAR_ENGLISH = r"([1-9][0-9]{0,2}),([0-9]{3})"


class WrongUnitError(ValueError):
    """The text has a number and, behind it, the word of another unit."""


class _Number:
    """The number at the start of some pieces: ``mantissa`` · 10^-``places``, and how many pieces it takes."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.mantissa, self.places, self.length = 0, 0, 0
        self.digits = ""
        """Its digits, if it was typed as digits alone or in words"""
        if not pieces:
            return
        first = pieces[0]
        if "0" <= first[0] <= "9":
            found = re.fullmatch(_NUMBER, first) or re.fullmatch(_ENGLISH, first)
            if found is None:
                raise ValueError(_unclear_point(first))
            whole, fraction = re.sub(r"[., ]", "", found[1]).lstrip("0"), (found[2] or "").rstrip("0")
            if len(whole) > len(str(MAX_AMOUNT)):
                raise ValueError(_("The number is too large."))
            if len(fraction) > len(str(MAX_AMOUNT)):
                raise ValueError(_("This number has too many digits after the comma."))
            self.mantissa, self.places, self.length = int(f"{whole}{fraction}" or "0"), len(fraction), 1
            self.digits = first if first.isdigit() else ""
        else:
            self.mantissa, self.length = spelled_number(pieces)
            self.digits = str(self.mantissa)


def parse_amount(text: str, decimals: int = 0, unit: str | None = MONEY, name: str = "") -> int:
    """The amount that ``text`` means, in units of 10^-decimals; ValueError says what is expected.

    The point groups thousands, the comma is the decimal mark: ``2.100`` is 2100, ``73,4`` is 73.4. ``2.1`` and
    ``0.500`` are refused. So is ``1,000``, which may be an English thousand; but ``1,125`` is accepted with three
    decimals, and ``35,000,000``, which can be nothing else. ``70tr``, ``1,5 triệu``, ``12 tr 5`` (12.5 million), ``1 tỷ
    250``, ``2 triệu rưỡi``, ``5k``, ``2 chục``, ``hai mươi lăm`` are accepted; ``3tr25`` is refused, as 3.250.000 and
    3.025.000 may be meant. So is ``sau`` alone, which may be the word for “after”; ``sáu`` and ``sau ho`` are accepted.

    ``unit``: what is counted; '' if that has no name, None if it is not known. The text may end with it, or with what
    people call it too; WrongUnitError if it ends with another unit. ``name`` of the measure may follow too. Words for
    millions and billions are accepted for money and for what is not known only.
    """
    typed = " ".join(tidy(text).lower().split())
    if re.match("[-\u2212]", typed):
        raise ValueError(_("“{typed}”: a number is not below zero.").format(typed=typed))
    pieces = re.findall(_PIECE, typed)
    mantissa, places, used, bare = _sum(pieces, _factors(unit))
    if not used or " ".join(pieces) in _NEED_MARKS:
        raise ValueError(_not_understood(pieces[0]) if pieces else _expected())
    places += _smaller_unit(pieces[used:], unit, name)
    english = re.fullmatch(_UNCLEAR_ENGLISH, bare)
    if english and (decimals < 3 or bare.endswith("0")):  # format_amount never writes such a number
        raise ValueError(_unclear_comma(*english.groups()))
    scaled, rest = divmod(mantissa * 10**decimals, 10**places)
    if rest:
        if decimals:
            raise ValueError(_("This number has at most {n} digits after the comma.").format(n=decimals))
        raise ValueError(_("This number is a whole one."))
    if scaled > MAX_AMOUNT:
        raise ValueError(_("The number is too large."))
    return int(scaled)


def _factors(unit: str | None) -> Mapping[str, int]:
    """The words that multiply a number of this unit."""
    large = {**_LARGE, **_SHORT_THOUSANDS} if unit in (MONEY, None) else {}
    return {**_TENS, **_THOUSANDS, **large, **_LARGER_UNITS.get(unit or "", {})}


def _sum(pieces: Sequence[str], factors: Mapping[str, int]) -> tuple[int, int, int, str]:
    """(mantissa, places, how many pieces are the number, the piece if it is a number alone).

    The number is mantissa · 10^-places. It may have parts, each smaller than the one before: ``1 tỷ 250 triệu``.
    """
    total, places, used, last = 0, 0, 0, 0
    while used < len(pieces):
        number = _Number(pieces[used:])
        if not number.length:
            break
        at, factor, half = _factor(pieces, used + number.length, factors)
        mantissa, own = (number.mantissa * 10 + 5, 1) if half else (number.mantissa, number.places)
        if half and (number.places or (last and pieces[at - 2] in _TENS)):
            raise ValueError(_not_understood(pieces[at - 1]))
        if last and pieces[at - 1] in _TENS and number.digits and not half:  # “1 triệu 2 trăm” is said as “1 triệu 200”
            number.digits, factor = str(number.mantissa * factor), 1
        if last and factor == 1 and number.digits and not places:
            mantissa, own = _tail(number.digits, last, " ".join(pieces[:at]))
        elif last and (number.places or places or mantissa * factor >= last * 10**own):
            raise ValueError(_not_understood(pieces[used]))
        mantissa *= factor
        shared = max(places, own)
        total, places = total * 10 ** (shared - places) + mantissa * 10 ** (shared - own), shared
        used, last = at, factor
        if factor == 1 or half:
            break
    return total, places, used, pieces[0] if used == 1 else ""


def _factor(pieces: Sequence[str], at: int, factors: Mapping[str, int]) -> tuple[int, int, bool]:
    """(where the words that multiply a number end, their product, whether “and a half” follows them)."""
    factor = last = 1
    while at < len(pieces) and last < factors.get(pieces[at], 0):
        last = factors[pieces[at]]
        factor *= last
        at += 1
    half = factor > 1 and at < len(pieces) and pieces[at] in _HALF
    return at + half, factor, half


def _tail(digits: str, factor: int, typed: str) -> tuple[int, int]:
    """What digits behind a multiplied number mean, as mantissa and places: in ``12tr5``, in ``1 tỷ 250``."""
    length = len(digits)
    if 10**length == factor or (length in (1, 3) and factor in _OPEN):
        return int(digits) * factor, length
    if length > 3 and int(digits) < factor:
        return int(digits), 0
    if length == 2 and factor in _OPEN:
        tens, ones = (format_amount(int(digits) * factor // by) for by in (100, 1_000))
        sentence = _("“{typed}” is not clear: {one} or {other} behind it? Write the whole number.")
        raise ValueError(sentence.format(typed=typed, one=tens, other=ones))
    raise ValueError(_not_understood(digits))


def spelled_number(pieces: Sequence[str]) -> tuple[int, int]:
    """A number below 1000 in words at the start of the pieces, and how many pieces it takes; 0 if there is none."""
    word = [*pieces[:6], "", "", ""]
    first = _DIGITS.get(word[0], 0) if word[0] not in _ONLY_AFTER_TENS else 0
    if first and word[1] in ("trăm", "tram"):
        if word[2] in ("lẻ", "le", "linh") and word[3] in _DIGITS:
            return first * 100 + _DIGITS[word[3]], 4
        rest, length = spelled_number(word[2:])
        return (first * 100 + rest, 2 + length) if rest >= 10 else (first * 100, 2)
    if word[0] in ("mười", "muoi"):
        return (10 + _DIGITS[word[1]], 2) if word[1] in _DIGITS else (10, 1)
    if first > 1 and word[1] in ("mươi", "muoi", "chục", "chuc"):
        return (first * 10 + _DIGITS[word[2]], 3) if word[2] in _DIGITS else (first * 10, 2)
    if first == 1 and word[1] in ("chục", "chuc"):
        return 10, 2
    if first > 1 and word[1] in _ONLY_AFTER_TENS:
        return first * 10 + _DIGITS[word[1]], 2
    return first, 1 if first else 0


def _smaller_unit(rest: Sequence[str], unit: str | None, name: str) -> int:
    """Check what follows a number; returns by which power of ten the unit named there is smaller."""
    at = next((n for n, piece in enumerate(rest) if not piece.isalpha()), len(rest))
    word, sign = " ".join(rest[:at]), "".join(rest[at:])
    smaller = _SMALLER_UNITS.get(unit or "", {}).get(word)
    if word and smaller is None and not _is_unit(word, unit, name):
        if rest[0] in _LARGE:
            sentence = _("“{word}” is for amounts of money only. Type the number itself.")
            raise WrongUnitError(sentence.format(word=rest[0]))
        wrong = WrongUnitError if _is_any_unit(word) else ValueError
        if not unit:
            raise wrong(_("“{word}” is not understood. Type the number alone.").format(word=word))
        raise wrong(_("“{word}” is not the unit here: this number counts {unit}.").format(word=word, unit=unit))
    if sign:
        raise ValueError(_not_understood(sign))
    return smaller or 0


def _is_unit(word: str, unit: str | None, name: str) -> bool:
    """Whether a word is what people call the unit: its name, its beginning, the name of the measure."""
    if unit in (MONEY, None):
        return word in _DONG
    typed, own, called = (search_key(text).split() for text in (word, unit or "", name))
    if not own:
        return False
    others = [search_key(other).split() for other in _CALLED.get(unit or "", ())]
    longer = typed[: len(own)] == own and set(typed[len(own) :]) <= set(called)
    return typed in (own, called, own[: len(typed)], *others) or longer


def _is_any_unit(word: str) -> bool:
    first = search_key(word).split()[:1]
    known = (search_key(text).split()[:1] for unit, others in _CALLED.items() for text in (unit, *others))
    return word in _DONG or first in known


def _expected() -> str:
    return _("A number is written as 2.100 or 73,4; money as 70tr, 1,5 triệu, 5 nghìn, 2 tỷ too.")


def _not_understood(piece: str) -> str:
    return f"{_('“{word}” is not understood.').format(word=piece)} {_expected()}"


def _unclear_point(piece: str) -> str:
    sentence = _("“{typed}” is not clear. A point only groups thousands (2.100); decimals follow a comma (2,1).")
    return sentence.format(typed=piece)


def _unclear_comma(whole: str, fraction: str) -> str:
    decimal = f"{whole},{fraction}".rstrip("0").rstrip(",")
    return _("This number is not clear. Type {thousands} or {decimal}: a comma begins the decimals.").format(
        thousands=f"{whole}.{fraction}", decimal=decimal
    )


def format_amount(value: int, decimals: int = 0) -> str:
    """An amount in units of 10^-decimals as text: ``2.385``, ``73,4``."""
    whole, fraction = divmod(abs(value), 10**decimals)
    text = ("-" if value < 0 else "") + f"{whole:,}".replace(",", ".")
    tail = f"{fraction:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{text},{tail}" if tail else text


def format_money(dong: int) -> str:
    """An amount of money as text: ``70 triệu đồng``, ``1,5 triệu đồng``, ``2 tỷ đồng``.

    An amount that would need more than one decimal is written out: ``1.250.000 đồng``.
    """
    for size, name in ((10**9, "tỷ"), (10**6, "triệu")):
        if dong >= size and dong % (size // 10) == 0:
            return f"{format_amount(dong * 10 // size, 1)} {name} đồng"
    return f"{format_amount(dong)} đồng"
