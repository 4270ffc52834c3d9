"""A laptop without records: a post begins from headquarters' pack."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fieldapp.errors import FieldappError
from fieldapp.i18n import _
from fieldapp.store import people
from fieldapp.store.store import Store
from fieldapp.sync.exchange import enrolment
from fieldapp.sync.format import bundle, clock, drives
from fieldapp.sync.peers import practice
from fieldapp.tui.files import typed_path
from fieldapp.tui.screens.questions import Question, QuestionsDialog, agreed

PACK = "pack"


class BeginScreen(QuestionsDialog):
    """Asks for the pack, who works here, and a passphrase; dismisses with the open replica of the post."""

    WRITES = True
    HELP = (
        "A post begins from the pack that headquarters wrote onto a stick. The stick is found by itself, otherwise type"
        " the folder or the file. The passphrase opens the records from now on; nobody can look it up. Then call"
        " headquarters and compare the words."
    )

    def __init__(self, home: Path) -> None:
        found = next(iter(_packs()), None)
        asked = [
            Question(_("Headquarters' pack: its stick, folder or file"), value=str(found or ""), field=PACK),
            Question(_("Your name"), field="user"),
            Question(_("Passphrase"), hidden=True, field="passphrase"),
            Question(_("The same again"), hidden=True),
        ]
        super().__init__(_("Begin the records of a post"), asked)
        self._home = home

    def finish(self, answers: Sequence[str]) -> Store:
        """Make the post's records."""
        typed, user, passphrase, again = answers
        if not typed or not user:
            sentence = _("This field is needed.")
            raise FieldappError(sentence, {PACK if not typed else "user": sentence})
        agreed(passphrase, again)
        people.check_passphrase(passphrase)
        try:
            pack = drives.pack_in(typed_path(typed))
            practice.check_pack(bundle.inspect(pack, None).sender)
        except FieldappError as error:
            raise FieldappError(str(error), {PACK: str(error)}) from None
        clock.check_new(None)
        store = enrolment.init_post(self._home, pack, user=user, passphrase=passphrase)
        clock.look(store)
        return store


def _packs() -> list[Path]:
    """The packs on the sticks that are plugged in, as far as each has just one."""
    found = []
    for drive in drives.drives():
        with suppress(FieldappError, OSError):
            found.append(drives.pack_in(drive.path))
    return found
