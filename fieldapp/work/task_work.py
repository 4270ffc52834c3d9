"""What was done for each task of an agreement: the activities and matters that name it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fieldapp.domain.dates import format_date
from fieldapp.domain.model import Record, fields_of
from fieldapp.domain.records import RECORDS
from fieldapp.records.words import display
from fieldapp.store.store import Row, Store

NEWEST = 20
"""Most records of one task and kind that are listed one by one"""

TASK = "agreement_task"


@dataclass(frozen=True)
class TaskRecord:
    """One record that serves a task."""

    kind: str
    row_id: str
    day: str
    """As text: ``05/11/2026``"""
    text: str


@dataclass(frozen=True)
class TaskWork:
    """What was done for one task."""

    number: int
    title: str
    total: int
    deeds: Sequence[TaskRecord]
    """The newest records of each kind, newest first"""


def work_by_task(store: Store, agreement_id: str) -> list[TaskWork]:
    """The tasks of an agreement by number, each with the records that name it."""
    tasks = store.rows(
        f"SELECT id, number, title FROM {TASK} WHERE agreement_id = ? AND voided_at IS NULL ORDER BY number, id",
        [agreement_id],
    )
    serving = [(model, shape.name) for model in RECORDS for shape in fields_of(model) if shape.ref == TASK]
    work = []
    for task in tasks:
        rows: list[tuple[str, type[Record], Row]] = []
        total = 0
        for model, field in serving:
            where = f"FROM {model.KIND} WHERE {field} = ? AND voided_at IS NULL"
            total += store.value(f"SELECT count(*) {where}", [task["id"]])
            newest = f"SELECT *, {model.DATE} AS day {where} ORDER BY {model.DATE} DESC, id DESC LIMIT {NEWEST}"
            rows += [(row["day"], model, row) for row in store.rows(newest, [task["id"]])]
        rows.sort(key=lambda found: (found[0], found[2]["id"]), reverse=True)
        deeds = [_task_record(store, model, row) for _day, model, row in rows]
        work.append(TaskWork(task["number"], task["title"], total, deeds))
    return work


def _task_record(store: Store, model: type[Record], row: Row) -> TaskRecord:
    fields = [name for name in model.LABEL if name != model.DATE]
    text = " · ".join(t for t in display(store, model.KIND, [row], fields, short=True)[0] if t)
    return TaskRecord(model.KIND, row["id"], format_date(date.fromisoformat(row["day"])), text)
