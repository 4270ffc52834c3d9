"""The nation, simulated: hundreds of posts, two laptops each, ten years, through the program's own bundles and import.

Headquarters is a real replica. Of the laptops there is only what headquarters sees: keys, certificates, logs, sealed
and signed segments, encrypted bundles. The program's own functions make them, without a database for each laptop. After
every year the cost of a day at headquarters is measured.

    python benchmarks/nation.py --posts 450 --years 10 --changes 250 --json nation.json --svg docs/scale.svg
"""

import argparse
import io
import json
import os
import platform
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pyrage
import uuid_utils

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from work import WORDS  # type: ignore[import-not-found]

import fieldapp
from fieldapp.domain.records import BY_KIND
from fieldapp.records import lists, records, search, search_index
from fieldapp.reports import coverage
from fieldapp.reports.query import Period, Query
from fieldapp.reports.report import report
from fieldapp.store import vault
from fieldapp.store.migrations import SEGMENT_SCHEMA
from fieldapp.store.store import Store
from fieldapp.store.wall import instant
from fieldapp.sync.exchange import enrolment, incoming, status
from fieldapp.sync.format import bundle, keys, segment
from fieldapp.sync.format.bundle import Manifest
from fieldapp.sync.format.head import Head
from fieldapp.sync.peers import logs
from fieldapp.work import todo

FIRST_YEAR = 2016
QUERIES = ("giếng khoan", "tuan tra", "gao", "ho ngheo buon", "kham benh")


@dataclass
class Laptop:
    """One laptop as headquarters sees it."""

    own: keys.Keys
    certificate: keys.Certificate
    log: str
    seq: int = 0
    prev: str | None = None
    hlc: int = 0
    number: int = 0
    activities: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


@dataclass
class Post:
    """A post and its laptops, which learn of each other's changes once a year."""

    id: str
    code: str
    units: list[str]
    laptops: list[Laptop] = field(default_factory=list)


class Nation:
    """Headquarters and all posts."""

    days = 360
    """of a year, over which its changes are spread"""

    def __init__(self, root: Path, posts: int, laptops: int, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.root = root
        vault.seal_with_passphrase = lambda secret, _passphrase: (
            secret
        )  # the derivation is slow by intention, and not measured here
        self.hq = enrolment.init_hq(root / "hq", name="Bộ", user="A", passphrase="a b c d e f")
        self.kinds = [r["id"] for r in self.hq.rows("SELECT id FROM activity_kind ORDER BY position")]
        self.measures = [r["id"] for r in self.hq.rows("SELECT id FROM measure ORDER BY code LIMIT 12")]
        communes = [r["id"] for r in self.hq.rows(
            "SELECT id FROM unit WHERE level = 'commune' AND valid_to IS NULL ORDER BY id")]  # fmt: skip
        self.posts = [self._post(n, communes) for n in range(posts)]
        with self.hq.transaction():
            segment.seal_open_changes(self.hq)
        me = self.hq.row("SELECT id, age_key FROM local_replica WHERE own = 1")
        assert me is not None
        self.hq_id, self.hq_key = me["id"], me["age_key"]
        self.hq_heads = {
            r["log_id"]: Head(r["last"], r["hash"], self.hq_id)
            for r in self.hq.rows(
                "SELECT log_id, max(last) AS last, hash FROM local_segment WHERE scope = '*' AND state = 'applied'"
                " AND replica_id = ? GROUP BY log_id",
                [self.hq_id],
            )
        }
        self._enrol(laptops)

    def _post(self, number: int, communes: list[str]) -> Post:
        units = self.random.sample(communes, 4)
        with self.hq.transaction():
            post_id = records.save(
                self.hq, "post", {"code": f"P{number}", "name": f"Đồn BP {number}", "unit_id": units[0]}
            )
            logs.begin_log(self.hq, post_id)
        return Post(post_id, f"P{number}", units)

    def _enrol(self, laptops: int) -> None:
        stick = self.root / "enrol"
        stick.mkdir()
        for post in self.posts:
            for name in "ABCDEFGH"[:laptops]:
                own = keys.new_keys()
                row = {"id": post.id, "code": post.code, "name": f"Đồn BP {post.code[1:]}"}
                certificate = enrolment._request(own, name=name, role="post", code=post.code, post=row)
                laptop = Laptop(own, certificate, str(uuid_utils.uuid7()))
                post.laptops.append(laptop)
                self.write(post, laptop, [], stick)
        incoming.import_files(self.hq, [stick])
        for post in self.posts:
            for laptop in post.laptops:
                enrolment.trust_replica(self.hq, laptop.certificate.replica)
        shutil.rmtree(stick)

    def write(self, post: Post, laptop: Laptop, segments: list[tuple[int, int, bytes, bytes]], dest: Path) -> int:
        """Write a bundle of a laptop for headquarters; its size."""
        certificate = keys.encode_certificate(laptop.certificate)
        signature = keys.sign(laptop.own.sign_secret, certificate, "fieldapp certificate")
        replica = laptop.certificate.replica
        members = [(f"certs/{replica}.json", certificate), (f"certs/{replica}.json.minisig", signature)]
        for first, _last, data, signed in segments:
            name = f"segments/{laptop.log}-{first:010d}.jsonl.zst"
            members += [(name, data), (name + bundle.SIGNATURE, signed)]
        laptop.number += 1
        laptop.hlc += 1 << 16
        have = dict(self.hq_heads)
        for other in post.laptops:
            if other.prev is not None:
                have[other.log] = Head(other.seq, other.prev, other.certificate.replica)
        manifest = Manifest(
            format=bundle.BUNDLE_FORMAT, kind="bundle", sender=replica, made_at=instant(), hlc=laptop.hlc,
            number=laptop.number, recipients=[self.hq_id], have=have,
            members=[bundle.member_line(n, d) for n, d in members],
            counts={}, program=fieldapp.__version__, schema=SEGMENT_SCHEMA, log=laptop.log,
        )  # fmt: skip
        plain = io.BytesIO()
        signed = keys.sign(laptop.own.sign_secret, bundle.encode_manifest(manifest), "fieldapp manifest")
        bundle.write_tar(plain, manifest, signed, iter(members))
        data = pyrage.encrypt(plain.getvalue(), [pyrage.x25519.Recipient.from_str(self.hq_key)])
        (dest / f"{post.code.lower()}_{replica[-4:]}_{laptop.number}{bundle.BUNDLE_SUFFIX}").write_bytes(data)
        return len(data)

    def year(self, year: int, changes: int, bundles: int, dest: Path) -> tuple[int, int]:
        """Write the bundles of a year into ``dest``; (changes, bytes)."""
        made = size = 0
        for post in self.posts:
            known = {other.log: other.seq for other in post.laptops if other.seq}
            for laptop in post.laptops:
                work = list(self._work(post, laptop, year, changes))
                for part in range(bundles):
                    some = work[part * len(work) // bundles : (part + 1) * len(work) // bundles]
                    segments = list(self._seal(post, laptop, known, some))
                    size += self.write(post, laptop, segments, dest)
                made += len(work)
        return made, size

    def _seal(
        self, post: Post, laptop: Laptop, known: dict[str, int], work: list[dict[str, Any]]
    ) -> Iterator[tuple[int, int, bytes, bytes]]:
        knows = {log: head.last for log, head in self.hq_heads.items()}
        knows |= {log: seq for log, seq in known.items() if log != laptop.log}
        for start in range(0, len(work), segment.MAX_CHANGES):
            part = work[start : start + segment.MAX_CHANGES]
            header = segment.Header(
                format=segment.SEGMENT_FORMAT, schema=SEGMENT_SCHEMA, log=laptop.log, scope=post.id,
                replica=laptop.certificate.replica, first=laptop.seq + 1, last=laptop.seq + len(part),
                prev=laptop.prev, knows=knows, sealed_at=instant(),
            )  # fmt: skip
            data = segment.encode(header, part)
            signed = keys.sign(laptop.own.sign_secret, data, f"fieldapp segment {laptop.log} {header.first}")
            laptop.seq, laptop.prev = header.last, segment.digest(data)
            yield header.first, header.last, data, signed

    def _work(self, post: Post, laptop: Laptop, year: int, changes: int) -> Iterator[dict[str, Any]]:
        """A year's changes: of a hundred, 24 activities with two figures each, 4 matters, 20 corrections, 4 voids."""
        rng = self.random
        begin = datetime(year, 1, 2, tzinfo=UTC)
        step, measure = timedelta(days=self.days) / changes, ""
        for n in range(changes):
            at = begin + n * step
            laptop.hlc = max(laptop.hlc + 1, round(at.timestamp() * 1000) << 16)
            stamp, day = f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d}"
            row_id, place = self._id(at), n % 100
            meta = {"created_at": stamp, "created_by": "A"}
            if (place < 72 and place % 3 == 0) or not laptop.activities:
                laptop.activities.append(row_id)
                yield self._change(laptop, "activity", row_id, {
                    **meta, "activity_kind_id": rng.choice(self.kinds), "date_from": day,
                    "unit_id": rng.choice(post.units), "hamlet": f"Buôn {rng.choice(WORDS)}",
                    "description": " ".join(rng.choices(WORDS, k=rng.randint(4, 12)))})  # fmt: skip
            elif place < 72:
                laptop.figures.append(row_id)
                measure = rng.choice([m for m in self.measures if m != measure])
                yield self._change(laptop, "activity_measure", row_id, {
                    **meta, "activity_id": laptop.activities[-1], "measure_id": measure,
                    "amount": rng.randint(1, 500), "approximate": 0})  # fmt: skip
            elif place < 76:
                yield self._change(laptop, "matter", row_id, {
                    **meta, "matter_type": "information_exchange", "direction": "sent", "counterpart": "Đảng uỷ xã",
                    "subject": " ".join(rng.choices(WORDS, k=4)), "unit_id": rng.choice(post.units),
                    "opened_on": day, "due_on": day})  # fmt: skip
            elif place < 96 and place % 2:
                yield self._change(laptop, "activity_measure", rng.choice(laptop.figures[-200:]),
                                   {"amount": rng.randint(501, 999)})  # fmt: skip
            elif place < 96:
                yield self._change(laptop, "activity", rng.choice(laptop.activities[-100:]),
                                   {"description": " ".join(rng.choices(WORDS, k=6))})  # fmt: skip
            else:
                yield self._change(laptop, "activity_measure", rng.choice(laptop.figures[-200:]),
                                   {"voided_at": stamp, "void_reason": "nhập trùng"})  # fmt: skip

    def _id(self, at: datetime) -> str:
        ms, bits = round(at.timestamp() * 1000), self.random.getrandbits(74)
        return str(UUID(int=ms << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1))

    def _change(self, laptop: Laptop, table: str, row_id: str, cols: dict[str, Any]) -> dict[str, Any]:
        assert table in BY_KIND
        at = status.change_log.hlc_instant(laptop.hlc)
        return {"hlc": laptop.hlc, "table_name": table, "row_id": row_id, "cols": msgspec.json.encode(cols).decode(),
                "actor": "A", "at": at}  # fmt: skip


def timed(work: Callable[[], Any]) -> float:
    """Processor seconds that ``work`` takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def measure(
    nation: Nation, year: int, asked: argparse.Namespace, before: dict[str, Any] | None, url: str | None
) -> dict[str, Any]:
    """Measure one year: the import of its bundles, then what headquarters does with all that it has."""
    hq, stick = nation.hq, nation.root / "stick"
    stick.mkdir()
    changes, size = nation.year(year, asked.changes, asked.bundles, stick)
    found: dict[str, Any] = {"year": year, "changes": changes, "bundle_bytes": size}
    incoming._index_imported, index = (lambda *_: None), incoming._index_imported
    results: list[incoming.Imported] = []
    found["import"] = timed(lambda: results.extend(incoming.import_files(hq, [stick]))) / changes
    incoming._index_imported = index
    assert sum(r.applied for r in results) == changes, [p for r in results for p in r.problems][:3]
    found["index"] = timed(lambda: search_index.index_imported(hq)) / changes
    found["again"] = timed(lambda: results.extend(incoming.import_files(hq, [stick]))) / changes
    shutil.rmtree(stick)
    found["rows"] = sum(hq.value(f"SELECT count(*) FROM {t}") for t in ("activity", "activity_measure", "matter"))
    found["list"] = statistics.median(timed(lambda: lists.record_window(hq, "activity")) for _ in range(5))
    found["search"] = max(timed(lambda q=q: search.search_records(hq, q, search.Filter())) for q in QUERIES)  # type: ignore[misc]
    today = date(year, 12, 31)
    found["status"] = timed(lambda: status.exchange_status(hq))
    found["late_posts"] = timed(lambda: coverage.late_posts(hq, today))
    found["todo"] = timed(lambda: todo.todo(hq, today))
    found["coverage"] = timed(lambda: coverage.coverage(hq, today))
    found["posts"] = timed(lambda: lists.record_window(hq, "post"))
    query = Query(Period(date(year, 1, 1), today))
    found["report"] = timed(lambda: report(hq, query))
    if asked.rebuild_until and (before is None or before.get("rebuild", 1e9) < asked.rebuild_until):
        found["rebuild"] = timed(lambda: _rebuild(hq))
        found["rebuild_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    hq.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found["file_bytes"] = hq.path.stat().st_size
    found["segment_bytes"] = hq.value("SELECT sum(length(bytes) + length(signature)) FROM local_segment")
    if url:
        found |= in_postgres(nation, year, url)
    return found


def in_postgres(nation: Nation, year: int, url: str) -> dict[str, Any]:
    """Measure the mirror: the year's bundles, then 1,000 more changes, and the figures of the year in PostgreSQL."""
    from fieldapp.publish.mirror import publish

    hq, stick, found = nation.hq, nation.root / "stick", dict[str, Any]()
    begin = time.monotonic()
    done = publish(hq, url)
    found["mirror_rows"], found["mirror"] = done.rows, time.monotonic() - begin
    post = nation.posts[0]
    stick.mkdir()
    last = list(nation._work(post, post.laptops[0], year, 1000))
    nation.write(post, post.laptops[0], list(nation._seal(post, post.laptops[0], {}, last)), stick)
    incoming.import_files(hq, [stick])
    shutil.rmtree(stick)
    begin = time.monotonic()
    done = publish(hq, url)
    found["mirror_1000"] = time.monotonic() - begin
    assert not done.loaded
    import psycopg

    with psycopg.connect(url) as connection:
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        begin = time.monotonic()
        connection.execute("SELECT count(*) FROM fieldapp.figures(%s, %s)", [date(year, 1, 1), date(year, 12, 31)])
        found["report_postgres"] = time.monotonic() - begin
    assert size is not None
    found["postgres_bytes"] = size[0]
    return found


class _Undo(Exception):
    """Rolls the transaction back."""


def _rebuild(store: Store) -> None:
    from fieldapp.sync.merge import merge

    try:
        with store.transaction(applying=True):
            assert merge.rebuild(store) == []
            raise _Undo
    except _Undo:
        pass


# picture --------------------------------------------------------------------------------------------------------

CURVES = (
    ("import and index, µs a change", lambda f: (f["import"] + f["index"]) * 1e6, "#1f77b4"),
    ("the same again, µs a change", lambda f: f["again"] * 1e6, "#8c564b"),
    ("list, ms", lambda f: f["list"] * 1e3, "#2ca02c"),
    ("search, slowest of five, ms", lambda f: f["search"] * 1e3, "#d62728"),
    ("report of a year, ms", lambda f: f["report"] * 1e3, "#9467bd"),
    ("the same in PostgreSQL, ms", lambda f: f["report_postgres"] * 1e3, "#17becf"),
    ("rebuild, s", lambda f: f["rebuild"], "#7f7f7f"),
    ("mirror of 1,000 changes, ms", lambda f: f["mirror_1000"] * 1e3, "#ff7f0e"),
)


def picture(found: list[dict[str, Any]], title: str) -> str:
    """Growth curves as SVG, each in a small field of its own; both axes begin at zero."""
    width, height, across = 240, 120, 4
    parts = []
    most = max(f["total"] for f in found)
    for at, (name, value, colour) in enumerate(CURVES):
        points = [(f["total"], value(f)) for f in found if _has(f, value)]
        if not points:
            continue
        left, top = 20 + at % across * (width + 30), 50 + at // across * (height + 70)
        high = max(y for _x, y in points) * 1.15 or 1
        places = [(f"{left + x / most * width:.1f}", f"{top + height - y / high * height:.1f}") for x, y in points]
        line = " ".join(f"{x},{y}" for x, y in places)
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>' for x, y in places)
        parts.append(
            f'<text x="{left}" y="{top - 8}" font-weight="bold">{name}</text>'
            f'<path d="M{left},{top}V{top + height}H{left + width}" fill="none" stroke="#999"/>'
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
            f'<text x="{left + 4}" y="{top + 10}" fill="#555">{high / 1.15:.3g}</text>'
            f'<text x="{left + width}" y="{top + height + 14}" text-anchor="end" fill="#555">'
            f"{most / 1e6:.2g} million changes</text>"
        )
    body = "\n".join(parts)
    w, h = 20 + across * (width + 30), 50 + 2 * (height + 70)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" font-family="sans-serif" font-size="11">'
        f'<rect width="{w}" height="{h}" fill="white"/><text x="20" y="20" font-size="14">{title}</text>\n'
        f"{body}\n</svg>\n"
    )


def _has(found: dict[str, Any], value: Callable[[dict[str, Any]], float]) -> bool:
    try:
        value(found)
    except KeyError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description="The nation at headquarters, year by year")
    parser.add_argument("--posts", type=int, default=450)
    parser.add_argument("--laptops", type=int, default=2, help="of each post")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--changes", type=int, default=250, help="of a laptop in a year")
    parser.add_argument("--bundles", type=int, default=1, help="of a laptop in a year")
    parser.add_argument("--rebuild-until", type=float, default=40, help="seconds; 0: never")
    parser.add_argument("--no-postgres", action="store_true")
    parser.add_argument("--keep", type=Path, help="an empty folder in which the nation stays")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = asked.keep or stack.enter_context(tempfile.TemporaryDirectory())
        url = None
        if not asked.no_postgres:
            import postgres  # type: ignore[import-not-found]

            url = stack.enter_context(postgres.cluster()) if postgres.binaries() else None
        begin = time.monotonic()
        nation = Nation(Path(folder), asked.posts, asked.laptops)
        size = f"{asked.posts} posts, {asked.posts * asked.laptops} laptops"
        machine = f"{platform.machine()} Python {platform.python_version()} load {os.getloadavg()[0]:.1f}"
        print(f"{size} certified in {time.monotonic() - begin:.0f} s · {machine}", flush=True)
        found: list[dict[str, Any]] = []
        total = 0
        for year in range(FIRST_YEAR, FIRST_YEAR + asked.years):
            figures = measure(nation, year, asked, found[-1] if found else None, url)
            total += figures["changes"]
            figures["total"] = total
            found.append(figures)
            line = " ".join(
                f"{k}={v * 1e6:.0f}µs" if k in ("import", "index", "again") else f"{k}={v:.3f}" if isinstance(v, float)
                else f"{k}={v}" for k, v in figures.items())  # fmt: skip
            print(f"{time.monotonic() - begin:5.0f} s  {line}", flush=True)
            if asked.json:
                size_asked = {k: v for k, v in vars(asked).items() if k not in ("keep", "json", "svg")}
                asked.json.write_text(json.dumps({"asked": size_asked, "found": found}, indent=1))
            if asked.svg:
                asked.svg.write_text(picture(found, f"{size}, {total / 1e6:.2f} million changes"))
        first, last = found[0], found[-1]
        for name in ("import", "index", "again"):
            print(f"{name}: last tenth against first {last[name] / first[name]:.2f}")
        nation.hq.close()


if __name__ == "__main__":
    main()
