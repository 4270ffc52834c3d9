"""Records given as JSON in an old Vietnamese font: asked about once, with each text before and after."""

import json
from pathlib import Path

from field import Run, World
from old_letters import shown

from fieldapp.vietnamese.old_fonts import Encoding

TEXT = "Giúp bà con thôn Ba gặt lúa"


def test_add_and_edit_ask_and_record_unicode(run: Run, world: World, tmp_path: Path) -> None:
    given = tmp_path / "a.json"
    old = shown(TEXT, Encoding.TCVN3)
    record = {"activity_kind": "lao_dong_san_xuat", "date_from": "2026-10-05", "unit": "Ia Rvê", "description": old}
    given.write_text(json.dumps(record), encoding="utf-8")
    code, out, error = run("add", "activity", "--json", str(given))
    assert (code, out) == (1, "")
    assert f"→ “{TEXT}”" in error
    assert "TCVN3" in error
    code, out, error = run("add", "activity", "--json", str(given), "--confirm")
    assert code == 0, error
    row_id = out.strip()
    assert world.post.value("SELECT description FROM activity WHERE id = ?", [row_id]) == TEXT
    given.write_text(json.dumps({"description": shown("Sửa đường liên thôn", Encoding.VNI)}), encoding="utf-8")
    assert run("edit", row_id, "--json", str(given))[0] == 1
    assert run("edit", row_id, "--json", str(given), "--confirm")[0] == 0
    assert world.post.value("SELECT description FROM activity WHERE id = ?", [row_id]) == "Sửa đường liên thôn"


def test_correct_text_is_not_asked_about(run: Run, world: World, tmp_path: Path) -> None:
    given = tmp_path / "a.json"
    text = "Y Ñu Niê, buôn Kña: xã Êa Sŭp, 10 µm, Panadol®"
    record = {"activity_kind": "lao_dong_san_xuat", "date_from": "2026-10-05", "unit": "Ia Rvê", "description": text}
    given.write_text(json.dumps(record), encoding="utf-8")
    code, _out, error = run("add", "activity", "--json", str(given), "--confirm")
    assert code == 0, error
    assert world.post.value("SELECT description FROM activity WHERE description IS NOT NULL") == text
