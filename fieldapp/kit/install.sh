#!/bin/sh
# Cai fieldapp tu thu muc nay, khong can mang / install fieldapp from this folder, without a network:  sh install.sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
found=
for python in python3.13 python3.12 python3.11 python3.14 python3; do
    command -v "$python" >/dev/null 2>&1 || continue
    found=$python
    "$python" -I "$here/install.py" --fits >/dev/null 2>&1 && exec "$python" -I "$here/install.py" "$@"
done
if [ -n "$found" ]; then
    "$found" -I "$here/install.py" --fits
else
    echo "Khong tim thay Python @PYTHONS@. Chua cai gi. / Python @PYTHONS@ was not found. Nothing was installed." >&2
fi
exit 1
