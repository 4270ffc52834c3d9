#!/usr/bin/env bash
# py-minisign reads and verifies a trusted comment in Vietnamese, but does not make one.
#
# Version: py-minisign 0.21.1 (PyPI), beside a signature of minisign 0.11 (Debian), which is below.
# Seen: Signature.from_bytes and PublicKey.verify accept the comment "Sở chỉ huy", which minisign -t wrote, and give it
# back letter by letter. SecretKey.sign with the same comment raises ParseError, "comment contains an unprintable
# character": every letter outside ASCII counts as unprintable when it signs, none when it reads.
# Why it matters: what one headquarters signs by the command line and every laptop accepts, the program of the same
# headquarters cannot sign. Names in a trusted comment have to be written without marks, or kept in the signed file.
#
# Needs python3 and a package index. Exit 0: still so. Exit 1: it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" --disable-pip-version-check -qq install py-minisign==0.21.1
cd "$folder"
printf 'Báo cáo tháng\n' >report.txt
cat >key.pub <<'KEY'
untrusted comment: minisign public key 725189C6BC7F3ECE
RWTOPn+8xolRcs4UEzu5Bt3ZCw0ECqR4XaSNGc7AD5l0gBjJklsYbx0s
KEY
cat >report.txt.minisig <<'SIGNATURE'
untrusted comment: signature from minisign secret key
RUTOPn+8xolRcmyWrM+i3a8mRe7SJQyjnBUwAoETaP/MRfU32CtzycCOBaULcUP1+NorWnw+DPrvjEDTxL1Pj7vEAaBvajRFhwg=
trusted comment: Sở chỉ huy
UXYCkBErOo6o/hfQOI95Kcaq+1aAOSU5PFiFDcbJdbveAebr975nchR3Xcgb0NVWXaISXD7jzajecQQYhkAQBQ==
SIGNATURE
env/bin/python - <<'PY'
import sys
from pathlib import Path

import minisign

data, comment = Path("report.txt").read_bytes(), "Sở chỉ huy"
signature = minisign.Signature.from_file("report.txt.minisig")
minisign.PublicKey.from_file("key.pub").verify(data, signature)
print("read and verified:", signature.trusted_comment)
secret = minisign.KeyPair.generate().secret_key
secret.sign(data, trusted_comment="So chi huy")
try:
    secret.sign(data, trusted_comment=comment)
except minisign.ParseError as error:
    print("signing:", error)
    sys.exit(signature.trusted_comment != comment or "unprintable" not in str(error))
print("signing: done")
sys.exit(1)
PY
