"""Makes ``schemas.tar.zst``: each past schema of the file, written by the version of the program that had it.

    .venv/bin/python tests/store/data/make.py        in a checkout with its history; not part of the tests

What the file has already stays; without the file, all of it is made.

Each version runs from its commit, makes a headquarters and a post, records, and exchanges once. Its post's file is
exported unencrypted, so that the files compress well together: most of each is the same reference data. A new migration
adds the commit before it to ``COMMITS``.

``exchange.tar.zst`` is headquarters and a post of the version before the official codes of units, and a bundle from the
post (``tests/sync/test_units_of_two_versions.py``).
"""

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import zstandard

FILE = "schemas.tar.zst"
COMMITS = {
    2: "6fab230",
    3: "a466176",
    4: "d77667b",
    5: "1bd1574",
    6: "6aaf65d",
    7: "057f784",
    8: "87ae0ed",
    9: "11590e9",
    10: "92ca833",
    11: "faf2e08",
    12: "23b5bfd",
    13: "846974a",
    14: "c473ef6",
    15: "90e0cd6",
    16: "a2c79d8",
    17: "288fa373",
    18: "58741127",
}
"""Number of the newest migration -> a commit that had it"""

WRITE = """
import sys
from pathlib import Path
import sqlcipher3.dbapi2 as sqlcipher
from fieldapp.store import vault
try:
    from fieldapp.records import records
    from fieldapp.sync.exchange import enrolment, incoming, outgoing
    export, import_files, trust = outgoing.export, incoming.import_files, enrolment.trust_replica
except ImportError:  # as the modules lay until schema 13
    from fieldapp.store import records
    from fieldapp.sync import enrolment, exchange
    export, import_files, trust = exchange.export, exchange.import_files, exchange.trust

root = Path(sys.argv[1])
(root / "usb").mkdir()
user, words = "Nguyễn Văn A", "lúa nước sông"
hq = enrolment.init_hq(root / "hq", name="Sở chỉ huy", user="Trực ban", passphrase=words)
cell = records.save(hq, "party_cell", {"name": "Chi bộ buôn Ba Na", "unit_id": "24221", "hamlet": "Buôn Ba Na"})
pack = enrolment.write_pack(hq, code="IARVE", name="Đồn BP Ia Rvê", dest=root / "usb")
post = enrolment.init_post(root / "post", pack, user=user, passphrase=words)
export(post, root / "usb")
import_files(hq, [root / "usb"])
trust(hq, "IARVE")
member = records.save(post, "member", {"full_name": "Siu Blêh", "party_cell_id": cell})
records.save(post, "meeting", {"party_cell_id": cell, "held_on": "2013-11-03", "content": "Thường kỳ",
                               "attendance": [{"member_id": member, "status": "present"}]})
flood = records.save(post, "event", {"name": "Lũ 2013", "date_from": "2013-09-18"})
for number in range(3):
    well = records.save(post, "activity", {
        "activity_kind_id": "gieng_khoan", "date_from": f"2013-1{number}-05", "unit_id": "24221", "event_id": flood,
        "description": f"Giếng số {number}", "measures": [{"measure_id": "gieng", "amount": 1}]})
records.void(post, well, "nhập trùng")
export(post, root / "usb")
import_files(hq, [root / "usb"])
export(hq, root / "usb")
import_files(post, [root / "usb"])
records.save(post, "event", {"name": "Chưa gửi", "date_from": "2013-12-01"})
post.save_draft("d1", "event", None, {"name": "Đang gõ"})
post.close()
key = vault.unseal(root / "post", user, words)
file = sqlcipher.connect(str(root / "post" / "fieldapp.db"))
file.execute(f"PRAGMA key = \\"x'{key.hex()}'\\"")
file.execute(f"ATTACH '{root / 'plain.db'}' AS plain KEY ''")
file.execute("SELECT sqlcipher_export('plain')")
"""

EXCHANGE = "exchange.tar.zst"
BEFORE_OFFICIAL_CODES = "c473ef6"
WRITE_EXCHANGE = """
import sys
from pathlib import Path
import sqlcipher3.dbapi2 as sqlcipher
from fieldapp.store import vault
from fieldapp.records import records
from fieldapp.sync.exchange import enrolment, incoming, outgoing

root = Path(sys.argv[1])
(root / "usb").mkdir()
hq = enrolment.init_hq(root / "hq", name="Sở chỉ huy", user="Trực ban", passphrase="lúa")
mend = lambda kind, row_id, **cols: records.save(hq, kind, cols, row_id, confirm=True)
unit = lambda code: hq.value("SELECT id FROM unit WHERE code = ? AND valid_to IS NULL", [code])
old = hq.value("SELECT id FROM unit WHERE code = '24221' AND valid_to IS NOT NULL")
mend("unit", unit("01558"), name="Xã Lý Quốc (tạm)")
mend("unit", unit("66"), name="Tỉnh Đắk Lắk mới")
wrong = hq.value("SELECT id FROM unit_succession WHERE old_unit_id = ? AND new_unit_id = ?", [old, unit("24214")])
records.void(hq, wrong, "sai")
right = hq.value("SELECT id FROM unit_succession WHERE old_unit_id = ? AND new_unit_id = ?", [old, unit("24221")])
if right is None:
    to = {"new_unit_id": unit("24221"), "effective_on": "2025-07-01"}
    records.save(hq, "unit_succession", {"old_unit_id": old, **to})
post = enrolment.init_post(
    root / "post", enrolment.write_pack(hq, code="IARVE", name="Đồn", dest=root / "usb"), user="A", passphrase="lúa")
outgoing.export(post, root / "usb")
incoming.import_files(hq, [root / "usb"])
enrolment.trust_replica(hq, "IARVE")
outgoing.export(hq, root / "usb")
incoming.import_files(post, [root / "usb"])
for day, code in (("2013-10-05", old), ("2025-11-05", unit("01558"))):
    records.save(post, "activity", {"activity_kind_id": "gieng_khoan", "date_from": day, "unit_id": code,
                                    "measures": [{"measure_id": "gieng", "amount": 1}]}, confirm=True)
(root / "out").mkdir()
outgoing.export(post, root / "out")
records.save(post, "event", {"name": "Chưa gửi", "date_from": "2013-12-01"})
(made,) = (root / "out").glob("*.age")
made.rename(root / "post.age")
post.close()
hq.close()
for home, user in (("hq", "Trực ban"), ("post", "A")):
    key = vault.unseal(root / home, user, "lúa")
    file = sqlcipher.connect(str(root / home / "fieldapp.db"))
    file.execute(f"PRAGMA key = \\"x'{key.hex()}'\\"")
    file.execute(f"ATTACH '{root / home}.db' AS plain KEY ''")
    file.execute("SELECT sqlcipher_export('plain')")
"""


def make_exchange(here: Path) -> None:
    """Write ``exchange.tar.zst``."""
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary)
        command = ["git", "archive", BEFORE_OFFICIAL_CODES, "fieldapp", "schema.sql"]
        archive = subprocess.run(command, check=True, cwd=here.parents[2], capture_output=True)
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as inside:
            inside.extractall(source, filter="data")
        made = source / "made"
        made.mkdir()
        subprocess.run([sys.executable, "-c", WRITE_EXCHANGE, made], check=True, cwd=source,
                       env={"PYTHONPATH": str(source), "PATH": "/usr/bin:/bin"})  # fmt: skip
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name in ("hq.db", "post.db", "post.age"):
                tar.add(made / name, name)
    (here / EXCHANGE).write_bytes(_compressed(packed.getvalue()))


def _compressed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(19, window_log=27, enable_ldm=True)
    ).compress(data)


def main() -> None:
    """Write the files beside this one."""
    here = Path(__file__).parent
    if not (here / EXCHANGE).exists():
        make_exchange(here)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar, tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / "made"
        if (here / FILE).exists():
            plain = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress((here / FILE).read_bytes())
            with tarfile.open(fileobj=io.BytesIO(plain)) as before:
                before.extractall(made, filter="data")
        for number, commit in COMMITS.items():
            if (made / f"{number}.db").exists():
                tar.add(made / f"{number}.db", f"{number}.db")
                continue
            source = Path(temporary) / str(number)
            source.mkdir()
            command = ["git", "archive", commit, "fieldapp", "schema.sql"]
            archive = subprocess.run(command, check=True, cwd=here.parents[2], capture_output=True)
            with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as inside:
                inside.extractall(source, filter="data")
            (source / "out").mkdir()
            subprocess.run([sys.executable, "-c", WRITE, source / "out"], check=True, cwd=source,
                           env={"PYTHONPATH": str(source), "PATH": "/usr/bin:/bin"})  # fmt: skip
            tar.add(source / "out" / "plain.db", f"{number}.db")
    (here / FILE).write_bytes(_compressed(packed.getvalue()))


if __name__ == "__main__":
    main()
