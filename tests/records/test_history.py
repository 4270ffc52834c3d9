"""A record's history as a person reads it."""

from field import World

from fieldapp.records import history, records


def test_it_says_what_was_written_then(world: World) -> None:
    """Figures as they were, with their decimals; what was mended later does not change what was written first."""
    tons = {"code": "gao", "name": "Gạo tấn", "unit_name": "tấn", "decimals": 1, "nature": "turns"}
    rice = records.save(world.hq, "measure", tons)
    records.save(world.hq, "kind_measure", {"activity_kind_id": "gieng_khoan", "measure_id": rice})
    world.carry(world.hq, world.post)
    well = world.well(measures=[{"measure_id": "ho_huong_loi", "amount": 80}, {"measure_id": rice, "amount": "1,5"}])
    records.save(world.post, "activity", {"measures": [{"measure_id": "ho_huong_loi", "amount": 4},
                                                       {"measure_id": rice, "amount": "2,5"}]}, well)  # fmt: skip
    lines = history.history_lines(world.post, history.history(world.post, well))
    said = [line.split("  ", 2)[2] for line in lines]
    assert sum("Hộ" in line and line.endswith("· 80") for line in said) == 1, said
    assert sum("Hộ" in line and line.endswith("80 → 4") for line in said) == 1, said
    assert sum("Gạo tấn" in line and line.endswith("· 1,5") for line in said) == 1, said
    assert sum("Gạo tấn" in line and line.endswith("1,5 → 2,5") for line in said) == 1, said


def test_every_step_is_a_line_and_what_says_nothing_is_none(world: World) -> None:
    """A figure that was taken out without its reason, which is always the same; a record that was voided with it."""
    well = world.well(hamlet="Buôn A")
    records.save(world.post, "activity", {"hamlet": "Buôn B"}, well)
    records.save(world.post, "activity", {"measures": [{"measure_id": "gieng", "amount": 1}]}, well)
    records.save(world.post, "activity", {"hamlet": None}, well)
    records.save(world.post, "activity", {"unit_id": "24229"}, well)
    records.void(world.post, well, "nhập trùng")
    steps = history.history(world.post, well)
    lines = [line.split("  ", 2) for line in history.history_lines(world.post, steps)]
    assert {who for _at, who, _what in lines} == {"Nguyễn Văn A"}
    assert [what for _at, _who, what in lines] == [
        "Ghi mới: Hoạt động",
        "Ghi mới: Số liệu Giếng · 1",
        "Ghi mới: Số liệu Hộ hưởng lợi · 12",
        "Thôn, buôn: Buôn A → Buôn B",
        "Bỏ: Số liệu Hộ hưởng lợi · 12",
        "Thôn, buôn: Buôn B → —",
        "Xã, phường: Xã Ia Rvê · Huyện Ea Súp · Tỉnh Đắk Lắk → Xã Ea Bung · Huyện Ea Súp · Tỉnh Đắk Lắk",
        "Đã hủy",
        "Lý do: — → nhập trùng",
    ]
    world.carry(world.post, world.hq)
    assert history.history_lines(world.hq, history.history(world.hq, well)) == history.history_lines(world.post, steps)


def test_what_was_set_aside_is_no_step(world: World) -> None:
    """It never counted: what the next one sets was set from what stood before it."""
    well = world.well(hamlet="Buôn A")
    world.carry(world.post, world.hq)
    with world.post.transaction():
        world.post.db.execute("UPDATE activity SET hamlet = 'Buôn' || char(7) WHERE id = ?", [well])
        world.post.db.execute("UPDATE activity SET hamlet = 'Buôn C' WHERE id = ?", [well])
    world.carry(world.post, world.hq)
    steps = [(s.old, s.new) for s in history.history(world.hq, well) if s.field == "hamlet"]
    assert steps == [(None, "Buôn A"), ("Buôn A", "Buôn C")]
