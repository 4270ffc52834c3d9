#!/usr/bin/env bash
# read-bundle.sh BUNDLE IDENTITY KEY: checks a bundle without fieldapp, then prints its records, a JSON object a line.
# IDENTITY: the recipient's age identity file ("-": a pack, which is plain). KEY: headquarters' minisign public key.
# Exit 1 and a sentence: something is wrong, and nothing is printed. It has no tables and no memory: gaps, forks against
# earlier bundles, and changes that do not count by the rules of a table (docs/bundle-format.md) it cannot see.
set -euo pipefail && : "${3:?what is missing: read-bundle.sh BUNDLE IDENTITY KEY}"
declare -A role issuer key && id='[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
die() { echo "read-bundle: $1. Believe nothing of it." >&2; exit 1; }
if [ "$2" = - ]; then kind=pack identity=; else kind=bundle identity=$(realpath "$2"); fi
bundle=$(realpath "$1") trusted=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && mkdir "$work/in" && cd "$work/in"
signed() { minisign -V -H -q -P "$1" -m "$2" -x "$2.minisig" >/dev/null 2>&1; } # a file, by a key
vouched() { # whether the trusted key, or a headquarters for which it vouches in turn, certified a replica
    [[ -n ${key[$1]:-} && ! -e revocations/$1.json ]] || return 1
    signed "$trusted" "certs/$1.json" && return
    local by=${issuer[$1]} up=${2:-0}
    [ "$up" -lt 4 ] && [ "${role[$by]:-}" = hq ] && vouched "$by" $((up + 1)) && signed "${key[$by]}" "certs/$1.json"
}
# The tar: plain files only, and nothing is unpacked before all names have been compared with the manifest's.
if [ $kind = pack ]; then cp "$bundle" ../tar; else age -d -i "$identity" -o ../tar "$bundle" 2>/dev/null; fi ||
    die "it is damaged, or for somebody else"
if ! LC_ALL=C tar -tvf ../tar >../list 2>&1 || grep -qv '^-' ../list; then die "it holds more than plain files"; fi
tar -xOf ../tar manifest.json 2>/dev/null | jq -ers --arg kind $kind --arg id "$id" 'if length == 1 and (.[0] |
    .format == "fieldapp-bundle/1" and .kind == $kind and (.sender | test("^\($id)$")) and (.members |
    length == (unique_by(.name) | length) and all((.sha256 | test("^[0-9a-f]{64}$")) and (.size | type == "number") and
    (.name | test("^((certs|revocations)/\($id)[.]json|segments/\($id)-[0-9]{10}[.]jsonl[.]zst)([.]minisig)?$")))))
    then .[0] | .sender, (.members[] | "\(.sha256)  \(.name) \(.size)") else error end' >../manifest 2>/dev/null ||
    die "its manifest is not one that is known here"
read -r sender <../manifest && sed -i 1d ../manifest
(printf '%s\n' manifest.json manifest.json.minisig && cut -d' ' -f3 ../manifest) | cmp -s - <(tar -tf ../tar) ||
    die "it does not hold what its manifest lists"
tar -xf ../tar --no-same-owner
cut -d' ' -f1-3 ../manifest | sha256sum -c --strict --status 2>/dev/null || die "a member is not what was listed"
cut -d' ' -f3 ../manifest | xargs -r stat -c '%n %s' | cmp -s - <(cut -d' ' -f3- ../manifest) || die "a size is wrong"
for file in certs/*.json; do # a certificate that is not of a known form is passed over
    if IFS=$'\t' read -r who r i k < <(jq -r 'select(.format == "fieldapp-certificate/1") | [.replica, .role, .issuer,
        .sign_key] | @tsv' "$file" 2>/dev/null) && [ "$file" = "certs/$who.json" ]; then
        role[$who]=$r issuer[$who]=$i key[$who]=$k; fi; done
vouched "$sender" || die "nobody who is trusted vouches for its sender"
signed "${key[$sender]}" manifest.json || die "the manifest's signature is not its sender's"
# Segments: whole, of a known form, signed by a certified author. A reading has 57 bits, jq may have 53: it stays text.
sed -nE 's/.* (.*zst) .*/\1/p' ../manifest | while read -r file; do
    zstd -dcq "$file" 2>/dev/null | head -c 67108864 >../text || die "a segment is damaged, or far too large"
    read -r log author row < <(head -n 1 ../text | jq -r --arg id "$id" --argjson lines "$(wc -l <../text)" 'select(
        .format == "fieldapp-segment/1" and 1 <= .first and .first <= .last and .last < 9e15 and .last - .first + 2 ==
        $lines and (.log + .replica | test("^\($id)\($id)$"))) | "\(.log) \(.replica) \(.first) \(.last) \(.prev)"' \
        2>/dev/null) || die "a header is not known here"
    vouched "$author" || die "nobody who is trusted vouches for the author of a segment"
    signed "${key[$author]}" "$file" || die "the signature of a segment is not its author's"
    echo "$log $row $(sha256sum "$file" | cut -d' ' -f1)" >>../chain
    tail -n +2 ../text | sed -E 's/^[[:space:]]*\[[[:space:]]*([0-9]+)/["\1"/' | jq -ces --arg log "$log" '
        map([("0" * 19 + .[0])[-19:], $log, .[1], .[2], (.[3] | objects)]) | if map(.[0]) | . == unique then .[]
        else error end' >>../changes 2>/dev/null || die "the changes of a segment are of no known form"; done
touch ../chain ../changes # log, first, last, prev, hash: if the segment before one is here, it must be the one named
awk '{ end[$1, $3] = $5; if (seen[$1, $2]++) bad = 1; prev[$1, $2] = $4 } END { for (k in prev) { split(k, at, SUBSEP)
    was = at[2] == 1 ? "null" : end[at[1], at[2] - 1]; if (was && was != prev[k]) bad = 1 }; exit bad }' ../chain ||
    die "a log has two histories: a disk was copied, or something is forged"
# The records: each column's value of the greatest (reading, log); who made a row, and when, by the first; no nulls.
jq -cs 'group_by(.[2:4])[] | sort_by(.[0:2]) | {table: .[0][2], id: .[0][3]} + (map(.[4]) | add + (.[0] |
    {created_at, created_by}) | with_entries(select(.value != null)))' ../changes
