"""Photographs and papers for tests, as phones and scanners make them; and those that somebody should not attach."""

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from PIL import Image, ImageDraw


def picture(number: int, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A small picture that no other number has."""
    image = Image.new("RGB", size, (number % 256, number // 256 % 256, 40))
    image.putpixel((number % size[0], 0), (255, 255, 255))
    return image


def jpeg(number: int = 0, size: tuple[int, int] = (64, 48), *, word: str = "", orientation: int = 1) -> bytes:
    """A JPEG as a phone writes it: day, place, and ``word`` as owner, device and comment."""
    image = picture(number, size)
    exif = Image.Exif()
    exif[0x0112] = orientation
    if word:
        exif[0x010F], exif[0x0110], exif[0x013B], exif[0x9C9B] = word, word, word, word.encode("utf-16-le")
        exif.get_ifd(0x8769).update({0x9003: "2026:03:05 07:08:09", 0xA430: word, 0xA431: word})
        exif.get_ifd(0x8825).update({1: "N", 2: (12.0, 50.0, 0.0), 3: "E", 4: (107.0, 57.0, 0.0)})
    made = BytesIO()
    more: dict[str, Any] = {"comment": word.encode()} if word else {}
    image.save(made, "JPEG", exif=exif, **more)
    return made.getvalue()


def scene() -> bytes:
    """A JPEG of a house in a field under the sun."""
    image = Image.new("RGB", (320, 240), (120, 180, 230))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 130, 320, 240), fill=(70, 140, 50))
    draw.ellipse((240, 16, 280, 56), fill=(255, 230, 120))
    draw.rectangle((100, 100, 200, 180), fill=(160, 90, 60))
    draw.polygon(((90, 100), (150, 60), (210, 100)), fill=(150, 40, 40))
    draw.rectangle((140, 140, 160, 180), fill=(60, 40, 30))
    made = BytesIO()
    image.save(made, "JPEG")
    return made.getvalue()


def png(number: int = 0, size: tuple[int, int] = (64, 48)) -> bytes:
    made = BytesIO()
    picture(number, size).save(made, "PNG")
    return made.getvalue()


def noise(size: tuple[int, int], seed: int = 1) -> bytes:
    """A JPEG that cannot be made much smaller, like a photograph of leaves."""
    import random

    data = random.Random(seed).randbytes(size[0] * size[1] * 3)
    small = Image.frombytes("RGB", (size[0] // 4, size[1] // 4), data[: size[0] // 4 * (size[1] // 4) * 3])
    made = BytesIO()
    small.resize(size).save(made, "JPEG", quality=95)
    return made.getvalue()


def png_bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says that it has 3.6 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + chunk(b"IEND", b"")
    )


def jpeg_bomb(width: int = 65_000, height: int = 65_000) -> bytes:
    """A JPEG whose header says that it has so many pixels."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


def scan() -> bytes:
    """A scanned paper: in the bytes of its picture there is by chance what looks like the name of a script."""
    stream = b"".join(b"/JS" + bytes([n]) + b"/XFA" + bytes([1 + n % 8]) for n in range(256))
    return pdf() + b"2 0 obj\n<< /Filter /DCTDecode >>\nstream\n" + stream + b"\nendstream\nendobj\n%%EOF\n"


def pdf(more: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog " + more + b">>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def pdf_with_hidden_script() -> bytes:
    """A script in a compressed object stream."""
    hidden = zlib.compress(b"2 0 << /S /J#61vaScript /JS (app.alert) >>")
    stream = b"3 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(hidden)
    return b"%PDF-1.7\n" + stream + hidden + b"\nendstream\nendobj\n%%EOF\n"


def docx(**parts: bytes) -> bytes:
    """A document of Word; ``parts``: further ones by name, ``__`` for a slash and ``_`` for a full stop."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("word/document.xml", "<w:document/>")
        for name, data in parts.items():
            file.writestr(name.replace("__", "/").replace("_", "."), data)
    return made.getvalue()


def written(folder: Path, name: str, data: bytes) -> Path:
    """The data as a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name
