"""One table, written as different programs write it."""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import docx
import xlsxwriter
import xlwt
from old_letters import stored

from fieldapp.vietnamese.old_fonts import IN_BYTES, Encoding

Table = Sequence[Sequence[Any]]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass(frozen=True)
class Formula:
    """A formula with the result that a program has calculated."""

    result: Any


@dataclass(frozen=True)
class Failed:
    """What a cell shows whose formula has failed."""

    error: str


def letter(column: int) -> str:
    return chr(ord("A") + column)


def serial(day: date) -> int:
    return (day - date(1899, 12, 30)).days


def by_xlsxwriter(path: Path, table: Table) -> None:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Sổ")
    day, hour = (book.add_format({"num_format": shown}) for shown in ("dd/mm/yyyy", "hh:mm:ss"))
    for line, row in enumerate(table):
        for column, value in enumerate(row):
            if isinstance(value, Formula):
                sheet.write_formula(line, column, "=Z9", None, value.result)
            elif isinstance(value, Failed):
                sheet.write_formula(line, column, "=Z9", None, value.error)
            elif isinstance(value, str):
                sheet.write_string(line, column, value)
            elif value is not None:
                look = day if isinstance(value, date) else hour if isinstance(value, time) else None
                sheet.write(line, column, value, look)
    book.close()


@dataclass(frozen=True)
class Dialect:
    """How a program writes XLSX."""

    program: str
    inline: bool = False
    """texts in the cells, not in a part of their own"""
    prefix: str = ""
    bare: bool = False
    """cells and rows do not say where they are"""
    row: str = ""
    """attributes of each row"""
    formula: str = ""
    """attributes of each formula"""
    calculation: str = ""
    namespace: str = MAIN
    encoding: str = "UTF-8"
    days: str = "dd/mm/yyyy"
    """format of days; "iso": as text, "14": the built-in one"""
    absolute: bool = False
    """parts are named from the top of the file"""


OPENPYXL = Dialect(
    "Microsoft Excel Compatible / Openpyxl 3.1.5",
    inline=True,
    calculation='<calcPr calcId="124519" fullCalcOnLoad="1"/>',
)
LIBREOFFICE = Dialect(
    "LibreOffice/7.4.7.2$Linux_X86_64 LibreOffice_project/40", formula=' aca="false"', days="dd/mm/yyyy;@",
    row=' customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" collapsed="false"',
    calculation='<calcPr iterateCount="100" refMode="A1" iterate="false" iterateDelta="0.001"/>',
)  # fmt: skip
EXCEL = Dialect("Microsoft Excel", row=' spans="1:9"', calculation='<calcPr calcId="191029"/>', days="14")
ODD = Dialect("", prefix="x:", bare=True, namespace=STRICT, encoding="UTF-16", days="iso", absolute=True)


def by_hand(dialect: Dialect) -> Callable[[Path, Table], None]:
    """Writes a table in a dialect."""
    return lambda path, table: _write(path, table, dialect)


def _write(path: Path, table: Table, dialect: Dialect) -> None:
    texts: list[str] = []
    lines = []
    for number, row in enumerate(table, start=1):
        cells = "".join(_cell(value, f"{letter(at)}{number}", texts, dialect) for at, value in enumerate(row))
        place = "" if dialect.bare else f' r="{number}"'
        lines.append(f"<row{place}{dialect.row}>{cells}</row>")
    x = dialect.prefix.rstrip(":")
    space = f'xmlns{":" + x if x else ""}="{dialect.namespace}"'
    top = "/xl/" if dialect.absolute else ""
    days = {"14": '<xf numFmtId="14"/>', "iso": '<xf numFmtId="0"/>'}.get(dialect.days, '<xf numFmtId="164"/>')
    shared = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
    format = f'<numFmts><numFmt numFmtId="164" formatCode="{dialect.days}"/></numFmts>'
    sheets = '<sheets><sheet name="Sổ" sheetId="1" r:id="a"/></sheets>'
    own = {
        "xl/workbook.xml": f'<workbook {space} xmlns:r="{OFFICE}">{sheets}{dialect.calculation}</workbook>',
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><sheetData>{''.join(lines)}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst {space}>{shared}</sst>",
        "xl/styles.xml": f'<styleSheet {space}>{format}<cellXfs><xf numFmtId="0"/>{days}<xf numFmtId="21"/></cellXfs>'
        "</styleSheet>",
    }
    parts = {
        "_rels/.rels": _related({"officeDocument": "xl/workbook.xml", "extended-properties": "docProps/app.xml"}),
        "docProps/app.xml": f"<Properties><Application>{dialect.program}</Application></Properties>",
        "xl/_rels/workbook.xml.rels": _related(
            {
                "worksheet": f"{top}worksheets/sheet1.xml",
                "styles": f"{top}styles.xml",
                "sharedStrings": f"{top}sharedStrings.xml",
            }
        ),
        **{name: _named(text, dialect) for name, text in own.items()},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            encoding = dialect.encoding if name.endswith("sheet1.xml") else "UTF-8"
            file.writestr(name, f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding))


def _related(targets: dict[str, str]) -> str:
    """The part that names others; the first has the id ``a``."""
    named = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{sort}" Target="{target}"/>'
        for key, (sort, target) in zip("abc", targets.items(), strict=False)
    )
    return f'<Relationships xmlns="{PACKAGE}">{named}</Relationships>'


def _named(xml: str, dialect: Dialect) -> str:
    """The names of the elements with the dialect's prefix."""
    if not dialect.prefix:
        return xml
    return xml.replace("</", "\0").replace("<", f"<{dialect.prefix}").replace("\0", f"</{dialect.prefix}")


def _cell(value: Any, place: str, texts: list[str], dialect: Dialect) -> str:
    formula = ""
    if isinstance(value, Formula | Failed):
        formula = f"<f{dialect.formula}>Z9</f>"
        value = value.result if isinstance(value, Formula) else value
    if value is None:
        return "<c/>" if dialect.bare else ""
    where = "" if dialect.bare else f' r="{place}"'
    if isinstance(value, Failed):
        return f'<c{where} t="e">{formula}<v>{value.error}</v></c>'
    if isinstance(value, bool):
        return f'<c{where} t="b">{formula}<v>{int(value)}</v></c>'
    if isinstance(value, str) and formula:
        return f'<c{where} t="str">{formula}<v>{escape(value)}</v></c>'
    if isinstance(value, str) and dialect.inline:
        return f'<c{where} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, str):
        texts.append(value)
        return f'<c{where} t="s"><v>{len(texts) - 1}</v></c>'
    if isinstance(value, date | time) and dialect.days == "iso":
        return f'<c{where} s="1" t="d"><v>{value.isoformat()}</v></c>'
    if isinstance(value, date):
        return f'<c{where} s="1"><v>{serial(value)}</v></c>'
    if isinstance(value, time):
        return f'<c{where} s="2"><v>{(value.hour * 60 + value.minute) / 1440}</v></c>'
    return f"<c{where}>{formula}<v>{value}</v></c>"


def by_csv(encoding: str, delimiter: str, *, mark: str = "") -> Callable[[Path, Table], None]:
    """Writes a table as text; ``mark``: what stands before it."""

    def write(path: Path, table: Table) -> None:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerows([_as_text(value) for value in row] for row in table)
        path.write_bytes((mark + out.getvalue()).encode(encoding))

    return write


def _as_text(value: Any) -> str:
    """What a spreadsheet writes for a cell."""
    match value:
        case None:
            return ""
        case Formula(result):
            return _as_text(result)
        case Failed(error):
            return error
        case bool():
            return "TRUE" if value else "FALSE"
        case date():
            return f"{value:%d/%m/%Y}"
        case float():
            return str(value).replace(".", ",")
        case _:
            return str(value)


def by_csv_in(encoding: Encoding) -> Callable[[Path, Table], None]:
    """Writes a table as text in an old Vietnamese encoding."""

    def write(path: Path, table: Table) -> None:
        out = io.StringIO(newline="")
        texts = [[unicodedata.normalize("NFC", _as_text(value)) for value in row] for row in table]
        csv.writer(out, delimiter=";").writerows(texts)
        path.write_bytes(stored(out.getvalue(), encoding))

    return write


def by_xlwt(path: Path, table: Table) -> None:
    """An old Excel's file; its formulas are written as their results, because xlwt calculates nothing."""
    book = xlwt.Workbook(encoding="utf-16")
    sheet = book.add_sheet("Sổ")
    day, hour = (xlwt.easyxf(num_format_str=shown) for shown in ("dd/mm/yyyy", "hh:mm:ss"))
    for line, row in enumerate(table):
        for column, value in enumerate(row):
            if isinstance(value, Failed):
                sheet.row(line).set_cell_error(column, {"#N/A": 0x2A, "#DIV/0!": 0x07}[value.error])
            elif value is not None:
                plain = value.result if isinstance(value, Formula) else value
                look = day if isinstance(plain, date) else hour if isinstance(plain, time) else xlwt.Style.default_style
                sheet.write(line, column, plain, look)
    book.save(str(path))


def by_python_docx(path: Path, table: Table) -> None:
    """The table of a document."""
    document = docx.Document()
    made = document.add_table(len(table), max(map(len, table)))
    for cells, row in zip(made.rows, table, strict=True):
        for cell, value in zip(cells.cells, row, strict=False):
            cell.text = _as_text(value)
    document.save(str(path))


def by_libreoffice_ods(path: Path, table: Table) -> None:
    rows = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in table)
    spaces = " ".join(f'xmlns:{name}="{name}"' for name in ("office", "table", "text", "calcext", "meta"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr(
            "content.xml",
            f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="Sổ">{rows}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
        file.writestr("meta.xml", f"<office:m {spaces}><meta:generator>LibreOffice/7.4</meta:generator></office:m>")


def _ods_cell(value: Any) -> str:
    formula = ""
    if isinstance(value, Formula | Failed):
        formula = ' table:formula="of:=[.Z9]"'
        value = value.result if isinstance(value, Formula) else value
    sort, said = "string", ""
    match value:
        case None:
            return "<table:table-cell/>"
        case Failed():
            said = ' calcext:value-type="error" office:string-value=""'
        case bool():
            sort, said = "boolean", f' office:boolean-value="{str(value).lower()}"'
        case int() | float():
            sort, said = "float", f' office:value="{value}"'
        case date():
            sort, said = "date", f' office:date-value="{value}"'
        case time():
            sort, said = "time", f' office:time-value="PT{value:%HH%MM%S}S"'
    text = "".join(f"<text:p>{escape(line)}</text:p>" for line in _as_text(value).split("\n"))
    return f'<table:table-cell{formula} office:value-type="{sort}"{said}>{text}</table:table-cell>'


PRODUCERS: dict[str, Callable[[Path, Table], None]] = {
    "xlsxwriter.xlsx": by_xlsxwriter,
    "openpyxl.xlsx": by_hand(OPENPYXL),
    "libreoffice.xlsx": by_hand(LIBREOFFICE),
    "excel.xlsx": by_hand(EXCEL),
    "odd.xlsx": by_hand(ODD),
    "utf-8.csv": by_csv("utf-8", ","),
    "utf-8-mark.csv": by_csv("utf-8-sig", ";"),
    "utf-16.csv": by_csv("utf-16", "\t"),
    "utf-16-le.csv": by_csv("utf-16-le", ";"),
    "utf-16-be.csv": by_csv("utf-16-be", "|", mark="\ufeff"),
    **{f"{encoding.name}.csv": by_csv_in(encoding) for encoding in IN_BYTES},
    "xlwt.xls": by_xlwt,
    "libreoffice.ods": by_libreoffice_ods,
    "python-docx.docx": by_python_docx,
}
"""Name of the file -> what writes a table as that program does"""
