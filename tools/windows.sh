#!/usr/bin/env bash
# Run the program and its tests on Windows' Python, under Wine. tools/windows_python.sh says what that is made of.
#
#   tools/windows.sh suite [TESTS...]      the tests, one folder after another; counts by folder; exit 1 if any failed
#   tools/windows.sh quick                 the core of it: a kit's life for a user with an awkward name, some tests
#   tools/windows.sh evening [CHECKOUT]    a kit's life alone, told step by step; CHECKOUT: of another commit
#   tools/windows.sh kit                   two people on one laptop: installed, demo, doctor, another Python, uninstalled
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
QUICK_TESTS="tests/store/test_connection.py tests/store/test_disk.py tests/store/test_disk_errors.py tests/sync/test_sticks.py"
PATIENCE=${FIELDAPP_WINDOWS_PATIENCE:-300} # seconds until a step of a kit's life counts as hanging

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

# The core, in minutes: a kit's life, and at the same time the few files of tests that rest most on how the system handles
# files.
quick() {
    mkdir -p "$DIR/logs"
    copy_checkout
    # shellcheck disable=SC2086
    LIMIT=600 run_tests quick $QUICK_TESTS >"$DIR/logs/quick.counts" &
    TESTS_RUN=$!
    evening
    wait "$TESTS_RUN" || { cat "$DIR/logs/quick.counts" && exit 1; }
    cat "$DIR/logs/quick.counts"
}

stop_machine() {
    [ -z "${TESTS_RUN:-}" ] || kill "$TESTS_RUN" 2>/dev/null || true
    (. "$DIR/settings.sh" && wineserver -k) >/dev/null 2>&1 || true
}

# the tests ----------------------------------------------------------------------------------------------------------

run_tests() { # NAME TESTS...: prints pytest's last line behind the name; the whole output is in logs/. 1 if any failed
    local log=$DIR/logs/$1.txt start=$SECONDS code=0
    shift
    (cd "$DRIVE/fieldapp" && FIELDAPP_NO_SKIP=1 timeout -k 10 "${LIMIT:-7200}" "$DIR/wpy" -m pytest -q -rfEs \
        -p no:cacheprovider --timeout 150 --basetemp 'C:\t' "$@" </dev/null >"$log") || code=$?
    [ "$code" != 124 ] || printf '\nno end after %s s\n' "${LIMIT:-7200}" >>"$log"
    printf '%-20s %s; %s s\n' "$(basename "$log" .txt)" "$(tail -n 1 "$log" | tr -d '=\r')" $((SECONDS - start))
    grep -aE '^(FAILED|ERROR) ' "$log" || true
    [ "$code" = 0 ]
}

suite() {
    FAILED=
    rm -rf "$DIR/logs"
    mkdir -p "$DIR/logs"
    copy_checkout
    for part in ${*:-$TESTS}; do
        part=${part#tests/}
        run_tests "${part//\//-}" "tests/$part" || FAILED="$FAILED $part"
    done
    echo "The whole output is in $DIR/logs/. Skipped:"
    cat "$DIR"/logs/*.txt | sed -n 's/^SKIPPED \[\([0-9]*\)\] [^ ]*: /\1 /p' | tr -d '\r' |
        awk '{ n = $1; sub(/^[0-9]+ /, ""); count[$0] += n } END { for (why in count) printf "%5d  %s\n", count[why], why }'
    [ -z "$FAILED" ] || { echo "failed:$FAILED" >&2; exit 1; }
}

# a kit's life -------------------------------------------------------------------------------------------------------

# Runs a program as another user of the Windows: Wine takes the folders of a user from its own registry, not from outside.
PERSON='Đinh Nam & Út'
write_user() { # NAME: a user without any files
    rm -rf "${DRIVE:?}/users/$1"
    mkdir -p "$DRIVE/users/$1/AppData/Local" "$DRIVE/users/$1/AppData/Roaming"
    echo 'lúa nước sông' >"$DRIVE/passphrase.txt"
    cat >"$DRIVE/as_user.py" <<'PY'
import os, subprocess, sys
name = sys.argv.pop(1)
home = "C:\\users\\" + name
os.environ.update(
    USERPROFILE=home, HOMEDRIVE="C:", HOMEPATH=home[2:], USERNAME=name,
    APPDATA=home + "\\AppData\\Roaming", LOCALAPPDATA=home + "\\AppData\\Local",
    FIELDAPP_LANG="en", FIELDAPP_PASSPHRASE_FILE="C:\\passphrase.txt",
)
words = [word.replace("%LOCALAPPDATA%", os.environ["LOCALAPPDATA"]) for word in sys.argv[1:]]
if words[0].endswith(".cmd"):
    words = f'cmd /s /c "{subprocess.list2cmdline(words)}"'  # as the desktop starts a script
sys.exit(subprocess.run(words, stdin=subprocess.DEVNULL).returncode)
PY
}

as_person() { # PROGRAM ARGS...: as PERSON on Windows
    (cd "$DRIVE" && timeout -k 10 "$PATIENCE" "$DIR/wpy" -I as_user.py "$PERSON" "$@") </dev/null
}

# About one start in some hundreds, Wine's cmd says 9009 (as a byte: 49), "Can't recognize", of a python.exe that it has just
# tested for and has started a second before. Nothing has run then, so it is asked once more; what is not there stays so.
laptop() { # as as_person
    local code=0
    as_person "$@" || code=$?
    if [ "$code" = 49 ]; then
        echo "cmd started nothing (9009): once more"
        code=0
        as_person "$@" || code=$?
    fi
    return "$code"
}

headquarters() { # ARGS...: fieldapp at headquarters, on Linux
    (cd "$CHECKOUT" && FIELDAPP_LANG=en FIELDAPP_PASSPHRASE_FILE=$DRIVE/passphrase.txt timeout -k 10 "$PATIENCE" \
        "$PYTHON" -X utf8 -m fieldapp --home "$DIR/headquarters" --user 'Trực ban' "$@") </dev/null
}

step() { # TITLE, then a command: shows its last lines; ends everything unless it exits with EXPECTED
    local code=0 out
    echo "* $1 [$((SECONDS - BEGUN)) s]"
    shift
    out=$("$@" 2>&1) || code=$?
    printf '%s\n' "$out" | tr -d '\r' | grep -av '^WARNING' | tail -n "${LINES_SHOWN:-5}" | cut -c1-150 | sed 's/^/    /'
    [ "$code" != 124 ] || echo "    no end after $PATIENCE s"
    [ "$code" = "${EXPECTED:-0}" ] || { echo "    exit code $code: it ends here" && exit 1; }
}

make_kit() { # CHECKOUT FOLDER [PYTHON]: a signed kit, with a Python for Windows in it
    local CHECKOUT=$1 version=${3:-$VERSION}
    mkdir -p "$2"
    headquarters kit "$2" --platform windows --python "$version" --python-installer "$DIR/../$version/embed-$version.zip"
}

# The same program with another number, as the next release would be.
next_version() { # [PYTHON]
    local next=$DIR/next
    rm -rf "$next"
    mkdir "$next"
    cp -r "$CHECKOUT"/{fieldapp,docs,schema.sql,constraints.txt,CHANGELOG.md,README.md,LICENSE,pyproject.toml} "$next/"
    sed -i "s/^__version__ = .*/__version__ = \"$NEXT\"/" "$next/fieldapp/__init__.py"
    sed -i "0,/^## \[Unreleased\]/s//## [Unreleased]\n\n## [$NEXT] - 2027-01-31\n\n### Added\n\n- A number./" "$next/CHANGELOG.md"
    make_kit "$next" "$STICK/Bản mới" "$@"
}

# Headquarters, and a stick with the pack of a post and a kit.
prepare_stick() {
    rm -rf "$DIR/headquarters" "${STICK:?}"/*
    write_user "$PERSON"
    mkdir -p "$STICK/Bộ cài & phần mềm (đồn)"
    step "headquarters begins, on Linux" headquarters init --role hq --name 'Sở chỉ huy' --user 'Trực ban'
    step "the pack of a post, on the stick" headquarters hq pack --code IARVE --name 'Đồn BP Ia Rvê' "$STICK/Bộ cài & phần mềm (đồn)"
    step "the kit of version $NUMBER, beside it" make_kit "$CHECKOUT" "$STICK/Bộ cài & phần mềm (đồn)"
}

begin() { # [CHECKOUT]
    CHECKOUT=$(cd "${1:-$HERE}" && pwd)
    BEGUN=$SECONDS NEXT=9.0.0 STICK=$DIR/stick
    NUMBER=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$CHECKOUT/fieldapp/__init__.py")
    KIT='E:\Bộ cài & phần mềm (đồn)'"\\fieldapp-kit-$NUMBER" APP='%LOCALAPPDATA%\fieldapp\fieldapp.cmd'
    prepare_stick
}

evening() {
    begin "$@"
    cat >"$STICK/evening.json" <<'JSON'
[{"activity_kind": "Giếng khoan", "date_from": "5/10/2013", "unit": "Xã Ia RVê", "hamlet": "Buôn Ba Na",
  "measures": [{"measure": "gieng", "amount": "1"}, {"measure": "tri_gia_cong_trinh", "amount": "35tr"}]}]
JSON
    step "the post's laptop installs from the stick (E:), and begins from the pack" \
        laptop "$KIT\\install.cmd" --user 'Đinh Nam'
    step "what is installed" laptop "$APP" --version
    step "a demo, in a folder of its own" laptop "$APP" demo --workspace 'C:\users\Đinh Nam & Út\tập thử'
    step "E: is a stick to it" laptop "%LOCALAPPDATA%\\fieldapp\\versions\\$NUMBER\\python.exe" -I -c \
        'import sys; from fieldapp.sync.format.drives import drives; print(*drives()); sys.exit(not drives())'
    step "the evening is recorded" laptop "$APP" add activity --json 'E:\evening.json'
    step "and carried" laptop "$APP" sync export 'E:\'
    EXPECTED=3 step "headquarters does not know the laptop yet" headquarters sync import "$STICK"
    step "headquarters certifies the laptop" headquarters hq trust IARVE --yes
    step "imports, and replies" headquarters sync import "$STICK" --reply
    step "has the record" headquarters list activity
    step "the post reads the reply" laptop "$APP" sync import 'E:\'
    step "nothing waits any more" laptop "$APP" sync status
    step "the report of the month, as a sheet on the stick" \
        laptop "$APP" report --from 1/10/2013 --to 31/10/2013 --format xlsx --out 'E:\Báo cáo tháng 10.xlsx'
    step "the kit of version $NEXT" next_version
    step "upgrade" laptop "$APP" upgrade "E:\\Bản mới\\fieldapp-kit-$NEXT" --yes
    step "what starts now" laptop "$APP" --version
    step "and back" laptop "$APP" upgrade --back --yes
    step "what starts now" laptop "$APP" --version
    step "the record is there" laptop "$APP" list activity
    step "and all is sound" laptop "$APP" doctor
    echo "* done: $((SECONDS - BEGUN)) s"
}

# Two people of one laptop, each by themselves; a version with another Python, if a machine for one was made; and the end.
kit() {
    begin
    local first=$PERSON second='Y Bly Niê' other
    local python="%LOCALAPPDATA%\\fieldapp\\versions\\$NEXT\\python.exe"
    step "the first person installs, and begins from the pack" laptop "$KIT\\install.cmd" --user 'Đinh Nam'
    step "a demo" laptop "$APP" demo --workspace 'C:\users\Đinh Nam & Út\tập thử'
    step "what is recorded is sound" laptop "$APP" doctor
    PERSON=$second
    write_user "$PERSON"
    step "the second person installs, from the same stick" laptop "$KIT\\install.cmd" --user 'Y Bly'
    step "what is recorded is sound" laptop "$APP" doctor
    step "how Windows would remove it" laptop reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\fieldapp' /s
    step "the second person uninstalls" laptop '%LOCALAPPDATA%\fieldapp\uninstall.cmd'
    step "the program and its entries are gone, the records are there" is_uninstalled "$second"
    PERSON=$first
    step "the first person's program is there" laptop "$APP" doctor
    other=$(cd "$DIR/.." && ls -d 3.*/embed-3.*.zip | grep -v "^$VERSION/" | tail -n 1) || other=
    other=${other%%/*}
    step "a kit of version $NEXT, with Python ${other:-$VERSION}" next_version ${other:+"$other"}
    step "the first person upgrades" laptop "$APP" upgrade "E:\\Bản mới\\fieldapp-kit-$NEXT" --yes
    step "and has that version, with that Python" laptop "$python" -I -c 'import sys, fieldapp; print(fieldapp.__version__, sys.version)'
    step "which is sound" laptop "$APP" doctor
    step "and uninstalls, from the kit" laptop "E:\\Bản mới\\fieldapp-kit-$NEXT\\install.cmd" --uninstall
    step "the program and its entries are gone, the records are there" is_uninstalled "$first"
    echo "* done: $((SECONDS - BEGUN)) s"
}

is_uninstalled() { # NAME
    local home="$DRIVE/users/$1"
    [ -s "$home/fieldapp/fieldapp.db" ] && ! find "$home/AppData" "$home/Desktop" -type f | grep .
}

command=${1:-}
[ "$#" = 0 ] || shift
case $command in
    suite | quick | evening | kit)
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
