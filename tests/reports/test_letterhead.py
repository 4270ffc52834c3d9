"""What stands around a report is kept on the laptop, one for each layout."""

import json
from datetime import date

from field import Run, World

from fieldapp.reports.files.letter import DOTS, LetterDraft, letter
from fieldapp.reports.letterhead import Letterhead, letterhead, save_letterhead


def test_before_anything_is_kept_it_is_what_is_known(world: World) -> None:
    hq, post = letterhead(world.hq, "decree30"), letterhead(world.post, "decree30")
    assert (hq.superior, hq.issuer) == ("", "Sở chỉ huy")
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


def test_the_title_of_a_period_that_is_not_over_says_up_to_which_day(world: World) -> None:
    head = letterhead(world.hq, "decree30")
    assert "(số liệu đến ngày 30/11/2013)" in lines(head, "số liệu đến ngày 30/11/2013")


def test_layouts_are_kept_apart(world: World) -> None:
    save_letterhead(world.hq, "party", {"issuer": " Đảng ủy\tBĐBP ", "signer": "H'Bia Êban"})
    assert letterhead(world.hq, "party").issuer == "Đảng ủy BĐBP"
    assert letterhead(world.hq, "decree30").issuer == "Sở chỉ huy"


def test_on_the_command_line(run: Run, world: World) -> None:
    code, out, _err = run("letterhead", "--json", "-", stdin={"place": "Đắk Lắk", "recipients": ["Lưu: VT"]}, home="hq")
    assert (code, json.loads(out)["place"]) == (0, "Đắk Lắk")
    assert json.loads(run("letterhead", home="hq")[1])["recipients"] == ["Lưu: VT"]
    code, _out, err = run("letterhead", "--json", "-", stdin={"noi": "x", "place": 3}, home="hq")
    assert code == 1
    assert "noi, place" in err
    assert run("letterhead", "--json", "-", stdin=["x"], home="hq")[0] == 1
    assert json.loads(run("letterhead", home="hq")[1])["place"] == "Đắk Lắk"
