"""The screen is covered: nothing can be read, what was typed waits, and a passphrase uncovers it."""

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from fieldapp.i18n import _
from fieldapp.store.store import Store
from fieldapp.tui.screens.unlock import UnlockScreen

if TYPE_CHECKING:
    from fieldapp.tui.app import FieldApp


class LockScreen(UnlockScreen, inherit_bindings=False):
    """Covers everything until one of the laptop's users is there; the file is closed meanwhile, its key forgotten."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f4", "recover", _("Forgotten?"))]

    def on_mount(self) -> None:
        cast("FieldApp", self.app).lock_store()

    def _opened(self, store: Store) -> None:
        cast("FieldApp", self.app).unlocked(store)
