"""Every message has its Vietnamese, the compiled catalogue is that of the text, and placeholders survive."""

import ast
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from fieldapp import i18n
from fieldapp.cli import main
from fieldapp.cli.program import cli
from fieldapp.cli.wording import message_of
from fieldapp.domain.indicators import INDICATORS
from fieldapp.domain.model import fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.errors import os_error_text
from fieldapp.records.words import choice_title
from fieldapp.reports.narrative import HEADINGS
from fieldapp.work.review_hints import HINTS

SOURCE = Path(__file__).parents[1] / "fieldapp"
KEPT = {"HELP", "STAGES", "TITLES", "MARKS", "OUTCOME_WORDS", "DONE", "OVERLAP", "SAME_CODE", "TWICE", "ONE_OR_PARTS",
        "DAY_OUTSIDE", "STATES", "STATE_WORDS", "NOTHING",
        "SORT_TITLES", "ASKS", "GUEST_OF", "CLICK", "SHAPES", "HEADING", "ALL_POSTS",
        "INDICATOR_PATTERNS"}  # fmt: skip
"""Names under which texts are kept that ``_`` gets later"""
TRUST = {"pending", "certified", "revoked"}
"""Values of ``Peer.trust``, which ``_`` gets as they are"""
CATALOGUE = SOURCE / "locale" / "vi" / "LC_MESSAGES" / "fieldapp.po"


def texts(node: ast.AST) -> Iterator[str]:
    """The string constants of an expression: a text, a tuple of texts, the values of a dict."""
    parts = node.elts if isinstance(node, ast.Tuple) else node.values if isinstance(node, ast.Dict) else [node]
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
            yield part.value


Message = str | tuple[str, ...]
"""A text, or one for one and one for many"""


def in_code() -> Iterator[Message]:
    """The texts given to ``_`` and ``counted``, and those that a class or module keeps for it."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                yield from texts(node.args[0])
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "counted":
                yield tuple(texts(ast.Tuple(node.args[:2])))
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            if any(isinstance(t, ast.Name) and t.id in KEPT for t in targets):
                yield from texts(node.value)  # type: ignore[attr-defined]
            if path.parent.name == "domain" and isinstance(node, ast.Return) and isinstance(node.value, ast.List):
                for pair in node.value.elts:
                    yield from texts(ast.Tuple(pair.elts[1:]) if isinstance(pair, ast.Tuple) else pair)


def in_templates() -> Iterator[Message]:
    """The texts given to ``_`` in pages."""
    for path in SOURCE.rglob("*.j2"):
        yield from re.findall(r'\b_\("([^"]+)"\)', path.read_text(encoding="utf-8"))


def in_help() -> Iterator[str]:
    """The help of the commands and of their options."""
    commands: list[click.Command] = [cli]
    for command in commands:
        yield message_of(given(command))
        yield from (message_of(given(p)) for p in command.params if isinstance(p, click.Option) and p.help)
        if isinstance(command, click.Group):
            commands += command.commands.values()


def given(part: click.Command | click.Option) -> str:
    """The help as the code has it: ``speak`` may have translated it already."""
    text: str = vars(part).get("given", {}).get("help", part.help)
    return text


def in_models() -> Iterator[str]:
    for model in RECORDS:
        yield from (model.TITLE, model.PLURAL)
        for shape in fields_of(model):
            yield shape.title
            yield from filter(None, (shape.hint, shape.example))
            yield from map(choice_title, shape.choices)
    yield from HEADINGS.values()
    yield from (text for doubt in HINTS for text in (doubt.sentence, doubt.advice) if text)
    for indicator in INDICATORS:
        yield from (indicator.title, indicator.unit)


def test_every_message_is_translated() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="vi")
    wanted: set[Message] = {*in_code(), *in_templates(), *in_help(), *in_models(), *TRUST}
    translated = {m.id for m in catalogue if m.string and all(m.string)}
    missing = sorted(map(str, wanted - translated))
    assert missing == []


def test_no_entry_is_left_over() -> None:
    with CATALOGUE.open("rb") as file:
        entries = {m.id for m in read_po(file, locale="vi") if m.id}
    assert sorted(map(str, entries - {*in_code(), *in_templates(), *in_help(), *in_models(), *TRUST})) == []


def test_placeholders_survive() -> None:
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="vi"):
            before, after = (set(re.findall(r"{\w*}", str(text))) for text in (message.id, message.string))
            assert not message.id or before - {"{number_type}"} == after, message.id  # click's is an English word


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    with CATALOGUE.open("rb") as text, CATALOGUE.with_suffix(".mo").open("rb") as compiled:
        catalogues = (read_po(text, locale="vi"), read_mo(compiled))
        written, made = (sorted((list(m.id), list(m.string or "")) for m in c if m.id) for c in catalogues)
    assert made == written, "run `make locale`"


HELD = ("bundle", "pack", "receipt", "quarantine", "template", "form", "draft", "passphrase", "fingerprint",
        "headquarters", "stick", "conflict", "party cell")  # fmt: skip
"""Terms of the glossary that have one meaning in the messages, so that their Vietnamese can be looked for"""
ALSO = {"form": {"hình thức"}, "headquarters": {"SCH"}, "draft": {"nháp"}, "quarantine": {"cách ly"}}
"""A form of praise; the short form in headers"""
NOT_SAID = {
    "biểu mẫu": "phiếu or mẫu", "đoạn nhật ký": "phần nhật ký", "Nhấn ": "Bấm",
    "hưa thay đổi gì": "không có gì thay đổi", " chứ?": "… có phải … không?", "thư mục chứa sổ": "thư mục dữ liệu",
    "tác giả": "máy ghi",
}  # fmt: skip
"""Second names of things that have one, with the one"""


def glossary() -> dict[str, set[str]]:
    """The terms of ``docs/architecture.md`` with their words on the screen."""
    text = (SOURCE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for line in text[text.index("## Glossary") :].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3:
            terms, words = ([w.strip() for w in cell.split(",")] for cell in cells[:2])
            found |= {t: {words[i]} if len(terms) == len(words) else {*words} for i, t in enumerate(terms)}
    return found


def test_a_message_is_looked_up_once_whether_it_has_a_translation_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual names forty keys of its own on each screen, and each is asked for whenever a footer is drawn."""
    looked: list[object] = []
    known = i18n._Texts("vi")
    look_up = i18n._Messages.__missing__

    def counted(catalogue: i18n._Messages, key: object) -> str:
        looked.append(key)
        return look_up(catalogue, key)

    monkeypatch.setattr(i18n, "_texts", lambda _code: known)
    monkeypatch.setattr(i18n._Messages, "__missing__", counted)
    assert i18n._("Copy selected text of a test") == "Copy selected text of a test"
    first = len(looked)
    assert i18n._("Copy selected text of a test") == "Copy selected text of a test"
    assert first > 0 and len(looked) == first


def test_one_thing_has_one_name_on_the_screen() -> None:
    said, wrong = glossary(), []
    with CATALOGUE.open("rb") as file:
        catalogue = [(str(m.id), str(m.string)) for m in read_po(file, locale="vi")]
    for message, told in catalogue[1:]:
        plain = re.sub(r"`[^`]*`|{\w*}|--[\w-]+", "", message)
        for term in HELD:
            words = said.get(term, set()) | ALSO.get(term, set())
            if re.search(rf"\b{term}s?\b", plain, re.I) and not any(
                w.lower() in told.lower().replace("_", " ") for w in words if w
            ):
                wrong.append(f"{term} is {words}: {told}")
        wrong += [f"{second} is {first}: {told}" for second, first in NOT_SAID.items() if second in told]
    assert wrong == []


ENGLISH = re.compile(
    r"\b(the|and|of|for|with|this|that|these|is|are|was|not|from|which|only|its|each|what|where|who|has|have|will|can|"
    r"options?|commands?|usage|errors?|try|missing|invalid|values?|such|argument|default|required|show|"
    r"write|record|exit|folder|laptop|headquarters|stick|bundles?|integer|unexpected|requires)\b",
    re.I,
)
"""Words without which hardly any English sentence is said, and those of click"""
SPELLED = re.compile(r"`[^`]*`|(?<!\w)--?[a-z][\w-]*|\{[^}]*\}|https?://\S+|postgresql://\S+|\.[\w-]+")
"""What is written so in every language: commands, options, placeholders, addresses, endings of files"""


def test_no_english_is_left_in_the_catalogue() -> None:
    with CATALOGUE.open("rb") as file:
        told = [str(m.string) for m in read_po(file, locale="vi") if m.id]
    assert [t for t in told if ENGLISH.search(SPELLED.sub("", t))] == []


def test_help_and_usage_errors_are_vietnamese(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def said(*args: str) -> str:
        with pytest.MonkeyPatch.context() as patched, suppress(SystemExit):
            patched.setattr("sys.argv", ["fieldapp", "--home", str(tmp_path), *args])
            main()
        out, err = capsys.readouterr()
        return out + err

    def english(text: str, *names: str) -> list[str]:
        spelled = "|".join(map(re.escape, ["fieldapp " + " ".join(names), *sorted(names, key=len, reverse=True)]))
        own = re.sub(r"\S*pytest-of\S*", "", text)  # the folder of this test, wherever its name is wrapped
        return [line for line in own.splitlines() if ENGLISH.search(SPELLED.sub("", re.sub(spelled, "", line)))]

    wrong: list[str] = []
    commands: list[tuple[tuple[str, ...], click.Command]] = [((), cli)]
    for names, command in commands:
        shown = said(*names, "--help")
        assert "Cách dùng:" in shown
        wrong += re.findall(r"\b(?!URL)[A-Z]{3,}\b", shown.partition("\n\n")[0])
        below = command.commands if isinstance(command, click.Group) else {}
        choices = [str(c) for p in command.params if isinstance(p.type, click.Choice) for c in p.type.choices]
        wrong += english(shown, *names, *below, *choices)
        commands += [((*names, name), part) for name, part in below.items()]
    for args in (
        ["no-such"], ["--no-such"], ["sync"], ["sync", "export"], ["sync", "export", "a", "b"], ["sync", "exprt"],
        ["hq", "coverage", "--months", "x"], ["hq", "coverage", "--months", "-5"], ["init", "--role", "x"], ["add"],
        ["report", "--period"], ["report", "--from", "x"], ["report", "--by", "x"], ["sync", "export", "a", "--jso"],
        ["--read-only", "todo"], ["user", "role", "A", "x"],
    ):  # fmt: skip
        shown = said(*args)
        assert shown, args
        wrong += english(shown, *args)
    assert wrong == []


@pytest.mark.parametrize("number", [2, 13, 28, 30, 5, 16, 24, 71, 98, 110, 40, 9999])
def test_errors_of_the_system_are_told_in_the_users_language(number: int) -> None:
    told = os_error_text(OSError(number, os.strerror(number)))
    assert not ENGLISH.search(told)
    assert re.search("[àáảãạâấầẩẫậăắằẳẵặđèéẻẽẹêếềểễệìíỉĩịòóỏõọôốồổỗộơớờởỡợùúủũụưứừửữựỳýỷỹỵ]", told), told
