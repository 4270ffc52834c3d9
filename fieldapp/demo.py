"""A demo of the round trip with the source's figures: recorded at a post, carried on a stick, counted at headquarters.

The demo enters only single records: the report adds up the figures.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from fieldapp.errors import FieldappError
from fieldapp.i18n import _, counted
from fieldapp.records import lists, records
from fieldapp.reports import narrative
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store import disk
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment, incoming, outgoing, status
from fieldapp.sync.peers import peers

PASSPHRASE = "demo"  # noqa: S105 — the demo holds nothing secret
USER = "Nguyễn Văn A"
PERIOD = Period(date(2013, 1, 1), date(2013, 12, 31))

COMMUNES = {"24214": "Ia Lốp", "24221": "Ia Rvê", "24229": "Ea Bung", "24235": "Krông Na"}
CELLS_PER_COMMUNE = 8
FAMILY_NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ")
GIVEN_NAMES = ("An", "Bình", "Cường", "Dũng", "Đạt")
POSITIONS = ("Thiếu tá", "Đại úy", "Thượng úy", "Trung úy", "Thiếu tá QNCN", "Đại úy QNCN")

Announce = Callable[[str], None]


def run_demo(workspace: Path, say: Announce) -> None:
    """Create ``hq/``, ``post/`` and ``usb/`` in the workspace, and carry records from the post to headquarters."""
    if (workspace / "hq").exists() or (workspace / "post").exists():
        raise FieldappError(_("There is a demo in {home} already. Name another folder.").format(home=workspace))
    usb = workspace / "usb"
    disk.check_folder(usb)
    usb.mkdir(parents=True, exist_ok=True)
    say(_("1. Headquarters begins, and writes a pack for the post."))
    hq = enrolment.init_hq(workspace / "hq", name="Sở chỉ huy", user="Trực ban", passphrase=PASSPHRASE)
    for code, commune in COMMUNES.items():
        for number in range(1, CELLS_PER_COMMUNE + 1):
            records.save(
                hq, "party_cell", {"name": f"Chi bộ thôn {number} {commune}", "unit_id": _old_commune(hq, code)}
            )
    pack = enrolment.write_pack(hq, code="IARVE", name="Đồn BP Ia Rvê", dest=usb)
    say(_("2. The post starts from the pack, and records."))
    post = enrolment.init_post(workspace / "post", pack, user=USER, passphrase=PASSPHRASE)
    count = enter_activities(post)
    say("   " + _("{n} records entered.").format(n=count))
    say(_("3. The officer exports to the stick."))
    _show_export(outgoing.export(post, usb), say)
    say(_("4. Headquarters imports, compares the fingerprint by telephone and certifies the laptop."))
    _show_import(incoming.import_files(hq, [usb]), say)
    peer = peers.others(hq)[0]
    say(f"   {peer.title}: {peer.fingerprint}")
    _peer, changes = enrolment.trust_replica(hq, peer.id)
    say("   " + _("{n} changes applied.").format(n=changes))
    say(_("5. The receipt goes back on the stick."))
    _show_export(outgoing.export(hq, usb), say)
    _show_import(incoming.import_files(post, [usb]), say)
    say(_("6. Headquarters' report, from what came out of the bundles:") + "\n")
    say(narrative.as_text(report(hq, Query(PERIOD))))
    say("")
    for store, name in ((post, _("post")), (hq, _("headquarters"))):
        state = status.exchange_status(store)
        unsent = counted("{n} record not sent", "{n} records not sent", state.fresh_records)
        say(
            _("State of {name}: {unsent}, {held} wait, {conflicts} conflicts.").format(
                name=name, unsent=unsent, held=len(state.held), conflicts=state.conflicts
            )
        )
    post.close()
    hq.close()


def _old_commune(store: Store, code: str) -> str:
    """The commune that had the code in 2013."""
    found: str = store.value(
        "SELECT id FROM unit WHERE code = ? AND level = 'commune' AND valid_to IS NOT NULL", [code]
    )
    return found


def enter_activities(post: Store) -> int:
    """Enter the source's activities at the post, through the code that the screen and ``add`` use."""
    flood = records.save(post, "event", {"name": "Lũ 2013 Ea Súp", "date_from": "2013-09-18", "date_to": "2013-09-30"})
    entries = [*_activities(flood, post)]
    for entry in entries:
        records.save(post, "activity", entry)
    return 1 + len(entries) + _introduce(post) + _meet(post)


def _activities(flood: str, post: Store) -> list[dict[str, Any]]:
    codes = list(COMMUNES)
    cells = post.rows(
        "SELECT c.id, u.code FROM party_cell c JOIN unit u ON u.id = c.unit_id WHERE c.voided_at IS NULL ORDER BY c.id"
    )
    wells = [
        {
            "activity_kind_id": "gieng_khoan",
            "date_from": f"2013-{3 + n:02d}-15",
            "unit_id": codes[n % 4],
            "description": f"Bàn giao giếng khoan số {n + 1}",
            "measures": [{"measure_id": "gieng", "amount": 1}, {"measure_id": "ho_huong_loi", "amount": 12 + n}],
        }
        for n in range(6)
    ]
    houses = [
        {
            "activity_kind_id": "nha_dai_doan_ket",
            "date_from": f"2013-{month:02d}-20",
            "unit_id": code,
            "description": "Bàn giao nhà đại đoàn kết",
            "measures": [{"measure_id": "can_nha", "amount": 3}, {"measure_id": "ho_huong_loi", "amount": 3}],
        }
        for month, code in zip((4, 6, 8, 11), codes, strict=True)
    ]
    clinic = {
        "activity_kind_id": "phong_kham_quan_dan_y",
        "date_from": "2013-05-19",
        "unit_id": "24235",
        "description": "Bàn giao phòng khám quân dân y kết hợp",
        "measures": [{"measure_id": "phong_kham", "amount": 1}],
    }
    labour = [
        {
            "activity_kind_id": "lao_dong_san_xuat",
            "date_from": day,
            "unit_id": code,
            "description": "Giúp dân thu hoạch, làm đất",
            "measures": [{"measure_id": "ngay_cong", "amount": amount}],
        }
        for day, code, amount in (
            ("2013-02-20", "24214", 180),
            ("2013-06-11", "24221", 212),
            ("2013-10-08", "24229", "150"),
            ("2013-12-03", "24235", 180),
        )
    ]
    health = [
        {
            "activity_kind_id": "kham_chua_benh",
            "date_from": day,
            "unit_id": code,
            "description": "Khám, chữa bệnh, cấp thuốc miễn phí cho bà con",
            "partners": "Trạm y tế xã",
            "measures": [
                {"measure_id": "luot_kham", "amount": visits},
                {"measure_id": "tri_gia_kham", "amount": worth},
            ],
        }
        for day, code, visits, worth in (
            ("2013-03-27", "24214", "585", "17tr"),
            ("2013-07-27", "24221", "1.200", "35,5 triệu"),
            ("2013-11-20", "24235", "600", "17.500.000"),
        )
    ]
    relief = {
        "activity_kind_id": "thien_tai",
        "date_from": "2013-09-18",
        "date_to": "2013-09-25",
        "unit_id": "24229",
        "event_id": flood,
        "description": "Cứu hộ, khắc phục hậu quả lũ, cứu trợ bà con bị lũ",
        "measures": [
            {"measure_id": "luot_cbcs", "amount": 111},
            {"measure_id": "luot_phuong_tien", "approximate": True, "note": "hàng chục"},
            {"measure_id": "gao_kg", "amount": "2.100"},
            {"measure_id": "tien_mat", "amount": "14tr"},
        ],
    }
    base = [
        {
            "activity_kind_id": "cung_co_co_so_chinh_tri",
            "date_from": f"2013-{month:02d}-10",
            "unit_id": code,
            "description": "Tham mưu củng cố cơ sở chính trị xã biên giới",
            "targets": [
                {"target_type": "commune", "unit_id": code},
                *({"target_type": "party_cell", "party_cell_id": c["id"]} for c in cells if c["code"] == code),
            ],
        }
        for month, code in ((2, "24214"), (4, "24221"), (8, "24229"), (10, "24235"), (12, "24214"))
    ]
    gifts = {
        "activity_kind_id": "tang_qua_chinh_sach",
        "date_from": "2013-07-26",
        "unit_id": "24221",
        "description": "Thăm, tặng quà gia đình chính sách",
        "measures": [{"measure_id": "suat_qua", "approximate": True, "note": "nhiều"}],
    }
    return [*wells, *houses, clinic, *labour, *health, relief, *base, gifts]


def _introduce(post: Store) -> int:
    """Enter thirty members of the post, each introduced to a cell; returns the number of records."""
    cells = [row["id"] for row in lists.record_window(post, "party_cell").rows]
    number = 0
    for given in GIVEN_NAMES:
        for family, position in zip(FAMILY_NAMES, POSITIONS, strict=True):
            member = records.save(post, "member", {"full_name": f"{family} Văn {given}", "position": position})
            records.save(
                post,
                "introduction",
                {
                    "member_id": member,
                    "party_cell_id": cells[number],
                    "letter_number": f"{number + 1:02d}-GT/ĐU",
                    "letter_date": "2013-01-10",
                    "date_from": "2013-01-15",
                    "role": "Đảng viên sinh hoạt tạm thời",
                },
            )
            number += 1
    return 2 * number


def _meet(post: Store) -> int:
    """Enter a regular meeting of the first cell, with its own members and the introduced one; returns the number of
    records."""
    cell = lists.record_window(post, "party_cell").rows[0]["id"]
    for name in ("Y Thanh Niê", "H'Bia Êban", "Siu Blêh"):
        records.save(post, "member", {"full_name": name, "party_cell_id": cell})
    day = date(2013, 11, 3)
    records.save(
        post,
        "meeting",
        {
            "party_cell_id": cell,
            "held_on": day,
            "content": "Sinh hoạt thường kỳ tháng 11",
            "attendance": [{"member_id": m["id"], "status": "present"} for m in lists.roster(post, cell, day)],
        },
    )
    return 4


def _show_export(results: list[outgoing.Exported], say: Announce) -> None:
    for r in results:
        say(f"   {r.sentence}")


def _show_import(results: list[incoming.Imported], say: Announce) -> None:
    for r in results:
        if r.for_others:
            continue
        say("   " + _("{file}: {n} new changes.").format(file=r.path.name, n=r.applied))
        for line in r.problems:
            say("   " + line)
