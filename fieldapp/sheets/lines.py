"""Which lines of a table are rows: the others are what nobody sees, and what printed tables have beside their rows.

A line is taken for a total, the name of a group or a signature only if it could not be recorded anyway, because it
lacks what every record of the kind must have. So no row is lost to a guess.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from fieldapp.domain.model import fields_of
from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.sheets.cells import EMPTY, SheetCell, SheetTable, Sign, cell_text
from fieldapp.sheets.days import read_day
from fieldapp.sheets.headings import NUMBERING, FieldTarget, FigureTarget, Layout, MarkTarget, is_unit
from fieldapp.store import wall
from fieldapp.vietnamese.text import search_key

Sort = Literal["row", "hidden", "struck", "headings", "units", "numbers", "total", "group", "empty", "signature"]

TOTALS = frozenset(
    {"tong", "tong so", "tong cong", "cong", "cong don", "tong hop", "lui ke", "total", "grand total", "subtotal",
     "sub total", "sum", "∑", "σ", "t cong", "tcong", "t c", "tc", "tb", "tongcong", "t o n g", "lk", "tong lk",
     "so lui ke", "cong lui ke", "so mang sang", "con lai", "phat sinh", "tong phat sinh", "so du", "tong hop chung"}
)  # fmt: skip
_TOTAL = re.compile(
    r"(?:bang chu|so voi) .*|(?:tong cong|tong so|tong|t ?cong|tc|cong don|cong|(?:so |cong )?lui ke|lk|mang sang"
    r"|cong mang sang|(?:trang truoc )?chuien sang|binh quan|trung binh|toan don"
    r"|(?:cong )?chuien (?:sang )?trang sau|cong chuien trang|(?:ki|thang|qui|nam) truoc chuien sang"
    r"|so du (?:dau|cuoi) ki|(?:ca|toan) (?:thang|qui|nam|xa|huien|tinh|don)|trong do)"
    r"(?: (?:[\d.,: ]+.*|(?:cua|cac|toan|theo|so|ca|trang|mang|den|tu|het|phan|muc|nhom|thang|qui|nam|dot|tuan|ngai|xa"
    r"|phuong|thi tran|huien|tinh|thon|buon|to|chi bo|don|hang|tat|chung|moi|danh sach|hoat dong|[ivx]+(?: [ivx]+)*$"
    r"|[a-h]$)\b.*))?"
)
_SUMS = ("cong ", "tong ")
_NO_SUMS = re.compile(r"\W*(?:tống|tông|tòng|công|cống|cồng|cổng)\b", re.IGNORECASE)
"""Words that are spelled like those above but for their marks: the family name Tống, a day's work (công)"""
_HEADINGS = 3
"""So many headings in one line are no row"""
_PREPARED = 5
"""So many lines that say the same, and lack the rest, were prepared"""
_NOTHING = re.compile(r"0+(?:[.,]0+)?")
_LONG = 10
"""Words; who signs, or when, is said in fewer"""
_BEGIN_SUMS = frozenset("tTcClLmMbBgGsSkKqQnNpP∑Σ(-+*")
"""First letters of the words above; most rows begin otherwise"""
_NUMBER = re.compile(r"[(\[]?(\d{1,5})[)\]]?\.?")
_FORMULA = re.compile(r"\(?(\d{1,3})\)?\s*=.*")
"""The number of a column that is the sum of others: ``3=1+2``"""
_LETTER = re.compile(r"\(?([a-zđ])\)?\.?", re.IGNORECASE)
_GROUP_MARK = re.compile(r"\(?(?:[ivx]{1,6}|[a-hđ]|\d{1,2}\.\d{1,2})\)?\s*[.)\-/:]?", re.IGNORECASE)
"""What numbers a group: ``I``, ``A.``, ``1.1``"""
_GROUP_NAME = re.compile(r"\(?(?:[IVX]{1,6}|[A-HĐ])\)?\s*[.)\-/:]\s*\S|^[-+*•]\s*\S")
_PLACE_OR_TIME = re.compile(
    r"(?:dia ban |khu vuc |cac |tai )?(?:(?:xa|phuong|thi tran|huien|thi xa|tinh|thon|buon|bon|lang|chi bo|cac xa)\b.*"
    r"|to (?:dan pho|tu quan|\d).*|(?:don|tram|doi) (?:bp|bien phong|cong tac|\d).*"
    r"|(?:thang|qui|nam|tuan|dot|phan|muc|nhom) (?:\d|[ivx]+\b|dau|cuoi).*|\d+ thang\b.*)"
)
_SIGNED = re.compile(
    r".*\b(?:nguoi lap|lap bieu|nguoi tong hop|thu truong|don truong|pho don|chi huy|chinh tri vien|chinh uy|truong ban"
    r"|truong phong|chu tich|bi thu|ki ten|ki ghi ro|ki va ghi ro|ho va ten|noi nhan|xac nhan|nguoi ghi|can bo theo doi"
    r"|thieu ta|trung ta|thuong ta|dai ta|thieu ui|trung ui|thuong ui|dai ui)\b.*"
    r"|(?:tm|kt|tl) .*|(?:.* )?ngai \S* ?thang \S* ?nam ?\S*|ghi chu.*|luu|luu vt.*|luu ho so.*|nhu tren.*|het"
)


@dataclass
class Line:
    """A line below the headings that is not blank."""

    at: int
    """index"""
    sort: Sort
    like_a_sum: bool = False
    """it is a row, and its only text is that of a total"""


@dataclass
class _Seen:
    """A line as it is looked at."""

    at: int
    texts: dict[int, str]
    """column -> text of its cell, without what is merged into it from the line above"""
    number: str
    """what stands in the column that numbers the lines"""
    fields: dict[int, str] = field(default_factory=dict)
    """of ``texts``, those that are a field of the record"""
    figures: dict[int, str] = field(default_factory=dict)
    """of ``texts``, those that are a figure with digits"""
    labels: Sequence[str] = ()
    """what stands in the column that numbers the lines, and in the first of the others"""
    lacks: bool = False
    """it lacks something that every record must have"""
    sums: bool = False
    """one of its figures is calculated from others of its column"""

    @property
    def alone(self) -> bool:
        """Whether there is one text at most beside figures."""
        return len(self.texts) - len(self.figures) <= 1


def lines_of(table: SheetTable, layout: Layout, given: Collection[str], *, hidden: bool) -> list[Line]:
    """The lines below the headings that are not blank.

    ``given``: names of the fields that have a value for every row. ``hidden``: take what nobody sees. FieldappError if
    another table begins below, whose columns have another order.
    """
    return _Lines(table, layout, given, hidden=hidden).sorted()


class _Lines:
    def __init__(self, table: SheetTable, layout: Layout, given: Collection[str], *, hidden: bool) -> None:
        self._table = table
        self._hidden = hidden
        self._line = layout.line
        self._width = len(layout.headings)
        understood = {c.at for c in layout.columns}
        self._headings = [
            {search_key(cell_text(table.cell(line, at))) for line in range(max(layout.line - 2, 0), layout.line + 1)}
            for at in range(self._width)
        ]
        self._titles = frozenset(text for at, text in enumerate(layout.headings) if text and at in understood)
        self._numbering = [at for at, h in enumerate(layout.headings) if search_key(h) in NUMBERING]
        columns = [c for c in layout.columns if not isinstance(c.target, MarkTarget)]
        self._understood = [c.at for c in columns]
        self._figures = {c.at for c in columns if isinstance(c.target, FigureTarget)}
        self._fields = {c.at: c.target.name for c in columns if isinstance(c.target, FieldTarget)}
        shapes = {shape.name: shape for shape in fields_of(layout.model)}
        self._days = {at for at, name in self._fields.items() if shapes[name].type == "date"}
        self._free = {at for at, name in self._fields.items() if shapes[name].type in ("text", "long")}
        self._named = {at for at, name in self._fields.items() if shapes[name].type in ("ref", "choice")}
        self._needed = {
            at
            for at, name in self._fields.items()
            if shapes[name].required and shapes[name].default is None and name not in given
        }

    def sorted(self) -> list[Line]:
        """Every line with what it is."""
        lines: list[Line] = []
        open_lines: list[tuple[Line, _Seen]] = []
        directly_below = True
        for at in range(self._line + 1, len(self._table.rows)):
            if all(cell in EMPTY for cell in self._table.rows[at]):
                continue
            line = Line(at, self._unseen(at))
            lines.append(line)
            if line.sort != "row":
                continue
            seen = self._seen(at)
            if self._repeats_headings(seen):
                line.sort, directly_below = "headings", True
            elif self._begins_another_table(seen):
                raise FieldappError(
                    _(
                        "In line {line} another table begins, with its columns in another order. Put it on a sheet of"
                        " its own. Nothing was recorded."
                    ).format(line=at + 1)
                )
            elif directly_below and _numbers_columns([*seen.texts.values()]):
                line.sort = "numbers"
            elif directly_below and self._says_units(seen):
                line.sort = "units"
            else:
                directly_below = False
                open_lines.append((line, seen))
        self._sort_rest(open_lines)
        return lines

    def _unseen(self, at: int) -> Sort:
        if self._hidden:
            return "row"
        if at in self._table.hidden_rows:
            return "hidden"
        if self._table.signs:
            signs = [self._table.sign(at, c) for c in self._understood if self._own(at, c) != ""]
            if signs and all(sign & Sign.STRUCK for sign in signs):
                return "struck"
            if signs and all(sign & Sign.UNSEEN for sign in signs):
                return "hidden"
        return "row"

    def _own(self, at: int, column: int) -> SheetCell:
        row = self._table.rows[at]
        return row[column] if column < len(row) else ""

    def _seen(self, at: int) -> _Seen:
        texts = {}
        for column, cell in enumerate(self._table.rows[at][: self._width]):
            if cell not in EMPTY:
                # the text of a number is asked of every row, and ``cell_text`` takes its time
                texts[column] = str(int(cell)) if isinstance(cell, float) and cell.is_integer() else cell_text(cell)
        number = next((texts[at] for at in self._numbering if at in texts and _numbers(texts[at])), "")
        label = next((text for at, text in texts.items() if at not in self._numbering or text != number), "")
        seen = _Seen(at, texts, number, labels=[text for text in (number, label) if text])
        for column, text in texts.items():
            if column in self._figures and any(map(str.isdigit, text)):
                seen.figures[column] = text
            elif column in self._fields:
                seen.fields[column] = text
        seen.lacks = any(self._lacking(at, column) for column in self._needed)
        signs = self._table.signs
        seen.sums = bool(signs) and any(self._table.sign(at, column) & Sign.SUM for column in seen.figures)
        return seen

    def _lacking(self, at: int, column: int) -> bool:
        cell = self._table.cell(at, column)
        if column in self._days and isinstance(cell, str) and cell:
            return not (any(map(str.isdigit, cell)) or _is_day(cell))
        origin = self._table.origin(at, column)
        beside = origin[0] == at and origin[1] != column  # it belongs to a line that is merged into one cell
        return beside or (cell_text(cell) == "" and not self._table.sign(at, column))

    def _repeats_headings(self, seen: _Seen) -> bool:
        return len(seen.texts) >= 2 and all(search_key(text) in self._headings[at] for at, text in seen.texts.items())

    def _says_units(self, seen: _Seen) -> bool:
        """Whether a line says only in what the columns of figures are counted: “giếng”, “hộ”, “(đồng)”, “m3”."""
        said = {at: text for at, text in seen.texts.items() if at not in self._numbering}
        return bool(said) and seen.lacks and not seen.fields and all(map(is_unit, said.values()))

    def _begins_another_table(self, seen: _Seen) -> bool:
        """Whether a line has the headings, but over other columns: what is below it would be taken for something
        else."""
        named = sum(text in self._titles for text in seen.texts.values())
        return named >= _HEADINGS and named * 4 >= len(seen.texts) * 3

    def _sort_rest(self, lines: Sequence[tuple[Line, _Seen]]) -> None:
        """Tell totals, groups and signatures from rows."""
        whole = [seen for _line, seen in lines if not seen.lacks and not self._is_total(seen)]
        texts = {at: {seen.fields[at] for seen in whole if at in seen.fields} for at in self._named}
        names = {at: {*map(search_key, found)} for at, found in texts.items()}
        last = max((seen.at for _line, seen in lines if _NUMBER.fullmatch(seen.number)), default=-1)
        above = [seen for seen in whole if seen.at <= last]
        repeated = Counter(_without_number(seen) for _line, seen in lines if seen.lacks and not seen.figures)
        added = _Sums()
        mostly_numbered = sum(_NUMBER.fullmatch(seen.number) is not None for seen in above) * 2 > len(above)
        for line, seen in lines:
            below = mostly_numbered and seen.at > last and seen.alone and _sums(seen)
            is_sum = added.is_sum(seen) if seen.lacks else added.add(seen)
            is_sum |= seen.sums and seen.lacks and not self._days & seen.fields.keys()
            if below or self._is_total(seen) or _sums_of(seen, names) or is_sum:
                line.sort = "total"
            elif whole and self._is_prepared(seen, repeated):
                line.sort = "empty"
            elif whole and self._is_group(seen, names, mostly_numbered=mostly_numbered):
                line.sort = "group"
            elif seen.lacks and _NUMBER.fullmatch(seen.number) and len(seen.texts) == 1:
                line.sort = "empty"
            elif seen.sums or self._is_like_a_sum(seen):
                line.like_a_sum = True
        if not whole:  # then nothing says what a row is here
            return
        bottom = last if mostly_numbered else max(seen.at for seen in whole)
        signed = min(
            (seen.at for _line, seen in lines if seen.at > bottom and _signs(seen)), default=len(self._table.rows)
        )
        for line, seen in reversed(lines):
            if line.sort == "row":
                if not _is_signature(seen, names, below=seen.at >= signed):
                    break
                line.sort = "signature"
            elif line.sort == "group" and not seen.figures and not seen.number:
                line.sort = "signature"

    def _is_total(self, seen: _Seen) -> bool:
        keys = [search_key(text) or text for text in seen.labels if text[0] in _BEGIN_SUMS and not _NO_SUMS.match(text)]
        if not keys:
            return False
        if any(key in TOTALS for key in keys):
            whole = not self._days & self._needed or not self._days & seen.fields.keys()
            return seen.lacks or (whole and self._is_named_by(seen, keys))
        return seen.lacks and _sums(seen)

    def _is_named_by(self, seen: _Seen, keys: Collection[str]) -> bool:
        """Whether one of these words is all that a line says, its number or its name: what stands in a column beside
        them, as “TB” (thương binh) does, makes no total of a person."""
        return seen.alone or any(
            (search_key(text) or text) in keys and (at in self._numbering or at in self._needed)
            for at, text in seen.texts.items()
        )

    def _is_like_a_sum(self, seen: _Seen) -> bool:
        """Whether a line that could be recorded says of itself that it is a total."""
        if _sums(seen) and seen.alone and not self._days & seen.fields.keys():
            return True
        if len(seen.texts) - len(seen.figures) == 2 and any(search_key(text) in TOTALS for text in seen.labels):
            return not any(map(_NO_SUMS.match, seen.labels))
        free = [text for at, text in seen.texts.items() if at in self._free]
        return bool(seen.figures) and any(
            text[0] in "tTcClL∑Σ" and _TOTAL.fullmatch(search_key(text)) and not _NO_SUMS.match(text) for text in free
        )

    def _is_prepared(self, seen: _Seen, repeated: Mapping[Hashable, int]) -> bool:
        """Whether a line was prepared and not filled in: its formulas give 0, or it says what many such lines say."""
        if not seen.lacks:
            return False
        if seen.figures and not seen.fields:
            return all(_NOTHING.fullmatch(text) for text in seen.figures.values()) and len(seen.labels) <= 1
        return not seen.figures and len(seen.fields) == 1 and repeated[_without_number(seen)] >= _PREPARED

    def _is_group(self, seen: _Seen, names: dict[int, set[str]], *, mostly_numbered: bool) -> bool:
        """Whether a line only names the group of the rows below it, with or without its sums."""
        labels = [
            text
            for at, text in seen.texts.items()
            if at not in seen.figures and (at not in self._numbering or text != seen.number)
        ]
        marked = bool(seen.number) and _GROUP_MARK.fullmatch(seen.number) is not None
        if len(labels) > 1 or (not labels and not marked):
            return False
        if marked and (mostly_numbered or seen.lacks):
            return True
        if not seen.lacks or seen.number:
            return False
        key = search_key(labels[0]) if labels else ""
        known = any(key in keys for keys in names.values()) and not _PLACE_OR_TIME.fullmatch(key)
        return (not seen.figures and not known) or bool(_GROUP_NAME.match(labels[0]) or _PLACE_OR_TIME.fullmatch(key))


class _Sums:
    """The sums of the figures of rows, as they come from above to below."""

    def __init__(self) -> None:
        self._since: dict[int, list[float]] = {}
        self._all: dict[int, list[float]] = {}

    def add(self, seen: _Seen) -> bool:
        """Add the figures of a row; False, for it is one."""
        for at, text in seen.figures.items():
            amount = _amount(text)
            if amount is not None:
                self._since.setdefault(at, []).append(amount)
                self._all.setdefault(at, []).append(amount)
        return False

    def is_sum(self, seen: _Seen) -> bool:
        """Whether all figures of a line with one label at most are those of the rows above it added up, of all or of
        those since the last such line. With a label, two rows may be chance."""
        amounts = {at: _amount(text) for at, text in seen.figures.items()}
        if not seen.alone or not any(amounts.values()):
            return False
        fewest = 3 if len(seen.texts) > len(seen.figures) else 2
        for sums in (self._since, self._all):
            if all(len(sums.get(at, ())) >= fewest and sum(sums[at]) == amount for at, amount in amounts.items()):
                self._since = {}
                return True
        return False


def _amount(text: str) -> float | None:
    """A figure as a number, where it is plainly one."""
    plain = text.replace(".", "").replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return None


def _without_number(seen: _Seen) -> Hashable:
    """What a line says beside its number."""
    return tuple(sorted(seen.fields.items()))


def _numbers(text: str) -> bool:
    """Whether what stands in the column that numbers the lines does so: it may be the name of a group, or “Cộng”."""
    return (_NUMBER.fullmatch(text) or _GROUP_MARK.fullmatch(text)) is not None


def _is_signature(seen: _Seen, names: dict[int, set[str]], *, below: bool) -> bool:
    """Whether a line under the last row is who signed, when, and remarks; ``below``: somebody has signed above it."""
    if _NUMBER.fullmatch(seen.number) or not (seen.lacks or seen.alone):
        return False
    if seen.lacks and any(search_key(text) in names.get(at, ()) for at, text in seen.fields.items()):
        return False
    return _signs(seen) or (not seen.figures and (below or (seen.lacks and len(seen.texts) == 1)))


def _is_day(text: str) -> bool:
    try:
        read_day(text, wall.today(), None)
    except ValueError:
        return False
    return True


def _sums(seen: _Seen) -> bool:
    return any(_TOTAL.fullmatch(search_key(text)) and not _NO_SUMS.match(text) for text in seen.labels)


def _sums_of(seen: _Seen, names: dict[int, set[str]]) -> bool:
    """Whether a line is the sum of something that the rows name: “Cộng Ia Rvê”."""
    if not (seen.lacks and seen.alone):
        return False
    rests = [key.split(" ", 1)[1] for key in map(search_key, seen.labels) if key.startswith(_SUMS)]
    return any(rest in known or f"xa {rest}" in known for rest in rests for known in names.values())


def _signs(seen: _Seen) -> bool:
    """Whether a line says who signed or when; one that could be recorded must say nothing else."""
    keys = map(search_key, seen.texts.values())
    found = [bool(_SIGNED.fullmatch(key)) and (seen.alone or key.count(" ") < _LONG) for key in keys]
    return any(found) if seen.lacks else all(found)


def _numbers_columns(filled: Sequence[str]) -> bool:
    """Whether the cells only number the columns: (1) (2) (3) …, A B 1 2 3=1+2 …"""
    numbers, letters = [], []
    for text in filled:
        if found := _NUMBER.fullmatch(text) or _FORMULA.fullmatch(text):
            numbers.append(int(found[1]))
        elif found := _LETTER.fullmatch(text):
            letters.append(found[1].lower())
        else:
            return False
    counted = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else len(letters) > 2
    return len(filled) >= 3 and counted and letters == sorted(set(letters))


def left_out(lines: Sequence[Line]) -> Iterator[str]:
    """What to say of the lines that are not rows: one sentence for what nobody sees, one for what is no row."""
    by_sort: dict[Sort, list[int]] = {}
    for line in lines:
        by_sort.setdefault(line.sort, []).append(line.at + 1)
    if numbers := by_sort.get("hidden"):
        yield _("Hidden on the sheet and not recorded: line {lines}. With --hidden it is.").format(
            lines=ranges(numbers)
        )
    if numbers := by_sort.get("struck"):
        yield _("Struck out on the sheet and not recorded: line {lines}. With --hidden it is.").format(
            lines=ranges(numbers)
        )
    titles: dict[Sort, str] = {
        "headings": _("the headings once more"), "units": _("units of the columns"),
        "numbers": _("numbers of the columns"), "total": _("totals"),
        "group": _("names of groups and remarks"), "empty": _("prepared and not filled in"),
        "signature": _("signatures and remarks"),
    }  # fmt: skip
    said = [f"{ranges(by_sort[sort])} ({title})" for sort, title in titles.items() if sort in by_sort]
    if said:
        yield _("Left out, because it is no row: line {lines}.").format(lines="; ".join(said))


def ranges(numbers: Sequence[int]) -> str:
    """Numbers in words: ``2, 4–6``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{r[0]}–{r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs)
