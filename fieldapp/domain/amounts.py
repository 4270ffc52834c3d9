"""Amounts as people type and read them; stored as integers in units of 10^-decimals. Never a float."""

import re
import unicodedata

from fieldapp.i18n import _

MAX_AMOUNT = 10**15
_FACTORS = {
    "k": 1_000, "n": 1_000, "ng": 1_000, "nghìn": 1_000, "ngàn": 1_000, "nghin": 1_000, "ngan": 1_000,
    "tr": 1_000_000, "triệu": 1_000_000, "trieu": 1_000_000,
    "tỷ": 10**9, "tỉ": 10**9, "ty": 10**9, "ti": 10**9,
}  # fmt: skip
_NUMBER = re.compile(r"([1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+|[0-9]+)(?:,([0-9]+))?")


def parse_amount(text: str, decimals: int = 0, *, money: bool = True) -> int:
    """The amount that ``text`` means, in units of 10^-decimals; ValueError says what is expected.

    The point groups thousands, the comma is the decimal mark: ``2.100`` is 2100, ``73,4`` is 73.4. ``2.1`` and
    ``0.500`` are refused. So is ``1,000``, which may be an English thousand; but ``1,125`` is accepted with three
    decimals. Short forms: ``70tr``, ``1,5 triệu``, ``3tr5`` (3.5 million), ``5k``, ``2 tỷ``; ``đồng`` may follow.
    Words for millions and billions are accepted for ``money`` only.
    """
    typed = re.sub(r"\s*(đồng|đ|dong)$", "", " ".join(unicodedata.normalize("NFC", text).lower().split()))
    found = re.fullmatch(rf"{_NUMBER.pattern}(?: ?([^\W\d_]+)([0-9])?)?", typed)
    if found is None or (found[3] and found[3] not in _FACTORS):
        if re.match(r"[-\u2212]", typed):
            raise ValueError(_("A number is not below zero."))
        raise ValueError(_unclear_point() if re.match(r"[0-9]+\.[0-9]", typed) else _expected())
    if found[3] and not money and _FACTORS[found[3]] >= 1_000_000:
        raise ValueError(_("“{word}” is for amounts of money only. Type the number itself.").format(word=found[3]))
    whole, fraction, factor_name, tail = found[1], found[2] or "", found[3], found[4]
    factor = _FACTORS[factor_name] if factor_name else 1
    if tail is not None and fraction:
        raise ValueError(_expected())
    english = factor_name is None and re.fullmatch(r"[1-9][0-9]{0,2}", whole) and len(fraction) == 3
    if english and (decimals < 3 or fraction.endswith("0")):  # format_amount never writes such a number
        raise ValueError(_unclear_comma(whole, fraction))
    whole, fraction = re.sub(r"[. ]", "", whole).lstrip("0"), (fraction or tail or "").rstrip("0")
    if len(whole) > len(str(MAX_AMOUNT)):
        raise ValueError(_("The number is too large."))
    if len(fraction) > len(str(MAX_AMOUNT)):
        raise ValueError(_("This number has too many digits after the comma."))
    scaled, rest = divmod(int(f"{whole}{fraction}" or "0") * factor * 10**decimals, 10 ** len(fraction))
    if rest:
        if decimals:
            raise ValueError(_("This number has at most {n} digits after the comma.").format(n=decimals))
        raise ValueError(_("This number is a whole one."))
    if scaled > MAX_AMOUNT:
        raise ValueError(_("The number is too large."))
    return int(scaled)


def _expected() -> str:
    return _("A number is written as 2.100 or 73,4; money as 70tr, 1,5 triệu, 5 nghìn, 2 tỷ too.")


def _unclear_point() -> str:
    return _("This number is not clear. A point only groups thousands (2.100); decimals follow a comma (2,1).")


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
