"""A morning at headquarters, made up: twelve posts, the sticks that they brought, and what an officer finds on them.

    python tests/morning.py DEST          # makes it: a minute
    python tests/morning.py DEST --open   # the screen at headquarters, with the sticks plugged in

makes ``DEST/hq``, headquarters' workspace (user “Trực ban”, passphrase ``demo``), ``DEST/sticks``, a folder for each
stick, and ``DEST/posts``, the posts' workspaces. Forty days and twelve days ago there were exchanges; today's bundles
are on the sticks and not read. ``faketime`` (Debian) tells the program those days, so that all readings are of them.
What is on the sticks stands in ``STORY``.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import light_seal

from fieldapp.records import records
from fieldapp.store import vault
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.format import drives
from fieldapp.work import review_queue

PASSPHRASE = "demo"
OFFICER, SOLDIER = "Trực ban", "Nguyễn Văn A"
STAGES = (40, 12, 0)
"""Days ago"""

POSTS = {
    "IARVE": "Đồn BP Ia Rvê",
    "IALOP": "Đồn BP Ia Lốp",
    "YATOMOT": "Đồn BP Ya Tờ Mốt",
    "BOHENG": "Đồn BP Bo Heng",
    "YOKMBRE": "Đồn BP Yok M'Bre",
    "SEREPOK": "Đồn BP Sêrêpốk",
    "DAKRUE": "Đồn BP Đắk Ruê",
    "XUANHOA": "Đồn BP Xuân Hòa",
    "ANHAI": "Đồn BP An Hải",
    "TUYHOA": "Đồn BP Tuy Hòa",
    "HOAHIEP": "Đồn BP Hòa Hiệp",
    "VUNGRO": "Đồn BP Vũng Rô",
}

STORY = {
    "IARVE": "two laptops with one stick: 8 new records and 2 changed ones together",
    "IALOP": "5 new records",
    "YATOMOT": "its bundle is cut off",
    "BOHENG": "a bundle with nothing new",
    "YOKMBRE": "brought no stick, and has sent nothing for forty days",
    "SEREPOK": "a new laptop (B) that waits to be certified, beside A with 2 new records",
    "DAKRUE": "a joint patrol, reference TTC-11, 40 participants",
    "XUANHOA": "the same joint patrol, but 45 participants",
    "ANHAI": "one deed recorded twice",
    "TUYHOA": "has not corrected the record that headquarters returned twelve days ago; 1 new record",
    "HOAHIEP": "the second laptop's bundle is damaged in the middle; A's is whole: 3 new records",
    "VUNGRO": "2 new records, and 1 voided",
}
SECOND_LAPTOP = ("IARVE", "HOAHIEP")
"""Posts that have a laptop B from the beginning"""
NO_STICK = "YOKMBRE"


def main() -> None:
    """Make it all; each stage is a process of its own, on its day."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("dest", type=Path)
    options.add_argument("--open", action="store_true", help="open headquarters' screen, with the sticks plugged in")
    options.add_argument("--stage", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.stage is not None:
        stage(given.dest, given.stage)
        return
    if given.open:
        open_screen(given.dest)
        return
    make(given.dest)
    sys.stdout.write(f"{given.dest}/hq ({OFFICER}, {PASSPHRASE}); {given.dest}/sticks\n")
    for code, what in STORY.items():
        sys.stdout.write(f"  {POSTS[code]}: {what}\n")


def make(dest: Path) -> None:
    """Make a morning in a folder that does not exist yet, or is empty."""
    if shutil.which("faketime") is None:
        sys.exit("faketime is missing: apt-get install faketime")
    for folder in ("posts", "sticks", "packs"):
        (dest / folder).mkdir(parents=True)
    for days in STAGES:
        command = [sys.executable, str(Path(__file__)), str(dest), "--stage", str(days)]
        shifted = ["faketime", "-f", f"-{days}d", *command] if days else command
        subprocess.run(shifted, check=True, env=os.environ | {"FIELDAPP_LANG": "vi"})


def open_screen(dest: Path) -> None:
    """Headquarters' screen; the folders of the sticks are its drives."""
    from fieldapp.cli import main as program

    def plugged_in() -> list[drives.Drive]:
        sticks = sorted(folder for folder in (dest / "sticks").iterdir() if folder.is_dir())
        return [drives.Drive(s, s.name.upper(), drives.free_space(s), len(drives.bundles_in(s))) for s in sticks]

    drives.drives = plugged_in
    drives.is_plugged_in = lambda folder: folder.is_dir()
    drives.on_one_disk = lambda folder, other: False
    sys.argv = ["fieldapp", "--home", str(dest / "hq")]
    program()


def stage(dest: Path, days: int) -> None:
    """What happens on one day."""
    vault.seal_with_passphrase = light_seal.seal
    {40: begin, 12: second_round, 0: this_morning}[days](dest)


@contextmanager
def opened(dest: Path, *homes: str) -> Iterator[list[Store]]:
    """Workspaces by their folders, such as ``hq`` and ``posts/IARVE-A``."""
    stores = []
    for home in homes:
        user = OFFICER if home == "hq" else SOLDIER
        stores.append(Store.open(dest / home, vault.unseal(dest / home, user, PASSPHRASE), user))
    try:
        yield stores
    finally:
        for store in stores:
            store.close()


def laptops() -> list[str]:
    """The folders of all laptops that posts have from the beginning."""
    return [f"posts/{code}-{letter}" for code in POSTS for letter in ("AB" if code in SECOND_LAPTOP else "A")]


def begin(dest: Path) -> None:
    """Headquarters, its posts, their first bundles; all are certified and have their replies."""
    hq = enrolment.init_hq(dest / "hq", name="Sở chỉ huy", user=OFFICER, passphrase=PASSPHRASE)
    for code, name in POSTS.items():
        enrolment.write_pack(hq, code=code, name=name, dest=dest / "packs").rename(dest / "packs" / f"{code}.tar")
    for home in laptops():
        store = enrol(dest, home)
        for day in range(3):
            health(store, day + 1, 30 + day)
        outgoing.export(store, dest / "packs")
        store.close()
    incoming.import_files(hq, [dest / "packs"])
    for row in hq.rows("SELECT id FROM local_replica WHERE own = 0"):
        enrolment.trust_replica(hq, row["id"])
    hq.close()
    answer(dest, laptops())


def enrol(dest: Path, home: str) -> Store:
    """A new laptop of a post, from its pack."""
    code, letter = home.removeprefix("posts/").split("-")
    pack = dest / "packs" / f"{code}.tar"
    return enrolment.init_post(dest / home, pack, user=SOLDIER, passphrase=PASSPHRASE, laptop=letter)


def answer(dest: Path, homes: list[str]) -> None:
    """Headquarters' replies reach these laptops."""
    folder = dest / "replies"
    folder.mkdir()
    with opened(dest, "hq") as (hq,):
        outgoing.export(hq, folder)
    for home in homes:
        with opened(dest, home) as (store,):
            incoming.import_files(store, [folder])
    shutil.rmtree(folder)


def second_round(dest: Path) -> None:
    """All but one post bring something; headquarters accepts it all, and returns one record."""
    came = [home for home in laptops() if NO_STICK not in home]
    folder = dest / "came"
    folder.mkdir()
    for home in came:
        with opened(dest, home) as (store,):
            propaganda(store, 15, 60)
            outgoing.export(store, folder)
    with opened(dest, "hq") as (hq,):
        incoming.import_files(hq, [folder])
        sent_back = hq.value(
            "SELECT a.id FROM activity a JOIN post p ON p.id = a.post_id WHERE p.code = 'TUYHOA' ORDER BY a.id LIMIT 1"
        )
        told = review_queue.comment_on("", "Số lượt khám lớn bất thường, xem lại.")
        review_queue.review_record(hq, sent_back, "returned", comments=[told])
        review_queue.accept_all(hq, review_queue.review_queue(hq, "activity", limit=500))
    shutil.rmtree(folder)
    answer(dest, came)


def this_morning(dest: Path) -> None:
    """What the posts recorded since, and their sticks."""
    for code in POSTS:
        if code == NO_STICK:
            continue
        stick = dest / "sticks" / f"{code.lower()}"
        stick.mkdir()
        for letter in "AB" if code in SECOND_LAPTOP else "A":
            with opened(dest, f"posts/{code}-{letter}") as (store,):
                record(store, code, letter)
                outgoing.export(store, stick, "SCH")
    new = enrol(dest, "posts/SEREPOK-B")
    health(new, 3, 22)
    outgoing.export(new, dest / "sticks" / "serepok", "SCH")
    new.close()
    (cut,) = (dest / "sticks" / "yatomot").iterdir()
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    damaged = of_laptop(dest, "HOAHIEP", "B")
    data = damaged.read_bytes()
    damaged.write_bytes(data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :])


def of_laptop(dest: Path, code: str, letter: str) -> Path:
    """The bundle of one laptop on its post's stick."""
    with opened(dest, f"posts/{code}-{letter}") as (store,):
        mark = store.identity.replica_id[-4:]
    return next(file for file in (dest / "sticks" / code.lower()).iterdir() if f"_{mark}_" in file.name)


def record(store: Store, code: str, letter: str) -> None:
    """Today's records of a laptop."""
    if (code, letter) == ("IARVE", "A"):
        for day in range(5):
            health(store, day + 1, 40 + day)
        for row in mine(store)[:2]:
            records.save(store, "activity", {"description": "Đã sửa nội dung."}, row, confirm=True)
    elif (code, letter) == ("IARVE", "B"):
        for day in range(3):
            propaganda(store, day + 2, 70 + day)
    elif code == "IALOP":
        for day in range(5):
            propaganda(store, day + 1, 50 + day)
    elif code in ("YATOMOT", "HOAHIEP"):
        for day in range(3):
            health(store, day + 1, 25 + day)
    elif code == "SEREPOK":
        for day in range(2):
            health(store, day + 4, 35 + day)
    elif code in ("DAKRUE", "XUANHOA"):
        patrol(store, 6, 40 if code == "DAKRUE" else 45)
    elif code == "ANHAI":
        health(store, 5, 61)
        health(store, 5, 61)
    elif code == "TUYHOA":
        propaganda(store, 4, 80)
    elif code == "VUNGRO":
        for day in range(2):
            propaganda(store, day + 4, 90 + day)
        records.void(store, mine(store)[0], "Ghi nhầm đồn.")


def mine(store: Store) -> list[str]:
    """Records that this laptop made, the oldest first."""
    rows = store.rows("SELECT id FROM activity WHERE voided_at IS NULL ORDER BY id")
    return [row["id"] for row in rows]


def place(store: Store, number: int | None = None) -> str:
    """A commune of the province; each laptop has its own, so that no records look the same by chance."""
    me = store.identity
    if number is None:
        number = 1 + list(POSTS).index(me.post_code or "") * 2 + (me.name == "B")
    found: str = store.value(
        "SELECT c.id FROM unit c JOIN unit p ON p.id = c.parent_id WHERE c.level = 'commune' AND c.valid_to IS NULL"
        " AND p.code = '66' ORDER BY c.name, c.id LIMIT 1 OFFSET ?",
        [number],
    )
    return found


def activity(store: Store, kind: str, ago: int, text: str, figures: dict[str, int], **more: str) -> None:
    """Record an activity some days ago."""
    entry = {
        "activity_kind_id": kind,
        "date_from": (date.today() - timedelta(days=ago)).isoformat(),
        "unit_id": place(store),
        "description": text,
        "measures": [{"measure_id": measure, "amount": amount} for measure, amount in figures.items()],
        **more,
    }
    records.save(store, "activity", entry, confirm=True)


def health(store: Store, ago: int, people: int) -> None:
    """A day on which sick people were seen."""
    activity(store, "kham_chua_benh", ago, "Khám, cấp thuốc cho bà con.", {"luot_kham": people})


def propaganda(store: Store, ago: int, people: int) -> None:
    """A meeting on the law."""
    activity(store, "tuyen_truyen", ago, "Tuyên truyền Luật Biên phòng.", {"buoi": 1, "luot_nghe": people})


def patrol(store: Store, ago: int, people: int) -> None:
    """The joint patrol of two posts."""
    figures = {"cuoc": 1, "luot_tham_gia": people}
    where = place(store, 0)
    activity(store, "tuan_tra_chung", ago, "Tuần tra chung.", figures, unit_id=where, joint_reference="TTC-11")


if __name__ == "__main__":
    main()
