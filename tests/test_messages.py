"""Every message has its Vietnamese, the compiled catalogue is that of the text, and placeholders survive."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from fieldapp.domain import rules
from fieldapp.domain.indicators import DISTINCT
from fieldapp.domain.records import RECORDS, fields_of
from fieldapp.reports.narrative import HEADINGS
from fieldapp.store.records import choice_title

SOURCE = Path(__file__).parents[1] / "fieldapp"
CATALOGUE = SOURCE / "locale" / "vi" / "LC_MESSAGES" / "fieldapp.po"


def in_code() -> Iterator[str]:
    """The texts given to ``_``, and those that a class or module keeps for it."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                argument = node.args[0]
                if isinstance(argument, ast.Constant):
                    yield argument.value
            if isinstance(node, ast.Assign | ast.AnnAssign):
                names = [t.id for t in getattr(node, "targets", [getattr(node, "target", None)]) if isinstance(t, ast.Name)]
                if names == ["HELP"] or names == ["GENERAL"] or names == ["STAGES"]:
                    values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                    values = node.value.values if isinstance(node.value, ast.Dict) else values
                    yield from (v.value for v in values if isinstance(v, ast.Constant) and v.value)
    tree = ast.parse((SOURCE / "domain" / "rules.py").read_text(encoding="utf-8"))
    tree.body += ast.parse((SOURCE / "domain" / "records.py").read_text(encoding="utf-8")).body
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.List):
            yield from (e.elts[1].value for e in node.value.elts if isinstance(e, ast.Tuple))  # type: ignore[attr-defined]


def in_models() -> Iterator[str]:
    for model in RECORDS:
        yield from (model.TITLE, model.PLURAL)
        for shape in fields_of(model):
            yield shape.title
            yield from map(choice_title, shape.choices)
    yield from HEADINGS.values()
    for indicator in DISTINCT:
        yield from (indicator.title, indicator.unit)


def test_every_message_is_translated() -> None:
    assert rules.COMPARED_BY
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="vi")
    wanted = {*in_code(), *in_models()}
    missing = sorted(m for m in wanted if not (catalogue.get(m) and catalogue.get(m).string))
    assert missing == []


def test_placeholders_survive() -> None:
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="vi"):
            if message.id:
                assert set(re.findall(r"{\w*}", message.id)) == set(re.findall(r"{\w*}", message.string)), message.id


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    with CATALOGUE.open("rb") as text, CATALOGUE.with_suffix(".mo").open("rb") as compiled:
        written = {m.id: m.string for m in read_po(text, locale="vi") if m.id}
        assert {m.id: m.string for m in read_mo(compiled) if m.id} == written, "run `make locale`"
