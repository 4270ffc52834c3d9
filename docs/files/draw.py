"""Pictures of the files that a report is written into, drawn by the programs that open them.

    python docs/files/draw.py

Needs LibreOffice (``soffice``), Chromium and poppler (``pdftoppm``). Looks at what others see: the tests check the
files themselves and need none of these.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fieldapp import demo
from fieldapp.records import records
from fieldapp.reports import letterhead
from fieldapp.reports.files.write import write_report
from fieldapp.reports.letterhead import LayoutCode
from fieldapp.reports.query import Query
from fieldapp.reports.report import report
from fieldapp.reports.sections import save_sections
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming, outgoing

HERE = Path(__file__).parent
TOOLS = ("soffice", "chromium", "pdftoppm")
FONTS = HERE.parents[1] / "fieldapp" / "reports" / "files" / "fonts"
"""As wide as Times New Roman, which is mostly not there: in another face lines would break elsewhere"""

HEADS: dict[LayoutCode, dict[str, object]] = {
    "decree30": {
        "superior": "Bộ CHQS tỉnh Đắk Lắk", "issuer": "Ban Chỉ huy Bộ đội Biên phòng tỉnh Đắk Lắk", "sign": "BC-BCH",
        "place": "Đắk Lắk", "recipients": ["Ủy ban nhân dân tỉnh", "Lưu: VT, PCT"], "authority": "KT. Chỉ huy trưởng",
        "position": "Phó Chỉ huy trưởng", "signer": "Thượng tá Y Bhiêo Niê Kdăm",
    },
    "party": {
        "superior": "Đảng bộ tỉnh Đắk Lắk", "issuer": "Đảng ủy Bộ đội Biên phòng", "sign": "BC/ĐU", "place": "Đắk Lắk",
        "recipients": ["Thường trực Tỉnh ủy", "Các đảng ủy xã biên giới", "Lưu"], "authority": "T/M Đảng ủy",
        "position": "Bí thư", "signer": "H'Bia Êban",
    },
}  # fmt: skip


TEXT = {
    "causes": "Địa bàn rộng, đường vào các buôn khó đi trong mùa mưa.",
    "directions": "Duy trì giao ban hằng tháng với cấp ủy các xã biên giới.\nTiếp tục giới thiệu đảng viên về sinh hoạt"
    " tạm thời tại chi bộ thôn, buôn.",
    "proposals": "Đề nghị cấp trên bổ sung xuồng máy cho các đồn ở vùng trũng.",
}
"""What the officer says in the report; the rest is proposed by the program"""


def main() -> None:
    """Make the demo, write its report into every kind of file, and draw them."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="fieldapp-files-") as temporary:
        folder = Path(temporary)
        store = _filled(folder)
        save_sections(store, report(store, Query(demo.PERIOD)), TEXT)
        for layout, head in HEADS.items():
            letterhead.save_letterhead(store, layout, head)
            for form in ("docx", "pdf"):
                path = folder / f"{layout}.{form}"
                write_report(store, Query(demo.PERIOD), form, path, layout=layout, number="12")
        write_report(store, Query(demo.PERIOD), "html", folder / "page.html")
        store.close()
        settings = folder / "fonts.conf"
        settings.write_text(
            f"<fontconfig><include>/etc/fonts/fonts.conf</include><dir>{FONTS}</dir></fontconfig>", encoding="utf-8"
        )
        os.environ["FONTCONFIG_FILE"] = str(settings)
        _run("soffice", "--headless", "--convert-to", "pdf", "--outdir", folder / "word", *folder.glob("*.docx"))
        for layout in HEADS:
            _pages(folder / "word" / f"{layout}.pdf", f"{layout}-docx", 4)
            _pages(folder / f"{layout}.pdf", f"{layout}-pdf", 1)
        for name, size in (("desktop", "1100,2600"), ("phone", "412,2400")):
            shot = HERE / f"html-{name}.png"
            _run("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 f"--window-size={size}", f"--screenshot={shot}", folder / "page.html")  # fmt: skip


def _filled(folder: Path) -> Store:
    """Headquarters of the demo, with a plan, what is late, and something of the year before."""
    demo.run_demo(folder, lambda _text: None)
    hq = Store.unlock(folder / "hq", "Trực ban", demo.PASSPHRASE)
    post = Store.unlock(folder / "post", demo.USER, demo.PASSPHRASE)
    for measure, target in (("luot_kham", 2000), ("ngay_cong", 800), ("gieng", 6)):
        year = {"date_from": "2013-01-01", "date_to": "2013-12-31"}
        records.save(hq, "plan", {**year, "measure_id": measure, "target": target})
    records.save(post, "activity", {
        "activity_kind_id": "lao_dong_san_xuat", "date_from": "2012-08-20", "unit_id": "24221",
        "measures": [{"measure_id": "ngay_cong", "amount": 640}]})  # fmt: skip
    records.save(post, "activity", {
        "activity_kind_id": "tu_quan_duong_bien", "date_from": "2013-09-02", "unit_id": "24221",
        "measures": [{"measure_id": "km", "amount": "73,4"}]})  # fmt: skip
    records.save(post, "matter", {
        "matter_type": "information_exchange", "counterpart": "Đảng ủy xã Ia Lốp", "subject": "Tình hình cột mốc",
        "opened_on": "2013-05-01", "due_on": "2013-05-10", "closed_on": "2013-05-20"})  # fmt: skip
    outgoing.export(post, folder / "usb")
    incoming.import_files(hq, [folder / "usb"])
    post.close()
    return hq


def _pages(path: Path, name: str, last: int) -> None:
    _run("pdftoppm", "-r", "70", "-gray", "-png", "-l", str(last), path, HERE / name)


def _run(*command: str | Path) -> None:
    subprocess.run([*map(str, command)], check=True, capture_output=True)


if __name__ == "__main__":
    main()
