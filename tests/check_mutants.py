"""Import mutants and check what the program does with each: ``python check_mutants.py HOME KEY FIRST COUNT``.

``HOME`` holds two replicas of the reader of the test vectors: ``new`` has read the pack, ``later`` one bundle of A too.
Each mutant is a really encrypted file, which ``incoming.import_files`` reads into the encrypted database. This happens
in a transaction that is rolled back, which saves the commit and a new replica for every mutant. Prints one JSON
document; the process gets 300 MB.
"""

import json
import os
import resource
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import mutants
import strict_reader
from vectors.make import HQ

from fieldapp.records import search_index
from fieldapp.store.capture import synced_tables
from fieldapp.store.store import Store
from fieldapp.sync.exchange import incoming
from fieldapp.sync.format import segment
from fieldapp.sync.safety import doctor

LIMIT = 300 * 1000 * 1000
"""Bytes of memory that the process may write to (RLIMIT_DATA: heap, anonymous mappings, stacks of threads)"""
DOCTOR_EACH = 100
"""After every so many accepted mutants the doctor examines the replica"""


class _Undo(Exception):
    """Rolls the transaction back."""


def main() -> None:
    home, key, first, count = Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    mutants.bombs()
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    written_elsewhere: list[str] = []
    watch(home, written_elsewhere)

    checkers = [Checker(Store.open(home / name, key, "B"), home / "stick") for name in ("new", "later")]
    seen: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(first, first + count):
        checker = checkers[number % 2]
        try:
            seen[checker.check(number)] += 1
        except Wrong as error:
            wrong.append(f"mutant {number} {checker.mutations}: {error}")
        except Exception as error:
            wrong.append(f"mutant {number} {checker.mutations}: {type(error).__name__} {error}")
    peak = peak_mb()
    mutations = sum((c.counts for c in checkers), Counter[str]())
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    result = {"seen": seen, "wrong": wrong, "peak_mb": peak, "elsewhere": written_elsewhere, "mutations": mutations}
    print(json.dumps(result))


def peak_mb() -> int:
    """The most memory that this process held. ``ru_maxrss`` would count also what its parent held when it began."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return int(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) // 1024


def watch(home: Path, found: list[str]) -> None:
    """Note each file that Python opens for writing, makes, moves or links outside of ``home``, and each program run."""
    allowed = (str(home) + os.sep, os.devnull)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        paths: tuple[Any, ...] = ()
        if event == "open":
            path, mode, flags = arguments
            if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & writing):
                paths = (path,)
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate"):
            paths = arguments[:1]
        elif event in ("os.rename", "os.link", "os.symlink"):
            paths = arguments[:2]
        elif event in ("subprocess.Popen", "os.system", "os.exec", "socket.connect"):
            found.append(event)
        for path in paths:
            if isinstance(path, int):  # a file that is open already
                continue
            name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolve() would look at the disk
            if not name.startswith(allowed):
                found.append(f"{event} {name}")

    sys.addaudithook(hook)


class Wrong(Exception):
    """The program did something wrong."""


class Checker:
    """A reader, with the rows, certificates and segments that it had before a mutant."""

    def __init__(self, store: Store, stick: Path) -> None:
        search_index.index_imported(store)
        self.store, self.file = store, stick / "x.fieldapp.tar.age"
        self.tables = sorted(synced_tables(store.db))
        self.reader = store.identity.replica_id
        self.rows = self.read_rows()
        self.replicas = self.read_replicas()
        self.segments = {r["hash"] for r in store.rows("SELECT hash FROM local_segment")}
        self.known = {id_: (p["sign_key"], p["age_key"]) for id_, p in self.replicas.items() if not p["own"]}
        self.mutations: tuple[str, ...] = ()
        self.accepted = 0
        self.counts: Counter[str] = Counter()

    def read_rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(t, r["id"]): r for t in self.tables for r in self.store.rows(f"SELECT * FROM {t}")}

    def read_replicas(self) -> dict[str, dict[str, Any]]:
        columns = "id, own, role, trust, post_id, sign_key, age_key, certificate, certificate_signature"
        return {r["id"]: r for r in self.store.rows(f"SELECT {columns} FROM local_replica")}

    def check(self, number: int) -> str:
        """Import a mutant and check the result; returns it in words. Raises Wrong, or what the program raised."""
        mutant = mutants.mutant(number)
        self.mutations = mutant.mutations
        self.counts.update(mutant.mutations)
        self.file.write_bytes(mutant.data)
        outcome = ""
        try:
            with self.store.transaction(applying=True):
                before = self.store.db.conn.total_changes
                (result,) = incoming.import_files(self.store, [self.file])
                changed = self.store.db.conn.total_changes != before
                outcome = self.check_result(mutant, result, changed)
                raise _Undo
        except _Undo:
            pass
        return outcome

    def check_result(self, mutant: mutants.Mutant, result: incoming.Imported, changed: bool) -> str:
        """Compare what the program did with what a correct reader does."""
        for sentence in [result.sentence, *result.problems]:
            if "\x1b" in sentence or "Traceback" in sentence:
                raise Wrong(f"says {sentence!r}")
        if mutant.tar is None:
            expected: set[str | None] = {"damaged", "for_others"}
        else:
            expected = {strict_reader.verdict(mutant.tar, self.reader, self.known)}
        if result.reason not in expected or (result.reason is None) != (result.refused is None):
            raise Wrong(f"{result.reason} {result.refused}, not {expected}")
        if result.reason is not None:
            if changed:
                raise Wrong("something was written for a file that was refused")
            return str(result.reason)
        assert mutant.tar is not None
        self.check_segments(mutant.tar)
        self.check_replicas()
        self.check_rows()
        self.accepted += 1
        if self.accepted % DOCTOR_EACH == 1:
            self.check_with_doctor()
        return f"accepted, {result.state}"

    def check_segments(self, tar: bytes) -> None:
        """Exactly the valid segments are stored; the applied ones are signed by their author and form one chain."""
        kept = {r["hash"]: r for r in self.store.rows("SELECT hash, log_id, first, last FROM local_segment")}
        for data, _signature in strict_reader.segments_of(tar):
            valid = strict_reader.segment(data)
            if (valid is not None) != (segment.digest(data) in kept):
                raise Wrong(f"a segment is {'not ' if valid else ''}kept")
        heads: dict[str, tuple[int, str | None]] = {}
        for row in self.store.rows(
            "SELECT s.*, p.sign_key, p.trust, p.own FROM local_segment s LEFT JOIN local_replica p"
            " ON p.id = s.replica_id WHERE s.state = 'applied' AND s.log_id <> 'baseline' ORDER BY s.log_id, s.first"
        ):
            if row["hash"] not in self.segments:
                if not strict_reader.is_signed(row["sign_key"] or "", row["bytes"], row["signature"]):
                    raise Wrong("applied without its author's signature")
                if row["trust"] == "pending":
                    raise Wrong("applied though nobody vouches for its author")
            last, hash_ = heads.get(row["log_id"], (0, None))
            if row["first"] != last + 1 or row["prev"] != hash_:
                raise Wrong("a log is no chain")
            heads[row["log_id"]] = (row["last"], row["hash"])

    def check_replicas(self) -> None:
        """A replica is trusted only by headquarters' signature, and known keys do not change."""
        for id_, now in self.read_replicas().items():
            before = self.replicas.get(id_)
            if before == now:
                continue
            if before and before["trust"] != "pending" and (before["sign_key"], before["age_key"]) != (
                now["sign_key"], now["age_key"]
            ):  # fmt: skip
                raise Wrong("other keys for a replica that was known")
            if id_ == HQ.id:
                raise Wrong("headquarters is not what it was")
            if now["trust"] == "certified" and not strict_reader.is_signed(
                HQ.sign_key, now["certificate"], now["certificate_signature"]
            ):
                raise Wrong("certified without headquarters' signature")
            if now["trust"] == "revoked":
                stored = self.store.row("SELECT paper, signature FROM local_revocation WHERE replica_id = ?", [id_])
                if stored is None or not strict_reader.is_signed(HQ.sign_key, stored["paper"], stored["signature"]):
                    raise Wrong("revoked without headquarters' signature")

    def check_rows(self) -> None:
        """Each new value is in an applied change of an author who may write it, and is clean."""
        wrote: dict[tuple[str, str], list[tuple[str, str, dict[str, Any]]]] = {}
        for row in self.store.rows("SELECT * FROM local_segment WHERE state = 'applied' AND log_id <> 'baseline'"):
            valid = strict_reader.segment(row["bytes"])
            assert valid is not None
            for change in valid[1]:
                wrote.setdefault((change[1], change[2]), []).append((row["scope"], row["replica_id"], change[3]))
        replicas = self.read_replicas()
        for key, now in self.read_rows().items():
            before = self.rows.get(key, {})
            if now == before:
                continue
            table, _id = key
            for column, value in now.items():
                if value == before.get(column) or column in ("id", "post_id"):
                    continue
                if column.startswith("touched_"):
                    continue
                who = [w for w in wrote.get(key, []) if column in w[2] and _is(w[2][column], value)]
                reference = "post_id" not in now
                allowed = [
                    scope
                    for scope, author, _cols in who
                    if (scope == "*" and replicas[author]["role"] == "hq")
                    or (scope != "*" and (replicas[author]["role"] == "hq" or replicas[author]["post_id"] == scope))
                ]
                if value is not None and not any((scope == "*") == reference for scope in allowed):
                    raise Wrong(f"{table}.{column} is {value!r}, which nobody wrote who may")
                if isinstance(value, str) and not strict_reader.is_stored(value):
                    raise Wrong(f"{table}.{column} is {value!r}")
            if now.get("post_id") not in (None, *(s for s, _a, _c in wrote.get(key, []))):
                raise Wrong(f"{table} belongs to a post in whose name nobody wrote")

    def check_with_doctor(self) -> None:
        found = doctor.examine_replica(self.store)
        if not found.healthy:
            raise Wrong(f"the doctor finds {found.lines()}")


def _is(written: Any, stored: Any) -> bool:
    """Whether a column can hold this value because of a change: a STRICT table turns "5" into 5, and 5 into "5"."""
    return bool(written == stored) or ({type(written), type(stored)} == {int, str} and str(written) == str(stored))


if __name__ == "__main__":
    main()
