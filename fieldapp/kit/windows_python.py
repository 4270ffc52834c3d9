"""The Python that a kit carries for Windows: python.org's embeddable zip, one folder that needs no installation.

The zips that are known here by their SHA-256 are found where the kit is made, and recognised. Another one is taken too,
where it is named; its checksum is then for a person to compare.
"""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _

PAGE = "https://www.python.org/downloads/windows/"
EMBEDDABLE = {
    "python-3.13.12-embed-amd64.zip": "76f238f606250c87c6beac75dccd35ee99070a13490555936abb6cb64ecce3d0",
    "python-3.12.10-embed-amd64.zip": "4acbed6dd1c744b0376e3b1cf57ce906f9dc9e95e68824584c8099a63025a3c3",
    "python-3.11.9-embed-amd64.zip": "009d6bf7e3b2ddca3d784fa09f90fe54336d5b60f0e0f305c37f400bf83cfd3b",
}
"""File -> its SHA-256 at python.org, the best choice first. 3.11.9 and 3.12.10 are the last of their versions that
python.org made for Windows. ``docs/install.md`` has the same table."""


def find(folders: Iterable[Path], pythons: Collection[str]) -> Path:
    """A known zip for one of the versions ("3.12"), in one of the folders; FieldappError says which to download."""
    fitting = [name for name in EMBEDDABLE if ".".join(name.split("-")[1].split(".")[:2]) in pythons]
    places = list(folders)
    for path in (place / name for name in fitting for place in places):
        if path.is_file():
            return path
    if not fitting:
        raise FieldappError(
            _(
                "A kit for Windows carries a Python. Download the embeddable package (64-bit) of Python {version} from"
                " {page}, and name it: --python-installer FILE. Or --no-python: then each laptop needs a Python of its"
                " own. Nothing was made."
            ).format(version=max(pythons), page=PAGE)
        )
    raise FieldappError(
        _(
            "A kit for Windows carries a Python. Download {name} from {page} into this folder, and start this again."
            " Its SHA-256 is {digest}. Or --no-python: then each laptop needs a Python of its own. Nothing was made."
        ).format(name=fitting[0], page=PAGE, digest=EMBEDDABLE[fitting[0]])
    )


def sentence_about(file: Path) -> str:
    """What a person should know of the file; FieldappError if its name is a known one's and its content is not."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    expected = EMBEDDABLE.get(file.name)
    if expected is None:
        return _("Python for Windows: {name}. Compare with python.org: its SHA-256 is {digest}.").format(
            name=file.name, digest=digest
        )
    if digest != expected:
        raise FieldappError(
            _(
                "{name} is damaged, or is not that of python.org: its SHA-256 is {digest}, and should be {expected}."
                " Nothing was made; download it again from {page}."
            ).format(name=file.name, digest=digest, expected=expected, page=PAGE)
        )
    return _("Python for Windows: {name}, as python.org made it.").format(name=file.name)
