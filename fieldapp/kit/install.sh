#!/bin/sh
# Cai fieldapp tu thu muc nay, khong can mang / install fieldapp from this folder, without a network:  sh install.sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P) || exit 1
for python in python3.13 python3.12 python3.11 python3; do
    if command -v "$python" >/dev/null 2>&1 &&
        "$python" -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        exec "$python" -I "$here/install.py" "$@"
    fi
done
echo "Khong tim thay Python 3.11, 3.12 hoac 3.13. / Python 3.11, 3.12 or 3.13 was not found." >&2
exit 1
