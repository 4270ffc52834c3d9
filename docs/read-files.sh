#!/usr/bin/env bash
# read-files.sh IDENTITY FOLDER PART...: puts the files of records into FOLDER without fieldapp, named by their SHA-256.
# IDENTITY: the recipient's age identity file. Standard input: the records, as read-bundle.sh prints them. Only a file
# that a record names is taken, and only if it is what its name says: the records are signed, a part is not.
set -euo pipefail
identity=$(realpath "$1") out=$(realpath -m "$2") && shift 2
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && mkdir -p "$out"
jq -r 'select(.table == "attachment") | .sha256 // empty' | { grep -xE '[0-9a-f]{64}' || true; } >"$work/named"
for part in "$@"; do
    if ! { head -c 17 "$part" | cmp -s - <(echo fieldapp-files/1) && tail -c +18 "$part" |
        age -d -i "$identity" >"$work/tar" 2>/dev/null; }; then # what was decrypted before the damage is whole
        echo "read-files: $part is cut off, damaged or for somebody else" >&2
        [ -s "$work/tar" ] || continue
    fi
    { tar -tvf "$work/tar" 2>/dev/null || true; } |
        awk '!/^-/ || NR == 1 && $NF != "SHA256SUMS" { exit } sub("^files/", "", $NF) { print $NF }' |
        { grep -xFf "$work/named" || true; } | while read -r hash; do
            tar -xOf "$work/tar" "files/$hash" >"$work/file" 2>/dev/null || true
            if echo "$hash  $work/file" | sha256sum -c --status; then cp "$work/file" "$out/$hash"; fi
        done
    rm -f "$work/tar"
done
