#!/usr/bin/env bash
# Build a Windows machine for tests: CPython for Windows under Wine, with the program's dependencies as Windows wheels.
#
#   tools/windows_python.sh 3.11 DIR      DIR gets: prefix/ (drive C:), stick/ (drive E:, removable), wpy, embed-3.11.zip
#
# Everything is a Debian or package-index package. CPython's own DLLs and modules for Windows are in the wheel of panda3d
# (it ships them for the programs that it freezes). What that wheel lacks is made here:
#   Lib           pure Python, so a Linux Python of that version has the same: /usr/lib/pythonX.Y, or FIELDAPP_WINDOWS_LIB
#   python.exe    a few lines of C that call Py_Main
#   python3.dll   forwards each name of the stable ABI to pythonXY.dll
#   bcryptprimitives.dll   Rust asks it for random bytes, and Wine 8 has none
# Takes about a minute and 1.5 GB; tools/windows.sh keeps the result, and calls this when its inputs have changed. Nothing
# waits for ever: what cannot be fetched is named, and ends it.
set -euo pipefail
VERSION=$1
mkdir -p "$2"
DIR=$(cd "$2" && pwd)
CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
DIGITS=${VERSION/./}
PANDA3D=1.10.16 # the release that carries 3.11.9, 3.12.10 and 3.13.11
PREFIX=$DIR/prefix
PYTHON=$PREFIX/drive_c/Python$DIGITS
CC=x86_64-w64-mingw32-gcc
DEBIAN="wine wine64 gcc-mingw-w64-x86-64-win32 unzip zip"
TEST_PACKAGES="hypothesis pyte pytest pytest-asyncio pytest-textual-snapshot pytest-timeout pypdf python-calamine pyxform sqlite-utils duckdb xlwt babel build
hatchling pip"

say() { echo "windows: $*"; }
missing() {
    echo "windows: $*" >&2
    exit 3
}

fetch() { # WHAT COMMAND...: a command that needs a network, its output only if it fails
    local what=$1 out code=0
    shift
    out=$(timeout -k 10 "${FIELDAPP_WINDOWS_PATIENCE:-240}" "$@" 2>&1 </dev/null) || code=$?
    [ "$code" != 0 ] || return 0
    [ "$code" != 124 ] || out="$out"$'\n'"no end after ${FIELDAPP_WINDOWS_PATIENCE:-240} s"
    printf '%s\n' "$out" | tail -n 5 >&2
    echo "windows: could not be fetched: $what. Nothing else is wrong with this machine; try again when it can be." >&2
    exit 1
}

has() { # PROGRAMS...: `command -v` alone is content with one of them
    local program
    for program; do command -v "$program" >/dev/null || return 1; done
}

install_wine() {
    has wine wineserver "$CC" unzip zip && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        missing "Wine is not installed, and only root can install it:" \
            "apt-get install $DEBIAN"
    fi
    say "installing Wine and a compiler for Windows"
    fetch "the lists of Debian's packages" apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive fetch "Debian's packages $DEBIAN" \
        apt-get install -y -qq --no-install-recommends $DEBIAN
}

# The library of a Linux Python of this version; the patch level may differ. Debian 12 has that of 3.11, Debian 13 of 3.13.
find_library() {
    LIBRARY=${FIELDAPP_WINDOWS_LIB:-}
    [ -n "$LIBRARY" ] || LIBRARY=$(library_of "$PYTHON3" || library_of "python$VERSION") || fetch_library || LIBRARY=
    [ -n "$LIBRARY" ] ||
        missing "Python $VERSION for Windows needs the library (Lib) of a Linux Python $VERSION, and none is here." \
            "Install python$VERSION, or name the folder: FIELDAPP_WINDOWS_LIB=/usr/lib/python$VERSION"
    [ -f "$LIBRARY/os.py" ] && [ -f "$LIBRARY/sqlite3/dbapi2.py" ] || missing "$LIBRARY is not the library of a Python"
}

library_of() { # PYTHON: where its library lies, if it is of this version
    "$1" -c 'import sys, sysconfig
sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1] or print(sysconfig.get_path("stdlib")))' "$VERSION" 2>/dev/null
}

# From the next Debian, unpacked and not installed, with lists of packages of its own.
fetch_library() {
    [ "$VERSION" = 3.13 ] && has apt-get dpkg-deb || return 1
    local apt=$DIR/debian
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    echo 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main' \
        >"$apt/sources.list"
    local options=(-qq -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=- -o APT::Sandbox::User=root
        -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache")
    (cd "$apt" && apt-get "${options[@]}" update && apt-get "${options[@]}" download libpython3.13-stdlib libpython3.13-minimal &&
        for package in *.deb; do dpkg-deb -x "$package" files; done) >&2 || return 1
    LIBRARY=$apt/files/usr/lib/python3.13
    find "$LIBRARY" -xtype l -delete # to settings in /etc
}

# wine prints nothing that a user needs; its services must not inherit a pipe, which they would hold open.
write_wine_settings() {
    cat >"$DIR/settings.sh" <<SETTINGS
export WINEPREFIX='$PREFIX' WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe,winedbg.exe=d"
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=
unset DISPLAY PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
wineserver -p </dev/null >/dev/null 2>&1 || true
wine cmd /c exit </dev/null >/dev/null 2>&1 || true
SETTINGS
    cat >"$DIR/wpy" <<WPY
#!/usr/bin/env bash
# Windows' Python. Wine 8 gives Python no usable standard output but a pipe.
set -o pipefail
. '$DIR/settings.sh'
wine 'C:\\Python$DIGITS\\python.exe' -X utf8 "\$@" 2>&1 | cat
WPY
    chmod +x "$DIR/wpy"
}

build_prefix() {
    say "a new Windows in $PREFIX"
    . "$DIR/settings.sh"
    timeout -k 10 200 wineboot -u </dev/null >/dev/null 2>&1
    $CC -O1 -shared -x c - -o "$PREFIX/drive_c/windows/system32/bcryptprimitives.dll" -ladvapi32 <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) {
    for (; size; data += 1, size -= 1) if (!SystemFunction036(data, 1)) return FALSE;
    return TRUE;
}
C
    mkdir -p "$DIR/stick"
    ln -sfn "$DIR/stick" "$PREFIX/dosdevices/e:"
    # Wine's word for a removable drive; read when its server starts.
    wine reg add 'HKLM\Software\Wine\Drives' /v 'e:' /d floppy /f </dev/null >/dev/null 2>&1
    wineserver -k || true
    timeout -k 10 60 wineserver -w || true
}

build_python() {
    local from=$DIR/panda3d
    say "CPython $VERSION for Windows"
    mkdir -p "$from" "$PYTHON/DLLs"
    fetch "the wheel of panda3d $PANDA3D for Windows, which has Python's DLLs" \
        "$PYTHON3" -m pip download -qq --disable-pip-version-check --no-deps --only-binary=:all: --platform win_amd64 \
        --python-version "$VERSION" -d "$from" "panda3d==$PANDA3D"
    unzip -q -o -j "$from"/panda3d-*-cp"$DIGITS"-*.whl 'deploy_libs/*' -d "$from/files"
    rm -f "$from"/files/api-ms-win-* "$from"/files/VCRUNTIME* "$from"/files/*cp313t* # Wine has its own runtime
    rm -f "$from"/files/_wmi.pyd # platform does without; Wine 8 lacks propsys.VariantToString, and would end the process
    cp "$from"/files/*.pyd "$from"/files/lib*.dll "$from/files/sqlite3.dll" "$PYTHON/DLLs/"
    [ ! -f "$from/files/zlib1.dll" ] || cp "$from/files/zlib1.dll" "$PYTHON/DLLs/"
    cp "$from/files/python$DIGITS.dll" "$PYTHON/"
    cp -rL "$LIBRARY" "$PYTHON/Lib"
    rm -rf "$PYTHON"/Lib/{lib-dynload,site-packages,dist-packages,test} "$from" "$DIR/debian"
    find "$PYTHON/Lib" -name __pycache__ -prune -exec rm -rf {} +
    mkdir -p "$PYTHON/Lib/site-packages"
    $CC -O1 -municode -DDLL="L\"python$DIGITS.dll\"" -x c - -o "$PYTHON/python.exe" <<'C'
#include <windows.h>
int wmain(int argc, wchar_t **argv) {
    HMODULE python = LoadLibraryW(DLL);
    int (*start)(int, wchar_t **) = python ? (int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main") : 0;
    return start ? start(argc, argv) : 103;
}
C
    {
        printf 'LIBRARY python3.dll\nEXPORTS\n'
        x86_64-w64-mingw32-objdump -p "$PYTHON/python$DIGITS.dll" | awk -v dll="python$DIGITS" '
            /\[Ordinal\/Name Pointer\] Table/ { names = 1; next }
            names && /^\t\[/ { print $NF "=" dll "." $NF }
            names && /^$/ { names = 0 }'
    } >"$DIR/python3.def"
    echo 'int unused;' | $CC -shared -nostartfiles -Wl,--entry,0 -x c - -x none "$DIR/python3.def" -o "$PYTHON/python3.dll"
    rm "$DIR/python3.def"
}

# The names of what pyproject.toml asks for, with those that only Windows needs; click asks for colorama there.
install_dependencies() {
    local wheels=$DIR/wheels
    say "the dependencies, as wheels for Windows"
    "$PYTHON3" - "$CHECKOUT/pyproject.toml" >"$DIR/wanted.txt" <<'PY'
import sys, tomllib
project = tomllib.load(open(sys.argv[1], "rb"))["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"]["hq"] + ["colorama", "tzdata", "aiohttp-jinja2"]))
PY
    # shellcheck disable=SC2086
    fetch "the wheels of the program's dependencies for Windows" \
        "$PYTHON3" -m pip download -qq --disable-pip-version-check --only-binary=:all: --platform win_amd64 \
        --python-version "$VERSION" --implementation cp -c "$CHECKOUT/constraints.txt" -d "$wheels" \
        -r "$DIR/wanted.txt" $TEST_PACKAGES
    for wheel in "$wheels"/*.whl; do unzip -q -o "$wheel" -d "$PYTHON/Lib/site-packages"; done
    for beside in "$PYTHON"/Lib/site-packages/*.data/platlib; do cp -r "$beside/." "$PYTHON/Lib/site-packages/"; done # as pip
    rm -r "$wheels" "$DIR/wanted.txt"
}

# As python.org lays its embeddable zip out: what headquarters puts into a kit for Windows.
build_embeddable() {
    local flat
    flat=$(mktemp -d)
    (cd "$PYTHON/Lib" && zip -q -1 -r "$flat/python$DIGITS.zip" . \
        -x 'site-packages/*' 'test/*' 'idlelib/*' 'tkinter/*' 'ensurepip/*' 'venv/*')
    cp "$PYTHON"/*.exe "$PYTHON"/*.dll "$PYTHON"/DLLs/* "$flat/"
    printf 'python%s.zip\r\n.\r\n\r\n#import site\r\n' "$DIGITS" >"$flat/python$DIGITS._pth"
    rm -f "$DIR/embed-$VERSION.zip"
    (cd "$flat" && zip -q -1 "$DIR/embed-$VERSION.zip" -- *)
    rm -r "$flat"
}

PYTHON3=${PYTHON3:-python3}
install_wine
find_library
rm -rf "$PREFIX" "$DIR/complete"
write_wine_settings
build_prefix
build_python
build_embeddable
install_dependencies
timeout -k 10 200 "$DIR/wpy" -c 'import sys, sqlite3, ssl, pyrage, sqlcipher3, textual; print("windows:", sys.version)' </dev/null
touch "$DIR/complete"
