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
