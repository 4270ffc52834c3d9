#!/usr/bin/env bash
# Run the program and its tests on Windows' Python, under Wine. tools/windows_python.sh says what that is made of.
#
#   tools/windows.sh suite [TESTS...]      the tests, one folder after another; counts by folder; exit 1 if any failed
#   tools/windows.sh quick                 the core of it: a kit's life for a user with an awkward name, some tests
#   tools/windows.sh evening [CHECKOUT]    a kit's life alone, told step by step; CHECKOUT: of another commit
#   tools/windows.sh python [ARGS...]      Windows' Python
#
# WINDOWS_PYTHON is 3.11, 3.12 or 3.13; otherwise that of .venv, which `make .venv/.dev` makes. The machine is kept in
# FIELDAPP_WINDOWS (~/.cache/fieldapp-windows), and made again when constraints.txt, pyproject.toml or the script that makes
# it has changed. Where Wine is not and cannot be installed, this says so and exits 0; with FIELDAPP_NO_SKIP it exits 1.
set -euo pipefail
HERE=$(cd "$(dirname "$0")/.." && pwd)
PYTHON=$HERE/.venv/bin/python
VERSION=${WINDOWS_PYTHON:-$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')}
DIR=${FIELDAPP_WINDOWS:-${XDG_CACHE_HOME:-$HOME/.cache}/fieldapp-windows}/$VERSION
DRIVE=$DIR/prefix/drive_c
TESTS="domain vietnamese records work store sheets reports sync publish kit browser tui e2e test_cli.py test_docs.py
test_escaping.py test_messages.py"
QUICK_TESTS="tests/store/test_connection.py tests/store/test_disk_errors.py tests/sync/test_sticks.py"

make_machine() {
    local stamp code=0
    stamp=$(cat "$HERE/tools/windows_python.sh" "$HERE/constraints.txt" "$HERE/pyproject.toml" | sha256sum)
    [ "$stamp" != "$(cat "$DIR/complete" 2>/dev/null)" ] || return 0
    PYTHON3=$PYTHON "$HERE/tools/windows_python.sh" "$VERSION" "$DIR" </dev/null || code=$?
    if [ "$code" = 3 ] && [ -z "${FIELDAPP_NO_SKIP:-}" ]; then
        echo "windows: skipped: this machine lacks what is named above"
        exit 0
    fi
    [ "$code" = 0 ] || exit 1
    echo "$stamp" >"$DIR/complete"
}

# The checkout as it is on disk, uncommitted changes too, in C:\fieldapp; Windows' Python imports the program from there.
copy_checkout() {
    rm -rf "$DRIVE/fieldapp"
    mkdir "$DRIVE/fieldapp"
    (cd "$HERE" && git ls-files -z --cached --others --exclude-standard | xargs -0 ls -d 2>/dev/null |
        tar -cf - --no-recursion -T -) | tar -xf - -C "$DRIVE/fieldapp"
    echo 'C:\fieldapp' >"$DRIVE/Python${VERSION/./}/Lib/site-packages/fieldapp.pth"
}

# The core, in minutes. Few files of tests, those that rest most on how the system handles files.
quick() {
    FAILED=
    evening
    mkdir -p "$DIR/logs"
    copy_checkout
    run_tests quick $QUICK_TESTS
    [ -z "$FAILED" ] || exit 1
}

stop_machine() { (. "$DIR/settings.sh" && wineserver -k) >/dev/null 2>&1 || true; }

# the tests ----------------------------------------------------------------------------------------------------------

run_tests() { # NAME TESTS...: prints pytest's last line behind the name; the whole output is in logs/
    local log=$DIR/logs/$1.txt start=$SECONDS
    shift
    (cd "$DRIVE/fieldapp" && FIELDAPP_NO_SKIP=1 "$DIR/wpy" -m pytest -q -rfEs -p no:cacheprovider --timeout 150 \
        --basetemp 'C:\t' "$@" </dev/null >"$log") || FAILED="$FAILED $*"
    printf '%-20s %s; %s s\n' "$(basename "$log" .txt)" "$(tail -n 1 "$log" | tr -d '=\r')" $((SECONDS - start))
    grep -aE '^(FAILED|ERROR) ' "$log" || true
}

suite() {
    FAILED=
    rm -rf "$DIR/logs"
    mkdir -p "$DIR/logs"
    copy_checkout
    for part in ${*:-$TESTS}; do
        part=${part#tests/}
        run_tests "${part//\//-}" "tests/$part"
    done
    echo "The whole output is in $DIR/logs/. Skipped:"
    cat "$DIR"/logs/*.txt | sed -n 's/^SKIPPED \[\([0-9]*\)\] [^ ]*: /\1 /p' | tr -d '\r' |
        awk '{ n = $1; sub(/^[0-9]+ /, ""); count[$0] += n } END { for (why in count) printf "%5d  %s\n", count[why], why }'
    [ -z "$FAILED" ] || { echo "failed:$FAILED" >&2; exit 1; }
}

# a kit's life -------------------------------------------------------------------------------------------------------

# Runs a program as another user of the Windows: Wine takes the folders of a user from its own registry, not from outside.
write_user() {
    mkdir -p "$DRIVE/users/Đinh Nam & Út/AppData/Local" "$DRIVE/users/Đinh Nam & Út/AppData/Roaming"
    echo 'lúa nước sông' >"$DRIVE/passphrase.txt"
    cat >"$DRIVE/as_user.py" <<'PY'
import os, subprocess, sys
home = "C:\\users\\Đinh Nam & Út"
os.environ.update(
    USERPROFILE=home, HOMEDRIVE="C:", HOMEPATH=home[2:], USERNAME="Đinh Nam & Út",
    APPDATA=home + "\\AppData\\Roaming", LOCALAPPDATA=home + "\\AppData\\Local",
    FIELDAPP_LANG="en", FIELDAPP_PASSPHRASE_FILE="C:\\passphrase.txt",
)
words = [word.replace("%LOCALAPPDATA%", os.environ["LOCALAPPDATA"]) for word in sys.argv[1:]]
if words[0].endswith(".cmd"):
    words = f'cmd /s /c "{subprocess.list2cmdline(words)}"'  # as the desktop starts a script
sys.exit(subprocess.run(words, stdin=subprocess.DEVNULL).returncode)
PY
}

laptop() { # PROGRAM ARGS...: as the user on Windows
    (cd "$DRIVE" && "$DIR/wpy" -I as_user.py "$@") </dev/null
}

headquarters() { # ARGS...: fieldapp at headquarters, on Linux
    (cd "$CHECKOUT" && FIELDAPP_LANG=en FIELDAPP_PASSPHRASE_FILE=$DRIVE/passphrase.txt \
        "$PYTHON" -X utf8 -m fieldapp --home "$DIR/headquarters" --user 'Trực ban' "$@") </dev/null
}

step() { # TITLE, then a command: shows its last lines; ends everything unless it exits with EXPECTED
    local code=0 out
    echo "* $1 [$((SECONDS - BEGUN)) s]"
    shift
    out=$("$@" 2>&1) || code=$?
    printf '%s\n' "$out" | tr -d '\r' | grep -av '^WARNING' | tail -n "${LINES_SHOWN:-5}" | cut -c1-150 | sed 's/^/    /'
    [ "$code" = "${EXPECTED:-0}" ] || { echo "    exit code $code: it ends here" && exit 1; }
}

make_kit() { # CHECKOUT FOLDER: a signed kit, with a Python for Windows in it
    local CHECKOUT=$1
    mkdir -p "$2"
    headquarters kit "$2" --platform windows --python "$VERSION" --python-installer "$DIR/embed-$VERSION.zip"
}

# The same program with another number, as the next release would be.
next_version() {
    local next=$DIR/next
    rm -rf "$next"
    mkdir "$next"
    cp -r "$CHECKOUT"/{fieldapp,docs,schema.sql,constraints.txt,CHANGELOG.md,README.md,LICENSE,pyproject.toml} "$next/"
    sed -i "s/^__version__ = .*/__version__ = \"$NEXT\"/" "$next/fieldapp/__init__.py"
    sed -i "0,/^## \[Unreleased\]/s//## [Unreleased]\n\n## [$NEXT] - 2027-01-31\n\n### Added\n\n- A number./" "$next/CHANGELOG.md"
    make_kit "$next" "$STICK/Bản mới"
}

evening() {
    CHECKOUT=$(cd "${1:-$HERE}" && pwd)
    BEGUN=$SECONDS NEXT=9.0.0 STICK=$DIR/stick
    local kit='E:\Bộ cài & phần mềm (đồn)' app='%LOCALAPPDATA%\fieldapp\fieldapp.cmd'
    local number
    number=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$CHECKOUT/fieldapp/__init__.py")
    rm -rf "$DIR/headquarters" "${STICK:?}"/* "$DRIVE/users/Đinh Nam & Út"
    write_user
    mkdir -p "$STICK/Bộ cài & phần mềm (đồn)"
    cat >"$STICK/evening.json" <<'JSON'
[{"activity_kind": "Giếng khoan", "date_from": "5/10/2013", "unit": "Xã Ia RVê", "hamlet": "Buôn Ba Na",
  "measures": [{"measure": "gieng", "amount": "1"}, {"measure": "tri_gia_cong_trinh", "amount": "35tr"}]}]
JSON
    step "headquarters begins, on Linux" headquarters init --role hq --name 'Sở chỉ huy' --user 'Trực ban'
    step "the pack of a post, on the stick" headquarters hq pack --code IARVE --name 'Đồn BP Ia Rvê' "$STICK/Bộ cài & phần mềm (đồn)"
    step "the kit of version $number, beside it" make_kit "$CHECKOUT" "$STICK/Bộ cài & phần mềm (đồn)"
    step "the post's laptop installs from the stick (E:), and begins from the pack" \
        laptop "$kit\\fieldapp-kit-$number\\install.cmd" --user 'Đinh Nam'
    step "what is installed" laptop "$app" --version
    step "a demo, in a folder of its own" laptop "$app" demo --workspace 'C:\users\Đinh Nam & Út\tập thử'
    step "E: is a stick to it" laptop "%LOCALAPPDATA%\\fieldapp\\versions\\$number\\python.exe" -I -c \
        'import sys; from fieldapp.sync.format.drives import drives; print(*drives()); sys.exit(not drives())'
    step "the evening is recorded" laptop "$app" add activity --json 'E:\evening.json'
    step "and carried" laptop "$app" sync export 'E:\'
    EXPECTED=3 step "headquarters does not know the laptop yet" headquarters sync import "$STICK"
    step "headquarters certifies the laptop" headquarters hq trust IARVE --yes
    step "imports, and replies" headquarters sync import "$STICK" --reply
    step "has the record" headquarters list activity
    step "the post reads the reply" laptop "$app" sync import 'E:\'
    step "nothing waits any more" laptop "$app" sync status
    step "the report of the month, as a sheet on the stick" \
        laptop "$app" report --from 1/10/2013 --to 31/10/2013 --format xlsx --out 'E:\Báo cáo tháng 10.xlsx'
    step "the kit of version $NEXT" next_version
    step "upgrade" laptop "$app" upgrade "E:\\Bản mới\\fieldapp-kit-$NEXT" --yes
    step "what starts now" laptop "$app" --version
    step "and back" laptop "$app" upgrade --back --yes
    step "what starts now" laptop "$app" --version
    step "the record is there" laptop "$app" list activity
    step "and all is sound" laptop "$app" doctor
    echo "* done: $((SECONDS - BEGUN)) s"
}

command=${1:-}
[ "$#" = 0 ] || shift
case $command in
    suite | quick | evening)
        make_machine
        trap stop_machine EXIT
        "$command" "$@"
        ;;
    python)
        make_machine
        "$DIR/wpy" "$@"
        ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
        exit 2
        ;;
esac
