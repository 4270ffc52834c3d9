"""The last line of a screen: the keys that do something now."""

from textual.widgets import Footer


class KeyFooter(Footer):
    """Drawn again only when it shows other keys: Textual's own makes all its parts anew whenever the focus moves."""

    _shown: object = None

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    async def recompose(self) -> None:
        """Make the parts again, if they would be others."""
        if not self.is_attached:
            return
        active = self.screen.active_bindings.values()
        shown = [(each.binding, each.enabled, each.tooltip) for each in active if each.binding.show]
        if shown != self._shown:
            self._shown = shown
            await super().recompose()
