"""The test vectors of the format, as files that tests read."""

import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import zstandard

from fieldapp.store.store import Store
from fieldapp.sync.format import keys
from fieldapp.sync.peers import peers

FOLDER = Path(__file__).parent / "vectors"
INDEX: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
VECTORS: dict[str, dict[str, Any]] = {v["name"]: v for v in INDEX["vectors"]}
KEYS: dict[str, dict[str, str]] = INDEX["keys"]
PACK = FOLDER / "pack.fieldapp-pack.tar"
READER = KEYS["reader"]


ALL_FILES = sorted({hash_ for part in INDEX["parts"] for hash_ in part["whole"]})
"""The hashes of the files in all parts"""


@dataclass(frozen=True)
class Files:
    """Every vector as a file; those that are unencrypted in the archive are encrypted to the reader."""

    folder: Path

    @classmethod
    def unpack(cls, folder: Path) -> "Files":
        plain = zstandard.ZstdDecompressor().decompressobj().decompress((FOLDER / "plain.tar.zst").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            for member in tar:
                data = tar.extractfile(member)
                assert data is not None
                path = _unpacked(folder, member.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data.read())
        to = [pyrage.x25519.Recipient.from_str(KEYS["reader"]["age_key"])]
        (folder / "made").mkdir()
        for vector in VECTORS.values():
            if vector["form"] == "tar":
                made = folder / "made" / f"v-{vector['name']}.fieldapp.tar.age"
                made.write_bytes(pyrage.encrypt(_unpacked(folder, vector["file"]).read_bytes(), to))
        return cls(folder)

    def path(self, vector: dict[str, Any]) -> Path:
        """The bundle or pack of a vector."""
        if vector["form"] == "tar":
            return self.folder / "made" / f"v-{vector['name']}.fieldapp.tar.age"
        there: Path = FOLDER / vector["file"]
        return there if there.exists() else _unpacked(self.folder, vector["file"])


def part_of(files: Files, part: dict[str, Any], folder: Path) -> Path:
    """A part with files as it lies on a stick, encrypted to the reader."""
    path = folder / f"{part['name']}.1.fieldapp-files"
    to = [pyrage.x25519.Recipient.from_str(READER["age_key"])]
    path.write_bytes(b"fieldapp-files/1\n" + pyrage.encrypt(_unpacked(files.folder, part["file"]).read_bytes(), to))
    return path


def _unpacked(folder: Path, name: str) -> Path:
    """The place of a member: one vector is called nul, which is no name for a file on Windows."""
    inside = Path(name)
    return folder / inside.parent / f"v-{inside.name}"


def become_the_reader(store: Store) -> None:
    """Replace the random keys and ids of a replica by those of the index."""
    request = keys.decode_certificate(peers.own(store).certificate)
    assert request is not None
    own = msgspec.structs.replace(
        request,
        replica=READER["replica"],
        issuer=READER["replica"],
        sign_key=READER["sign_key"],
        age_key=READER["age_key"],
    )
    with store.transaction(applying=True):
        store.db.execute(
            "UPDATE local_replica SET id = ?, sign_key = ?, age_key = ?, age_secret = ?, certificate = ? WHERE own = 1",
            [own.replica, own.sign_key, own.age_key, READER["age_secret"], keys.encode_certificate(own)],
        )
        store.db.execute("UPDATE local_log SET id = ?, replica_id = ? WHERE own = 1", [INDEX["log"], own.replica])
