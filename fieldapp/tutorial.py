"""A tutorial of a quarter of an hour: a practice post, its headquarters and a stick, and steps to do one by one.

Whether a step is done is read from the practice records, so that only steps that were really done are checked off.
"""

from dataclasses import dataclass
from pathlib import Path

from fieldapp import replica
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.records import records
from fieldapp.store import disk, vault
from fieldapp.store.store import FILE, Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.peers import peers, practice

PASSPHRASE = "tap ghi so"  # noqa: S105 — practice holds nothing secret
USER = "Nguyễn Văn Tập"
FOUND_SETTING = "tutorial_found"
"""Local setting of the practice post: a record was opened from the search"""
CARRIED_SETTING = "tutorial_carried"
"""Local setting of the practice post: how far headquarters has read the stick, like ``status.EXPORTED_CHANGES``"""

TITLES = {
    "well": "Record a well: F2, type “gieng”, Enter; date hn, place 24221, 1 well; F2.",
    "meeting": "Record a meeting: on the first screen (Esc) F6, F2, the cell, date hn; at the members F6; F2 saves.",
    "found": "Find the well again: on the first screen (Esc) F3, type “gieng” without diacritics, Enter opens it.",
    "exported": "To the stick: on the first screen (Esc) F9, Enter. Wait for the line that says that it may be pulled.",
    "received": "The stick went to headquarters and is back: at the sticks (F9) Enter once more reads the receipt.",
}
"""Step -> what to do"""
DONE = "Well done: recorded, found, carried, received. Ctrl+Q leaves; real records begin with headquarters' pack."


@dataclass(frozen=True)
class Step:
    """One step of the tutorial."""

    name: str
    text: str
    done: bool


def begin_practice(folder: Path, *, again: bool = False) -> Store:
    """Open the practice post in ``folder``; create it if there is none. ``again``: delete it first and start again."""
    home = folder / "post"
    if again:
        _forget(folder)
    if not (home / FILE).exists():
        _make(folder)
    return _practice(home, USER)


def _practice(home: Path, user: str) -> Store:
    """Open a practice replica; FieldappError if it is a real one."""
    store = replica.unlock(home, user, PASSPHRASE)
    if not practice.is_practice(store):
        store.close()
        raise FieldappError(_("{home} holds real records. Name another folder for practice.").format(home=home))
    (home / vault.PRACTICE_FILE).write_text(PASSPHRASE, encoding="utf-8")
    return store


def _forget(folder: Path) -> None:
    """Delete a practice workspace, and nothing else."""
    if (folder / "post" / FILE).exists():
        _practice(folder / "post", USER).close()
    for name in ("post", "hq", practice.STICK_FOLDER):
        disk.try_remove(folder / name)


def _make(folder: Path) -> None:
    for name in ("post", "hq"):
        disk.try_remove(folder / name)  # an incomplete one, left by a power cut
    usb = folder / practice.STICK_FOLDER
    disk.check_folder(usb)
    usb.mkdir(parents=True, exist_ok=True)
    hq = enrolment.init_hq(
        folder / "hq", name="Sở chỉ huy tập", user=USER, passphrase=PASSPHRASE, code=practice.PRACTICE_CODE
    )
    cell = {"name": "Chi bộ buôn Ba Na", "unit_id": "24221", "hamlet": "Buôn Ba Na"}
    cell_id = records.save(hq, "party_cell", cell)
    pack = enrolment.write_pack(hq, code=practice.PRACTICE_CODE, name="Đồn tập", dest=usb)
    hq.close()
    post = enrolment.init_post(folder / "post", pack, user=USER, passphrase=PASSPHRASE)
    disk.remove(pack)
    for name in ("Y Thanh Niê", "H'Bia Êban", "Siu Blêh", "Trần Văn Bình"):
        records.save(post, "member", {"full_name": name, "party_cell_id": cell_id})
    post.close()


def steps(store: Store) -> list[Step]:
    """The steps at a practice post, and whether each is done."""
    wells = store.value(
        "SELECT count(*) FROM activity a JOIN activity_kind k ON k.id = a.activity_kind_id"
        " WHERE k.code = 'gieng_khoan' AND a.voided_at IS NULL"
    )
    state = status.exchange_status(store)
    done = {
        "well": bool(wells),
        "meeting": bool(store.value("SELECT count(*) FROM meeting WHERE voided_at IS NULL")),
        "found": store.setting(FOUND_SETTING) is not None,
        "exported": store.setting(status.EXPORTED_CHANGES) is not None,
        "received": state.received_until is not None,
    }
    return [Step(name, _(text), done[name]) for name, text in TITLES.items()]


def next_step_text(store: Store) -> str:
    """The next step as one line of the screen: “2/5 …”."""
    todo = [(number, step) for number, step in enumerate(steps(store), start=1) if not step.done]
    if not todo:
        return "✓ " + _(DONE)
    number, step = todo[0]
    return f"{number}/{len(TITLES)} {step.text}"


def found(store: Store) -> None:
    """Store that a record was opened from the search."""
    if store.setting(FOUND_SETTING) is None:
        store.set_setting(FOUND_SETTING, "1")


def is_waiting(store: Store) -> bool:
    """Whether the stick was written since it was last carried to headquarters."""
    written = store.setting(status.EXPORTED_CHANGES)
    return written is not None and written != store.setting(CARRIED_SETTING)


def carry(store: Store) -> None:
    """Do the work of the officer and of headquarters: import the practice stick, certify, and write the reply.

    A practice headquarters certifies without a telephone call.
    """
    written = store.setting(status.EXPORTED_CHANGES)
    usb, me = practice.practice_stick(store), store.identity
    with _practice(store.home.parent / "hq", USER) as hq:
        incoming.import_files(hq, [usb])
        if peers.find_peer(hq, me.replica_id).trust != "certified":
            enrolment.trust_replica(hq, me.replica_id)
        outgoing.export(hq, usb, me.replica_id)
    store.set_setting(CARRIED_SETTING, written or "")
