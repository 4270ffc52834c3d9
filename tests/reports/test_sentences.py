"""The letter tells what was done in sentences; their patterns are data."""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, get_args

import few_units
import pytest
from field import Run, World
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldapp.domain import sentences
from fieldapp.domain.body_names import unshouted
from fieldapp.domain.coordination import MatterType
from fieldapp.domain.indicators import INDICATORS
from fieldapp.errors import FieldappError
from fieldapp.records import kind_form, records
from fieldapp.reports import narrative
from fieldapp.reports.figures import Figure, sums_by_kind
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.reports.sentences import INDICATOR_PATTERNS, amount_of, section_clauses, tell_kind
from fieldapp.store.store import Row, Store

YEAR = Query(Period(date(2013, 1, 1), date(2013, 12, 31)), today=date(2014, 1, 5))


def shipped() -> dict[str, dict[str, Row]]:
    state: dict[str, dict[str, Row]] = {}
    for table, row_id, cols, _is_new in few_units.few():
        state.setdefault(table, {}).setdefault(row_id, {"id": row_id, "sentence": None}).update(cols)
    return state


SHIPPED = shipped()
KINDS = {kind["code"]: kind for kind in SHIPPED["activity_kind"].values()}


def measures_of(kind: Row) -> list[Row]:
    pairs = (row for row in SHIPPED["kind_measure"].values() if row["activity_kind_id"] == kind["id"])
    return [SHIPPED["measure"][pair["measure_id"]] for pair in sorted(pairs, key=lambda pair: pair["position"])]


def record(world: World, kind: str, day: str = "2013-10-05", **amounts: object) -> str:
    measures = [
        {"measure_id": code, **({"note": n, "approximate": True} if isinstance(n, str) else {"amount": n})}
        for code, n in amounts.items()
    ]
    entry = {"activity_kind_id": kind, "date_from": day, "unit_id": "24221", "measures": measures}
    return records.save(world.post, "activity", entry, confirm=True)


def told(store: Store, section: str, query: Query = YEAR) -> str:
    return narrative.prose(report(store, query), section)


def test_amounts_stand_in_sentences(world: World) -> None:
    """And not “Vụ 4 vụ; đối tượng 5 đối tượng; cuộc 15 cuộc”."""
    record(world, "phong_chong_toi_pham", vu=4, doi_tuong=5)
    record(world, "tuan_tra_chung", cuoc=15, luot_tham_gia=152)
    assert told(world.post, "security") == (
        "Phối hợp giải quyết 4 vụ/5 đối tượng; tổ chức 15 cuộc tuần tra chung, có 152 lượt người tham gia."
    )
    assert "   Phối hợp giải quyết 4 vụ/5 đối tượng; tổ" in narrative.as_text(report(world.post, YEAR))


def test_what_is_not_recorded_leaves_no_gap(world: World) -> None:
    record(world, "tuan_tra_chung", cuoc=15)
    assert told(world.post, "security") == "Tổ chức 15 cuộc tuần tra chung."
    record(world, "phong_chong_toi_pham", doi_tuong=5)
    assert told(world.post, "security") == (
        "Phối hợp phòng, chống tội phạm: 5 đối tượng; tổ chức 15 cuộc tuần tra chung."
    )


def test_words_and_about_stay_what_they_are(world: World) -> None:
    record(world, "thien_tai", luot_cbcs=111, luot_phuong_tien="Hàng chục phương tiện", gao_kg=2100)
    record(world, "tang_qua_chinh_sach", suat_qua="nhiều")
    assert told(world.post, "relief") == (
        "Huy động 111 lượt cán bộ, chiến sĩ và hàng chục lượt phương tiện tham gia phòng, chống, khắc phục hậu quả"
        " thiên tai; hỗ trợ 2.100 kg gạo."
    )
    assert told(world.post, "gifts") == "Thăm, tặng nhiều suất quà cho gia đình chính sách."


def test_words_beside_a_zero_are_told_alone(world: World) -> None:
    record(world, "thien_tai", luot_cbcs=111, luot_phuong_tien=0)
    record(world, "thien_tai", luot_phuong_tien="hàng chục")
    assert told(world.post, "relief") == (
        "Huy động 111 lượt cán bộ, chiến sĩ và hàng chục lượt phương tiện tham gia phòng, chống, khắc phục hậu quả"
        " thiên tai."
    )


def test_words_beside_a_number_are_noted_behind_it(world: World) -> None:
    """And not “60 và hàng chục lượt phương tiện”; a note on its minutes shares the brackets."""
    record(world, "thien_tai", luot_cbcs=111, luot_phuong_tien=60, gao_kg=2100)
    record(world, "thien_tai", luot_phuong_tien="hàng chục")
    assert told(world.post, "relief") == (
        "Huy động 111 lượt cán bộ, chiến sĩ và 60 lượt phương tiện tham gia phòng, chống, khắc phục hậu quả thiên tai"
        " (chưa kể hàng chục lượt phương tiện chưa có số liệu cụ thể); hỗ trợ 2.100 kg gạo."
    )
    record(world, "gieng_khoan", gieng=1, ho_huong_loi=12)
    record(world, "gieng_khoan", gieng="hàng chục")
    beside = "(chưa kể hàng chục giếng chưa có số liệu cụ thể)."
    assert told(world.post, "works") == f"Bàn giao 1 giếng khoan cho 12 hộ {beside}"


def test_a_verb_is_not_repeated(world: World) -> None:
    record(world, "gieng_khoan", gieng=6, ho_huong_loi=87)
    record(world, "nha_dai_doan_ket", can_nha=12)
    record(world, "duong_cau", met_duong=850)
    record(world, "lop_hoc", phong_hoc=2)
    assert told(world.post, "works") == (
        "Bàn giao 6 giếng khoan cho 87 hộ; 12 căn nhà đại đoàn kết; làm mới, sửa chữa 850 m đường, cầu;"
        " bàn giao 2 phòng học."
    )


# every figure, in every combination ---------------------------------------------------------------------------------

NO_PROSE = re.compile(r"[{}\[\]]|  |\s[,;.]|[,;:] ?[,;:.]|^\W")


def told_of(kind: Row, chosen: Sequence[tuple[Row, int | None]]) -> tuple[str, list[Figure]]:
    figures = [
        Figure(kind["section"], m["code"], m["name"], n, m["decimals"], m["unit_name"],
               in_words=[] if n is not None else ["hàng chục"])
        for m, n in chosen
    ]  # fmt: skip
    pairs = [(m, f) for (m, _n), f in zip(chosen, figures, strict=True)]
    return sentences.as_sentence(sentences.joined(tell_kind(kind, pairs))), figures


@pytest.mark.parametrize("code", [code for code in KINDS if code != "cung_co_co_so_chinh_tri"])
@settings(max_examples=15)
@given(data=st.data())
def test_each_amount_of_a_kind_is_told_once_whatever_is_missing(code: str, data: st.DataObject) -> None:
    kind = KINDS[code]
    assert kind["sentence"], "every kind that is shipped has its sentence"
    measures = data.draw(st.lists(st.sampled_from(measures_of(kind)), min_size=1, unique_by=lambda m: m["code"]))
    amounts = {m["code"]: (at + 2) * 1_000_003 for at, m in enumerate(measures_of(kind))}
    amounts |= dict.fromkeys(data.draw(st.sets(st.sampled_from([*amounts]), max_size=1)))
    text, figures = told_of(kind, [(m, None if m["nature"] == "text" else amounts[m["code"]]) for m in measures])
    for figure in figures:
        assert text.count(amount_of(figure).bare) == sum(amount_of(f).bare == amount_of(figure).bare for f in figures)
    assert not NO_PROSE.search(text), text


def test_each_figure_that_is_no_measure_has_its_place() -> None:
    for section, pattern in INDICATOR_PATTERNS.items():
        named = {place.name for place in sentences.names(sentences.parse(pattern))}
        states = {sentences.key(f"{kind}_states") for kind in get_args(MatterType)}  # in place of the figures of states
        codes = (i.code for i in INDICATORS if i.section == section and not i.code.endswith(STATES))
        assert named - states == {sentences.key(code) for code in codes}


STATES = ("_on_time", "_late", "_overdue", "_open")


@pytest.mark.parametrize(("numbers", "said"), [
    ((1, 1, 0, 0, 0), "về 1 việc, đúng hạn"), ((3, 3, 0, 0, 0), "về 3 việc, đều đúng hạn"),
    ((3, 0, 3, 0, 0), "về 3 việc, đều chậm so với thời hạn"), ((1, 0, 0, 0, 1), "về 1 việc, đang thực hiện"),
    ((3, 1, 2, 0, 0), "về 3 việc, trong đó 1 việc đúng hạn, 2 việc chậm so với thời hạn"),
    ((4, 0, 2, 1, 1),
     "về 4 việc, trong đó 2 việc chậm so với thời hạn, 1 việc quá hạn chưa xong, 1 việc đang thực hiện"),
])  # fmt: skip
def test_what_became_of_matters_is_told_of_all_or_of_parts(world: World, numbers: Sequence[int], said: str) -> None:
    """And not “về 3 việc, 3 việc chậm”."""
    codes = [f"information_exchange{end}" for end in ("", *STATES)]
    figures = [Figure("coordination", code, "", n, 0, "việc") for code, n in zip(codes, numbers, strict=True) if n]
    (told,) = section_clauses(world.post, YEAR, figures)["coordination"]
    assert told.text == f"trao đổi thông tin {said}"


def test_a_zero_is_in_the_table_and_no_sentence_tells_it(world: World) -> None:
    record(world, "tuyen_truyen", buoi=2, to_roi=0)
    record(world, "phong_chong_toi_pham", vu=0)
    assert told(world.post, "propaganda") == "Tổ chức 2 buổi tuyên truyền, phổ biến, giáo dục pháp luật."
    assert told(world.post, "security") == "Trong kỳ không phát sinh."
    assert {f.code: f.value for f in report(world.post, YEAR).figures} == {"buoi": 2, "to_roi": 0, "vu": 0}


@pytest.mark.parametrize(("held", "attended", "missed", "said"), [
    (5, 3, 2, "đảng viên của đồn dự 3/5 kỳ sinh hoạt chi bộ, vắng 2 lượt"),
    (5, 5, None, "đảng viên của đồn dự 5 kỳ sinh hoạt chi bộ"),
    (5, None, None, "chi bộ thôn, buôn tổ chức 5 kỳ sinh hoạt"),
    (5, None, 2, "chi bộ thôn, buôn tổ chức 5 kỳ sinh hoạt, đảng viên của đồn vắng 2 lượt"),
])  # fmt: skip
def test_meetings_are_told_by_whom_they_were_attended(
    world: World, held: int, attended: int | None, missed: int | None, said: str
) -> None:
    given = {"meetings_held": held, "meetings_attended": attended, "attendance_missed": missed}
    figures = [Figure("party", code, code, n, 0, "kỳ") for code, n in given.items() if n]
    (told,) = section_clauses(world.post, Query(Period(date(2013, 1, 1), date(2013, 1, 1))), figures)["party"]
    assert told.text == said


def test_it_is_said_of_how_many_cells_meetings_are_recorded(world: World) -> None:
    """Three members in three cells beside one meeting would be wondered at; meetings of other cells do not count."""
    cells = [
        records.save(world.hq, "party_cell", {"name": f"Chi bộ buôn {n}", "unit_id": "24221"}, confirm=True)
        for n in range(4)
    ]
    world.carry(world.hq, world.post)
    for n in range(3):
        member = records.save(world.post, "member", {"full_name": f"Nguyễn Văn {n}"}, confirm=True)
        into = {"member_id": member, "party_cell_id": cells[n], "date_from": "2013-01-15"}
        records.save(world.post, "introduction", into, confirm=True)

    def met(cell: str) -> str:
        meeting = {"party_cell_id": cell, "held_on": "2013-11-03", "content": "Sinh hoạt thường kỳ"}
        records.save(world.post, "meeting", meeting, confirm=True)
        return told(world.post, "party")

    assert "mới có" not in met(cells[3])
    assert met(cells[0]).endswith("tổ chức 2 kỳ sinh hoạt (mới có số liệu sinh hoạt của 1/3 chi bộ).")
    assert "2/3 chi bộ" in met(cells[1])
    assert "mới có" not in met(cells[2])


def test_measures_with_names_alike_are_each_told_once(world: World) -> None:
    """“Bàn” is not “Bản”; and one that was voided has the name of the one in its place."""
    bare = {"nature": "quantity"}
    desks, villages = (
        {"code": "b1", "name": "Bàn", "unit_name": "cái"},
        {"code": "b2", "name": "Bản", "unit_name": "bản"},
    )
    kind = {"code": "tang_ban", "name": "Tặng bàn", "section": "gifts", "position": 99}
    new_kind(world, kind | {"sentence": "tặng {Bàn} bàn[ cho {Bản}]"}, desks | bare, villages | bare)
    record(world, "tang_ban", b1=5)
    assert told(world.post, "gifts") == "Tặng 5 cái bàn."
    record(world, "tang_ban", b2=3)
    assert told(world.post, "gifts") == "Tặng 5 cái bàn cho 3 bản."
    records.void(world.hq, world.hq.value("SELECT id FROM measure WHERE code = 'b1'"), "đổi đơn vị")
    records.save(world.hq, "measure", {"code": "b3", "name": "Bàn", "unit_name": "bộ"} | bare, confirm=True)
    records.save(
        world.hq, "kind_measure", {"activity_kind_id": "tang_ban", "measure_id": "b3", "position": 9}, confirm=True
    )
    world.carry(world.hq, world.post)
    assert told(world.post, "gifts") == "Tặng 5 cái bàn cho 3 bản."
    record(world, "tang_ban", b3=7)
    assert told(world.post, "gifts") == "Tặng 7 bộ bàn cho 3 bản, 5 cái bàn."


def test_the_kinds_add_up_to_the_report(world: World) -> None:
    for kind, day in (("tang_qua_chinh_sach", "2013-07-27"), ("xuan_bien_phong", "2013-01-20")):
        record(world, kind, day, suat_qua=70, tri_gia_qua=14_000_000)
    found = sums_by_kind(world.post, YEAR)
    assert sorted(f.value or 0 for figures in found.values() for f in figures) == [70, 70, 14_000_000, 14_000_000]
    assert {f.code: f.value for f in report(world.post, YEAR).figures} == {"suat_qua": 140, "tri_gia_qua": 28_000_000}
    assert told(world.post, "gifts") == (
        "Thăm, tặng 70 suất quà cho gia đình chính sách, trị giá 14 triệu đồng; tổ chức Chương trình “Xuân Biên phòng"
        " ấm lòng dân bản”, tặng 70 suất quà, trị giá 14 triệu đồng."
    )


# headquarters' own --------------------------------------------------------------------------------------------------

BLOOD: dict[str, Any] = {"code": "hien_mau", "name": "Hiến máu tình nguyện", "section": "health", "position": 99}


def new_kind(world: World, kind: dict[str, Any], *measures: dict[str, Any]) -> None:
    kind_id = records.save(world.post, "activity_kind", kind) if world.post.identity.role == "hq" else None
    assert kind_id is None
    kind_id = records.save(world.hq, "activity_kind", {k: v for k, v in kind.items() if k != "sentence"})
    for position, measure in enumerate(measures):
        code = measure["code"]
        if not world.hq.value("SELECT count(*) FROM measure WHERE code = ?", [code]):
            records.save(world.hq, "measure", measure, confirm=True)
        records.save(world.hq, "kind_measure", {"activity_kind_id": kind_id, "measure_id": code, "position": position})
    if "sentence" in kind:
        records.save(world.hq, "activity_kind", {"sentence": kind["sentence"]}, kind_id)
    world.carry(world.hq, world.post)


UNITS = {"code": "don_vi_mau", "name": "Đơn vị máu", "unit_name": "đơn vị", "nature": "quantity"}
GIVERS = {"code": "nguoi_hien", "name": "Số người hiến máu", "unit_name": "người", "nature": "persons"}


def test_a_kind_without_a_pattern_is_told_by_its_name_and_units(world: World) -> None:
    new_kind(world, BLOOD, UNITS, GIVERS)
    record(world, "hien_mau", don_vi_mau=25, nguoi_hien=40)
    assert told(world.post, "health") == "Hiến máu tình nguyện: 25 đơn vị máu, 40 người hiến máu."


def test_a_size_stands_behind_its_name(world: World) -> None:
    """And not “22,5 m3 dung tích”."""
    tank = {"code": "be_nuoc", "name": "Bể nước sạch", "section": "works", "position": 99}
    size = {"code": "dt", "name": "Dung tích", "unit_name": "m3", "decimals": 1, "nature": "quantity"}
    new_kind(world, tank, {"code": "be", "name": "Bể", "unit_name": "bể", "nature": "works"}, size)
    record(world, "be_nuoc", be=3, dt=225)
    assert told(world.post, "works") == "Bàn giao 3 bể nước sạch, dung tích 22,5 m³."


def test_works_without_a_pattern_are_handed_over(world: World) -> None:
    kind = {"code": "be_nuoc", "name": "Bể nước sạch", "section": "works", "position": 99}
    new_kind(world, kind, {"code": "be", "name": "Bể", "unit_name": "bể", "nature": "works"}, {"code": "ho_huong_loi"})
    record(world, "gieng_khoan", gieng=1)
    record(world, "be_nuoc", be=3, ho_huong_loi=40)
    assert told(world.post, "works") == "Bàn giao 1 giếng khoan; 3 bể nước sạch, 40 hộ hưởng lợi."


def test_headquarters_writes_a_sentence_by_the_names_of_measures(world: World) -> None:
    """And what it adds later is told behind it."""
    pattern = "tổ chức hiến máu tình nguyện được {Đơn vị máu}[ với {số người hiến máu:n} người tham gia]"
    new_kind(world, {**BLOOD, "sentence": pattern}, UNITS, GIVERS)
    record(world, "hien_mau", don_vi_mau=25, nguoi_hien=40)
    whole = "Tổ chức hiến máu tình nguyện được 25 đơn vị với 40 người tham gia"
    assert told(world.post, "health") == f"{whole}."
    seedlings = {"code": "qua_mau", "name": "Phần quà", "unit_name": "phần", "nature": "quantity"}
    records.save(world.hq, "measure", seedlings)
    records.save(world.hq, "kind_measure", {"activity_kind_id": "hien_mau", "measure_id": "qua_mau", "position": 9})
    world.carry(world.hq, world.post)
    record(world, "hien_mau", qua_mau=40)
    assert told(world.post, "health") == f"{whole}, 40 phần quà."


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("được {don_vi_mau} và {thuoc_bo}", "“thuoc_bo”"),
        ("được {don_vi_mau", "thiếu một dấu ngoặc nhọn"),
        ("được {don_vi_mau}[ với 3 người]", "[ ]"),
        ("được {don_vi_mau}[ với {nguoi_hien}", "]"),
        ("được nhiều máu", "{Ngày công}"),
        ("được {don_vi_mau}; {}", "chưa ghi tên"),
    ],
)
def test_a_pattern_that_cannot_be_filled_is_refused_when_it_is_saved(
    world: World, run: Run, pattern: str, said: str
) -> None:
    new_kind(world, BLOOD, UNITS, GIVERS)
    kind = world.hq.value("SELECT id FROM activity_kind WHERE code = 'hien_mau'")
    code, _out, err = run("edit", kind, "--json", "-", home="hq", stdin={"sentence": pattern})
    assert code == 1 and said in err
    assert "Traceback" not in err
    assert world.hq.value("SELECT sentence FROM activity_kind WHERE code = 'hien_mau'") is None


def test_a_kind_s_form_takes_a_sentence_about_measures_that_are_new_in_it(world: World) -> None:
    form = {
        "name": "Hiến máu tình nguyện", "section": "health", "sentence": "hiến được {Đơn vị máu}",
        "measures": [{k: v for k, v in UNITS.items() if k != "code"}],
    }  # fmt: skip
    with pytest.raises(FieldappError) as refused:
        kind_form.save(world.hq, {**form, "sentence": "hiến được {Túi máu}"})
    assert "“Túi máu”" in refused.value.fields["sentence"]
    kind = kind_form.save(world.hq, form)
    assert world.hq.value("SELECT sentence FROM activity_kind WHERE id = ?", [kind]) == "hiến được {Đơn vị máu}"


def test_a_measure_s_own_sentence_asks_for_nothing_else(world: World, run: Run) -> None:
    measure = {"code": "cay", "name": "Cây giống", "unit_name": "cây", "nature": "quantity"}
    stdin = {**measure, "sentence": "trồng {amount} ở {xa}"}
    code, _out, err = run("add", "measure", "--json", "-", home="hq", stdin=stdin)
    assert code == 1 and "“xa”" in err and "{amount}" in err
    assert run("add", "measure", "--json", "-", home="hq", stdin={**measure, "sentence": "trồng {amount}"})[0] == 0


def test_a_pattern_that_this_version_cannot_read_is_no_error(world: World) -> None:
    with world.post.transaction(applying=True):
        world.post.db.execute("UPDATE activity_kind SET sentence = '{vu:!} [[' WHERE code = 'phong_chong_toi_pham'")
        world.post.db.execute("UPDATE measure SET sentence = '}' WHERE code = 'vu'")
    record(world, "phong_chong_toi_pham", vu=4)
    assert told(world.post, "security") == "Phối hợp phòng, chống tội phạm: 4 vụ."


def test_names_are_text(world: World) -> None:
    """A name that looks like a pattern is no pattern."""
    kind = {**BLOOD, "name": "Hiến máu {x} [y]; z"}
    new_kind(world, kind, {**UNITS, "name": "Đơn vị {máu}"})
    record(world, "hien_mau", don_vi_mau=25)
    assert told(world.post, "health") == "Hiến máu {x} [y]; z: 25 đơn vị {máu}."
    assert json.loads(json.dumps(report(world.post, YEAR).as_json()))["figures"][0]["title"] == "Đơn vị {máu}"


# names --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shouted", "spelled"),
    [
        ("BỘ CHỈ HUY BĐBP TỈNH ĐẮK LẮK", "Bộ Chỉ huy BĐBP tỉnh Đắk Lắk"),
        ("ĐẢNG ỦY BỘ ĐỘI BIÊN PHÒNG", "Đảng ủy Bộ đội Biên phòng"),
        ("ĐỒN BIÊN PHÒNG YA TỜ MỐT", "Đồn Biên phòng Ya Tờ Mốt"),
        ("BAN CHỈ HUY QUÂN SỰ HUYỆN M'ĐRẮK", "Ban Chỉ huy Quân sự huyện M'Đrắk"),
        ("UBND XÃ IA RVÊ", "UBND xã Ia Rvê"),
        ("Bộ Chỉ huy BĐBP tỉnh Đắk Lắk", "Bộ Chỉ huy BĐBP tỉnh Đắk Lắk"),
        ("BĐBP", "BĐBP"),
    ],
)
def test_capitals_of_a_letterhead_are_not_shouted_in_a_sentence(shouted: str, spelled: str) -> None:
    assert unshouted(shouted) == spelled
