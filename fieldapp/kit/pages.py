"""The guide as pages for a browser, with its pictures beside them; nothing in them is fetched from anywhere."""

import re
import shutil
from pathlib import Path

from markdown_it import MarkdownIt

from fieldapp.packaged import packaged

PAGE = """\
<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1.05rem/1.6 system-ui, sans-serif; color: #1a1a1a }}
img {{ max-width: 100% }} code {{ background: #eee; padding: 0 .25em }} pre code {{ display: block; padding: .6em }}
table {{ border-collapse: collapse }} td, th {{ border-bottom: 1px solid #ccc; padding: .3em .8em; text-align: left }}
</style>
{body}
</html>
"""


def write_guide(folder: Path) -> None:
    """Write ``folder/LANGUAGE/*.html`` and the pictures that they show."""
    markdown = MarkdownIt().enable("table")
    for source in sorted(packaged("guide").glob("*/*.md")):
        text = source.read_text(encoding="utf-8")
        language = source.parent.name
        (folder / language).mkdir(parents=True, exist_ok=True)
        for name in re.findall(r"\(\.\./\.\./screens/([\w-]+\.svg)\)", text):
            shutil.copy(packaged("screens") / name, folder / name)
        text = text.replace("(../../screens/", "(../")
        text = re.sub(r"\(([\w-]+)\.md(#[^)]*)?\)", r"(\1.html\2)", text)
        title = text.partition("\n")[0].lstrip("# ")
        page = PAGE.format(language=language, title=title, body=markdown.render(text))
        (folder / language / f"{source.stem}.html").write_text(page, encoding="utf-8")
