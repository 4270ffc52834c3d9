"""What is asked once until the file is changed: never of a state that is not there any more."""

import pytest
from field import World

from fieldapp.records import records, reviews, view
from fieldapp.store.store import Store
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
    review_queue.review_record(world.hq, well, "returned", comment="xem lại")
    assert [returned(world) for _ in range(3)] == [[well]] * 3
    assert len(asked) == 2


def test_another_connection_changes_it_too(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    assert returned(world) == []
    with world.hq.reopen() as other:
        review_queue.review_record(other, well, "returned", comment="xem lại")
    assert returned(world) == [well]


def test_what_was_taken_back_is_forgotten(world: World) -> None:
    well = world.well()
    world.carry(world.post, world.hq)
    with pytest.raises(ZeroDivisionError), world.hq.transaction():
        review_queue.review_record(world.hq, well, "returned", comment="xem lại")
        assert returned(world) == [well]
        raise ZeroDivisionError
    assert returned(world) == []
    with world.hq.transaction():
        with pytest.raises(ZeroDivisionError), world.hq.transaction():
            review_queue.review_record(world.hq, well, "returned", comment="xem lại")
            assert returned(world) == [well]
            raise ZeroDivisionError
        assert returned(world) == []


def test_a_record_that_was_only_tried_out_changes_nothing(world: World) -> None:
    well = world.well()
    before = records.get(world.post, well)
    view.as_it_would_be(world.post, "member", {"full_name": "Y Thanh Niê"})
    assert records.get(world.post, well) == before
