#!/usr/bin/env bash
# A converter of Vietnamese addresses takes the name of the district for the commune when it does not know the commune,
# and calls that "matched".
#
# Version: vietnam-address-converter 1.0.5 (PyPI).
# Seen: "Xã Ea Trol, Huyện Sông Hinh" is a real commune of June 2025, which the package's table writes "Xã EaTrol" and so
# does not find. The answer is status "matched" with the old commune "Xã Sông Hinh": another one, which only has the name
# of the district. The same for a typing error, "Xã Ea Kpal, Huyện Cư M'gar" (Ea Kpam is meant): "matched", "Xã Cư M'gar".
# In a district without such a namesake the same kind of error is "ambiguous".
# Why it matters: more than one old district in three had a commune or town of its own name. A caller that trusts
# "matched", at the level "province_district_ward_name", files records of one commune under another.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install vietnam-address-converter==1.0.5
"$folder/env/bin/python" - <<'PY'
import sys

from vietnam_address_converter import convert_address_text

SEEN = {
    "Xã Ea Trol, Huyện Sông Hinh, Tỉnh Phú Yên": ("matched", "province_district_ward_name", "Xã Sông Hinh"),
    "Xã Ea Kpal, Huyện Cư M'gar, Tỉnh Đắk Lắk": ("matched", "province_district_ward_name", "Xã Cư M'Gar"),
}
changed = False
for address, seen in SEEN.items():
    conversion = convert_address_text(address)["conversion"]
    found = (conversion["status"], conversion["match_level"], conversion["input"].get("ward_name"))
    print(address, "->", *found, sep="\n    ")
    changed |= found != seen
without = convert_address_text("Xã Ea Drơn, Huyện Krông Bông, Tỉnh Đắk Lắk")["conversion"]
print("a district without a namesake:", without["status"], without["input"].get("ward_name"))
sys.exit(changed or without["status"] == "matched")
PY
