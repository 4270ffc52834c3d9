#!/usr/bin/env bash
# For two libraries that find the same person, Hồng and Hằng are one name, and so are Hùng and Hưng: h, n and g are left.
#
# Versions: recordlinkage 0.16, py_stringmatching 0.4.7, pandas 2.3.3 (PyPI).
# Seen: recordlinkage.preprocessing.clean makes "nguyn th hng" of Nguyễn Thị Hồng and of Nguyễn Thị Hằng: unless told
# otherwise it takes away every letter outside ASCII. With strip_accents="unicode" Đ still goes, because it is a letter
# of its own: Trần Văn Đức and Trần Văn Ức are both "tran van uc". The tokenizers Alphabetic and Alphanumeric of
# py_stringmatching leave such letters out too ("H", "ng"), so that the Jaccard measure of Hùng and Hồng, of Nguyễn Văn
# Bé and Nguyễn Văn Bò, is 1.0. No error or warning.
# Why it matters: who merges doubles by an exact key, or from a likeness of 1.0, merges sisters and brothers of one
# village, who share the other words of their names. Fold marks and đ first, and compare the names as written beside it.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install \
    recordlinkage==0.16 py_stringmatching==0.4.7 pandas==2.3.3
"$folder/env/bin/python" -W ignore - <<'PY'
import sys

import pandas
from py_stringmatching import AlphabeticTokenizer, AlphanumericTokenizer, Jaccard
from recordlinkage.preprocessing import clean

PAIRS = {
    ("Nguyễn Thị Hồng", "Nguyễn Thị Hằng"): ("nguyn th hng", "nguyn th hng"),
    ("Nguyễn Văn Hùng", "Nguyễn Văn Hưng"): ("nguyn vn hng", "nguyn vn hng"),
}
changed = False
for pair, seen in PAIRS.items():
    cleaned = tuple(clean(pandas.Series(pair)))
    print(*pair, "->", *cleaned, sep="\n    ")
    changed |= cleaned != seen
pair = ("Trần Văn Đức", "Trần Văn Ức")
cleaned = tuple(clean(pandas.Series(pair), strip_accents="unicode"))
print(*pair, '-> strip_accents="unicode"', *cleaned, sep="\n    ")
changed |= cleaned != ("tran van uc", "tran van uc")
for pair in (("Hùng", "Hồng"), ("Nguyễn Văn Bé", "Nguyễn Văn Bò")):
    for tokenizer in (AlphabeticTokenizer(return_set=True), AlphanumericTokenizer(return_set=True)):
        tokens = [tokenizer.tokenize(name) for name in pair]
        likeness = Jaccard().get_raw_score(*tokens)
        print(*pair, type(tokenizer).__name__, tokens[0], likeness)
        changed |= likeness != 1.0
sys.exit(changed)
PY
