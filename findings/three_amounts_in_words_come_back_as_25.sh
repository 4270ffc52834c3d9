#!/usr/bin/env bash
# vn-numberwords writes 2.5, 12.5 and 20.5 in words and reads all three back as 25; vietnam-number makes 125 of 12.5.
#
# Versions: vn-numberwords 0.2.0, vietnam-number 1.0.6 (PyPI), which read Vietnamese numbers in words.
# Seen: words_to_number(number_to_words(12.5)) is 25, as it is for 2.5 and 20.5, and 75 for 0.75: "phẩy" (point) and
# other words that it does not know are passed over, and so is "âm": -5 comes back as 5. w2n of the other reads "hai
# phẩy năm" as 25 and "âm năm" as 5 too, but "mười hai phẩy năm" as 125. As people say amounts, "một triệu hai" (1.2
# million) is 1000002 for the first and 1200000 for the second, "hai trăm rưỡi" (250) is 200 and 250. "Một nghìn tỷ",
# which the second writes itself for 10 to the power of 12, it reads as 10000001000, the first rightly. None of them
# raises an error.
# Why it matters: amounts are spoken, and receipts and minutes have them in words. Of 12,5 ha become 25 or 125, of 1.2
# million đồng a million and two. Nothing in the result tells a word that was understood from one that was left out.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install vn-numberwords==0.2.0 vietnam-number==1.0.6
cd "$folder"
env/bin/python - <<'PY'
import sys

from vietnam_number import n2w, w2n
from vn_numberwords import number_to_words, words_to_number

BACK = {2.5: 25, 12.5: 25, 20.5: 25, 0.75: 75, -5: 5}  # written and read by vn-numberwords
READ = {  # by vn-numberwords and by vietnam-number
    "hai phẩy năm": (25, 25),
    "mười hai phẩy năm": (25, 125),
    "âm năm": (5, 5),
    "một triệu hai": (1_000_002, 1_200_000),
    "hai trăm rưỡi": (200, 250),
    "một nghìn tỷ": (1_000_000_000_000, 10_000_001_000),
}

still = n2w("1000000000000") == "một nghìn tỷ"
for number, seen in BACK.items():
    words = number_to_words(number)
    found = words_to_number(words)
    print(number, "->", words, "->", found)
    still &= found == seen
for words, seen in READ.items():
    found = words_to_number(words), w2n(words)
    print(words, "-> vn-numberwords", found[0], "vietnam-number", found[1])
    still &= found == seen
sys.exit(not still)
PY
