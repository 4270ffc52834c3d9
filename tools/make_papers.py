"""Make the Word templates of papers that come with the program: ``fieldapp/data/papers/*.docx``.

    python tools/make_papers.py [FOLDER]

The same bytes each time. The look is that of Decree 30/2020/NĐ-CP; papers of the Party follow Guide 36-HD/VPTW of 2018.
The wording is our own. ``docs/papers.md`` says what the fields mean.
"""

import re
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

OUT = Path(__file__).parents[1] / "fieldapp" / "data" / "papers"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
NAME_DOTS = "…" * 9
TWIPS = 567
"""in a centimetre"""
PARTY, STATE, WIDE_PARTY = 16.0, 16.5, 24.7
"""Widths of the text in cm: of papers of the Party, of offices, and of the Party's on a page on its side"""
MARKED = re.compile(r"\*\*(.+?)\*\*|__(.+?)__|\^\^(.+?)\^\^")
"""``**bold**``, ``__italic__``, ``^^capitals, bold^^``"""


def run(
    text: str, *, bold: bool = False, italic: bool = False, caps: bool = False, size: float = 14, under: bool = False
) -> str:
    """A piece of text with one look; a tab is one."""
    look = "<w:b/>" * bold + "<w:i/>" * italic + "<w:caps/>" * caps
    look += f'<w:sz w:val="{size * 2:g}"/><w:szCs w:val="{size * 2:g}"/>' + '<w:u w:val="single"/>' * under
    pieces = "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in text.split("\t"))
    return f"<w:r><w:rPr>{look}</w:rPr>{pieces}</w:r>"


def runs(text: str, *, bold: bool = False, italic: bool = False, caps: bool = False, size: float = 14) -> str:
    """Text with marks for bold, italic and capitals."""
    made, at = "", 0
    for found in MARKED.finditer(text):
        plain, inner = text[at : found.start()], found[1] or found[2] or found[3]
        made += run(plain, bold=bold, italic=italic, caps=caps, size=size) if plain else ""
        look = {"bold": bold or not found[2], "italic": italic or bool(found[2]), "caps": caps or bool(found[3])}
        made += run(inner, **look, size=size)
        at = found.end()
    return made + (run(text[at:], bold=bold, italic=italic, caps=caps, size=size) if at < len(text) else "")


def p(
    text: str = "", align: str = "left", *, size: float = 14, bold: bool = False, italic: bool = False,
    caps: bool = False, first: float = 0, left: float = 0, before: float = 0, after: float = 6, keep: bool = False,
    width: float = 0, under: bool = False,
) -> str:  # fmt: skip
    """A line.

    ``first``, ``left``: the indent of its first or of all lines in cm. ``width``: where dots after a tab end, in cm.
    ``keep``: on one page with the line that follows.
    """
    tabs = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{width * TWIPS:.0f}"/></w:tabs>' if width else ""
    space = f'<w:spacing w:before="{before * 20:.0f}" w:after="{after * 20:.0f}"/>'
    indent = f'<w:ind w:left="{left * TWIPS:.0f}" w:firstLine="{first * TWIPS:.0f}"/>' if first or left else ""
    shape = "<w:keepNext/>" * keep + tabs + space + indent + f'<w:jc w:val="{align}"/>'
    shape += f'<w:rPr><w:sz w:val="{size * 2:g}"/></w:rPr>' if not text else ""
    inner = run(text, size=size, under=True) if under else runs(text, bold=bold, italic=italic, caps=caps, size=size)
    return f"<w:p><w:pPr>{shape}</w:pPr>{inner}</w:p>"


def rule(width: float, column: float) -> str:
    """A thin line in the middle of a column; both in cm."""
    side = (column - width) / 2 * TWIPS
    return (
        '<w:p><w:pPr><w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
        f'<w:spacing w:before="60" w:after="0" w:line="80" w:lineRule="exact"/><w:ind w:left="{side:.0f}"'
        f' w:right="{side:.0f}"/></w:pPr></w:p>'
    )


def table(widths: Sequence[float], rows: Iterable[Sequence[str]], *, lines: bool, head: bool = False) -> str:
    """A table of cells, which are lines each; widths in cm."""
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    border = "".join(f'<w:{s} w:val="single" w:sz="4" w:space="0" w:color="000000"/>' for s in sides)
    margins = (
        "" if lines else '<w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>'
    )
    grid = "".join(f'<w:gridCol w:w="{width * TWIPS:.0f}"/>' for width in widths)
    made = ""
    for number, cells in enumerate(rows):
        shape = "<w:cantSplit/>" + "<w:tblHeader/>" * (head and number == 0)
        inner = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width * TWIPS:.0f}" w:type="dxa"/></w:tcPr>{cell}</w:tc>'
            for width, cell in zip(widths, cells, strict=True)
        )
        made += f"<w:tr><w:trPr>{shape}</w:trPr>{inner}</w:tr>"
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths) * TWIPS:.0f}" w:type="dxa"/><w:jc w:val="center"/>'
        f'{f"<w:tblBorders>{border}</w:tblBorders>" if lines else ""}<w:tblLayout w:type="fixed"/>{margins}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{made}</w:tbl>"
    )


def listed(columns: Sequence[tuple[str, str, float, str]], width: float) -> str:
    """A table as wide as the text, with one row that is repeated: (heading, field, share of the width, align) of each
    column. Its last row stays with the line that follows."""
    titles = [
        p(title, "center", size=12, bold=True, before=2, after=2, keep=True)
        for title, _field, _share, _align in columns
    ]
    cells = [p(field, align, size=12, before=2, after=2, keep=True) for _title, field, _share, align in columns]
    whole = sum(share for _title, _field, share, _align in columns)
    widths = [share * width / whole for _title, _field, share, _align in columns]
    return table(widths, [titles, cells], lines=True, head=True)


def dated(day: str = "") -> str:
    """Place and day: that of what the paper is about, or dots; never the day of printing."""
    if day:
        text = f"{{{{dia_danh}}}}, ngày {{{{{day}.ngay}}}} tháng {{{{{day}.thang}}}} năm {{{{{day}.nam}}}}"
    else:
        text = "{{dia_danh}}, ngày …… tháng …… năm …………"
    return p(text, "center", italic=True, before=4, after=0)


def party_head(above: str, issuer: str, number: str, day: str = "", width: float = PARTY) -> str:
    left, right = width * 0.42, width * 0.58
    return table([left, right], [
        [p(above, "center", caps=True, after=0) + p(issuer, "center", bold=True, caps=True, after=0)
         + p("*", "center", after=0),
         p("ĐẢNG CỘNG SẢN VIỆT NAM", "center", size=15, bold=True, after=0) + rule(7.2, right)],
        [p(number, "center", before=4, after=0), dated(day)],
    ], lines=False)  # fmt: skip


def office_head(number: str, day: str = "") -> str:
    return table([6.35, 10.15], [
        [p("{{cap_tren}}", "center", size=13, caps=True, after=0)
         + p("{{co_quan}}", "center", size=13, bold=True, caps=True, after=0) + rule(2.6, 6.35),
         p("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "center", size=13, bold=True, after=0)
         + p("Độc lập - Tự do - Hạnh phúc", "center", bold=True, after=0) + rule(6, 10.15)],
        [p(number, "center", size=13, before=4, after=0) if number else p(), dated(day)],
    ], lines=False)  # fmt: skip


def title(kind: str, about: str, size: float = 14, width: float = PARTY) -> str:
    """What the paper is, and about what, with a line a third as long below."""
    length = 3.0 if "{{" in about else min(max(len(about) * 0.09, 1.6), 4.5)
    return (
        p(kind, "center", size=size, bold=True, before=14, after=0, keep=True)
        + p(about, "center", bold=True, after=0) + rule(length, width) + p(size=8, after=0)
    )  # fmt: skip


def part(text: str, note: str = "", *, new_page: bool = False) -> str:
    """The title of a part of the paper that stands by itself."""
    made = p(text, "center", bold=True, before=10, after=0 if note else 6, keep=True)
    if new_page:
        made = made.replace("<w:keepNext/>", "<w:keepNext/><w:pageBreakBefore/>", 1)
    return made + (p(f"__{note}__", "center", after=8, keep=True) if note else "")


def signed(left: str, right: str, width: float = PARTY) -> str:
    """The foot, on one page with the line before it."""
    return p(size=8, after=0, keep=True) + table([width / 2, width / 2], [[left, right]], lines=False)


def three_signed(left: str, middle: str, right: str) -> str:
    """The same with three who sign, of a paper of an office."""
    return p(size=8, after=0, keep=True) + table([5.2, 6.1, 5.2], [[left, middle, right]], lines=False)


def signature(authority: str = "{{thay_mat}}", *, party: bool = False) -> str:
    return (
        p(authority, "center", bold=True, caps=True, after=0)
        + p("{{chuc_vu_nguoi_ky}}", "center", bold=not party, caps=True, after=54)
        + p("{{nguoi_ky}}", "center", bold=True, after=0)
    )


def recipients(*first: str, rest: str = "", party: bool = False) -> str:
    """To whom the paper goes: ``first``, then those of the letterhead."""
    lines = [
        *(f"- {text}{',' if party else ';'}" for text in first),
        rest or ("{{noi_nhan_dang}}" if party else "{{noi_nhan}}"),
    ]
    if party:
        return p("Nơi nhận:", size=14, under=True, after=0) + "".join(p(text, size=12, after=0) for text in lines)
    return p("Nơi nhận:", size=12, bold=True, italic=True, after=0) + "".join(
        p(text, size=11, after=0) for text in lines
    )


def by_hand(role: str, below: str = "", how: str = "Ký, ghi rõ họ tên") -> str:
    return (
        p(role, "center", bold=True, after=0) + (p(below, "center", after=0) if below else "")
        + p(f"__({how})__", "center", size=12, after=54)
    )  # fmt: skip


def cell_secretary() -> str:
    return (
        p("T/M CHI BỘ", "center", bold=True, after=0) + p("BÍ THƯ", "center", after=40)
        + p(NAME_DOTS, "center", after=0)
    )  # fmt: skip


def body(text: str, *, keep: bool = False, blanks: bool = False) -> str:
    """A paragraph; with ``blanks`` its lines are not stretched."""
    return p(text, "left" if blanks else "both", first=1.27, keep=keep)


def smaller(text: str) -> str:
    """The text of an office's paper in 13 points, which are prescribed as well: it is one page with usual records."""
    return re.sub(r'(<w:sz(?:Cs)? w:val=)"28"', r'\1"26"', text)


def typed(text: str) -> str:
    """Text of a record, which may have several lines."""
    return p(text, left=1.27)


def dotted(width: float, text: str = "", times: int = 1) -> str:
    """Lines to write on, up to the margin."""
    return p(f"{text}\t", width=width, first=1.27 if text else 0) * times


def headed(text: str) -> str:
    return p(f"**{text}**", before=6, keep=True, first=1.27)


def works(of: str, amount: str) -> list[tuple[str, str, float, str]]:
    """The columns of a table of figures; ``amount``: the heading of how much."""
    return [
        ("TT", f"{{{{{of}.stt}}}}", 1.2, "center"),
        ("Nội dung", f"{{{{{of}.so_lieu}}}}", 6.8, "left"),
        (amount, f"{{{{{of}.luong}}}}", 4.3, "right"),
        ("Ghi chú", f"{{{{{of}.ghi_chu}}}}", 4.2, "left"),
    ]


COMMUNE = "UBND {{noi.trong_cau}}"


def confirmed() -> str:
    """Where the commune signs."""
    return (
        p("XÁC NHẬN CỦA", "center", bold=True, after=0) + p(COMMUNE, "center", bold=True, caps=True, after=0)
        + p("__(Ký, ghi rõ họ tên, đóng dấu)__", "center", size=12, after=0)
    )  # fmt: skip


CELL_HEAD = ("Đảng ủy {{chi_bo.don_vi_hanh_chinh}}", "{{chi_bo.ten_gon}}")
PARTY_HEAD = ("{{to_chuc_dang_cap_tren}}", "{{to_chuc_dang}}")

PAPERS: dict[str, str] = {
    "gioi_thieu_sinh_hoat": (
        party_head(*PARTY_HEAD, "Số {{so_giay_gioi_thieu}}", "ngay_cap_giay")
        + title("GIẤY GIỚI THIỆU", "sinh hoạt đảng tạm thời", 16)
        + p("__Kính gửi:__ {{chi_bo.ten_day_du}} (qua Đảng ủy {{chi_bo.don_vi_hanh_chinh.trong_cau}})",
            "center", after=8)
        + body("{{to_chuc_dang}} giới thiệu đồng chí: **{{dang_vien.ho_va_ten}}**.")
        + body("Năm sinh: {{dang_vien.nam_sinh}}; cấp bậc, chức vụ: {{dang_vien.cap_bac_chuc_vu}}; đơn vị:"
               " {{don.ten_day_du}}.", blanks=True)
        + body("Vào Đảng: {{dang_vien.ngay_vao_dang}}; chính thức: ……/……/………….", blanks=True)
        + body("Số thẻ đảng viên: …………; đã đóng đảng phí đến hết tháng ……/…….", blanks=True)
        + body("Đồng chí {{dang_vien.ho_va_ten}} về tham gia sinh hoạt đảng tạm thời tại {{chi_bo.ten_day_du}}, từ ngày"
               " {{tu_ngay}} đến ngày {{den_ngay}}.")
        + dotted(PARTY, "Nhiệm vụ được giao: ")
        + body("Đề nghị chi bộ tiếp nhận, tạo điều kiện để đồng chí sinh hoạt, hoàn thành nhiệm vụ; khi hết thời hạn"
               " thì nhận xét bằng văn bản và giới thiệu đồng chí trở về sinh hoạt tại {{dang_bo}}.", keep=True)
        + signed(recipients("Như trên", "Đồng chí {{dang_vien.ho_va_ten}}", party=True), signature(party=True))
        + part("TIẾP NHẬN")
        + body("{{chi_bo.ten_day_du}} đã tiếp nhận đồng chí ngày\N{NO-BREAK SPACE}……/……/………….",
               keep=True, blanks=True)
        + signed(p(), cell_secretary())
    ),
    "danh_sach_sinh_hoat": (
        party_head(*PARTY_HEAD, "Số ……-DS/ĐU", width=WIDE_PARTY)
        + title("DANH SÁCH", "đảng viên được giới thiệu tham gia sinh hoạt đảng tạm thời tại chi bộ thôn, buôn", 16,
                WIDE_PARTY)
        + listed([("TT", "{{danh_sach.stt}}", 1.1, "center"), ("Họ và tên", "{{danh_sach.dang_vien}}", 4.6, "left"),
                  ("Năm sinh", "{{danh_sach.dang_vien.nam_sinh}}", 1.6, "center"),
                  ("Cấp bậc, chức vụ", "{{danh_sach.dang_vien.cap_bac_chuc_vu}}", 3.2, "left"),
                  ("Đơn vị", "{{danh_sach.don}}", 3.4, "left"),
                  ("Chi bộ nơi sinh hoạt", "{{danh_sach.chi_bo.ten_day_du}}", 5, "left"),
                  ("Số giấy giới thiệu", "{{danh_sach.so_giay_gioi_thieu}}", 2.4, "center"),
                  ("Từ ngày", "{{danh_sach.tu_ngay}}", 2.5, "center"),
                  ("Đến ngày", "{{danh_sach.den_ngay}}", 2.5, "center")], WIDE_PARTY)
        + p("Danh sách có {{so_ban_ghi}} đồng chí.", before=6, first=1.27, keep=True)
        + signed(recipients(party=True), signature(party=True), WIDE_PARTY)
    ),
    "bien_ban_sinh_hoat": (
        party_head(*CELL_HEAD, "Số ……-BB/CB", "ngay")
        + title("BIÊN BẢN", "sinh hoạt chi bộ", 16)
        + body("Hình thức sinh hoạt: {{loai_ky}}.")
        + body("Thời gian: bắt đầu lúc ……… giờ ……… phút, ngày {{ngay.ngay}} tháng {{ngay.thang}} năm {{ngay.nam}}.",
               blanks=True)
        + body("Địa điểm: {{dia_diem}}.")
        + headed("I. THÀNH PHẦN")
        + body("Tổng số đảng viên của chi bộ theo danh sách điểm danh: {{so_dang_vien}} (chính thức: ………; dự bị: ………);"
               " có mặt: {{so_co_mat}}; vắng: {{so_vang}} (có lý do: {{so_vang_co_ly_do}}; không lý do:"
               " {{so_vang_khong_ly_do}}).")
        + body("Đảng viên sinh hoạt tạm thời: ………; miễn sinh hoạt: ………; tạm thời đi nơi khác: ……….", blanks=True)
        + body("Đảng viên vắng: {{vang}}.")
        + body("Đại biểu, khách dự: {{khach}}.")
        + dotted(PARTY, "Chủ trì: ") + dotted(PARTY, "Người ghi biên bản: ")
        + headed("II. NỘI DUNG")
        + typed("{{noi_dung}}.")
        + headed("III. Ý KIẾN THẢO LUẬN") + dotted(PARTY, times=3)
        + headed("IV. KẾT LUẬN, NGHỊ QUYẾT")
        + typed("{{nghi_quyet}}.")
        + body("Biểu quyết: tán thành ……… đồng chí; không tán thành ……… đồng chí; ý kiến khác ……… đồng chí.")
        + body("Buổi sinh hoạt kết thúc lúc ……… giờ ……… phút cùng ngày. Biên bản được đọc lại trước chi bộ;"
               " ………/……… đồng chí nhất trí thông qua.", keep=True)
        + signed(by_hand("NGƯỜI GHI BIÊN BẢN"), by_hand("CHỦ TRÌ"))
        + recipients(rest="- Lưu chi bộ.", party=True)
        + part("DANH SÁCH ĐIỂM DANH", "(Kèm theo Biên bản sinh hoạt chi bộ ngày {{ngay}})", new_page=True)
        + listed([("TT", "{{diem_danh.stt}}", 1.2, "center"), ("Họ và tên", "{{diem_danh.dang_vien}}", 5, "left"),
                  ("Điểm danh", "{{diem_danh.co_mat}}", 3, "center"), ("Lý do vắng", "{{diem_danh.ly_do}}", 4, "left"),
                  ("Ký tên", "", 3, "left")], PARTY)
    ),
    "giay_moi_sinh_hoat": (
        party_head(*CELL_HEAD, "Số ……-GM/CB")
        + title("GIẤY MỜI", "dự sinh hoạt chi bộ", 16)
        + p("__Kính gửi:__ …………………………………………………………", "center", after=10)
        + body("{{chi_bo.ten_day_du}} trân trọng kính mời đồng chí tới dự buổi sinh hoạt chi bộ.")
        + body("Hình thức: {{loai_ky}}.")
        + body("Thời gian: ……… giờ ……… phút, ngày {{ngay.ngay}} tháng {{ngay.thang}} năm {{ngay.nam}}.")
        + body("Địa điểm: {{dia_diem}}.")
        + typed("Nội dung: {{noi_dung}}.")
        + body("Rất mong đồng chí đến dự đúng thời gian để buổi sinh hoạt đạt kết quả tốt.", keep=True)
        + signed(recipients("Như trên", rest="- Lưu chi bộ.", party=True),
                 cell_secretary())
    ),
    "bien_ban_ban_giao": (
        office_head("Số: ……/BB-{{viet_tat}}", "ngay_cuoi")
        + title("BIÊN BẢN", "Bàn giao công trình giúp đỡ Nhân dân", width=STATE)
        + smaller(
            body("Hôm nay, ngày {{ngay_cuoi.ngay}} tháng {{ngay_cuoi.thang}} năm {{ngay_cuoi.nam}}, tại {{thon_buon}},"
               " {{noi.trong_cau}}, chúng tôi gồm:", blanks=True)
        + headed("I. BÊN GIAO: {{don.ten_day_du}}")
        + dotted(STATE, "Ông (bà): ……………………………………… Chức vụ: ")
        + p("**II. BÊN NHẬN:** \t", before=6, width=STATE, first=1.27, keep=True)
        + dotted(STATE, "Ông (bà): ……………………………………… Chức vụ: ")
        + p(f"^^III. ĐẠI DIỆN {COMMUNE}^^", before=6, keep=True, first=1.27)
        + dotted(STATE, "Ông (bà): ……………………………………… Chức vụ: ")
        + headed("IV. NỘI DUNG BÀN GIAO")
        + body("Công trình, phần việc: {{loai_hoat_dong}}. Ngày bàn giao: {{ngay_cuoi}}.")
        + typed("Mô tả: {{noi_dung}}.")
        + body("Đơn vị phối hợp: {{phoi_hop}}.")
        + body("{{phuc_vu}}.")
        + listed(works("ban_giao", "Khối lượng"), STATE)
        + p("Giá trị: ……………………………… Chất lượng: \t", before=8, width=STATE, first=1.27)
        + headed("V. HIỆN TRẠNG, KIẾN NGHỊ") + dotted(STATE)
        + body("Kể từ ngày ký biên bản, bên nhận có trách nhiệm quản lý, sử dụng, bảo quản công trình theo quy"
               " định. Biên bản được lập thành 03 bản, mỗi bên giữ 01 bản, có giá trị như nhau./.", keep=True)
        + three_signed(by_hand("ĐẠI DIỆN BÊN GIAO"), confirmed(), by_hand("ĐẠI DIỆN BÊN NHẬN")))
        + recipients("Bên giao, bên nhận", COMMUNE, rest="- Lưu: VT.")
    ),
    "phieu_kham": (
        office_head("", "ngay_cuoi")
        + title("PHIẾU TỔNG HỢP", "Kết quả khám bệnh, chữa bệnh, cấp thuốc cho Nhân dân", width=STATE)
        + body("Đơn vị thực hiện: {{don.ten_day_du}}.")
        + body("Người phụ trách: {{nguoi_phu_trach}}.")
        + body("Thời gian: {{thoi_gian}}. Địa điểm: {{thon_buon}}, {{noi.trong_cau}}.", blanks=True)
        + body("Đơn vị phối hợp: {{phoi_hop}}.")
        + typed("Nội dung: {{noi_dung}}.")
        + listed(works("so_lieu", "Số lượng"), STATE)
        + p("Bệnh thường gặp: \t", before=8, width=STATE, first=1.27) + dotted(STATE)
        + dotted(STATE, "Số trường hợp chuyển tuyến trên: ")
        + dotted(STATE, "Kiến nghị: ") + dotted(STATE)
        + three_signed(by_hand("NGƯỜI LẬP PHIẾU"), confirmed(),
                       by_hand("CHỈ HUY ĐƠN VỊ", how="Ký, ghi rõ họ tên, đóng dấu"))
    ),
    "giay_moi": (
        office_head("Số: ……/GM-{{viet_tat}}")
        + title("GIẤY MỜI", "{{ten}}", width=STATE)
        + p("__Kính gửi:__ …………………………………………………………", "center", after=10)
        + body("{{co_quan}} trân trọng kính mời ông (bà) tới dự: {{ten}}.")
        + body("Thời gian: ……… giờ ……… phút, ngày {{tu_ngay.ngay}} tháng {{tu_ngay.thang}} năm {{tu_ngay.nam}}.")
        + dotted(STATE, "Địa điểm: ")
        + typed("Nội dung: {{noi_dung}}.")
        + body("Rất mong ông (bà) đến dự đúng thời gian./.", keep=True)
        + signed(recipients("Như trên"), signature(), STATE)
    ),
    "ke_hoach": (
        office_head("Số: ……/KH-{{viet_tat}}")
        + title("KẾ HOẠCH", "Giúp đỡ Nhân dân và tham gia sinh hoạt chi bộ ở địa bàn", width=STATE)
        + headed("I. MỤC ĐÍCH, YÊU CẦU") + dotted(STATE, times=3)
        + headed("II. CHỈ TIÊU")
        + listed([("TT", "{{danh_sach.stt}}", 1.2, "center"),
                  ("Chỉ tiêu", "{{danh_sach.chi_tieu_ve}}", 5, "left"),
                  ("Kế hoạch", "{{danh_sach.muc_dat}}", 3.2, "right"),
                  ("Từ ngày", "{{danh_sach.tu_ngay}}", 2.5, "center"),
                  ("Đến ngày", "{{danh_sach.den_ngay}}", 2.5, "center"), ("Phụ trách", "", 2.1, "left")], STATE)
        + headed("III. BIỆN PHÁP, PHÂN CÔNG") + dotted(STATE, times=3)
        + headed("IV. TỔ CHỨC THỰC HIỆN") + dotted(STATE, times=2)
        + signed(recipients(), signature(), STATE)
    ),
}  # fmt: skip
"""Code -> text"""
WIDE = frozenset({"danh_sach_sinh_hoat"})
"""Those whose page lies on its side"""

STYLES = (
    f'{HEAD}<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman"'
    ' w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="28"/><w:szCs'
    ' w:val="28"/><w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults><w:style'
    ' w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>'
)
SETTINGS = (
    f'{HEAD}<w:settings xmlns:w="{W}"><w:compat><w:doNotExpandShiftReturn/><w:compatSetting'
    ' w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>'
)
PAGE_NUMBER = (
    f'{HEAD}<w:hdr xmlns:w="{W}"><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:fldSimple w:instr="PAGE"><w:r>'
    "<w:t>2</w:t></w:r></w:fldSimple></w:p></w:hdr>"
)
NOTHING = f'{HEAD}<w:hdr xmlns:w="{W}"><w:p/></w:hdr>'
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TYPES = (
    f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
    ' ContentType="application/xml"/>'
    + "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{OFFICE}.{sort}+xml"/>'
        for name, sort in (("document", "document.main"), ("styles", "styles"), ("settings", "settings"),
                           ("header1", "header"), ("header2", "header"))
    )
    + "</Types>"
)  # fmt: skip
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TOP = (
    f'{HEAD}<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" Type="{R}/officeDocument"'
    ' Target="word/document.xml"/></Relationships>'
)
LINKS = (
    f'{HEAD}<Relationships xmlns="{RELATIONS}">'
    + "".join(
        f'<Relationship Id="rId{n}" Type="{R}/{sort}" Target="{name}.xml"/>'
        for n, (sort, name) in enumerate(
            (("styles", "styles"), ("settings", "settings"), ("header", "header1"), ("header", "header2")), start=1)
    )
    + "</Relationships>"
)  # fmt: skip


def document(code: str) -> str:
    """The main part of a template."""
    text = PAPERS[code]
    size = 'w:w="16838" w:h="11906" w:orient="landscape"' if code in WIDE else 'w:w="11906" w:h="16838"'
    side = 850 if "CỘNG HÒA" in text else 1134
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:headerReference w:type="first" r:id="rId4"/>'
        f'<w:pgSz {size}/><w:pgMar w:top="1134" w:right="{side}" w:bottom="1134" w:left="1701" w:header="567"'
        ' w:footer="567" w:gutter="0"/><w:titlePg/></w:sectPr>'
    )
    end = "" if text.endswith("</w:p>") else p(size=2, after=0)
    return f'{HEAD}<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{text}{end}{section}</w:body></w:document>'


def write(folder: Path) -> None:
    """Write all templates into a folder."""
    for code in PAPERS:
        parts = {
            "[Content_Types].xml": TYPES, "_rels/.rels": TOP, "word/document.xml": document(code),
            "word/_rels/document.xml.rels": LINKS, "word/styles.xml": STYLES, "word/settings.xml": SETTINGS,
            "word/header1.xml": PAGE_NUMBER, "word/header2.xml": NOTHING,
        }  # fmt: skip
        with zipfile.ZipFile(folder / f"{code}.docx", "w") as packed:
            for name, xml in parts.items():
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 0
                packed.writestr(info, xml.encode("utf-8"))


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
