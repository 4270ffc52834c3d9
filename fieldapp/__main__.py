"""``python -m fieldapp``: how an installed kit starts the program."""

from fieldapp.cli import main

main()
