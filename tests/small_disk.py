"""A disk of a few megabytes that is really full: a tmpfs in a namespace of its own, without an administrator."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import on_windows
import pytest

PATIENCE = 300

RUN = """
import os, subprocess, sys
sys.path[:0] = sys.argv[1].split(os.pathsep)
exec(sys.argv[2])
"""


def on_small_disk(where: Path, megabytes: int, code: str, *arguments: object) -> Any:
    """Run Python ``code`` where the folder ``where`` is an empty disk of that size; what it prints at last, as JSON."""
    if os.name == "nt":
        pytest.skip(on_windows.ABSENT + "mount namespaces")
    where.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size={megabytes}m none {json.dumps(str(where))} && exec "
    inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount + '"$0" "$@"']
    tried = subprocess.run([*inside, "true"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    if tried.returncode:
        pytest.skip(f"this kernel mounts no tmpfs for a user: {tried.stderr.strip()}")
    command = [*inside, sys.executable, "-c", RUN, os.pathsep.join(sys.path), code, str(where), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
