"""Text as old Vietnamese fonts and code pages store it. The tables are those of glibc, written down; VNI by hand."""

import unicodedata

from fieldapp.vietnamese.old_fonts import Encoding

TONED = "àảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"
SMALL = TONED + "ăâđêôơư"
LETTERS = SMALL + SMALL.upper()
"""The 134 letters with a mark"""

_TCVN = (
    "b5b6b7b8b9bbbcbdbec6c7c8c9cacbcccecfd0d1d2d3d4d5d6d7d8dcdddedfe1e2e3e4e5e6e7e8e9eaebecedeeeff1f2f3f4f5f6f7f8f9fafbfcfd"
    "fea8a9aeaaabacad8081828384afbabfc085c1c2c3c4868788898a8bc5cdd9da8c8d8e8f90919293949596dbe0f0ff9798999a9b9c9d9e9f010204"
    "050611121314151617a1a2a7a3a4a5a6"
)
_VISCII = (
    "e0e4e3e1d5a2c6c7a1a3a5a6e7a4a7e8eba8e9a9abacadaaaeecefeeedb8f2f6f5f3f7b0b1b2afb5b6b7debefef9fcfbfaf8d7d8e6d1f1cfd6dbfd"
    "dce5e2f0eaf4bddfc0c4c3c18082020581838586068487c8cb88c9898b8c8d8a8ecc9bcecd98d299a0d39a9091928f939697b39594d99c9dda9ebb"
    "bcffbab99f1419dd1ec5c2d0cad4b4bf"
)
_VNI_PAIRS = (
    "aø aû aõ aù aï aè aú aü aé aë aà aå aã aá aä eø eû eõ eù eï eà eå eã eá eä ì æ ó í ò oø oû oõ où oï oà oå oã oá oä"
    " ôø ôû ôõ ôù ôï uø uû uõ uù uï öø öû öõ öù öï yø yû yõ yù î aê aâ ñ eâ oâ ô ö"
)
_VNI = _VNI_PAIRS.split()
_FIVE_TONES = "\u0300\u0309\u0303\u0301\u0323"

_TABLES: dict[Encoding, dict[str, bytes]] = {
    Encoding.TCVN5712: dict(zip(LETTERS, (bytes([code]) for code in bytes.fromhex(_TCVN)), strict=True)),
    Encoding.VISCII: dict(zip(LETTERS, (bytes([code]) for code in bytes.fromhex(_VISCII)), strict=True)),
    Encoding.VNI: dict(zip(LETTERS, (pair.encode("cp1252") for pair in [*_VNI, *map(str.upper, _VNI)]), strict=True)),
}


def stored(text: str, encoding: Encoding) -> bytes:
    """The bytes of a text; in TCVN3 a capital with a tone is stored as its small letter."""
    if encoding is Encoding.UTF8:
        return text.encode()
    if encoding is Encoding.CP1258:
        return "".join(map(_page_1258, text)).encode("cp1258")
    if encoding is Encoding.TCVN3:
        table = _TABLES[Encoding.TCVN5712]
        text = "".join(c.lower() if c.lower() in TONED else c for c in text)
    else:
        table = _TABLES[encoding]
    return b"".join(table[c] if c in table else c.encode("cp1252") for c in text)


def _page_1258(letter: str) -> str:
    """A letter, with its tone apart."""
    apart = unicodedata.normalize("NFD", letter)
    tone = "".join(c for c in apart if c in _FIVE_TONES)
    return unicodedata.normalize("NFC", apart.replace(tone, "")) + tone if tone else letter


def shown(text: str, encoding: Encoding) -> str:
    """The text as a program that knows nothing of the font reads it: in letters of code page 1252."""
    return "".join(
        bytes([code]).decode("cp1252") if code not in b"\x81\x8d\x8f\x90\x9d" else chr(code)
        for code in stored(text, encoding)
    )
