"""Says in a page whether this laptop will do, and what to do where it will not: `fieldapp check-machine`.

Each check measures one thing and gives a line. What only a terminal can answer (colours, the width of letters, typing)
is asked by the caller, and is left out where there is no terminal.
"""

import ctypes
import importlib
import locale
import os
import platform
import re
import shutil
import statistics
import struct
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import fieldapp
from fieldapp.domain.amounts import format_amount
from fieldapp.errors import os_error_text, reason_text
from fieldapp.escaping import brief_text, display_path
from fieldapp.i18n import _
from fieldapp.packaged import packaged
from fieldapp.store import disk, place, vault, wall
from fieldapp.store.store import FILE

State = Literal["good", "warning", "bad", "unknown"]
SIGNS: dict[State, str] = {"good": "✓", "warning": "!", "bad": "✗", "unknown": "·"}

TRIED = ((3, 11), (3, 15))
"""The first Python that the program runs on, and the first with which it was never run"""
LIBRARIES = ("sqlcipher3.dbapi2", "pyrage", "minisign", "msgspec", "pydantic_core", "uuid_utils", "zstandard")
"""Compiled libraries: loading them shows whether the machine lacks something, or forbids programs in this folder"""
MB = 1_000_000
LEAST_MEMORY, ENOUGH_MEMORY = 300 * MB, 1000 * MB
"""Bytes free: unlocking takes 128 MB to 1 GB for a moment, depending on the machine that chose the passphrase"""
LEAST_SPACE, ENOUGH_SPACE = 200 * MB, 1000 * MB
SLOW_SYNC = 0.2
"""Seconds: from here on each saving is felt"""
SYNCS = 15
LETTERS = ("ế", "ê̆")
"""A letter of Vietnamese as one character, and one of Ede as two"""
WORD = "Việt"
LONGEST_INSIDE = 90
"""Characters of the longest path below the workspace: an automatic backup while it is written"""
VIETNAM = timedelta(hours=7)


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, what was found, and what to do."""

    name: str
    """for programs"""
    title: str
    state: State
    text: str
    advice: str = ""
    measured: dict[str, Any] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """For people: a sign, the finding, and the advice below it."""
        first = f"{SIGNS[self.state]} {self.title}: {self.text}"
        return [first, f"    → {self.advice}"] if self.advice else [first]


@dataclass(frozen=True)
class Terminal:
    """What a terminal answered; None: it was not asked, or did not answer."""

    colours: str | None = None
    """``truecolor``, ``256``, ``standard`` or ``none``"""
    widths: tuple[int, ...] | None = None
    """columns that each of ``LETTERS`` takes"""
    typed: str | None = None
    """what arrived when ``WORD`` was to be typed"""


def check_machine(home: Path, terminal: Terminal | None = None) -> list[Check]:
    """Everything that can be looked at without the records; nothing stays behind on the disk."""
    seen = terminal or Terminal()
    return [
        python_check(),
        libraries_check(),
        encoding_check(),
        memory_check(*memory()),
        *disk_checks(home),
        clock_check(home, datetime.now(UTC)),
        place_check(home),
        paths_check(home),
        colours_check(seen.colours),
        widths_check(seen.widths),
        typing_check(seen.typed),
    ]


def will_do(checks: list[Check]) -> bool:
    """Whether nothing stands in the way; warnings do not."""
    return all(check.state != "bad" for check in checks)


def as_document(checks: list[Check]) -> dict[str, Any]:
    """For a program, and to be sent to headquarters: without the advice, which names folders and so perhaps people."""
    return {
        "fieldapp": fieldapp.__version__,
        "system": f"{platform.system()} {platform.release()} {platform.version()}",
        "machine": platform.machine(),
        "will_do": will_do(checks),
        "checks": [{k: v for k, v in asdict(check).items() if k != "advice"} for check in checks],
    }


def python_check() -> Check:
    """The version and the word size of Python, and whether it is the Microsoft Store's."""
    bits = struct.calcsize("P") * 8
    text = _("{version}, {bits}-bit").format(version=platform.python_version(), bits=bits)
    measured = {"version": platform.python_version(), "bits": bits}
    if bits != 64:
        return Check("python", "Python", "bad", text, _("Install the 64-bit Python; the kit brings one."), measured)
    if "WindowsApps" in sys.executable:
        return Check("python", "Python", "warning", text,
                     _("This is the Microsoft Store's Python. Use the one in the kit."), measured)  # fmt: skip
    if not TRIED[0] <= sys.version_info[:2] < TRIED[1]:
        return Check("python", "Python", "warning", text,
                     _("The program was never run with it; 3.11 to 3.14 are tried."), measured)  # fmt: skip
    return Check("python", "Python", "good", text, measured=measured)


def libraries_check() -> Check:
    """Whether everything that is compiled can be loaded."""
    failed = {}
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:
            failed[name] = brief_text(str(error))
    title = _("Libraries")
    if failed:
        return Check("libraries", title, "bad", _("cannot be loaded: {names}").format(names=", ".join(failed)),
                     _("Install from the kit again. If a rule of the machine forbids it, ask who looks after it."),
                     {"failed": failed})  # fmt: skip
    return Check("libraries", title, "good", _("all can be loaded"))


def encoding_check() -> Check:
    """What a stream and a file name are encoded with; on Windows also the code pages."""
    measured: dict[str, Any] = {
        "stdout": getattr(sys.stdout, "encoding", None),
        "files": sys.getfilesystemencoding(),
        "locale": locale.getpreferredencoding(False),
    }
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        measured |= {"ansi": kernel.GetACP(), "console": kernel.GetConsoleOutputCP()}
    text = ", ".join(str(value) for value in measured.values())
    good = all(str(measured[name]).lower().replace("-", "") == "utf8" for name in ("stdout", "files"))
    advice = "" if good else _("Set the language of the system to one with UTF-8 (LANG=vi_VN.UTF-8).")
    return Check("encoding", _("Encoding"), "good" if good else "warning", text, advice, measured)


def memory() -> tuple[int | None, int | None]:
    """Bytes of memory: in all, and free; None where the system does not tell."""
    if sys.platform == "win32":

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32)] + [
                (name, ctypes.c_uint64) for name in ("total", "free", "page", "page_free", "own", "own_free", "more")
            ]

        status = Status(length=ctypes.sizeof(Status))
        if not ctypes.WinDLL("kernel32").GlobalMemoryStatusEx(ctypes.byref(status)):
            return None, None
        return status.total, status.free
    try:
        listed = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        total, free = (int(listed[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    except (OSError, ValueError, KeyError, IndexError):
        return None, None
    return total, free


def memory_check(total: int | None, free: int | None) -> Check:
    """Whether unlocking finds the memory that it takes for a moment."""
    title = _("Memory")
    if total is None or free is None:
        return Check("memory", title, "unknown", _("the system does not tell"))
    text = _("{total} MB, {free} MB of them free").format(total=_mb(total), free=_mb(free))
    state: State = "bad" if free < LEAST_MEMORY else "warning" if free < ENOUGH_MEMORY else "good"
    advice = "" if state == "good" else _("Close other programs before you unlock: it takes up to 1 GB for a moment.")
    return Check("memory", title, state, text, advice, {"total": total, "free": free})


def disk_checks(home: Path) -> Iterator[Check]:
    """Free space, the speed of writing to the disk, and a database below a name as people have them."""
    folder = next(path for path in (home.absolute(), *home.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    state: State = "bad" if free < LEAST_SPACE else "warning" if free < ENOUGH_SPACE else "good"
    advice = "" if state == "good" else _("Free space: the records, their backups and upgrades need 1 GB.")
    yield Check("space", _("Disk"), state, _("{free} MB free").format(free=_mb(free)), advice, {"free": free})
    trial = None
    try:
        trial = Path(tempfile.mkdtemp(prefix=".fieldapp-check-", dir=folder))
        yield speed_check(sync_times(trial))
        yield _names_check(trial)
    except OSError as error:
        yield Check("writing", _("Writing to the disk"), "bad",
                    os_error_text(error),
                    _("{folder} cannot be written. Name another folder by --home, or have its rights set.").format(
                        folder=display_path(folder)))  # fmt: skip
    finally:
        if trial is not None:
            disk.try_remove(trial)


def sync_times(folder: Path) -> list[float]:
    """Seconds that each of some small writes takes until it is on the disk."""
    times = []
    with (folder / "sync").open("wb") as file:
        for _number in range(SYNCS):
            begun = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return times


def speed_check(times: list[float]) -> Check:
    """Whether saving is felt."""
    usual = statistics.median(times)
    measured = {"median_ms": round(usual * 1000, 2), "worst_ms": round(max(times) * 1000, 2)}
    text = _("{usual} ms a write, {worst} ms at worst").format(
        usual=format_amount(round(usual * 1000)), worst=format_amount(round(max(times) * 1000))
    )
    slow = usual >= SLOW_SYNC
    advice = _("Saving will be slow. Have the disk looked at; a scanner that checks every file slows it, too.")
    return Check(
        "writing", _("Writing to the disk"), "warning" if slow else "good", text, advice if slow else "", measured
    )


def _names_check(folder: Path) -> Check:
    """A database in a folder with blanks and diacritics, as a person's profile may be called."""
    from fieldapp.store.connection import DatabaseError, connect

    title = _("Names with diacritics")
    name = unicodedata.normalize("NFC", "Nguyễn Văn Đức (thử) & ế")
    try:
        below = folder / name
        below.mkdir()
        connect(below / FILE, vault.new_key()).close()
        good = [entry.name for entry in folder.iterdir() if entry.is_dir()] == [name] and (below / FILE).is_file()
    except (OSError, DatabaseError) as error:
        return Check("names", title, "bad", reason_text(error),
                     _("Name a folder without blanks and diacritics by --home, such as C:\\fieldapp."))  # fmt: skip
    if not good:
        return Check("names", title, "warning", _("the disk changes them"),
                     _("Name a folder without blanks and diacritics by --home, such as C:\\fieldapp."))  # fmt: skip
    return Check("names", title, "good", _("the records can lie in such a folder"))


def build_day() -> date | None:
    """The day of the newest version in the changelog that is installed."""
    try:
        text = packaged("CHANGELOG.md").read_text(encoding="utf-8")
    except OSError:
        return None
    days = re.findall(r"^## \[[^\]]+\] - (\d{4}-\d\d-\d\d)", text, re.MULTILINE)
    return max(map(date.fromisoformat, days), default=None)


def clock_check(home: Path, now: datetime) -> Check:
    """Whether the clock stands before the program was made or the records were last written, and the time zone."""
    try:
        here = now.astimezone()
    except (OSError, OverflowError):  # Windows knows no local time for it
        here = now
    offset = here.utcoffset() or timedelta()
    text = f"{here:%d/%m/%Y %H:%M %z}"
    measured = {"utc": f"{now:%Y-%m-%dT%H:%M:%SZ}", "offset_minutes": int(offset.total_seconds() // 60)}
    title, advice = _("Clock"), _("Set the date and the time of the laptop.")
    built = build_day()
    if built is not None and now.date() < built - timedelta(days=1):
        return Check("clock", title, "bad", _("{now}: before the program was made").format(now=text), advice, measured)
    try:
        written = wall.moment_of(1000 * (home / FILE).stat().st_mtime)
    except (OSError, OverflowError):
        written = None
    if written is not None and now < written - timedelta(minutes=5):
        return Check("clock", title, "bad", _("{now}: before the records were last written").format(now=text), advice,
                     measured)  # fmt: skip
    if offset != VIETNAM:
        return Check("clock", title, "warning", text,
                     _("The time zone is not that of Viet Nam (+07:00): set it, or days are off by one."),
                     measured)  # fmt: skip
    return Check("clock", title, "good", text, measured=measured)


def place_check(home: Path) -> Check:
    """Whether the workspace lies where a database can."""
    on = place.volume(home)
    service = place.mirrored_by(home)
    measured = {"file_system": on.file_system, "network": on.network, "removable": on.removable, "mirrored": service}
    title = _("Folder of the records")
    found = place.warnings(home, on)
    if found:
        where = service or (_("a network drive") if on.network else _("a stick or a FAT disk"))
        return Check("place", title, "warning", where, " ".join(found), measured)
    return Check("place", title, "good", _("on this laptop's own disk"), measured=measured)


def paths_check(home: Path) -> Check:
    """Whether paths stay below what Windows takes."""
    length = len(str(home.absolute())) + LONGEST_INSIDE
    text = _("up to {n} characters").format(n=length)
    measured = {"longest": length, "long_paths": disk.long_paths()}
    if length > disk.MAX_PATH and not disk.long_paths():
        return Check("paths", _("Paths"), "bad", text,
                     _("Windows takes {most}. Name a shorter folder by --home, such as C:\\fieldapp.").format(
                         most=disk.MAX_PATH), measured)  # fmt: skip
    return Check("paths", _("Paths"), "good", text, measured=measured)


def colours_check(colours: str | None) -> Check:
    """Whether the terminal has enough colours for what the screen marks."""
    title = _("Colours")
    if colours is None:
        return _unasked("colours", title)
    if colours == "none":
        return Check("colours", title, "warning", _("none"),
                     _("Start it in Windows Terminal or the usual terminal, not in an old window."),
                     {"colours": colours})  # fmt: skip
    return Check("colours", title, "good", colours, measured={"colours": colours})


def widths_check(widths: tuple[int, ...] | None) -> Check:
    """Whether each letter takes one column: otherwise lines shift."""
    title = _("Width of letters")
    if widths is None:
        return _unasked("widths", title)
    text = ", ".join(f"{letter} {width}" for letter, width in zip(LETTERS, widths, strict=True))
    measured = {"widths": list(widths)}
    if set(widths) == {1}:
        return Check("widths", title, "good", text, measured=measured)
    return Check("widths", title, "warning", text,
                 _("Choose a TrueType font such as Consolas or Cascadia Mono in the window's properties, or use Windows"
                   " Terminal. Records are right all the same."),
                 measured)  # fmt: skip


def typing_check(typed: str | None) -> Check:
    """Whether the machine's input method arrives whole."""
    title = _("Typing")
    if typed is None:
        return _unasked("typing", title)
    measured = {"typed": [f"U+{ord(c):04X}" for c in typed]}
    if unicodedata.normalize("NFC", typed.strip()) == WORD:
        return Check("typing", title, "good", _("“{word}” arrived whole").format(word=WORD), measured=measured)
    return Check("typing", title, "warning",
                 _("“{typed}” arrived instead of “{word}”").format(typed=brief_text(typed), word=WORD),
                 _("Set the input method to Unicode, or switch it off and press F12 in the program: it has Telex and"
                   " VNI of its own."),
                 measured)  # fmt: skip


def _unasked(name: str, title: str) -> Check:
    return Check(name, title, "unknown", _("not asked: there is no terminal"))


def _mb(size: int) -> str:
    return format_amount(size // MB)
