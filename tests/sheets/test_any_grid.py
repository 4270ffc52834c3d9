"""Whatever stands on a sheet: never a traceback, and a row is in as a whole or not at all."""

import csv
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from field import World
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldapp.errors import FieldappError
from fieldapp.sheets import importing
from fieldapp.sheets.importing import ImportOptions
from fieldapp.store.store import Store

HEADINGS = ("Ngày", "Loại hoạt động", "Nơi", "Huyện", "Số hộ", "Ngày công", "Gạo (kg)", "Trị giá (triệu đồng)",
            "Chi bộ được củng cố", "Chủ đề", "Sự kiện", "Nội dung", "Lạ", "", "Mã dòng (không sửa)")  # fmt: skip
PLAUSIBLE = ("5/11/2013", "2013-11-05", "31/2/2013", "5/11", "hn", "Giếng khoan", "thien_tai", "tuyen_truyen", "Ia Rvê",
             "24221", "Xã Tân Lập", "Ea Súp", "12", "2.100", "2,1", "70tr", "hàng chục", "~20", "120 @30/11; 80 @1/12",
             "buôn Ba Na", "Luật", "-", "#REF!", "=1+1", "Tổng cộng", "{0}", "%s", "[b]", "\u202e", "'", '"', "9" * 40,
             "011732a5-c400-7320-894b-b1bea3c725b7", "5-7/11/2013", "1/1/0001", "0", "-1", "1e9", "٣")  # fmt: skip
CELLS = st.sampled_from(PLAUSIBLE) | st.text(max_size=12)
GRIDS = st.tuples(
    st.lists(st.sampled_from(HEADINGS) | st.text(max_size=8), min_size=2, max_size=8),
    st.lists(st.lists(CELLS, max_size=8), max_size=5),
    st.lists(st.lists(CELLS, max_size=3), max_size=2),
    st.booleans(),
)


class _Undo(Exception):
    pass


@contextmanager
def undone(store: Store) -> Generator[None, None, None]:
    """What is done inside is not kept."""
    try:
        with store.transaction():
            yield
            raise _Undo
    except _Undo:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sheets").mkdir()
    return tmp_path / "sheets"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(grid=GRIDS)
def test_any_grid(world: World, folder: Path, grid: tuple[list[str], list[list[str]], list[list[str]], bool]) -> None:
    head, rows, above, confirm = grid
    path = folder / "a.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL).writerows([*above, ["Ngày", "Nơi", *head], *rows])
    store = world.post
    with undone(store):
        before = store.value("SELECT count(*) FROM local_change")
        try:
            outcome = importing.import_sheet(
                store, path, ImportOptions("activity", confirm=confirm, given={"activity_kind": "thien_tai"})
            )
        except FieldappError as error:
            assert str(error)
            assert store.value("SELECT count(*) FROM local_change") == before
        else:
            added = {entered.id for entered in outcome.added}
            assert {r["id"] for r in store.rows("SELECT id FROM activity")} == added
            for table in ("activity_measure", "activity_target", "activity_extra"):
                assert {r["activity_id"] for r in store.rows(f"SELECT activity_id FROM {table}")} <= added
            assert {r["row_id"] for r in store.rows("SELECT row_id FROM local_batch_row")} == added
            assert (outcome.refused_file is None) is (outcome.refused == [])
            for refused in outcome.refused:
                assert refused.reason
            again = importing.import_sheet(
                store, path, ImportOptions("activity", confirm=confirm, given={"activity_kind": "thien_tai"})
            )
            assert ({e.id for e in again.known}, again.added) == (added, [])
    for file_made in folder.glob("*refused*"):
        file_made.unlink()
