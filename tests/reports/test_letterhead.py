"""What stands around a report is kept on the laptop, one for each layout."""

import json

from field import Run, World

from fieldapp.reports.letterhead import letterhead, save_letterhead


def test_before_anything_is_kept_it_is_what_is_known(world: World) -> None:
    hq, post = letterhead(world.hq, "decree30"), letterhead(world.post, "decree30")
    assert (hq.superior, hq.issuer) == ("", "Sở chỉ huy")
    assert (post.superior, post.issuer) == ("Sở chỉ huy", "Đồn BP Ia Rvê")
    assert post.recipients == ["Sở chỉ huy", "Lưu: VT"]
    assert letterhead(world.hq, "party").authority == "T/M ĐẢNG ỦY"


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
