#!/usr/bin/env bash
# Pillow, when it turns a photograph upright, destroys the Vietnamese letters of its description, its author and its comment;
# of a photograph that was upright already it keeps them.
#
# Versions: pillow 13.0.0; texts written and read by exiv2 (pyexiv2 2.16.0, both PyPI), the library of many photo viewers.
# Seen: ImageOps.exif_transpose, then save with exif=image.info["exif"], the lines everybody writes. Of orientation 1 every
# text comes back as it was. Of orientation 6, as a phone stores what it takes upright, "Giếng khoan Ia Rvê" is
# "Gi???ng khoan Ia Rv??" (a question mark for each byte of the letter), the author is "Nguy???n V??n B???ng", and the user
# comment, which EXIF lets be Unicode, is stored as a row of numbers with another type. No warning. Day and position
# stay. The same happens to any photograph on save(exif=image.getexif()), with nothing changed in it.
# Why it matters: the names of the place and of who took it are lost for good where the smaller copy is what is kept, and
# only in some photographs, so a trial with one that was taken level shows nothing.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install pillow==13.0.0 pyexiv2==2.16.0
"$folder/env/bin/python" - <<'PY'
import io
import sys

import pyexiv2
from PIL import Image, ImageOps

DESCRIPTION, ARTIST, COMMENT, DAY = (
    "Exif.Image.ImageDescription", "Exif.Image.Artist", "Exif.Photo.UserComment", "Exif.Photo.DateTimeOriginal")
WRITTEN = {
    DESCRIPTION: "Giếng khoan Ia Rvê",
    ARTIST: "Nguyễn Văn Bằng",
    COMMENT: "charset=Unicode Giếng khoan Ia Rvê",
    DAY: "2013:11:05 06:30:00",
}
LOST = {**WRITTEN, DESCRIPTION: "Gi???ng khoan Ia Rv??", ARTIST: "Nguy???n V??n B???ng"}


def photograph(orientation: int) -> bytes:
    plain = io.BytesIO()
    Image.new("RGB", (8, 6)).save(plain, "JPEG")
    with pyexiv2.ImageData(plain.getvalue()) as made:
        made.modify_exif({**WRITTEN, "Exif.Image.Orientation": str(orientation)})
        return made.get_bytes()


def texts(image: Image.Image, exif: object) -> dict[str, str]:
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    with pyexiv2.ImageData(out.getvalue()) as saved:
        found = saved.read_exif()
    return {tag: found.get(tag, "") for tag in WRITTEN}


level, turned = (ImageOps.exif_transpose(Image.open(io.BytesIO(photograph(n)))) for n in (1, 6))
unchanged = Image.open(io.BytesIO(photograph(1)))
seen = {
    "orientation 1, made upright": texts(level, level.info["exif"]),
    "orientation 6, made upright": texts(turned, turned.info["exif"]),
    "orientation 1, saved with its getexif()": texts(unchanged, unchanged.getexif()),
}
for title, found in seen.items():
    print(title, *found.values(), sep="\n    ")
kept, *lost = seen.values()
still = kept == WRITTEN and all(
    found == {**LOST, COMMENT: found[COMMENT]} and set(found[COMMENT]) <= set("0123456789 ") for found in lost
)
sys.exit(not still)
PY
