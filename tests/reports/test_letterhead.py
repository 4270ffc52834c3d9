"""What stands around a report is kept on the laptop, one for each layout."""

import json
from datetime import date

import pytest
from field import Run, World

from fieldapp.reports.files.letter import DOTS, LetterDraft, letter
from fieldapp.reports.files.pdf import FONT, PdfPaper
from fieldapp.reports.letterhead import LayoutCode, Letterhead, letterhead, save_letterhead


def test_before_anything_is_kept_it_is_what_is_known(world: World) -> None:
    hq, post = letterhead(world.hq, "decree30"), letterhead(world.post, "decree30")
    assert (hq.superior, hq.issuer) == ("", ""), "“Sở chỉ huy” is not the name of a body"
    assert (post.superior, post.issuer) == ("Sở chỉ huy", "Đồn BP Ia Rvê")
    assert post.recipients == ["Sở chỉ huy", "Lưu: VT, ……"]
    party = letterhead(world.post, "party")
    assert (party.authority, party.sign) == ("T/M ĐẢNG ỦY", "BC/ĐU")
    assert (party.superior, party.issuer) == ("Đảng ủy Sở chỉ huy", "Đảng ủy Đồn BP Ia Rvê"), "who signs, speaks"


def lines(head: Letterhead, up_to: str = "") -> list[str]:
    made = letter(LetterDraft(head, "decree30", "12", date(2013, 12, 31), "Kết quả năm 2013", up_to))
    sides = [line for row in made.head for side in row for line in side]
    found = [*sides, *made.title, *made.recipients, *made.signature]
    return [line.text.replace("\N{NO-BREAK SPACE}", " ") for line in found]


def test_a_letter_is_addressed_to_the_body_above_and_dotted_where_nobody_is_named(world: World) -> None:
    post, hq = lines(letterhead(world.post, "decree30")), lines(letterhead(world.hq, "decree30"))
    assert "Kính gửi: Sở chỉ huy." in post and "- Như trên;" in post
    assert not any("Kính gửi" in line for line in hq)
    assert hq[-5:] == ["Nơi nhận:", f"- {DOTS};", "- Lưu: VT, …….", "CHỈ HUY TRƯỞNG", DOTS]
    assert "Số: 12/BC-……" in hq


@pytest.mark.parametrize("above", ["Bộ Tư lệnh BĐBP (để báo cáo)", "BỘ TƯ LỆNH BỘ ĐỘI BIÊN PHÒNG", "Như trên", ""])
def test_a_report_goes_to_the_body_above_unless_another_or_nobody_is_named(world: World, above: str) -> None:
    """As Decree 30/2020/NĐ-CP asks; whoever it goes to is “Như trên” and first, also by a shorter name."""
    older = {
        "superior": "BỘ TƯ LỆNH BỘ ĐỘI BIÊN PHÒNG",
        "issuer": "Ban Chỉ huy",
        "sign": "BC-BCH",
        "place": "Đắk Lắk",
        "recipients": ["Thường trực Tỉnh ủy", above, "Lưu: VT"],
        "authority": "",
        "position": "",
        "signer": "",
    }
    world.hq.set_setting("letterhead.decree30", json.dumps(older))
    found = lines(letterhead(world.hq, "decree30"))
    assert "Kính gửi: Bộ Tư lệnh Bộ đội Biên phòng." in found
    at = found.index("Nơi nhận:")
    assert found[at + 1 : at + 4] == ["- Như trên;", "- Thường trực Tỉnh ủy;", "- Lưu: VT."]
    shorter = lines(save_letterhead(world.hq, "decree30", {"superior": "BỘ CHQS TỈNH ĐẮK LẮK"}))
    assert "Kính gửi: Bộ Chỉ huy quân sự tỉnh Đắk Lắk." in shorter, "in full"
    other = lines(save_letterhead(world.hq, "decree30", {"addressed": "Thường trực Tỉnh ủy"}))
    assert "Kính gửi: Thường trực Tỉnh ủy." in other
    assert other.count("- Thường trực Tỉnh ủy;") == 0
    nobody = lines(save_letterhead(world.hq, "decree30", {"addressed": "-"}))
    assert not any(line.startswith(("Kính gửi", "- Như trên")) for line in nobody)
    party = letter(LetterDraft(letterhead(world.hq, "decree30"), "party", "12", date(2013, 12, 31), "Kết quả"))
    assert not any("Kính gửi" in line.text for line in party.title)


def test_the_title_of_a_period_that_is_not_over_says_up_to_which_day(world: World) -> None:
    head = letterhead(world.hq, "decree30")
    assert "(số liệu đến ngày 30/11/2013)" in lines(head, "số liệu đến ngày 30/11/2013")


def test_layouts_are_kept_apart(world: World) -> None:
    save_letterhead(world.hq, "party", {"issuer": " Đảng ủy\tBĐBP ", "signer": "H'Bia Êban"})
    assert letterhead(world.hq, "party").issuer == "Đảng ủy BĐBP"
    assert letterhead(world.hq, "decree30").issuer == ""


def test_a_body_that_is_not_named_is_dotted(world: World) -> None:
    layouts: tuple[LayoutCode, ...] = ("decree30", "party")
    for layout in layouts:
        made = letter(LetterDraft(letterhead(world.hq, layout), layout, "12", date(2013, 12, 31), "Kết quả"))
        assert DOTS in [line.text for line in made.head[0][0]], layout
        assert made.annex[-1].text.endswith(f" của {DOTS})")


@pytest.mark.parametrize("up_to", ["", "số liệu đến ngày 30/11/2026"])
@pytest.mark.parametrize("layout", ["decree30", "party"])
@pytest.mark.parametrize(
    "about",
    ["Kết quả năm 2013",
     "Kết quả giúp đỡ Nhân dân và phối hợp với cấp ủy, chính quyền địa phương quý IV/2026",
     "Kết quả giúp đỡ Nhân dân và phối hợp với cấp ủy, chính quyền địa phương quý IV/2026 (Đồn Biên phòng Yok M'Bre, xã"
     " Krông Na)"],
)  # fmt: skip
def test_a_rule_is_a_third_to_a_half_of_the_line_above_it(layout: LayoutCode, about: str, up_to: str) -> None:
    """As prescribed; and no line of a title is a word alone."""
    head = Letterhead(issuer="Bộ Chỉ huy Bộ đội Biên phòng tỉnh Đắk Lắk")
    made = letter(LetterDraft(head, layout, "12", date(2013, 12, 31), about, up_to))
    paper = PdfPaper(made)
    paper.set_font(FONT, "B", 14)
    for lines in (made.title, made.head[0][0]):
        ruled = [line for line in lines if line.rule]
        for line in ruled:
            paper.set_font_size(line.size)
            assert 1 / 3 <= line.rule / paper.get_string_width(line.text) <= 1 / 2, line
    said = [line for line in made.title if line.bold][1:]
    paper.set_font_size(14)
    widths = [paper.get_string_width(line.text) for line in said if line.text[:1] != "("]
    assert max(widths) < made.page.width
    assert min(widths) > 0.7 * max(widths)


def test_a_post_s_committee_has_no_office_also_where_it_was_saved_so(world: World) -> None:
    for store in (world.post, world.hq):
        save_letterhead(store, "party", {"recipients": ["Đảng ủy xã", "Lưu Văn phòng Đảng ủy"]})
    assert letterhead(world.post, "party").recipients == ["Đảng ủy xã", "Lưu Đảng ủy"]
    assert letterhead(world.hq, "party").recipients[-1] == "Lưu Văn phòng Đảng ủy"


def test_on_the_command_line(run: Run, world: World) -> None:
    code, out, _err = run("letterhead", "--json", "-", stdin={"place": "Đắk Lắk", "recipients": ["Lưu: VT"]}, home="hq")
    assert (code, json.loads(out)["place"]) == (0, "Đắk Lắk")
    assert json.loads(run("letterhead", home="hq")[1])["recipients"] == ["Lưu: VT"]
    code, _out, err = run("letterhead", "--json", "-", stdin={"noi": "x", "place": 3}, home="hq")
    assert code == 1
    assert "noi, place" in err
    assert run("letterhead", "--json", "-", stdin=["x"], home="hq")[0] == 1
    assert json.loads(run("letterhead", home="hq")[1])["place"] == "Đắk Lắk"
