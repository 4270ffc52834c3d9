"""A report says from which changes it was computed, and the same changes give the same words."""

import json
from dataclasses import asdict

from field import Run, World

import fieldapp
from fieldapp.reports.provenance import provenance
from fieldapp.sync.exchange import status
from fieldapp.sync.format import segment


def test_the_version_vector_with_its_heads(world: World) -> None:
    world.well()
    before = provenance(world.post)
    own = next(x for x in before.logs if x.scope == "IARVE")
    assert (own.author, own.seq, own.sealed, own.head) == ("Đồn BP Ia Rvê (A)", 3, 0, None)
    world.carry(world.post, world.hq)
    assert (before.program, before.logs[0].log) == (fieldapp.__version__, "baseline")
    here = {x.log: x for x in provenance(world.post).logs}
    there = {x.log: x for x in provenance(world.hq).logs}
    assert there[own.log] == here[own.log]
    assert there[own.log].head is not None
    (found,) = world.hq.rows("SELECT hash, last FROM local_segment WHERE log_id = ?", [own.log])
    assert (there[own.log].head, there[own.log].sealed, there[own.log].seq) == (found["hash"], 3, 3)
    world.well()
    with world.post.transaction():
        segment.seal_open_changes(world.post)
    newest = next(x for x in provenance(world.post).logs if x.log == own.log)
    assert (newest.seq, newest.sealed) == (6, 6)
    assert newest.head != there[own.log].head
    assert status.exchange_status(world.hq).held == []


def test_the_report_as_json_says_it_too(run: Run, world: World) -> None:
    made = json.loads(run("report", "--json")[1])["computed_from"]
    assert made["logs"] == json.loads(json.dumps([asdict(x) for x in provenance(world.post).logs]))
