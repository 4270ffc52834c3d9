#!/usr/bin/env bash
# Two Word documents that docxcompose joins: the comment in the second now says what the comment in the first says.
#
# Versions: docxcompose 2.2.0, python-docx 1.2.0 (PyPI).
# Seen: the report of Ia Rvê has the comment "Đã duyệt" (approved), that of Ea Bung "Trả lại: số liệu sai" (returned, figures
# are wrong). Every document counts its comments from 0. Composer.append takes over the marks in the text, but neither gives
# them other numbers nor takes over the comments, so that both marks mean comment 0: LibreOffice 7.4 shows "Đã duyệt", with
# its author and day, beside both. "Trả lại" is nowhere in the file. No error. Footnotes are given new numbers and stay.
# Why it matters: an office joins the reports of its posts into one file, with the remarks of who read them. A return
# becomes an approval, signed by the same person. Join after the remarks were dealt with, or look for comments first.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install docxcompose==2.2.0 python-docx==1.2.0 setuptools==80.9.0
cd "$folder"
env/bin/python -W ignore - <<'PY'
import sys

import docx
from docxcompose.composer import Composer
from docx.oxml.ns import qn


def report(post: str, remark: str) -> docx.document.Document:
    made = docx.Document()
    made.add_comment(made.add_paragraph().add_run(f"{post}: 6 giếng"), text=remark, author="Chỉ huy", initials="CH")
    made.save(f"{post}.docx")
    return docx.Document(f"{post}.docx")


def remarks(path: str) -> list[tuple[str, str]]:
    """Each paragraph that a comment is at, and what the comment says."""
    read = docx.Document(path)
    said = {comment.comment_id: comment.text for comment in read.comments}
    return [
        (paragraph.text, said[int(mark.get(qn("w:id")))])
        for paragraph in read.paragraphs
        for mark in paragraph._p.iter(qn("w:commentReference"))
    ]


joined = Composer(report("Ia Rvê", "Đã duyệt"))
joined.append(report("Ea Bung", "Trả lại: số liệu sai"))
joined.save("joined.docx")
before, after = [*remarks("Ia Rvê.docx"), *remarks("Ea Bung.docx")], remarks("joined.docx")
print("before:", *before, sep="\n    ")
print("joined:", *after, sep="\n    ")
sys.exit(
    before != [("Ia Rvê: 6 giếng", "Đã duyệt"), ("Ea Bung: 6 giếng", "Trả lại: số liệu sai")]
    or after != [("Ia Rvê: 6 giếng", "Đã duyệt"), ("Ea Bung: 6 giếng", "Đã duyệt")]
)
PY
