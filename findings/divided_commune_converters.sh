#!/usr/bin/env bash
# Two published converters of Vietnamese addresses send one old commune to two different new ones, and neither says that
# the commune was divided.
#
# Versions: vietnamadminunits 1.0.4, vn-address-converter 0.1.3, vietnam-address-converter 1.0.5 (PyPI).
# Seen: "Phường 9, Thành phố Tuy Hòa" is Phường Tuy Hòa for the first and Phường Bình Kiến for the second; "Xã Hòa Trị,
# Huyện Phú Hòa" is Phường Tuy Hòa for the first and Xã Phú Hòa 2 for the second. Each returns one commune, as it does
# for a commune that went to one successor whole; nothing in the result tells the two cases apart. The third answers
# "ambiguous" with the candidates for both.
# Why it matters: resolution 1660/NQ-UBTVQH15 of 2025 divided both communes. A figure by commune that was made with the
# one converter cannot be compared with one that was made with the other, and no error shows it.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install \
    vietnamadminunits==1.0.4 vn-address-converter==0.1.3 vietnam-address-converter==1.0.5
"$folder/env/bin/python" - <<'PY'
import sys

import vietnam_address_converter
import vietnamadminunits
import vn_address_converter

SEEN = {
    "Phường 9, Thành phố Tuy Hòa, Tỉnh Phú Yên": ("Phường Tuy Hòa", "Phường Bình Kiến", "ambiguous"),
    "Xã Hòa Trị, Huyện Phú Hòa, Tỉnh Phú Yên": ("Phường Tuy Hòa", "Xã Phú Hòa 2", "ambiguous"),
    # not divided: all of it is Xã Buôn Đôn today
    "Xã Krông Na, Huyện Buôn Đôn, Tỉnh Đắk Lắk": ("Xã Buôn Đôn", "Xã Buôn Đôn", "matched"),
}
changed = False
for address, seen in SEEN.items():
    found = (
        vietnamadminunits.convert_address(address).ward,
        vn_address_converter.convert_to_new_address(address).ward,
        vietnam_address_converter.convert_address_text(address)["conversion"]["status"],
    )
    print(address, "->", *found, sep="\n    ")
    changed |= found != seen
sys.exit(changed)
PY
