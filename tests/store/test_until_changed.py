"""What is asked once until the file is changed: never of a state that is not there any more."""

import tracemalloc

import pytest
import uuid_utils
from field import World

from fieldapp.records import records, reviews, view
from fieldapp.store.store import Store
from fieldapp.sync.exchange import status
from fieldapp.work import review_queue


def returned(world: World) -> list[str]:
    return [said.record for said in reviews.returned_records(world.hq)]


def test_it_is_asked_once_and_again_after_each_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Store] = []
    real = reviews._returned

    def counted(store: Store) -> list[reviews.LastReview]:
        asked.append(store)
        return real(store)

    monkeypatch.setattr(reviews, "_returned", counted)
    well = world.well()
    world.carry(world.post, world.hq)
    asked.clear()
    assert [returned(world) for _ in range(3)] == [[], [], []]
    assert len(asked) == 1
    review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on("", "xem lại")])
    assert [returned(world) for _ in range(3)] == [[well]] * 3
    assert len(asked) == 2


def test_another_connection_changes_it_too(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    assert returned(world) == []
    with world.hq.reopen() as other:
        review_queue.review_record(other, well, "returned", comments=[review_queue.comment_on("", "xem lại")])
    assert returned(world) == [well]


def test_what_was_taken_back_is_forgotten(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    with pytest.raises(ZeroDivisionError), world.hq.transaction():
        review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on("", "xem lại")])
        assert returned(world) == [well]
        raise ZeroDivisionError
    assert returned(world) == []
    with world.hq.transaction():
        with pytest.raises(ZeroDivisionError), world.hq.transaction():
            review_queue.review_record(world.hq, well, "returned", comments=[review_queue.comment_on("", "xem lại")])
            assert returned(world) == [well]
            raise ZeroDivisionError
        assert returned(world) == []


def test_a_record_that_was_only_tried_out_changes_nothing(world: World) -> None:
    well = world.well()
    before = records.get(world.post, well)
    view.as_it_would_be(world.post, "member", {"full_name": "Y Thanh Niê"})
    assert records.get(world.post, well) == before


def test_what_headquarters_lacks_is_counted_in_little_memory(world: World) -> None:
    """An evening's screen begins with it, after months without a stick."""
    store = world.post
    columns = "id, post_id, created_at, created_by, name, date_from, description"
    at, text = "2026-11-05T08:00:00.000Z", "a" * 2_000
    with store.transaction():
        store.db.conn.executemany(
            f"INSERT INTO event ({columns}) VALUES (?, ?, ?, 'A', 'Ngày hội', '2026-11-05', ?)",
            [(str(uuid_utils.uuid7()), store.identity.post_id, at, text) for _ in range(2_000)],
        )
    tracemalloc.start()
    assert status.exchange_status(store).unsent >= 2_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 7_000_000
