"""Text files that people hand over, in the encodings in which Windows writes them.

Notepad and PowerShell write UTF-8 with a byte order mark, or UTF-16. The encoding is read off the first bytes and never
guessed: a wrong guess breaks Vietnamese words.
"""

import codecs
from pathlib import Path

_LOOKED_AT = 2_000
"""Bytes that are looked at to find the encoding"""


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16, without its byte order mark; UnicodeDecodeError where it is neither."""
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:  # no mark: in UTF-16 every second byte of most letters is 0, in UTF-8 none is
        first, second = (data[at:_LOOKED_AT:2].count(0) for at in (0, 1))
        if max(first, second) * 4 > len(data[:_LOOKED_AT:2]):
            encoding = "utf-16-be" if first > second else "utf-16-le"
    return data.decode(encoding)


def read(path: Path) -> str:
    """The text of the file ``path``; OSError, UnicodeDecodeError."""
    return decoded(path.read_bytes())
