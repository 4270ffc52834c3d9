#!/usr/bin/env bash
# After one row of a shapefile was deleted, pyshp gives the places behind it the names of their neighbours.
#
# Versions: pyshp 3.1.6, dbf 0.99.11 (which deletes the row), pyogrio 0.13.0 (GDAL) beside it (PyPI).
# Seen: deleting in a .dbf marks the row with "*"; it and its shape stay until the file is packed. Of five wells the second
# was deleted. GDAL reads four, each at its place. pyshp's records() leaves the marked row out, shapes() does not, and
# shapeRecords() and __geo_interface__ put the two lists side by side: Giếng 3 stands where Giếng 2 was, Giếng 4 where
# Giếng 3 is, Giếng 5 where Giếng 4 is. The last place is lost. No error or warning; len() says 5, and shapeRecord(2),
# one alone, is right.
# Why it matters: a map of works looks complete, and who goes by it goes to the wrong house. Pack the file first.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install pyshp==3.1.6 dbf==0.99.11 pyogrio==0.13.0
cd "$folder"
env/bin/python -W ignore - <<'PY'
import struct
import sys

import dbf
import pyogrio
import shapefile

PLACES = {f"Giếng {number}": (107.0 + number / 10, 13.0 + number / 10) for number in range(1, 6)}
with shapefile.Writer("wells", shapeType=shapefile.POINT, encoding="utf-8") as writer:
    writer.field("name", "C", 40)
    for name, place in PLACES.items():
        writer.point(*place)
        writer.record(name)
with open("wells.cpg", "w") as stream:
    stream.write("UTF-8")
table = dbf.Table("wells.dbf", codepage="utf8")
table.open(dbf.READ_WRITE)
dbf.delete(table[1])
table.close()

_about, _rows, shapes, (names,) = pyogrio.raw.read("wells.shp")
by_gdal = {name: struct.unpack("<dd", shape[5:]) for name, shape in zip(names, shapes)}
with shapefile.Reader("wells", encoding="utf-8") as reader:
    by_pyshp = {pair.record["name"]: tuple(pair.shape.points[0]) for pair in reader.shapeRecords()}
    features = reader.__geo_interface__["features"]
    length, one = len(reader), reader.shapeRecord(2)
for title, found in (("GDAL:", by_gdal), ("pyshp:", by_pyshp)):
    print(title, *(f"{name} at {place}" for name, place in found.items()), sep="\n    ")
print("pyshp's len:", length, "the third alone:", one.record["name"], one.shape.points[0])
names, places = list(PLACES), list(PLACES.values())
sys.exit(
    by_gdal != {name: place for name, place in PLACES.items() if name != "Giếng 2"}
    or by_pyshp != dict(zip(names[:1] + names[2:], places))
    or {one["properties"]["name"]: tuple(one["geometry"]["coordinates"]) for one in features} != by_pyshp
    or (length, one.record["name"], tuple(one.shape.points[0])) != (5, "Giếng 3", PLACES["Giếng 3"])
)
PY
