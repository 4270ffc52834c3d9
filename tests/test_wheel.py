"""The built wheel works by itself: nothing depends on the checkout."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_demo_from_an_installed_wheel(tmp_path: Path) -> None:
    def run(*command: str | Path, cwd: Path = tmp_path) -> str:
        done = subprocess.run(
            [*map(str, command)], cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    binaries = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    run(binaries / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
    said = run(binaries / "fieldapp", "demo", "--workspace", tmp_path / "ws")
    for figure in ("6 giếng", "722 ngày công", "2.385 lượt", "30 đảng viên"):
        assert figure in said
    assert {p.name for p in (tmp_path / "ws").iterdir()} == {"hq", "post", "usb"}
