"""Text files that people hand over, in the encodings in which Windows writes them.

Notepad and PowerShell write UTF-8 with a byte order mark, or UTF-16. The encoding is read off the first bytes and never
guessed: a wrong guess breaks Vietnamese words.
"""

import codecs
from pathlib import Path


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8 or UTF-16, without its byte order mark; UnicodeDecodeError where it is neither."""
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data[1:2] == b"\0" and data[3:4] in (b"\0", b""):  # no mark, and the first letters are those of ASCII
        encoding = "utf-16-le"
    elif data[:1] == b"\0" and data[2:3] in (b"\0", b"") and data[1:2]:
        encoding = "utf-16-be"
    return data.decode(encoding)


def read(path: Path) -> str:
    """The text of the file ``path``; OSError, UnicodeDecodeError."""
    return decoded(path.read_bytes())
