"""A year with one of everything that a report can hold, and readers of the files that reports are written into."""

import io
import re
import zipfile
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from field import World

from fieldapp.records import lists, records

FORMULA = "=cmd|'/c calc'!A1"
SCRIPT = "<script>alert(1)</script>"
EDE = "Buôn Ƀă Čư Êgiê\u0306 Mdrô\u0306"
"""Letters of Ê Đê: b and c with their marks, and vowels with a breve over another mark"""


def fill(world: World) -> None:
    """Record at the post and carry to headquarters: numbers, words, decimals, money, a late matter; and a plan."""
    world.well(date_from="2013-03-05")
    world.well(date_from="2013-10-05", description=FORMULA)
    world.well(date_from="2012-10-05", measures=[{"measure_id": "gieng", "amount": 3}])
    entries: list[tuple[str, dict[str, Any]]] = [
        ("kham_chua_benh", {"measures": [{"measure_id": "luot_kham", "amount": "1.185"},
                                         {"measure_id": "tri_gia_kham", "amount": "35,5tr"}]}),
        ("kham_chua_benh", {"measures": [{"measure_id": "luot_kham", "amount": "1.200"},
                                         {"measure_id": "tri_gia_kham", "amount": "34,5tr"}]}),
        ("thien_tai", {"measures": [{"measure_id": "luot_phuong_tien", "note": FORMULA, "approximate": True},
                                    {"measure_id": "gao_kg", "amount": "2.100", "approximate": True}]}),
        ("thien_tai", {"measures": [{"measure_id": "luot_cbcs", "note": SCRIPT}]}),
        ("tu_quan_duong_bien", {"measures": [{"measure_id": "km", "amount": "73,4"}], "hamlet": EDE}),
        ("cung_co_co_so_chinh_tri", {"targets": [{"target_type": "police", "name": "Công an xã"}]}),
    ]  # fmt: skip
    for kind, more in entries:
        world.well(**({"activity_kind_id": kind, "date_from": "2013-06-15", "measures": []} | more))
    member = records.save(world.post, "member", {"full_name": "Y Thanh Niê"})
    cell = lists.record_window(world.post, "party_cell").rows[0]["id"]
    records.save(world.post, "introduction", {"member_id": member, "party_cell_id": cell, "date_from": "2013-01-15"})
    records.save(world.post, "matter", {
        "matter_type": "information_exchange", "counterpart": "Đảng uỷ xã", "subject": "Cột mốc",
        "opened_on": "2013-05-01", "due_on": "2013-05-10", "closed_on": "2013-05-20"})  # fmt: skip
    records.void(world.post, world.well(date_from="2013-07-01"), "nhập trùng")
    records.save(world.hq, "plan", {
        "date_from": "2013-01-01", "date_to": "2013-12-31", "measure_id": "luot_kham", "target": 2000})  # fmt: skip
    world.carry(world.post, world.hq)


MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class Workbook:
    """The sheets of an XLSX file: name -> rows -> cells; a number is a float, a text a str."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            self.parts = {name: packed.read(name) for name in packed.namelist()}
        self._texts = [
            "".join(t.text or "" for t in item.iter(f"{MAIN}t"))
            for item in ElementTree.fromstring(self.parts["xl/sharedStrings.xml"])
        ]
        book = ElementTree.fromstring(self.parts["xl/workbook.xml"])
        self.names = [s.attrib["name"] for s in book.iter(f"{MAIN}sheet")]
        self.xml = {n: self.parts[f"xl/worksheets/sheet{at}.xml"].decode() for at, n in enumerate(self.names, start=1)}

    def rows(self, name: str, *, shown: bool = False) -> list[list[Any]]:
        """The rows of a sheet, empty cells as None. Fails on a cell that holds a formula.

        ``shown``: numbers whose format has words are texts with them.
        """
        styles = ElementTree.fromstring(self.parts["xl/styles.xml"])
        forms = {f.attrib["numFmtId"]: f.attrib["formatCode"] for f in styles.iter(f"{MAIN}numFmt")}
        used = [forms.get(xf.attrib["numFmtId"], "") for xf in styles.find(f"{MAIN}cellXfs") or []]
        found = []
        for row in ElementTree.fromstring(self.xml[name]).iter(f"{MAIN}row"):
            cells: dict[int, Any] = {}
            for cell in row:
                assert cell.find(f"{MAIN}f") is None
                value = cell.find(f"{MAIN}v")
                if value is not None and value.text is not None:
                    text = cell.attrib.get("t") == "s"
                    cells[_column(cell.attrib["r"])] = self._texts[int(value.text)] if text else float(value.text)
                    about = re.match('"(.*?)"#', used[int(cell.attrib.get("s", 0))])
                    if shown and about and not text:
                        cells[_column(cell.attrib["r"])] = about[1] + value.text
            found.append([cells.get(at) for at in range(max(cells, default=-1) + 1)])
        return found

    def shown(self, name: str) -> list[tuple[float, str]]:
        """(number, its format) of each cell with a number in a sheet."""
        styles = ElementTree.fromstring(self.parts["xl/styles.xml"])
        codes = {f.attrib["numFmtId"]: f.attrib["formatCode"] for f in styles.iter(f"{MAIN}numFmt")}
        (cells,) = styles.iter(f"{MAIN}cellXfs")
        formats = [codes.get(xf.attrib["numFmtId"], "") for xf in cells]
        return [
            (float(cell.findtext(f"{MAIN}v", "0")), formats[int(cell.attrib.get("s", "0"))])
            for cell in ElementTree.fromstring(self.xml[name]).iter(f"{MAIN}c")
            if cell.attrib.get("t") != "s" and cell.find(f"{MAIN}v") is not None
        ]

    def table(self, name: str, first: str, *, shown: bool = False) -> list[dict[str, Any]]:
        """The rows below the heading row, which begins with ``first``, by heading."""
        rows = self.rows(name, shown=shown)
        at = next(n for n, row in enumerate(rows) if row and row[0] == first and len(row) > 2)
        return [dict(zip(rows[at], [*row, *[None] * len(rows[at])], strict=False)) for row in rows[at + 1 :]]


def _column(reference: str) -> int:
    letters = re.match("[A-Z]+", reference)
    assert letters is not None
    number = 0
    for letter in letters[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


class Page(HTMLParser):
    """An HTML page: its tags with attributes, its text, and ``<data>`` elements as id -> (value, text)."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.data: dict[str, tuple[str, str]] = {}
        self._open: str | None = None
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "data":
            self._open = dict(attrs)["id"]
            self.data[self._open or ""] = (dict(attrs)["value"] or "", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "data":
            self._open = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open:
            value, text = self.data[self._open]
            self.data[self._open] = (value, text + data)
