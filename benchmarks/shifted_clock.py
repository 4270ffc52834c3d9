"""What a clock far ahead costs: the real program, as processes under ``faketime``, and how many records come back.

    python benchmarks/shifted_clock.py [--before CHECKOUT] [--days 0,3400,3800,26645] [--json FILE]

A post has 25 activities at headquarters, and both have backups. Then one laptop's clock is so many days ahead:
headquarters' while it reads 15 more and replies, or the post's while it records the 15. Afterwards the clock is right,
the laptop goes on as it is or is restored from the backup, the post records 25 more, and a stick goes round thrice.
Told is how many of the 65 headquarters then has, and how many after a release (``sync release``).

``--before``: a checkout of a version that did not ask for the day. It runs until the clock is right again, and this one
afterwards: so what it left is taken up by an upgrade. Without it this one runs from the beginning, and is told the day
where it asks. Of a post that is restored, what it recorded and sent to nobody is lost: that may be 15.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROGRAM = (
    "import light_seal; from fieldapp.store import vault; vault.seal_with_passphrase = light_seal.seal;"
    " from fieldapp.cli import main; main()"
)
"""The program, but for the key derivation, which takes a second by intention. It runs in a folder that has no other"""
USERS = {"hq": "Trực ban", "post": "Nguyễn Văn A"}
WELL = {"activity_kind_id": "gieng_khoan", "unit_id": "24221", "measures": [{"measure_id": "gieng", "amount": 1}]}
LATER, LAST = 15, 25


class Field:
    """Two laptops and a stick in a folder; each command is a process of its own."""

    def __init__(self, root: Path, checkout: Path) -> None:
        self.root, self.checkout = root, checkout
        self.secret = root / "passphrase"
        self.secret.write_text("lúa nước sông\n", encoding="utf-8")
        self.secret.chmod(0o600)

    def run(self, who: str, *arguments: object, days: int = 0, stdin: object = None, may_fail: bool = False) -> str:
        """What a command prints; ``days``: how far the machine's clock is ahead."""
        shifted = ["faketime", "-f", f"+{days}d"] if days else []
        env = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(self.checkout), str(ROOT / "tests")]),
            "FIELDAPP_PASSPHRASE_FILE": str(self.secret),
            "FIELDAPP_LANG": "en",
        }
        done = subprocess.run(
            [*shifted, sys.executable, "-c", PROGRAM, "--home", str(self.root / who), *map(str, arguments)],
            input=json.dumps(stdin), capture_output=True, text=True, check=False, env=env, cwd=self.root,
        )  # fmt: skip
        if done.returncode and "--today" in done.stderr and "--today" not in arguments:
            today = f"{date.today():%d/%m/%Y}"  # it asks which day it is
            return self.run(who, "--today", today, *arguments, days=days, stdin=stdin, may_fail=may_fail)
        if done.returncode not in (0, 3) and not may_fail:
            raise SystemExit(f"{who}: {arguments}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def begin(self) -> None:
        """Enrol the post, bring 25 activities to headquarters and the receipt back, and write a backup of each."""
        stick = self.stick()
        self.run("hq", "init", "--role", "hq", "--name", "Sở chỉ huy", "--user", USERS["hq"])
        self.run("hq", "hq", "pack", "--code", "IARVE", "--name", "Đồn BP Ia Rvê", stick)
        self.run("post", "init", "--pack", stick / "IARVE.fieldapp-pack.tar", "--user", USERS["post"])
        self.record(LAST, first=0)
        self.carry("post", "hq")
        self.run("hq", "hq", "trust", "IARVE", "--yes")
        for _turn in range(2):
            self.carry("hq", "post")
            self.carry("post", "hq")
        for who in USERS:
            self.run(who, "backup", self.backups(who))

    def stick(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.root))

    def backups(self, who: str) -> Path:
        folder = self.root / f"backups of {who}"
        folder.mkdir(exist_ok=True)
        return folder

    def record(self, number: int, first: int, days: int = 0) -> None:
        begin = date(2013, 1, 1)
        entries = [{**WELL, "date_from": f"{begin + timedelta(days=first + n)}"} for n in range(number)]
        self.run("post", "add", "activity", "--confirm", "--json", "-", days=days, stdin=entries)

    def carry(self, sender: str, to: str, days_of_sender: int = 0, days_of_reader: int = 0) -> None:
        stick = self.stick()
        self.run(sender, "sync", "export", stick, days=days_of_sender)
        self.run(to, "sync", "import", stick, days=days_of_reader, may_fail=True)

    def rounds(self, number: int) -> None:
        for _turn in range(number):
            self.carry("post", "hq")
            self.carry("hq", "post")

    def restore(self, who: str) -> None:
        (backup,) = self.backups(who).glob("*")
        shutil.rmtree(self.root / who)
        self.run(who, "--user", USERS[who], "restore", backup)

    def wells(self, who: str) -> int:
        listed = json.loads(self.run(who, "list", "activity", "--json"))
        return sum(row.get("voided_at") is None for row in listed)


def schedule(begun: Path, before: Path, who: str, days: int, restored: bool) -> dict[str, Any]:
    """One cell of the table."""
    with tempfile.TemporaryDirectory(dir=begun.parent) as folder:
        shutil.copytree(begun, folder, dirs_exist_ok=True)
        field = Field(Path(folder), before)
        if who == "hq":
            field.record(LATER, first=LAST)
            field.carry("post", "hq", days_of_reader=days)
            field.carry("hq", "post", days_of_sender=days)
        else:
            field.record(LATER, first=LAST, days=days)
            field.carry("post", "hq", days_of_sender=days)
        field.checkout = ROOT
        if restored:
            field.restore(who)
        field.record(LAST, first=LAST + LATER)
        field.rounds(3)
        row: dict[str, Any] = {"who": who, "days": days, "restored": restored, "then": field.wells("hq")}
        row["released"] = json.loads(field.run(who, "sync", "release", "--json"))
        if row["released"] and row["released"].get("changes"):
            field.rounds(2)
        return {**row, "after release": field.wells("hq"), "at the post": field.wells("post")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, default=ROOT)
    parser.add_argument("--days", default="0,3400,3800,26645")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    table = []
    with tempfile.TemporaryDirectory() as folder:
        begun = Path(folder) / "begun"
        begun.mkdir()
        Field(begun, given.before.resolve()).begin()
        print("| laptop | days ahead | restored | headquarters has | after a release | the post has |")
        print("|---|---|---|---|---|---|")
        for who in USERS:
            for days in map(int, given.days.split(",")):
                for restored in (False, True):
                    row = schedule(begun, given.before.resolve(), who, days, restored)
                    table.append(row)
                    named = "headquarters" if who == "hq" else "the post"
                    cells = [named, f"{days:,}", "yes" if restored else "no", row["then"], row["after release"]]
                    print(f"| {' | '.join(map(str, cells))} | {row['at the post']} |", flush=True)
    if given.json:
        given.json.write_text(json.dumps(table, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
