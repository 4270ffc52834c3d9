"""Files other than Python that the program needs: beside it in the wheel, elsewhere in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent

PLACES = {"guide": "docs/guide", "screens": "docs/screens"}
"""Name in the wheel -> path in a checkout, where they differ"""


def packaged(name: str) -> Path:
    """The file or folder with this name, in the installed package or in the checkout that the program runs from."""
    installed = PACKAGE / name
    return installed if installed.exists() else CHECKOUT / PLACES.get(name, name)
