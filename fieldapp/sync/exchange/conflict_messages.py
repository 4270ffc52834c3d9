"""A conflict in words: its post, its record, its field, and both values as a person reads them.

Where a void is in question, one side is the void, the other tells what its author did not know.
"""

from fieldapp.domain.model import fields_of
from fieldapp.domain.records import BY_KIND, PARENTS
from fieldapp.i18n import _
from fieldapp.records import history, records, reviews, view, words
from fieldapp.store import log as change_log
from fieldapp.store.store import Row, Store
from fieldapp.sync.merge.resolve import Side

SIDES: tuple[Side, Side] = ("winner", "loser")


def conflict_title(store: Store, conflict: Row) -> str:
    """“Hoạt động · Giếng khoan · 05/10/2013 · Thôn, buôn”; at headquarters the post's name comes first."""
    kind = conflict["table"]
    if kind not in BY_KIND:
        return f"{kind} · {conflict['column']}"
    record_id = conflict_record(store, conflict)
    found = records.get(store, record_id)
    parts = []
    if store.identity.role == "hq":
        parts.append(store.value("SELECT name FROM post WHERE id = ?", [found.row.get("post_id")]))
    parts += [_(BY_KIND[found.kind].TITLE), words.labels(store, found.kind, [record_id]).get(record_id, "")]
    if is_about_a_void(conflict):
        parts.append(_line_text(store, conflict) if found.kind != kind else None)
        return " · ".join(filter(None, parts))
    if found.kind != kind:
        parts.append(_(BY_KIND[kind].TITLE))
    return " · ".join([*filter(None, parts), reviews.field_title(kind, conflict["column"])])


def is_about_a_void(conflict: Row) -> bool:
    """Whether the question is if a record, or a line of one, stays voided."""
    return bool(conflict["column"] == "voided_at" and conflict["table"] in BY_KIND)


def _line_text(store: Store, conflict: Row) -> str:
    """The line of a record as a person reads it: “Số hộ hưởng lợi: 120 hộ”."""
    _parent, child = PARENTS[conflict["table"]]
    row = store.row(f"SELECT * FROM {conflict['table']} WHERE id = ?", [conflict["row"]])
    return view.child_text(store, child, row) if row is not None else ""


def conflict_record(store: Store, conflict: Row) -> str:
    """Id of the record that the conflict's row belongs to; the row itself may be the record."""
    kind, row_id = conflict["table"], conflict["row"]
    if kind not in PARENTS:
        return str(row_id)
    _parent, child = PARENTS[kind]
    return str(store.value(f"SELECT {child.parent} FROM {kind} WHERE id = ?", [row_id]))


def conflict_value(store: Store, conflict: Row, side: Side) -> str:
    """One side's value as a person reads it."""
    kind, column, written = conflict["table"], conflict["column"], conflict[side]["value"]
    if is_about_a_void(conflict):
        return _void_text(store, conflict, side)
    if written is None:
        return _("(empty)")
    if kind in BY_KIND and column in {s.name for s in fields_of(BY_KIND[kind])}:
        row = store.row(f"SELECT * FROM {kind} WHERE id = ?", [conflict["row"]])
        if row is not None:
            return words.display(store, kind, [{**row, column: written}], [column])[0][0]
    return str(written)


def both_sides(store: Store, conflict: Row) -> str:
    """Both values, each with who wrote it and when: “Buôn A” (Nguyễn Văn A, …) ≠ “Buôn B” (Trần Văn B, …)."""
    quoted = "{} ({})" if is_about_a_void(conflict) else "“{}” ({})"
    return " ≠ ".join(
        quoted.format(conflict_value(store, conflict, side), conflict_author(conflict, side)) for side in SIDES
    )


def choice_text(conflict: Row, side: Side) -> str:
    """What it means to take a side: nothing to say where the value says it all."""
    if not is_about_a_void(conflict):
        return ""
    if conflict["table"] in PARENTS:
        return _("The line stays out") if conflict[side]["value"] else _("The line is taken back")
    return _("It stays voided") if conflict[side]["value"] else _("It is taken back")


def _void_text(store: Store, conflict: Row, side: Side) -> str:
    """“hủy: “ghi trùng””, or what was done by somebody who did not know of it."""
    one = conflict[side]
    if one["value"] is not None:
        change = change_log.changes_at(store, [(one["log"], one["seq"])])[(one["log"], one["seq"])]
        reason = change.cols.get("void_reason")
        if conflict["table"] in PARENTS and reason == records.REMOVED:
            return _("line taken out")
        return _("voided: “{reason}”").format(reason=reason or "")
    if "unknown" not in conflict:
        return _("taken back")
    texts = []
    lines = _lines(store, conflict)
    for change in conflict["unknown"]:
        if change["table"] == conflict["table"] and change["row"] != conflict["row"]:
            named = words.labels(store, change["table"], [conflict["row"], change["row"]])
            label = named[change["row"]] if named[change["row"]] != named[conflict["row"]] else ""
            other = ", ".join(filter(None, [label, _other_post(store, conflict, change["row"])]))
            said = _("voided the other one that looks the same{named}: “{reason}”")
            if conflict["table"] in PARENTS:
                said = _("took out the other line about the same{named}")
            reason = change["cols"].get("void_reason") or ""
            texts.append(said.format(named=other and f" ({other})", reason=reason))
        elif change["table"] in BY_KIND and change["row"] not in lines:
            texts.append(_("entered what belongs to it: {named}").format(named=_named(store, change)))
    places = {(change["log"], change["seq"]) for change in conflict["unknown"]}
    steps = history.step_texts(store, history.history(store, conflict_record(store, conflict)))
    done = [text for step, text in steps if (step.log_id, step.seq) in places and step.row_id in _own(conflict)]
    return "; ".join(dict.fromkeys([*texts, *done]))


def _lines(store: Store, conflict: Row) -> set[str]:
    """The row in question, and its lines."""
    children = BY_KIND[conflict["table"]].CHILDREN.values()
    return {conflict["row"]} | {
        row["id"]
        for child in children
        for row in store.rows(f"SELECT id FROM {child.model.KIND} WHERE {child.parent} = ?", [conflict["row"]])
    }


def _other_post(store: Store, conflict: Row, other: str) -> str:
    """The name of the post of another row of the same kind; empty if it is of the same post."""
    table = conflict["table"]
    if BY_KIND[table].REFERENCE:
        return ""
    name = store.value(
        f"SELECT p.name FROM {table} o JOIN {table} r ON r.id = ? AND r.post_id <> o.post_id"
        " JOIN post p ON p.id = o.post_id WHERE o.id = ?",
        [conflict["row"], other],
    )
    return str(name or "")


def _named(store: Store, change: Row) -> str:
    """“Giới thiệu sinh hoạt · Chi bộ thôn 5”: a row that names the record in question; of a line, its record."""
    kind, row_id = change["table"], change["row"]
    if kind in PARENTS:
        parent, child = PARENTS[kind]
        row_id = str(store.value(f"SELECT {child.parent} FROM {kind} WHERE id = ?", [row_id]))
        kind = parent.KIND
    label = words.labels(store, kind, [row_id]).get(row_id, "")
    return " · ".join(filter(None, [_(BY_KIND[kind].TITLE), label]))


def _own(conflict: Row) -> set[str]:
    """The row in question, and its lines that were changed."""
    changed = {c["row"] for c in conflict["unknown"] if c["table"] != conflict["table"]}
    return {conflict["row"], *changed}


def conflict_author(conflict: Row, side: Side) -> str:
    """“Nguyễn Văn A, 26/11/2026 08:04”."""
    return f"{conflict[side]['actor'] or '?'}, {words.local_instant(conflict[side]['at'])}"
