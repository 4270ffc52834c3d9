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
TWIPS = 567
"""in a centimetre"""
MARKED = re.compile(r"\*\*(.+?)\*\*|__(.+?)__|\^\^(.+?)\^\^")
"""``**bold**``, ``__italic__``, ``^^capitals, bold^^``"""


def run(text: str, *, bold: bool = False, italic: bool = False, caps: bool = False, size: float = 14) -> str:
    """A piece of text with one look; a tab is one."""
    look = "<w:b/>" * bold + "<w:i/>" * italic + "<w:caps/>" * caps
    look += f'<w:sz w:val="{size * 2:g}"/><w:szCs w:val="{size * 2:g}"/>'
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
    caps: bool = False, first: float = 0, left: float = 0, before: float = 0, after: float = 4, keep: bool = False,
    width: float = 0,
) -> str:  # fmt: skip
    """A line.

    ``first``, ``left``: the indent of its first or of all lines in cm. ``width``: where dots after a tab end, in cm.
    """
    tabs = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{width * TWIPS:.0f}"/></w:tabs>' if width else ""
    space = f'<w:spacing w:before="{before * 20:.0f}" w:after="{after * 20:.0f}"/>'
    indent = f'<w:ind w:left="{left * TWIPS:.0f}" w:firstLine="{first * TWIPS:.0f}"/>' if first or left else ""
    shape = "<w:keepNext/>" * keep + tabs + space + indent + f'<w:jc w:val="{align}"/>'
    shape += f'<w:rPr><w:sz w:val="{size * 2:g}"/></w:rPr>' if not text else ""
    return f"<w:p><w:pPr>{shape}</w:pPr>{runs(text, bold=bold, italic=italic, caps=caps, size=size)}</w:p>"


def rule(width: float, column: float) -> str:
    """A thin line in the middle of a column; both in cm."""
    side = (column - width) / 2 * TWIPS
    return (
        '<w:p><w:pPr><w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>'
        f'<w:spacing w:before="20" w:after="0" w:line="80" w:lineRule="exact"/><w:ind w:left="{side:.0f}"'
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


def listed(columns: Sequence[tuple[str, str, float, str]]) -> str:
    """A table with one row that is repeated: (heading, field, width in cm, align) of each column."""
    titles = [p(title, "center", size=12, bold=True, before=2, after=2) for title, _field, _width, _align in columns]
    cells = [p(field, align, size=12, before=2, after=2) for _title, field, _width, align in columns]
    return table([width for _title, _field, width, _align in columns], [titles, cells], lines=True, head=True)


def dated(day: str, size: float = 14) -> str:
    text = f"{{{{dia_danh}}}}, ngày {{{{{day}.ngay}}}} tháng {{{{{day}.thang}}}} năm {{{{{day}.nam}}}}"
    return p(text, "center", italic=True, size=size, before=4, after=0)


def party_head(above: str, issuer: str, number: str, day: str = "hom_nay") -> str:
    left = p(above, "center", caps=True, after=0) if above else ""
    return table([7, 9], [
        [left + p(issuer, "center", bold=True, caps=True, after=0) + p("*", "center", after=0),
         p("ĐẢNG CỘNG SẢN VIỆT NAM", "center", size=15, bold=True, after=0) + rule(7.2, 9)],
        [p(number, "center", before=4, after=0), dated(day)],
    ], lines=False)  # fmt: skip


def office_head(number: str) -> str:
    return table([6.5, 10], [
        [p("{{cap_tren}}", "center", size=13, caps=True, after=0)
         + p("{{co_quan}}", "center", size=13, bold=True, caps=True, after=0) + rule(2.6, 6.5),
         p("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "center", size=13, bold=True, after=0)
         + p("Độc lập - Tự do - Hạnh phúc", "center", bold=True, after=0) + rule(6, 10)],
        [p(number, "center", size=13, before=4, after=0) if number else p(), dated("hom_nay")],
    ], lines=False)  # fmt: skip


def title(kind: str, about: str = "", size: float = 14) -> str:
    made = p(kind, "center", size=size, bold=True, before=14, after=0, keep=True)
    return made + (p(about, "center", bold=True, after=0) if about else "") + rule(3.5, 16) + p(size=8, after=0)


def signed(left: str, right: str, widths: tuple[float, float] = (8, 8)) -> str:
    return p(size=8, after=0) + table(widths, [[left, right]], lines=False)


def signature() -> str:
    return (
        p("{{thay_mat}}", "center", bold=True, caps=True, after=0)
        + p("{{chuc_vu_nguoi_ky}}", "center", bold=True, caps=True, after=54)
        + p("{{nguoi_ky}}", "center", bold=True, after=0)
    )


def recipients() -> str:
    return p("Nơi nhận:", size=12, bold=True, italic=True, after=0) + p("{{noi_nhan}}", size=11, after=0)


def by_hand(role: str) -> str:
    return p(role, "center", bold=True, after=0) + p("__(Ký, ghi rõ họ tên)__", "center", size=12, after=54)


def body(text: str) -> str:
    return p(text, "both", first=1.27, after=6)


DOTTED = p("\t", width=16)

WORKS = [
    ("TT", "{{so_lieu.stt}}", 1.2, "center"),
    ("Nội dung", "{{so_lieu.so_lieu}}", 6.5, "left"),
    ("Khối lượng", "{{so_lieu.luong}}", 4.3, "left"),
    ("Ghi chú", "{{so_lieu.ghi_chu}}", 4.2, "left"),
]

PAPERS: dict[str, str] = {
    "gioi_thieu_sinh_hoat": (
        party_head("{{cap_tren}}", "{{co_quan}}", "Số {{so_giay_gioi_thieu}}", "ngay_cap_giay")
        + title("GIẤY GIỚI THIỆU", "sinh hoạt đảng tạm thời", 16)
        + p("__Kính gửi:__ Chi ủy {{chi_bo}}", "center", after=10)
        + body("{{co_quan}} giới thiệu đồng chí: **{{dang_vien.ho_va_ten}}**")
        + body("Năm sinh: {{dang_vien.nam_sinh}}. Cấp bậc, chức vụ: {{dang_vien.cap_bac_chuc_vu}}")
        + body("Vào Đảng ngày: {{dang_vien.ngay_vao_dang}}. Chính thức ngày: ……/……/…………")
        + body("Số thẻ đảng viên: ……………………… Đã đóng đảng phí hết tháng …… năm …………")
        + body("Được tham gia sinh hoạt đảng tạm thời tại {{chi_bo}}, {{chi_bo.don_vi_hanh_chinh}}, từ ngày"
               " {{tu_ngay}} đến ngày {{den_ngay}}.")
        + body("Nhiệm vụ được giao: {{vai_tro}}")
        + body("Đề nghị chi ủy tiếp nhận, tạo điều kiện để đồng chí sinh hoạt, hoàn thành nhiệm vụ; khi hết thời hạn"
               " thì nhận xét bằng văn bản và giới thiệu đồng chí trở về đơn vị.")
        + signed(recipients(), signature())
        + title("TIẾP NHẬN")
        + body("{{chi_bo}} đã tiếp nhận đồng chí {{dang_vien.ho_va_ten}} ngày …… tháng …… năm …………")
        + signed(p(), by_hand("T/M CHI ỦY"))
    ),
    "danh_sach_sinh_hoat": (
        party_head("{{cap_tren}}", "{{co_quan}}", "Số …………")
        + title("DANH SÁCH", "đảng viên được giới thiệu tham gia sinh hoạt tại chi bộ thôn, buôn", 16)
        + listed([("TT", "{{danh_sach.stt}}", 1.1, "center"), ("Họ và tên", "{{danh_sach.dang_vien}}", 4.3, "left"),
                  ("Năm sinh", "{{danh_sach.dang_vien.nam_sinh}}", 1.6, "center"),
                  ("Cấp bậc, chức vụ", "{{danh_sach.dang_vien.cap_bac_chuc_vu}}", 3.9, "left"),
                  ("Chi bộ nơi sinh hoạt", "{{danh_sach.chi_bo}}, {{danh_sach.chi_bo.don_vi_hanh_chinh}}", 5, "left"),
                  ("Số giấy giới thiệu", "{{danh_sach.so_giay_gioi_thieu}}", 2.6, "left"),
                  ("Từ ngày", "{{danh_sach.tu_ngay}}", 2.4, "center"),
                  ("Đến ngày", "{{danh_sach.den_ngay}}", 2.4, "center"),
                  ("Vai trò", "{{danh_sach.vai_tro}}", 2.2, "left")])
        + signed(recipients(), signature(), (13, 11))
    ),
    "bien_ban_sinh_hoat": (
        party_head("Đảng ủy {{chi_bo.don_vi_hanh_chinh}}", "{{chi_bo}}", "Số …………", "ngay")
        + title("BIÊN BẢN", "sinh hoạt chi bộ", 16)
        + body("Hình thức sinh hoạt: {{loai_ky}}.")
        + body("Thời gian: ngày {{ngay.ngay}} tháng {{ngay.thang}} năm {{ngay.nam}}, từ …… giờ …… đến …… giờ ……")
        + body("Địa điểm: {{dia_diem}}")
        + p("**I. THÀNH PHẦN**", before=6, keep=True, first=1.27)
        + body("Tổng số đảng viên của chi bộ theo danh sách điểm danh: {{so_dang_vien}}; có mặt: {{so_co_mat}}; vắng:"
               " {{so_vang}} (có lý do: {{so_vang_co_ly_do}}; không lý do: {{so_vang_khong_ly_do}}).")
        + body("Đảng viên vắng: {{vang}}.")
        + body("Đại biểu, khách dự: {{khach}}.")
        + p("Chủ trì: \t", width=16, first=1.27) + p("Thư ký: \t", width=16, first=1.27)
        + p("**II. NỘI DUNG**", before=6, keep=True, first=1.27)
        + p("{{noi_dung}}", left=1.27, after=6)
        + p("**III. Ý KIẾN THẢO LUẬN**", before=6, keep=True, first=1.27) + DOTTED * 4
        + p("**IV. KẾT LUẬN, NGHỊ QUYẾT**", before=6, keep=True, first=1.27)
        + p("{{nghi_quyet}}", left=1.27, after=6)
        + body("Biểu quyết: tán thành …… đồng chí; không tán thành …… đồng chí; ý kiến khác …… đồng chí.")
        + body("Biên bản được đọc lại trước chi bộ và được nhất trí thông qua.")
        + signed(by_hand("THƯ KÝ"), by_hand("CHỦ TRÌ"))
        + title("DANH SÁCH ĐIỂM DANH")
        + listed([("TT", "{{diem_danh.stt}}", 1.2, "center"), ("Họ và tên", "{{diem_danh.dang_vien}}", 5, "left"),
                  ("Điểm danh", "{{diem_danh.co_mat}}", 3, "center"), ("Lý do vắng", "{{diem_danh.ly_do}}", 4, "left"),
                  ("Ký tên", "", 3, "left")])
    ),
    "giay_moi_sinh_hoat": (
        party_head("Đảng ủy {{chi_bo.don_vi_hanh_chinh}}", "{{chi_bo}}", "Số …………")
        + title("GIẤY MỜI", "dự sinh hoạt chi bộ", 16)
        + p("__Kính gửi:__ …………………………………………………………", "center", after=10)
        + body("{{chi_bo}} trân trọng kính mời đồng chí tới dự buổi sinh hoạt chi bộ.")
        + body("Hình thức: {{loai_ky}}.")
        + body("Thời gian: …… giờ ……, ngày {{ngay.ngay}} tháng {{ngay.thang}} năm {{ngay.nam}}.")
        + body("Địa điểm: {{dia_diem}}.")
        + p("Nội dung: {{noi_dung}}", left=1.27, after=6)
        + body("Rất mong đồng chí đến dự đúng thời gian để buổi sinh hoạt đạt kết quả tốt./.")
        + signed(p(), by_hand("T/M CHI ỦY"))
    ),
    "bien_ban_ban_giao": (
        office_head("")
        + title("BIÊN BẢN", "Bàn giao công trình, kết quả giúp dân")
        + body("Hôm nay, ngày …… tháng …… năm …………, tại {{thon_buon}}, {{noi}}, chúng tôi gồm:")
        + p("**I. BÊN GIAO: {{don}}**", before=4, keep=True)
        + p("1. Ông (bà): \t", width=16) + p("    Chức vụ: \t", width=16)
        + p("**II. BÊN NHẬN:** \t", before=4, width=16)
        + p("1. Ông (bà): \t", width=16) + p("    Chức vụ: \t", width=16)
        + p("**III. NỘI DUNG BÀN GIAO**", before=4, keep=True)
        + body("Công trình, phần việc: {{loai_hoat_dong}}. Thời gian thực hiện: {{thoi_gian}}.")
        + p("Mô tả: {{noi_dung}}", left=1.27, after=6)
        + body("Đơn vị phối hợp: {{phoi_hop}}")
        + listed(WORKS)
        + p("**IV. HIỆN TRẠNG, KIẾN NGHỊ**", before=8, keep=True) + DOTTED * 2
        + body("Kể từ ngày ký biên bản, bên nhận có trách nhiệm quản lý, sử dụng, bảo quản. Biên bản được lập thành 02"
               " bản, mỗi bên giữ 01 bản, có giá trị như nhau.")
        + signed(by_hand("ĐẠI DIỆN BÊN NHẬN"), by_hand("ĐẠI DIỆN BÊN GIAO"))
    ),
    "phieu_kham": (
        office_head("")
        + title("PHIẾU TỔNG HỢP", "Khám, chữa bệnh, cấp thuốc cho nhân dân")
        + body("Đơn vị thực hiện: {{don}}. Người phụ trách: {{nguoi_phu_trach}}")
        + body("Thời gian: {{thoi_gian}}. Địa điểm: {{thon_buon}}, {{noi}}.")
        + body("Đơn vị phối hợp: {{phoi_hop}}")
        + p("Nội dung: {{noi_dung}}", left=1.27, after=6)
        + listed(WORKS)
        + p("Bệnh thường gặp, ca chuyển tuyến trên:", before=8, keep=True) + DOTTED * 2
        + p("Kiến nghị:", keep=True) + DOTTED
        + signed(by_hand("XÁC NHẬN CỦA ĐỊA PHƯƠNG"), by_hand("NGƯỜI LẬP PHIẾU"))
    ),
    "giay_moi": (
        office_head("Số: ……/GM-{{viet_tat}}")
        + title("GIẤY MỜI", "{{ten}}")
        + p("__Kính gửi:__ …………………………………………………………", "center", after=10)
        + body("{{co_quan}} trân trọng kính mời ông (bà) tới dự: {{ten}}.")
        + body("Thời gian: …… giờ ……, ngày {{tu_ngay.ngay}} tháng {{tu_ngay.thang}} năm {{tu_ngay.nam}}.")
        + body("Địa điểm: …………………………………………………………")
        + p("Nội dung: {{noi_dung}}", left=1.27, after=6)
        + body("Rất mong ông (bà) đến dự đúng thời gian./.")
        + signed(recipients(), signature())
    ),
    "ke_hoach": (
        office_head("Số: ……/KH-{{viet_tat}}")
        + title("KẾ HOẠCH", "Giúp nhân dân và tham gia sinh hoạt chi bộ ở địa bàn")
        + p("**I. MỤC ĐÍCH, YÊU CẦU**", before=4, keep=True) + DOTTED * 3
        + p("**II. CHỈ TIÊU**", before=4, keep=True)
        + listed([("TT", "{{danh_sach.stt}}", 1.2, "center"),
                  ("Chỉ tiêu", "{{danh_sach.chi_tieu_ve}}", 5.3, "left"),
                  ("Kế hoạch", "{{danh_sach.muc_dat}}", 3.2, "right"),
                  ("Từ ngày", "{{danh_sach.tu_ngay}}", 2.4, "center"),
                  ("Đến ngày", "{{danh_sach.den_ngay}}", 2.4, "center"), ("Phụ trách", "", 2, "left")])
        + p("**III. BIỆN PHÁP, PHÂN CÔNG**", before=8, keep=True) + DOTTED * 3
        + p("**IV. TỔ CHỨC THỰC HIỆN**", before=4, keep=True) + DOTTED * 2
        + signed(recipients(), signature())
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
