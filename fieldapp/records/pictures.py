"""Photographs as they are stored: upright, of a sensible size, without what the device wrote into them.

Pillow decodes them, and is imported only here, only when a picture is read. How many pixels a picture has is known from
its header: too many are refused before memory is taken for them.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fieldapp.escaping import display_path
from fieldapp.i18n import _
from fieldapp.records.file_content import JPEG, PNG, NotAttachable
from fieldapp.store import wall

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST = 2048
"""Pixels of the longer side of a stored picture"""
WANTED = 300_000
"""Bytes that a stored picture has about"""
QUALITIES = (85, 78, 70, 62, 54, 46)
"""Of JPEG, tried in this order until the picture is as small as WANTED"""
THUMB = 320
"""Pixels of the longer side of a small picture"""
PRINTED = 1000
"""Pixels of the longer side of a picture on paper, where three are on a page"""
MAX_PIXELS = 50_000_000
"""Of a picture that must be decoded as a whole, as the largest of phones: 200 MB of memory"""
MAX_SCALED_PIXELS = 170_000_000
"""Of a JPEG that is decoded at an eighth of its size"""
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255"""
VIVID = 2.0
"""How much stronger colours are made before they become one of SIXTEEN: fields would be grey otherwise"""
DARK_COLOURS = 8
"""Of SIXTEEN: consoles may show only these behind a character"""
SIXTEEN: tuple[Colour, ...] = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
    (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
    (255, 255, 255),
)  # fmt: skip
"""The colours of a console, as Linux and Windows show them"""
_ORIENTATION, _TAKEN, _TAKEN_ORIGINAL, _EXIF, _GPS = 0x0112, 0x0132, 0x9003, 0x8769, 0x8825


class Picture(Struct, frozen=True):
    """A photograph as it will be stored."""

    media_type: str
    data: bytes
    taken_on: date | None
    place: str | None


def prepare(data: bytes, path: Path, *, original: bool = False) -> Picture:
    """A photograph in the form in which it is stored; NotAttachable if it is damaged or has far too many pixels.

    ``original``: only look whether it is sound, and what it says of its day and place.
    """
    shown = display_path(path.name)
    with _decoding(shown):
        image = _opened(data, shown)
        taken_on, place = _taken_on(image), _place(image)
        media_type = PNG if image.format == "PNG" else JPEG
        if original and image.format == "HEIF":
            raise NotAttachable(
                _("{name} is a HEIC photograph, which is stored as JPEG: attach it without --original.").format(
                    name=shown
                )
            )
        _scaled(image, LONGEST, shown)
        image.load()
        if original:
            return Picture(media_type, data, taken_on, place)
        media_type, made = _encoded(_upright(image), media_type)
    return Picture(media_type, made, taken_on, place)


def look(data: bytes, path: Path) -> Picture:
    """A photograph before it is attached, as a small JPEG; NotAttachable as from ``prepare``."""
    shown = display_path(path.name)
    with _decoding(shown):
        image = _opened(data, shown)
        taken_on, place = _taken_on(image), _place(image)
        return Picture(JPEG, _smaller(image, THUMB, 70, shown)[0], taken_on, place)


@contextmanager
def _decoding(shown: str) -> Iterator[None]:
    """Make NotAttachable of whatever decoders raise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of many pixels: counted when the picture is opened
            yield
    except NotAttachable:
        raise
    except MemoryError:
        raise _too_many(shown) from None
    except Exception as error:  # decoders raise whatever they like at damaged bytes
        if type(error).__name__ == "DecompressionBombError":
            raise _too_many(shown) from None
        raise NotAttachable(
            _("{name} is cut off or damaged. Copy it again from where it came.").format(name=shown)
        ) from error


def thumbnail(data: bytes) -> bytes | None:
    """A small JPEG of a stored picture; None if it cannot be decoded."""
    try:
        with _decoding(""):
            return _smaller(_opened(data, ""), THUMB, 70, "")[0]
    except NotAttachable:  # a small picture is no reason to stop
        return None


def printed(data: bytes) -> tuple[bytes, int, int] | None:
    """A stored picture for paper: (JPEG, width, height), in pixels; None if it cannot be decoded."""
    try:
        with _decoding(""):
            return _smaller(_opened(data, ""), PRINTED, 80, "")
    except NotAttachable:
        return None


def _smaller(image: "Image", longest: int, quality: int, shown: str) -> tuple[bytes, int, int]:
    """(JPEG, width, height) of a picture, upright, whose longer side has at most so many pixels."""
    _scaled(image, longest, shown)
    made = _upright(image).convert("RGB")
    made.thumbnail((longest, longest))
    return _jpeg(made, quality), made.width, made.height


def half_blocks(small: bytes, columns: int, lines: int, *, sixteen: bool = False) -> list[list[tuple[Colour, Colour]]]:
    """A small picture for a terminal: for each character of each line the colours of its upper and its lower half.

    It keeps its shape, so that it fills all columns or all lines. ``sixteen``: only colours of ``SIXTEEN``. Nothing for
    what cannot be decoded.
    """
    try:
        from PIL import Image, ImageEnhance

        image = Image.open(BytesIO(small), formats=["JPEG"]).convert("RGB")
        scale = min(columns / image.width, 2 * lines / image.height)
        width, height = max(round(image.width * scale), 1), max(round(image.height * scale), 2)
        image = image.resize((width, height + height % 2))
        if sixteen:
            palette = Image.new("P", (1, 1))
            palette.putpalette([part for colour in SIXTEEN for part in colour])
            image = ImageEnhance.Color(image).enhance(VIVID)
            image = image.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB")
        raw = image.tobytes()
    except (Exception, MemoryError):  # as above
        return []
    points = [(raw[at], raw[at + 1], raw[at + 2]) for at in range(0, len(raw), 3)]
    rows = [points[at : at + width] for at in range(0, len(points), width)]
    return [list(zip(upper, lower, strict=True)) for upper, lower in zip(rows[::2], rows[1::2], strict=True)]


def _opened(data: bytes, shown: str) -> "Image":
    """The picture of which only the header was read; NotAttachable if decoding it would take too much memory."""
    from PIL import Image

    heic = data[4:8] == b"ftyp"
    if heic:
        _read_heic(shown)
    image = Image.open(BytesIO(data), formats=["HEIF"] if heic else ["JPEG", "PNG"])
    pixels = image.width * image.height
    whole = image.format not in {"JPEG", "MPO"} or bool(image.info.get("progressive"))
    if pixels > (MAX_PIXELS if whole else MAX_SCALED_PIXELS):
        raise _too_many(shown)
    return image


def _read_heic(shown: str) -> None:
    """Let Pillow read the photographs of iPhones; NotAttachable where their library is not installed."""
    try:
        import pi_heif

        pi_heif.libheif_version()  # the package is imported without its library, and says so only when that is used
    except ImportError:
        raise NotAttachable(
            _("{name} is a HEIC photograph, which is not read here. On the phone choose “Most Compatible” (JPEG) for"
              " the camera, or send the photograph as JPEG; then attach that.").format(name=shown)
        ) from None  # fmt: skip
    pi_heif.register_heif_opener()


def _scaled(image: "Image", longest: int, shown: str) -> None:
    """Let a JPEG be decoded at a half, a quarter or an eighth of its size, where that is still large enough.

    NotAttachable where too many pixels are left: of a picture like a ribbon, the shorter side allows no less.
    """
    image.draft(None, (longest, longest))
    if image.width * image.height > MAX_PIXELS:
        raise _too_many(shown)


def _upright(image: "Image") -> "Image":
    from PIL import ImageOps

    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):  # 16 bits of grey, of which a conversion would cut off all but the darkest
        return image.point(lambda grey: grey * (1 / 256)).convert("L")
    return image


def _encoded(image: "Image", media_type: str) -> tuple[str, bytes]:
    """(media type, bytes) of a picture that is small enough, without anything but its pixels."""
    if image.mode in {"P", "PA", "LA", "1"}:  # resized, these look torn
        image = image.convert("RGBA" if image.mode != "1" else "L")
    if image.mode in {"RGB", "RGBA", "L"}:  # first, so that few copies of it are as large as it is
        image.thumbnail((LONGEST, LONGEST))
    image = _in_plain_colours(image)
    image.thumbnail((LONGEST, LONGEST))
    if media_type == PNG:
        plain = image.copy()
        plain.info.clear()
        kept = BytesIO()
        plain.save(kept, "PNG", optimize=True)
        if kept.tell() <= WANTED:
            return PNG, kept.getvalue()
    if image.mode not in {"RGB", "L"}:
        from PIL import Image

        white = Image.new("RGB", image.size, "white")
        layered = image.convert("RGBA")
        white.paste(layered, mask=layered)
        image = white
    made = b""
    for quality in QUALITIES:
        made = _jpeg(image, quality)
        if len(made) <= WANTED:
            break
    return JPEG, made


def _in_plain_colours(image: "Image") -> "Image":
    """The picture in the colours of screens (sRGB), so that it needs no profile, which may name a device."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image.convert("RGB") if image.mode in ("CMYK", "YCbCr", "LAB", "HSV", "F") else image
    try:
        from PIL import ImageCms

        changed = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImportError, OSError, ValueError, ImageCms.PyCMSError):
        changed = None
    return changed or image.convert("RGB")


def _jpeg(image: "Image", quality: int) -> bytes:
    plain = image.copy()
    plain.info.clear()
    made = BytesIO()
    plain.save(made, "JPEG", quality=quality, optimize=True)
    return made.getvalue()


def _taken_on(image: "Image") -> date | None:
    """The day that a camera wrote into a photograph; None if there is none that can be right."""
    try:
        exif = image.getexif()
        text = exif.get_ifd(_EXIF).get(_TAKEN_ORIGINAL) or exif.get(_TAKEN)
        year, month, day = (int(part) for part in str(text)[:10].split(":"))
        found = date(year, month, day)
    except Exception:  # as above
        return None
    return found if date(1990, 1, 1) <= found <= wall.today() + timedelta(1) else None


def _place(image: "Image") -> str | None:
    """Latitude and longitude that a camera wrote into a photograph, in degrees; None if there are none."""
    try:
        gps = image.getexif().get_ifd(_GPS)
        latitude, longitude = _degrees(gps[2], gps[1], "S"), _degrees(gps[4], gps[3], "W")
    except Exception:  # as above
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180) or (latitude, longitude) == (0, 0):
        return None
    return f"{latitude:.5f}, {longitude:.5f}"


def _degrees(parts: Any, side: Any, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if str(side).strip("\0 ").upper() == negative else value


def _too_many(shown: str) -> NotAttachable:
    return NotAttachable(
        _("{name} has far too many pixels to be a photograph. Nothing was attached: save it smaller, then attach"
          " that.").format(name=shown)
    )  # fmt: skip
