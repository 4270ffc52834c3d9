"""The style sheet of the application."""

from textual.css.stylesheet import Stylesheet


class StyleSheet(Stylesheet):
    """Parsed anew only if the colours have changed. Textual parses everything twice at each start, as it does then."""

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self.changed = False
        """Whether the colours are others than those that it was parsed with"""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take over the colours of a theme."""
        if variables != self._variables:
            self.changed = True
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse all sources again."""
        if self.changed:
            super().reparse()
            self.changed = False
