"""All fields for text, through a pseudo-terminal, in all ways of arriving: each field and the file have what was meant.

``every_field`` walks the screens and finds the fields. A short run has a part of the screens, one field of each class,
and some of the ways, in turn; ``make soak`` has all of them (``FIELDAPP_FIELDS=all``).
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import every_field
import on_windows
from bursts import WAYS, spell_text
from field import World
from pytest import importorskip
from tui.test_every_screen import fill

from fieldapp.tui.keys import input_methods
from fieldapp.vietnamese.text import clean

pexpect = importorskip("pexpect", reason=on_windows.TERMINAL)

WHOLE = os.environ.get("FIELDAPP_FIELDS") == "all"
STEP = 1 if WHOLE else 7
TEXT = "Đắk Rơ Châm, Ƀuôn H'Yăo ốm" if WHOLE else "Rơ Ƀuôn ốm"
SPELT = "tiếng Việt ở Đắk Lắk" if WHOLE else "Việt ở"
LEAST = 15 if WHOLE else 6
"""Classes of fields"""
PATIENCE = 60
"""Seconds for one field"""


def sent() -> Iterator[list[tuple[str, str]]]:
    """What each field gets: (way or input method, keys)."""
    rng = random.Random(23)
    ways, habits = list(WAYS), list(input_methods())[: None if WHOLE else 1]
    for number in count():
        taken = ways if WHOLE else [ways[number % len(ways)]]
        yield [(way, WAYS[way](TEXT, rng)) for way in taken] + [
            (habit, spell_text(SPELT, input_methods()[habit][0])) for habit in habits
        ]


def test_every_field_in_every_way_of_arriving(world: World, tmp_path: Path) -> None:
    """The own input methods compose where Vietnamese is typed; in fields for dates, codes, folders keys stay keys."""
    fill(world)
    out = tmp_path / "noted.jsonl"
    out.touch()
    out.with_suffix(".keys").write_text(json.dumps({name: key.hex() for name, key in world.keys.items()}))
    here = Path(every_field.__file__)
    habits = ["" if way in WAYS else way for way, _keys in next(sent())]
    child = pexpect.spawn(
        sys.executable,
        [str(here), str(world.root), str(out), str(STEP), json.dumps(habits)],
        dimensions=(24, 80),
        env={**os.environ, "PYTHONPATH": str(here.parent)},
    )
    child.delaybeforesend = None
    child.expect("\x1b\\[\\?2004h", timeout=30)
    child.send("\x12")
    wrong, fields = [], []
    with out.open(encoding="utf-8") as noted:
        for laps in sent():
            child.send("".join(keys + "\x12" for _way, keys in laps).encode())
            line, end = "", time.monotonic() + PATIENCE
            while not (line := line + noted.readline()).endswith("\n") and child.isalive():  # a part may have come
                assert time.monotonic() < end, child.before
                with suppress(pexpect.TIMEOUT, pexpect.EOF):
                    child.read_nonblocking(65536, timeout=0.02)
            if not line:
                break
            field = json.loads(line)
            fields.append(field["field"])
            for (way, keys), note in zip(laps, field["notes"], strict=True):
                if way == "in the middle" and not field["moves"]:
                    continue
                if note != (TEXT if way in WAYS else SPELT if field["composes"] else clean(keys)):
                    wrong.append(f"{field['screen']}, {field['field']}, {way}: {note}")
            if field["id"] == "folder" and field["composes"]:
                wrong.append(f"{field['screen']} composes the name of a folder")
    child.close()
    assert child.exitstatus == 0
    print(f"{len(fields)} fields of {len(set(fields))} classes")
    assert wrong == []
    assert len(set(fields)) >= LEAST, fields
