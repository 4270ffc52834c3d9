"""One flat table for each kind of record: names in place of ids, words in place of codes, amounts with their decimals.

Each is a view over the tables of the open data, so that it says what they say: a record's own columns, the names of
what it refers to, the commune and the province of its unit, and for lines the columns of the record that they belong
to. Voided records, and lines of voided ones, are not in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fieldapp.domain.assistance import Activity, ActivityExtra, ActivityMeasure
from fieldapp.domain.model import FieldShape, Record, fields_of
from fieldapp.domain.records import BY_KIND, PARENTS
from fieldapp.i18n import _
from fieldapp.records.words import choice_title

FLAT = "flat_"
"""Beginning of the name of a flat table"""

ALONG: Mapping[str, Sequence[str]] = {
    "unit": ("code",),
    "post": ("code",),
    "activity_kind": ("section",),
    "measure": ("unit_name",),
    "party_cell": ("unit_id",),
}
"""Kind -> what a reference to one of it brings, besides the name"""

NAMES = ("name", "full_name", "title")
"""Fields that hold the name of a record"""

FOR_ONE_ROW = ("post_code", "post", "created_at", "created_by", "counts_on")
"""Columns that a line has itself, and does not take from its record"""

MOST_DECIMALS = 3
AMOUNT = "decimal"
"""Type of a column whose values are decimal numbers"""


@dataclass(frozen=True)
class FlatColumn:
    """One column of a flat table, and the SQL that gives it."""

    name: str
    title: str
    type: str
    """of the Frictionless table schema, or ``AMOUNT``"""
    sql: str


@dataclass
class _Joins:
    """The tables that are joined, each with a name of its own."""

    lines: list[str] = field(default_factory=list)

    def to(self, table: str, on: str) -> str:
        """Join a table by ``on``, in which ``{}`` stands for its name here; the name."""
        name = f"j{len(self.lines) + 1}"
        self.lines.append(f"LEFT JOIN {table} {name} ON {on.format(name)}")
        return name


@dataclass(frozen=True)
class FlatTable:
    """The flat table of a kind of record."""

    model: type[Record]
    columns: Sequence[FlatColumn]
    sql: str

    @property
    def name(self) -> str:
        return FLAT + self.model.KIND

    @property
    def title(self) -> str:
        """The kind, in the plural."""
        return _("{kind}, with names").format(kind=_(self.model.PLURAL))


def flat_table(model: type[Record], *, personal: bool) -> FlatTable:
    """The flat table of a kind; ``personal``: with the personal columns."""
    joins = _Joins()
    columns = [FlatColumn("id", "id", "string", "t.id")]
    columns += _own(model, "t", joins, personal)
    conditions = ["t.voided_at IS NULL"]
    if model.KIND in PARENTS:
        parent, child = PARENTS[model.KIND]
        above = joins.to(parent.KIND, f"{{}}.id = t.{child.parent}")
        conditions.append(f"{above}.voided_at IS NULL")
        taken = {column.name for column in columns}
        for column in _own(parent, above, joins, personal):
            name = column.name if column.name.startswith(parent.KIND) else f"{parent.KIND}_{column.name}"
            if name not in taken and column.name not in FOR_ONE_ROW:
                columns.append(replace(column, name=name, title=f"{_(parent.TITLE)} · {column.title}"))
    if model is ActivityMeasure:
        day = f"coalesce(t.measured_on, {above}.date_to, {above}.date_from)"
        columns.append(FlatColumn("counts_on", _("Counts on"), "date", day))
    listed = ",\n    ".join(f"{column.sql} AS {column.name}" for column in columns)
    joined = "".join(f"\n{line}" for line in joins.lines)
    sql = f"SELECT {listed}\nFROM {model.KIND} t{joined}\nWHERE {' AND '.join(conditions)}"
    return FlatTable(model, columns, sql)


def _own(model: type[Record], table: str, joins: _Joins, personal: bool) -> Iterator[FlatColumn]:
    """The columns of a kind itself, without its id."""
    if not model.REFERENCE:
        post = joins.to("post", f"{{}}.id = {table}.post_id")
        yield FlatColumn("post_code", f"{_('Post')} · {_('Code')}", "string", f"{post}.code")
        yield FlatColumn("post", _("Post"), "string", f"{post}.name")
    yield FlatColumn("created_at", _("Recorded at"), "datetime", f"{table}.created_at")
    if personal:
        yield FlatColumn("created_by", _("Recorded by"), "string", f"{table}.created_by")
    for shape in fields_of(model):
        if shape.ref is not None:
            yield from _reference(shape, table, joins, personal)
        elif model is ActivityExtra and shape.name == "value":
            yield _extra_value(shape, table, joins)
        elif personal or not shape.personal:
            yield _plain(shape, table, joins)
    if model is Activity:
        yield from _its_files(table, joins)
        yield FlatColumn("counts_on", _("Counts on"), "date", f"coalesce({table}.date_to, {table}.date_from)")


def _its_files(table: str, joins: _Joins) -> Iterator[FlatColumn]:
    """How many photographs and minutes an activity has, and how many its kind wants (``docs/counting-rules.md``)."""
    kind = joins.to("activity_kind", f"{{}}.id = {table}.activity_kind_id")
    sort = "coalesce(sort, CASE WHEN media_type LIKE 'image/%' THEN 'photograph' ELSE 'minute' END)"
    counted = ", ".join(
        f"count(DISTINCT CASE WHEN {sort} = '{one}' THEN sha256 END) AS {one}s" for one in ("photograph", "minute")
    )
    files = joins.to(
        f"(SELECT record_id, post_id, {counted} FROM attachment WHERE record_kind = 'activity' AND voided_at IS NULL"
        " GROUP BY record_id, post_id)",
        f"{{0}}.record_id = {table}.id AND {{0}}.post_id = {table}.post_id",
    )
    for name, title, wanted in (
        ("photographs", _("Photographs it has"), _("Photographs wanted, at least")),
        ("minutes", _("Minutes it has"), _("Minutes wanted, at least")),
    ):
        yield FlatColumn(name, title, "integer", f"coalesce({files}.{name}, 0)")
        yield FlatColumn(f"{name}_wanted", wanted, "integer", f"coalesce({kind}.{name}_wanted, 0)")


def _plain(shape: FieldShape, table: str, joins: _Joins) -> FlatColumn:
    """A field that refers to nothing."""
    column = f"{table}.{shape.name}"
    if shape.choices:
        return FlatColumn(shape.name, _(shape.title), "string", _in_words(column, shape.choices))
    if shape.scaled_by is not None:
        decimals = f"{table}.{shape.scaled_by}"
        if shape.scaled_by.endswith("_id"):
            decimals = joins.to(shape.scaled_by.removesuffix("_id"), f"{{}}.id = {decimals}") + ".decimals"
        return FlatColumn(shape.name, _(shape.title), AMOUNT, _decimal(column, decimals))
    types = {"integer": "integer", "year": "integer", "boolean": "boolean", "date": "date"}
    return FlatColumn(shape.name, _(shape.title), types.get(shape.type, "string"), column)


def _extra_value(shape: FieldShape, table: str, joins: _Joins) -> FlatColumn:
    """The value of a field of its own kind: a number with its decimals, else as it is stored."""
    kind = joins.to("kind_field", f"{{}}.id = {table}.kind_field_id")
    column = f"{table}.{shape.name}"
    number = _decimal(f"CAST({column} AS INTEGER)", f"{kind}.decimals")
    sql = f"CASE {kind}.field_type WHEN 'number' THEN CAST({number} AS TEXT) ELSE {column} END"
    return FlatColumn(shape.name, _(shape.title), "string", sql)


def _reference(shape: FieldShape, table: str, joins: _Joins, personal: bool) -> Iterator[FlatColumn]:
    """What a reference says: the name of the record, else its id; and what goes along with it."""
    assert shape.ref is not None
    base, title, model = shape.name.removesuffix("_id"), _(shape.title), BY_KIND[shape.ref]
    shapes = {s.name: s for s in fields_of(model)}
    named = next((name for name in NAMES if name in shapes), None)
    if named is None or (shapes[named].personal and not personal):
        yield FlatColumn(shape.name, title, "string", f"{table}.{shape.name}")
        return
    other = joins.to(model.KIND, f"{{}}.id = {table}.{shape.name}")
    yield FlatColumn(base, title, "string", f"{other}.{named}")
    for name in ALONG.get(model.KIND, ()):
        along = shapes[name]
        if along.ref is None:
            sql = _in_words(f"{other}.{name}", along.choices) if along.choices else f"{other}.{name}"
            yield FlatColumn(f"{base}_{name.removesuffix('_name')}", f"{title} · {_(along.title)}", "string", sql)
        else:
            unit = joins.to("unit", f"{{}}.id = {other}.{name}")
            yield FlatColumn(f"{base}_unit", f"{title} · {_(along.title)}", "string", f"{unit}.name")
            yield from _areas(f"{base}_", title, unit, joins)
    if model.KIND == "unit" and shape.name == "unit_id":
        yield from _areas("", title, other, joins)


def _areas(prefix: str, title: str, unit: str, joins: _Joins) -> Iterator[FlatColumn]:
    """The commune and the province that a unit is, or lies in."""
    above = [unit]
    for _level in range(3):
        above.append(joins.to("unit", f"{{}}.id = {above[-1]}.parent_id"))
    for level, name in (("commune", _("Commune")), ("province", _("Province"))):
        cases = " ".join(f"WHEN {one}.level = '{level}' THEN {one}.name" for one in above)
        yield FlatColumn(f"{prefix}{level}", f"{title} · {name}", "string", f"CASE {cases} END")


def _in_words(column: str, choices: Sequence[str]) -> str:
    """SQL for a code in words; one that is not known stays as it is."""
    cases = " ".join(f"WHEN {_quoted(code)} THEN {_quoted(_(choice_title(code)))}" for code in choices)
    return f"CASE {column} {cases} ELSE {column} END"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _decimal(column: str, decimals: str) -> str:
    """SQL for an amount in units of 10^-decimals: a whole number, or its digits with a point. Never a float."""
    cases = " ".join(
        f"WHEN {n} THEN printf('%d.%0{n}d', {column} / {10**n}, {column} % {10**n})"
        for n in range(1, MOST_DECIMALS + 1)
    )
    return (
        f"CASE WHEN {column} IS NULL THEN NULL ELSE CASE coalesce({decimals}, 0) WHEN 0 THEN {column} {cases} END END"
    )
