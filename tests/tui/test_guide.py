"""The guide names no key, command, option, screen or picture that is not there; and F1 shows its words."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import click
import pytest
from field import World
from markdown_it import MarkdownIt
from screen_driver import at_post, run
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

import fieldapp.tui
from fieldapp.cli.program import cli
from fieldapp.packaged import packaged
from fieldapp.tui import guide
from fieldapp.tui.app import FieldApp
from fieldapp.tui.screens.home import HomeScreen

PAGES = sorted(packaged("guide").glob("*/*.md"))
KEY = re.compile(r"(?<![\w`#])(?:(?:Ctrl|Shift)\+\w+|⇧Tab|F\d{1,2}|Enter|Esc|Tab|Del|Space|PgUp|PgDn|[←→↑↓])(?![\w`])")
NAMES = {"esc": "escape", "del": "delete", "⇧tab": "shift+tab", "←": "left", "→": "right", "↑": "up", "↓": "down",
         "pgup": "pageup", "pgdn": "pagedown"}  # fmt: skip
PARTS = 3


def classes() -> Iterator[type[DOMNode]]:
    for module in walk_packages(fieldapp.tui.__path__, "fieldapp.tui."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__.startswith("fieldapp"):
                yield value


def keys_of(*nodes: type[Any]) -> set[str]:
    """The keys that the classes, and those from which they are made, bind; not those that only say what moved."""
    bound = [b for node in nodes for base in node.__mro__ for b in vars(base).get("BINDINGS", [])]
    texts = [b.key if isinstance(b, Binding) else b[0] for b in bound if "moved" not in str(b)]
    return {key.strip() for text in texts for key in text.split(",")}


ALL = {node.__name__: node for node in classes()}
WIDGETS = keys_of(*(node for node in ALL.values() if not issubclass(node, Screen)))


def named(text: str) -> set[str]:
    """The keys that a text names, as they are bound."""
    return {NAMES.get(key.lower(), key.lower()) for key in KEY.findall(text)}


def commands(path: Path) -> Iterator[str]:
    """What stands as code and begins with the program's name."""
    for token in MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")):
        found = [token.content] if token.type in ("code_block", "fence") else []
        found += [child.content for child in token.children or [] if child.type == "code_inline"]
        for line in (line.strip() for text in found for line in text.splitlines()):
            if line.startswith("fieldapp "):
                yield line


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_command_and_option_is_there(path: Path) -> None:
    found = list(commands(path))
    assert len(found) > (0 if path.stem == "soldier" else 5)
    for line in found:
        words = shlex.split(line)[1:]
        context = click.Context(cli, info_name="fieldapp")
        command: click.Command = cli
        while isinstance(command, click.Group):
            rest = words
            if command is cli:
                given = cli.make_parser(context).parse_args(list(words))
                rest = given[1]
            if not rest and words:  # options of the screen
                break
            assert rest, line
            inner = command.get_command(context, rest[0])
            assert inner is not None, f"no such command: {line}"
            command, words = inner, rest[1:]
        if words or not any(isinstance(p, click.Argument) and p.required for p in command.params):
            command.make_context(command.name, list(words), parent=context)  # raises what the user would be told


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_picture_and_page_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (path.parent / target).is_file(), target
    assert path.stem != "soldier" or text.count("![") >= 5


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_key_works_where_the_guide_says(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDAPP_LANG", language)
    everywhere = keys_of(FieldApp, HomeScreen)
    found = guide.guide_sections()
    assert {section.part for section in found} == set(guide.ORDER)
    total = 0
    for section in found:
        assert section.text, section.title
        screens = section.screens - {guide.EVERYWHERE}
        assert screens <= set(ALL), f"no such screen: {screens - set(ALL)}"
        bound = everywhere | WIDGETS | (keys_of(*(ALL[name] for name in screens)) if screens else
                                        keys_of(*ALL.values()))  # fmt: skip
        assert named(section.text) <= bound, (section.title, named(section.text) - bound)
        total += len(named(section.text))
    assert total > 60


def test_a_key_that_is_not_there_is_found() -> None:
    assert named("F2 lưu, Shift+F5 chép, ⇧Tab về, Esc thì ra; `F13`, F14 thì không, Ctrl+P") == {
        "f2", "shift+f5", "shift+tab", "escape", "f14", "ctrl+p"}  # fmt: skip
    assert "f14" not in keys_of(*ALL.values())


def test_both_languages_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for language in ("vi", "en"):
        monkeypatch.setenv("FIELDAPP_LANG", language)
        said.append([(s.part, s.screens, named(s.text)) for s in guide.guide_sections()])
    assert said[0] == said[1]
    pairs = [(path, path.parents[1] / "en" / path.name) for path in PAGES if path.parent.name == "vi"]
    assert len(pairs) == PARTS
    for vi, en in pairs:
        assert [shlex.split(c)[1] for c in commands(vi)] == [shlex.split(c)[1] for c in commands(en)], vi.name


def test_the_guide_calls_the_recovery_code_as_the_program_does() -> None:
    """One word, or the paper in the safe is not what the program asks for."""
    catalogue = (Path(fieldapp.tui.__path__[0]).parent / "locale/vi/LC_MESSAGES/fieldapp.po").read_text(
        encoding="utf-8"
    )
    vietnamese = [catalogue, *(p.read_text(encoding="utf-8") for p in PAGES if p.parent.name == "vi")]
    assert "mã khôi phục" in vietnamese[0].lower()
    assert not any("phục hồi" in text.lower() for text in vietnamese)


async def test_help_without_a_word_of_its_own_says_no_none(world: World) -> None:
    async with at_post(world) as s:
        for keys in (("f4", "enter", "f6"), ("gieng", "enter")):
            await s.press(*keys, "f1")
            assert "None" not in "\n".join(str(static.render()) for static in s.app.screen.query("Static"))
            await s.press("escape")


async def test_f1_shows_the_words_of_the_guide(world: World) -> None:
    async with at_post(world) as s:
        for keys, words in (((), "Việc gấp ở trên"), (("escape", "f9"), "Máy đọc trả lời của sở chỉ huy"),
                            (("escape", "escape", "f3"), "F3 tìm trong mọi sổ")):  # fmt: skip
            await s.press(*keys, "f1")
            shown = "\n".join(str(static.render()) for static in s.app.screen.query("Static"))
            assert words in shown
            assert "Viết ngày, số, tên" in shown
            assert "**" not in shown
            assert "`" not in shown
    async with run(world.root / "hq", world.hq.reopen()) as s:
        await s.press("f9", "f1")
        assert "Cắm tất cả USB" in "\n".join(str(static.render()) for static in s.app.screen.query("Static"))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_help_on_the_screen_names_keys_and_no_command_for_the_same(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDAPP_LANG", language)
    shown = "\n".join(section.text for section in guide.guide_sections())
    for command in ("rekey sample", "hq trust", "sync release", "sync unsent"):
        assert f"fieldapp {command}" not in shown, command
    assert "fieldapp hq rename" in shown, "for which there is no key"
