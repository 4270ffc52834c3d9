"""No option of a command does nothing: each has an effect, or is refused with a sentence beside what makes it idle."""

from pathlib import Path

import click
import pytest
from field import Run, World

from fieldapp.cli.program import cli

Words = tuple[str, ...]

IDLE: dict[str, list[tuple[Words, str]]] = {
    "list": [
        (("list", "member", "--from", "2013-01-01"), "--from"),
        (("list", "member", "--to", "2013-01-01"), "--to"),
    ],
    "import-table": [
        (("import-table", "a.csv", "--batches"), "TỆP"),
        (("import-table", "--batches", "--kind", "activity"), "--kind"),
        (("import-table", "--batches", "--sheet", "x"), "--sheet"),
        (("import-table", "--batches", "--map", "x"), "--map"),
        (("import-table", "--batches", "--set", "unit=24221"), "--set"),
        (("import-table", "--batches", "--year", "2013"), "--year"),
        (("import-table", "--batches", "--dry-run"), "--dry-run"),
        (("import-table", "--batches", "--confirm"), "--confirm"),
        (("import-table", "--batches", "--again"), "--again"),
        (("import-table", "--batches", "--hidden"), "--hidden"),
        (("import-table", "--batches", "--answer", "days=swapped"), "--answer"),
        (("import-table", "--batches", "--password-file", "x"), "--password-file"),
        (("import-table", "--batches", "--take-back", "1", "--reason", "x"), "--batches"),
        (("import-table", "--batches", "--reason", "x"), "--reason"),
        (("import-table", "--take-back", "1", "--reason", "x", "--dry-run"), "--dry-run"),
        (("import-table", "a.csv", "--kind", "activity", "--reason", "x"), "--reason"),
        (("import-table", "a.csv", "--kind", "activity", "--yes"), "--yes"),
        (("import-table", "a.csv", "--kind", "activity", "--sheet", "x"), "--sheet"),
    ],
    "hq pack": [
        (("hq", "pack", "--role", "hq", "--code", "IARVE", "."), "--code"),
        (("hq", "pack", "--role", "hq", "--name", "x", "."), "--name"),
        (("hq", "pack", "--role", "hq", "--confirm", "."), "--confirm"),
    ],
    "hq publish": [
        (("hq", "publish", "postgresql://x/y", "--sql"), "URL"),
        (("hq", "publish", "--sql", "--anew"), "--anew"),
        (("hq", "publish", "--sql", "--json"), "--json"),
    ],
    "hq plans": [
        (("hq", "plans", "2026", "--sheet", "x"), "--sheet"),
        (("hq", "plans", "2026", "--password-file", "x"), "--password-file"),
        (("hq", "plans", "2026", "--dry-run"), "--dry-run"),
        (("hq", "plans", "2026", "--confirm"), "--confirm"),
        (("hq", "plans", "2026", "--import", "a.csv", "--out", "b.csv"), "--out"),
    ],
    "kinds": [(("kinds", "gieng_khoan", "--xlsform", "x.xlsx", "--json"), "--json")],
    "sync files": [(("sync", "files", "--yes"), "--yes")],
    "sync import": [(("sync", "import", ".", "--reply", "--reply-to", "."), "--reply")],
    "init": [
        (("init", "--pack", "p", "--name", "x", "--user", "A"), "--name"),
        (("init", "--pack", "p", "--code", "x", "--user", "A"), "--code"),
        (("init", "--pack", "p", "--province", "66", "--user", "A"), "--province"),
        (("init", "--pack", "p", "--role", "hq", "--name", "x", "--user", "A"), "--name"),
        (("init", "--pack", "p", "--role", "hq", "--code", "x", "--user", "A"), "--code"),
        (("init", "--role", "hq", "--name", "x", "--laptop", "B", "--user", "A"), "--laptop"),
    ],
    "serve": [(("serve", "--network"), "--network")],
    "kit": [
        (("kit", "x", "--no-python", "--python-installer", "p.zip"), "--python-installer"),
        (("kit", "x", "--platform", "linux", "--python-installer", "p.zip"), "--python-installer"),
        (("kit", "x", "--platform", "linux", "--no-python"), "--no-python"),
    ],
}
"""Command -> (a call with an option that would do nothing, the option that the sentence names). ``report`` has a test
of its own"""

ALWAYS: dict[str, set[str]] = {
    "report-text": {"--period", "--unit", "--post", "--json"},
    "add": {"--json", "--confirm"},
    "attach": {"--caption", "--original", "--sort", "--json"},
    "attached": {"--save", "--fetch", "--json"},
    "list": {"--json", "--search", "--voided"},
    "show": {"--history", "--json"},
    "edit": {"--json", "--confirm"},
    "void": {"--reason", "--yes"},
    "unvoid": {"--confirm", "--yes"},
    "merge": {"--confirm"},
    "import-table": {"--json", "--take-back"},
    "rekey sample": {"--size", "--seed", "--json"},
    "rekey enter": {"--json", "--confirm"},
    "rekey rates": {"--kind", "--json"},
    "todo": {"--json"},
    "letterhead": {"--layout", "--json"},
    "paper": {"--out"},
    "papers": {"--fields", "--json"},
    "hq paper": {"--kind", "--code", "--name"},
    "kinds": {"--xlsform"},
    "sync export": {"--to", "--max", "--json"},
    "sync files": {"--clear", "--json"},
    "sync import": {"--reply-to", "--json"},
    "sync status": {"--json"},
    "sync release": {"--json"},
    "sync unsent": {"--json"},
    "sync clean": {"--yes", "--json"},
    "sync verify": {"--json"},
    "verify-history": {"--identity", "--root", "--json"},
    "hq pack": {"--role"},
    "hq rename": {"--name", "--code"},
    "hq revoke": {"--yes"},
    "hq replicas": {"--json"},
    "hq trust": {"--yes"},
    "hq recover": {"--compared"},
    "hq units": {"--from", "--successions", "--yes", "--json"},
    "hq conflicts": {"--json"},
    "hq resolve": {"--take"},
    "hq quarantine": {"--json"},
    "hq open-data": {"--personal", "--parquet", "--json"},
    "hq plans": {"--import", "--json"},
    "hq publish": {"--partitions", "--server", "--sql"},
    "hq coverage": {"--months", "--days", "--json"},
    "hq queue": {"--kind", "--post", "--json"},
    "hq accept": {"--confirm"},
    "hq return": {"--comment", "--field"},
    "demo": {"--workspace"},
    "tutorial": {"--workspace", "--again"},
    "check-machine": {"--json"},
    "init": {"--role", "--pack", "--user"},
    "serve": {"--write", "--port", "--host"},
    "doctor": {"--rebuild", "--json"},
    "backup": {"--json"},
    "kit": {"--platform", "--python", "--unsigned"},
    "upgrade": {"--back", "--yes"},
    "user list": {"--json"},
    "user add": {"--role"},
    "user setting": {"--lock-minutes", "--stick-backup", "--files-limit", "--files-from-below"},
    "user recover": {"--code", "--request"},
}
"""Command -> its options that have an effect wherever they can be given, and those that choose what is done. ``--yes``
answers a question that only a terminal is asked; ``user recover`` takes one of its options alone"""


def commands(group: click.Group, before: Words = ()) -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        words = (*before, name)
        if isinstance(command, click.Group):
            found |= commands(command, words)
        else:
            found[" ".join(words)] = command
    return found


def test_every_option_of_every_command_was_thought_of() -> None:
    """A new option is entered above: where it would do nothing, or that it always has an effect."""
    for name, command in commands(cli).items():
        options = {p.opts[0] for p in command.params if isinstance(p, click.Option)}
        idle = {option for _words, option in IDLE.get(name, []) if option.startswith("-")}
        if name != "report":
            assert options <= idle | ALWAYS.get(name, set()), name
            assert idle | ALWAYS.get(name, set()) <= options, name


@pytest.mark.parametrize(("words", "option"), [case for cases in IDLE.values() for case in cases])
def test_an_option_that_would_do_nothing_is_refused(
    world: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: Words, option: str
) -> None:
    """Before a passphrase is asked for or a file is opened."""
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words, home="hq" if words[0] == "hq" else "post")
    assert (code, out) == (2, "")
    assert f"{option}" in err and ("tác dụng" in err or "chỉ dùng" in err)
