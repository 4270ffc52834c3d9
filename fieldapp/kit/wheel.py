"""The program's own wheel: built from a checkout, or put together again from what was installed."""

import base64
import csv
import hashlib
import importlib.metadata
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.packaged import CHECKOUT

NAME = "fieldapp"
LEFT_OUT = {"INSTALLER", "REQUESTED", "direct_url.json", "RECORD"}
"""What an installer adds beside a wheel's metadata"""
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
"""Time of every file in the wheel: so the same program gives the same bytes"""


def own_wheel(folder: Path) -> Path:
    """Write the wheel of the running program into ``folder``.

    A checkout (also one installed as editable) is built by its build backend. An installed wheel is put together from
    its RECORD; FieldappError if a file was changed since it was installed.
    """
    return _build(folder) if (CHECKOUT / "pyproject.toml").is_file() else rebuild_wheel(NAME, folder)


def _build(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", folder]
    if importlib.util.find_spec("hatchling"):
        command.append("--no-build-isolation")
    done = subprocess.run([*map(str, command), str(CHECKOUT)], capture_output=True, text=True, check=False)  # noqa: S603 — our own interpreter
    if done.returncode:
        raise FieldappError(_("The program's wheel could not be built: {why}").format(why=done.stderr.strip()[-300:]))
    return next(folder.glob(f"{NAME}-*.whl"))


def rebuild_wheel(name: str, folder: Path) -> Path:
    """Put an installed distribution together as a wheel again; each file is compared with its RECORD."""
    dist = importlib.metadata.distribution(name)
    metadata = f"{dist.name.replace('-', '_')}-{dist.version}"
    tag = str(dist.read_text("WHEEL")).split("Tag: ")[1].split()[0]
    target = folder / f"{metadata}-{tag}.whl"
    listed = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in sorted(dist.files or [], key=str):
            if file.parts[0] == ".." or file.suffix == ".pyc" or file.name in LEFT_OUT:
                continue
            data = file.read_binary()
            found = _hash(data)
            if file.hash is None or file.hash.value != found:
                target.unlink(missing_ok=True)
                raise FieldappError(
                    _("{file} is not as it was installed. Install the program anew, then make the kit.").format(
                        file=file
                    )
                )
            wheel.writestr(zipfile.ZipInfo(str(file), FIXED_TIME), data, zipfile.ZIP_DEFLATED)
            listed.append((str(file), f"sha256={found}", str(len(data))))
        record = f"{metadata}.dist-info/RECORD"
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*listed, (record, "", "")])
        wheel.writestr(zipfile.ZipInfo(record, FIXED_TIME), text.getvalue(), zipfile.ZIP_DEFLATED)
    return target


def _hash(data: bytes) -> str:
    """SHA-256 in the form that RECORD has."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
