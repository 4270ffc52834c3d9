"""The short way of the merge and the fold say the same, and imported changes are found by their rows."""

import json
import os
import random
import shutil
import unicodedata
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from field import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sync_state import new_post, second_laptop, state

from fieldapp.records import history, lists, records, search_index
from fieldapp.store import log
from fieldapp.store.migrations import BASELINE_LOG
from fieldapp.store.store import Row, Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing
from fieldapp.sync.format import segment
from fieldapp.sync.format.segment import Sealed
from fieldapp.sync.merge import admission, fast_path, merge, segment_state
from fieldapp.sync.safety import doctor

WELL = {"activity_kind_id": "gieng_khoan", "date_from": "2013-10-05", "unit_id": "24221",
        "measures": [{"measure_id": "gieng", "amount": 1}]}  # fmt: skip


EXAMPLES = int(os.environ.get("FIELDAPP_EXAMPLES", "4"))


def everything(store: Store) -> tuple[dict[str, list[Row]], list[Row], list[Row]]:
    aside = store.rows("SELECT log_id, seq, reason FROM local_set_aside ORDER BY log_id, seq")
    return state(store), merge.conflicts(store), aside


def all_to_the_fold(
    _store: Store, _author: admission.Author, sealed: Sealed, _avoid: set[str], _pending: fast_path.Pending
) -> list[admission.RowKey]:
    return list(dict.fromkeys((e.table, e.row_id) for e in sealed.entries))


def forged(store: Store, changes: list[tuple[str, str, str]]) -> None:
    """Write changes into the own log that its triggers would not: (table, row, columns as JSON)."""
    own = store.row("SELECT id, seq FROM local_log WHERE own = 1 ORDER BY scope <> '*'")  # as headquarters, for all
    assert own is not None
    with store.transaction():
        for number, (table, row_id, cols) in enumerate(changes, start=1):
            store.db.execute("UPDATE local_session SET hlc = hlc + 1")
            store.db.execute(
                "INSERT INTO local_change SELECT ?, ?, hlc, ?, ?, ?, 'x', '2026-11-24T00:00:00Z' FROM local_session",
                [own["id"], own["seq"] + number, table, row_id, cols],
            )
        store.db.execute("UPDATE local_log SET seq = seq + ? WHERE id = ?", [len(changes), own["id"]])


COLUMNS = ['{"hamlet":"Buôn %d"}', '{"hamlet":""}', '{"people":"a\\u0007%d"}', '{"unit_id":"nowhere"}', '{"rain":%d}',
           '{"created_by":"x"}', '{"description":"\\ud83d\\ude42 %d"}', '{"date_from":"2013-02-30","hamlet":"B%d"}',
           '{"voided_at":"2013-10-05T00:00:00Z","void_reason":"r"}', '{"people":1.0}', '{"post_id":"x"}']  # fmt: skip
deed = st.tuples(
    st.sampled_from(["new", "edit", "edit", "forge", "forge", "carry", "b edit", "b carry"]),
    st.integers(0, 9),
    st.sampled_from(COLUMNS),
)


@pytest.fixture(scope="session")
def pair(first_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headquarters, and two laptops of one post that know each other."""
    made = first_world.copy(tmp_path_factory.mktemp("pair"))
    b = second_laptop(made)
    made.keys["laptop-b"] = b._key
    b.close()
    made.close()
    return made.root


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(deeds=st.lists(deed, min_size=3, max_size=14), seed=st.integers(0, 99), may_wait=st.sampled_from([1, 100_000]))
def test_both_ways_say_the_same(
    pair: Path, first_world: World, tmp_path_factory: pytest.TempPathFactory, deeds: list[tuple[str, int, str]],
    seed: int, may_wait: int,
) -> None:  # fmt: skip
    """Edits of one row several times in a segment, two laptops that do not know each other, and what may not count;
    updates that wait for the last segment, and hardly wait at all."""
    root = tmp_path_factory.mktemp("run")
    shutil.copytree(pair, root, dirs_exist_ok=True)
    world = World(root, first_world.keys)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, root)  # of many examples, as in a soak, the files would fill the disk
        undo.callback(world.close)
        b = undo.enter_context(closing(Store.open(root / "laptop-b", world.keys["laptop-b"], "Trần Văn B")))
        rng = random.Random(seed)
        for what, number, cols in [("new", 0, ""), ("carry", 0, ""), *deeds]:
            store = b if what.startswith("b ") else world.post
            known = [r["id"] for r in store.rows("SELECT id FROM activity WHERE voided_at IS NULL ORDER BY id")]
            if what == "new":
                records.save(store, "activity", WELL, confirm=True)
            elif what == "carry":
                world.carry(world.post, b)
            elif what == "b carry":
                world.carry(b, world.post)
            elif what == "forge" and known:
                table = "weather" if number == 9 else "activity"
                forged(store, [(table, known[number % len(known)], cols.replace("%d", str(number)))])
            elif known:
                records.save(store, "activity", {"hamlet": f"Buôn {rng.randint(0, 3)}"}, known[number % len(known)])
        shutil.copytree(root / "hq", root / "folded")
        folded = undo.enter_context(closing(Store.open(root / "folded", world.keys["hq"], "Trực ban")))
        sticks: list[Path] = []
        for sender in (world.post, b):
            stick = root / f"out-{len(sticks)}"
            stick.mkdir()
            outgoing.export(sender, stick, world.hq.identity.replica_id)
            sticks.append(stick)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(fast_path, "MAX_PENDING", may_wait)
            incoming.import_files(world.hq, sticks)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(fast_path, "write_rows", all_to_the_fold)
            incoming.import_files(folded, sticks)
        assert everything(world.hq) == everything(folded)
        assert doctor.examine_replica(world.hq).healthy


def as_folded(store: Store) -> tuple[dict[str, list[Row]], list[Row], list[Row]]:
    """Everything, as the fold says it of the whole log."""
    with store.transaction(applying=True):
        merge.rebuild(store)
    return everything(store)


@pytest.mark.parametrize(("tick", "counts"), [(-1, "Buôn B"), (0, "Buôn B"), (1, "Buôn A")])
def test_a_clock_that_lies_is_not_written_straight(world: World, tick: int, counts: str) -> None:
    """A knows what B wrote, and gives its own change a reading before it, or the same, where the later log counts.
    Its next change, of another record, has a right one."""
    b = second_laptop(world)
    well, other = world.well(hamlet="Buôn 0"), world.well(hamlet="Buôn 0")
    world.carry(world.post, b)
    records.save(b, "activity", {"hamlet": "Buôn B"}, well)
    world.carry(b, world.post)
    (of_a, of_b) = (log.changes_of_rows(world.post, [well])[well][place] for place in (0, -1))
    assert of_a.log_id < of_b.log_id
    forged(world.post, [("activity", row_id, '{"hamlet":"Buôn A"}') for row_id in (well, other)])
    with world.post.transaction():
        first = "seq = (SELECT max(seq) - 1 FROM local_change WHERE log_id = ?1) AND log_id = ?1"
        world.post.db.execute(f"UPDATE local_change SET hlc = ?2 WHERE {first}", [of_a.log_id, of_b.hlc + tick])
    world.carry(b, world.hq)
    for reader in (world.hq, b):  # one has B's change in a segment, the other in its own log
        world.carry(world.post, reader)
        assert records.get(reader, well).row["hamlet"] == counts
        assert everything(reader) == as_folded(reader)
    b.close()


def test_updates_that_wait_are_written_in_their_order(world: World) -> None:
    """Three segments of one import change a row: the second sets more of it, the third what the first did."""
    well = world.well(hamlet="Buôn 0")
    world.carry(world.post, world.hq)
    for number, more in enumerate([{}, {"description": "giữa"}, {}]):
        records.save(world.post, "activity", {"hamlet": f"Buôn {number + 1}", **more}, well)
        with world.post.transaction():
            segment.seal_open_changes(world.post)
    (result,) = world.carry(world.post, world.hq)
    assert result.applied == 3
    row = records.get(world.hq, well).row
    assert (row["hamlet"], row["description"]) == ("Buôn 3", "giữa")
    assert everything(world.hq) == as_folded(world.hq)


@pytest.mark.parametrize(("tick", "counts"), [(-1, "shipped"), (0, "shipped"), (1, "forged")])
def test_what_is_shipped_is_not_overwritten_by_a_reading_that_lies(world: World, tick: int, counts: str) -> None:
    """Headquarters gives a change of a shipped sentence the reading of the change that came with the program."""
    last = (
        "SELECT row_id, hlc FROM local_change WHERE log_id = ? AND table_name = 'activity_kind'"
        """ AND cols LIKE '{"sentence"%' ORDER BY seq DESC LIMIT 1"""
    )
    shipped = world.post.row(last, [BASELINE_LOG])
    assert shipped is not None
    row_id = shipped["row_id"]
    before = records.get(world.post, row_id)
    forged(world.hq, [(before.kind, row_id, '{"sentence":"forged"}')])
    change = "UPDATE local_change SET hlc = ? WHERE row_id = ? AND log_id <> ?"
    with world.hq.transaction():
        world.hq.db.execute(change, [shipped["hlc"] + tick, row_id, BASELINE_LOG])
    world.carry(world.hq, world.post)
    assert (records.get(world.post, row_id) == before) == (counts == "shipped")
    assert everything(world.post) == as_folded(world.post)


@pytest.mark.parametrize("forger_first", [True, False])
def test_a_change_before_its_row_is_of_the_post_that_begins_it(world: World, forger_first: bool) -> None:
    """A post names a record of another, which headquarters has or has not got: the reason does not depend on it."""
    other = new_post(world, "EABUNG", "Đồn BP Ea Bung")
    world.carry(other, world.hq)
    enrolment.trust_replica(world.hq, "EABUNG")
    theirs = records.save(other, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
    world.well()
    forged(world.post, [("event", theirs, '{"name":"Giả"}')])
    for sender in (world.post, other) if forger_first else (other, world.post):
        world.carry(sender, world.hq)
    assert records.get(world.hq, theirs).row["name"] == "Lũ 2013"
    assert [r["reason"] for r in everything(world.hq)[2]] == [admission.NOT_ALLOWED]
    assert everything(world.hq) == as_folded(world.hq)
    other.close()


@pytest.fixture
def fold_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[admission.RowKey]]:
    """The rows that were folded since."""
    folded: list[admission.RowKey] = []
    real = merge.fold_rows

    def fold(store: Store, schema: admission.Schema, cells: Any) -> None:
        folded.extend(cells)
        real(store, schema, cells)

    monkeypatch.setattr(merge, "fold_rows", fold)
    return lambda: folded


@pytest.mark.parametrize("text", ["Buôn A", "a \\ b", "\U0001f642", "dòng\nhai"])
def test_what_nobody_else_touched_is_not_folded(
    world: World, fold_of: Callable[[], list[admission.RowKey]], text: str
) -> None:
    """Whatever the text, and whether a row is new, changed once or several times in one segment."""
    well, other = world.well(description="Buôn A"), world.well(description=text)
    records.save(world.post, "activity", {"description": text}, well)
    (result,) = world.carry(world.post, world.hq)
    assert (result.complete, fold_of()) == (True, [])
    for description in ("Buôn B", text):
        records.save(world.post, "activity", {"description": description, "hamlet": "Buôn B"}, well)
    records.save(world.post, "activity", {"hamlet": "Buôn C"}, well)
    records.void(world.post, other, "nhập trùng")
    (second,) = world.carry(world.post, world.hq)
    assert (second.applied, fold_of()) == (4, [])
    assert everything(world.hq) == everything(world.post)
    assert records.get(world.hq, well).row["description"] == text


def test_only_what_both_changed_is_folded(world: World, fold_of: Callable[[], list[admission.RowKey]]) -> None:
    b = second_laptop(world)
    both, other = world.well(), world.well()
    world.carry(world.post, b)
    records.save(world.post, "activity", {"hamlet": "Buôn A"}, both)
    records.save(world.post, "activity", {"hamlet": "Buôn A"}, other)
    records.save(b, "activity", {"hamlet": "Buôn B"}, both)
    world.carry(world.post, world.hq)
    fold_of().clear()
    world.carry(b, world.hq)
    assert fold_of() == [("activity", both)]
    assert [c["row"] for c in merge.conflicts(world.hq)] == [both]
    b.close()


def test_a_beginning_that_is_logged_twice_counts_once_if_it_says_the_same(world: World) -> None:
    well, other = world.well(hamlet="Buôn A"), world.well(hamlet="Buôn A")
    begun = "SELECT cols FROM local_change WHERE row_id = ? AND instr(cols, 'created_at') > 0"
    cols = [world.post.value(begun, [row_id]) for row_id in (well, other)]
    world.carry(world.post, world.hq)
    before = everything(world.hq)
    forged(world.post, [("activity", well, cols[0])])
    world.carry(world.post, world.hq)
    assert everything(world.hq) == before
    forged(world.post, [("activity", other, cols[1].replace('"created_at":"2', '"created_at":"1'))])
    (result,) = world.carry(world.post, world.hq)
    assert len(result.set_aside) == 1
    assert [r["reason"] for r in everything(world.hq)[2]] == [admission.NOT_ALLOWED]
    assert everything(world.hq)[0] == before[0]
    assert doctor.examine_replica(world.hq).healthy


def test_what_is_said_about_a_post_it_cannot_say_itself(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    forged(world.post, [("review", well[:-1] + "0", '{"created_at":"2026-11-24T00:00:00Z","created_by":"x"}')])
    (result,) = world.carry(world.post, world.hq)
    assert len(result.set_aside) == 1
    assert [r["reason"] for r in everything(world.hq)[2]] == [admission.NOT_ALLOWED]


def test_the_history_of_an_imported_record_is_complete(world: World) -> None:
    well = world.well(hamlet="Buôn A")
    world.carry(world.post, world.hq)
    records.save(world.post, "activity", {"hamlet": "Buôn B"}, well)
    world.well()
    world.carry(world.post, world.hq)
    assert world.hq.value("SELECT count(*) FROM local_change WHERE row_id = ?", [well]) == 0
    assert history.history(world.hq, well) == history.history(world.post, well)
    places = [(s.log_id, s.seq) for s in history.history(world.hq, well)]
    assert {c.row_id for c in log.changes_at(world.hq, places).values()} >= {well}


def test_an_import_that_ended_before_its_index_is_found_after_the_next_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = world.well(description="Giếng buôn Ba Na")
    with monkeypatch.context() as patched:
        patched.setattr(search_index, "index_imported", lambda *_: None)
        world.carry(world.post, world.hq)
    assert history.history(world.hq, well) == history.history(world.post, well), "who asks for rows waits for them"
    assert not lists.record_window(world.hq, "activity", text="ba na").rows
    search_index.index_imported(world.hq)
    assert [r["id"] for r in lists.record_window(world.hq, "activity", text="ba na").rows] == [well]


def test_a_large_import_brings_the_triggers_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "LARGE_IMPORT", 0)
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    before = world.hq.rows(triggers)
    world.well()
    (result,) = world.carry(world.post, world.hq)
    assert (result.complete, world.hq.rows(triggers)) == (True, before)

    def fail(*_args: object) -> None:
        raise OSError("pulled")

    world.well()
    monkeypatch.setattr(segment_state, "apply_held", fail)
    (result,) = world.carry(world.post, world.hq)
    assert result.refused
    assert world.hq.rows(triggers) == before


DOUBTFUL = "aeo ệựđĐ–…“₫\u0301\u0323\u1161\u09be\u2126\u0374\u202e\u200b\x7f\u0085\ud55c\n"
"""Letters and signs, combining marks and vowels, what composition replaces, what is invisible or a control character"""


@settings(max_examples=200, database=None)
@given(texts=st.lists(st.text(DOUBTFUL, max_size=6), min_size=1, max_size=4))
def test_a_segment_is_taken_for_clean_only_if_each_value_is(texts: list[str]) -> None:
    some_id = "00000000-0000-7000-8000-000000000000"
    changes: list[Row] = [
        {"hlc": number + 1, "table_name": "event", "row_id": some_id,
         "cols": json.dumps({"name": text}, ensure_ascii=False), "actor": None, "at": log.hlc_instant(number + 1)}
        for number, text in enumerate(texts)
    ]  # fmt: skip
    header = segment.Header(segment.SEGMENT_FORMAT, 1, some_id, "*", some_id, 1, len(texts), None, {}, "")
    sealed = segment.read(segment.encode(header, changes))
    assert [entry.cols["name"] for entry in sealed.entries] == texts
    if sealed.plain:
        assert all(map(admission.is_storable, texts))
    assert sealed.plain or not all(text.isascii() and text.isprintable() for text in texts)


def test_letters_of_which_no_segment_doubts_stand_alone() -> None:
    """Each is in NFC behind any other, and before any other."""
    sure = [chr(code) for code in range(0x80, 0x3000) if not segment._MAY_COMPOSE.search(chr(code))]
    assert "ệ" in sure and "Ơ" in sure and "–" in sure
    for before in ("", "a", "ơ", *sure[:3]):
        text = "".join(f"{before}{letter}" for letter in sure)
        assert unicodedata.is_normalized("NFC", text)
        assert len(unicodedata.normalize("NFC", text)) == len(text)
    assert not any(unicodedata.combining(letter) for letter in sure)


@given(ids=st.lists(st.uuids().map(str)))
def test_many_rows_have_the_keys_that_each_has(ids: list[str]) -> None:
    assert [*log.touch_keys_in_order(ids)] == [log.touch_key(row_id) for row_id in ids]
