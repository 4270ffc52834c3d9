"""How many mutants survive the tests: a random sample of small changes to the rules, each tested by itself.

    pip install cosmic-ray==8.7.0          # in an environment of its own; it is no dependency of the project
    python benchmarks/mutation.py --python .venv/bin/python [--sample 32] [--seed 16] [--out FILE] [AREA ...]

cosmic-ray changes the Python; half of the rules here are SQL inside strings, so comparisons and conditions in those
are changed too. Modules are changed in place and put back: run it in a checkout of its own, and touch nothing there
meanwhile. ``--out`` gets one JSON object a line, as each mutant is done; those that are in it already are not run
again. An area takes ``--sample`` times a quarter of a minute, more or less.

Survivors are to be judged by a person: some change nothing that could be seen.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import OPERATOR_PROVIDERS, get_operator
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).parents[1]
SECONDS = 120
"""A mutant that takes longer is killed: it runs for ever, or nearly"""

AREAS: dict[str, tuple[str, str]] = {
    "domain": (
        "domain/amounts domain/dates domain/indicators domain/model domain/party domain/records domain/reference"
        " domain/rules domain/assistance domain/coordination",
        "tests/domain tests/records/test_limits.py tests/records/test_naming.py tests/records/test_rule_violations.py"
        " tests/reports/test_figures.py tests/reports/test_periods.py",
    ),
    "typing": (
        "vietnamese/telex vietnamese/syllables vietnamese/input_method vietnamese/text",
        "tests/vietnamese tests/tui/test_text_field.py",
    ),
    "records": (
        "records/records records/reading records/extras records/typed_figures records/limits records/soft_limits"
        " records/duplicates",
        "tests/records/test_limits.py tests/records/test_naming.py tests/work/test_double_entry.py"
        " tests/work/test_review_queue.py"
        " tests/records/test_reference.py tests/tui/test_form.py tests/records/test_duplicates.py",
    ),
    "finding": (
        "records/naming records/lists records/search records/search_index records/words records/view",
        "tests/records/test_naming.py tests/records/test_lists.py tests/records/test_search_index.py"
        " tests/work/test_review_queue.py"
        " tests/tui/test_search.py tests/tui/test_form.py tests/reports/test_periods.py",
    ),
    "history": (
        "records/history records/form_memory records/reviews",
        "tests/records/test_history.py tests/work/test_review_queue.py tests/sync/test_fast_path.py"
        " tests/tui/test_habits.py"
        " tests/tui/test_review.py",
    ),
    "merge": (
        "sync/merge/merge sync/merge/fast_path sync/merge/admission",
        "tests/sync/test_exchange.py tests/sync/test_forgeries.py tests/sync/test_soak.py tests/sync/test_fast_path.py"
        " tests/sync/test_merge.py",
    ),
    "forks": (
        "sync/merge/forks sync/merge/resolve sync/merge/segment_state sync/merge/revocation",
        "tests/sync/test_forks.py tests/sync/test_forgeries.py tests/sync/test_accidents.py",
    ),
    "figures": (
        "reports/figures reports/figure_sql reports/joint reports/query reports/sources",
        "tests/reports/test_figures.py tests/reports/test_rules.py tests/reports/test_periods.py",
    ),
    "report": (
        "reports/report reports/coverage reports/tables",
        "tests/reports/test_coverage.py tests/reports/test_figures.py tests/reports/test_rules.py"
        " tests/reports/test_periods.py",
    ),
}
"""Area -> its modules, and the tests that are about them"""

_COMPARED = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")
_COMPUTED = ("Add_Sub", "Sub_Add", "Mul_FloorDiv", "FloorDiv_Mul", "Mod_Mul")
OPERATORS = (
    *(f"core/ReplaceComparisonOperator_{name}" for name in _COMPARED),
    *(f"core/ReplaceBinaryOperator_{name}" for name in _COMPUTED),
    *(f"core/{name}" for name in (
        "AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse",
        "ReplaceFalseWithTrue", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer",
        "ZeroIterationForLoop", "ExceptionReplacer")),
    "sql/ReplaceInSql",
)  # fmt: skip


class ReplaceInSql(Operator):
    """Changes one comparison, condition or order in a string that looks like SQL."""

    SWAPS = (
        (r">=", ">"), (r"<=", "<"), (r"(?<=\s)>(?=\s)", ">="), (r"(?<=\s)<(?=\s)", "<="), (r"<>", "="),
        (r"\bIS NOT NULL\b", "IS NULL"), (r"\bIS NULL\b", "IS NOT NULL"),
        (r"\bNOT EXISTS\b", "EXISTS"), (r"\bNOT IN\b", "IN"), (r"(?<!BETWEEN )(?<=\s)AND(?=\s)", "OR"),
        (r"(?<=\s)OR(?=\s)", "AND"), (r"\bDESC\b", "ASC"), (r"\bmin\(", "max("), (r"\bmax\(", "min("),
        (r"\bDISTINCT ", ""), (r"\bLEFT JOIN\b", "JOIN"), (r"\bORDER BY [\w.]+ IS NULL, ", "ORDER BY "),
    )  # fmt: skip
    SQL = re.compile(r"\b(SELECT|WHERE|AND|FROM|UPDATE|JOIN|ORDER BY|IS NULL|IS NOT NULL|UNION|EXISTS|BETWEEN)\b")
    BETWEEN = re.compile(r"\bBETWEEN\s+\S+\s+$")

    def _places(self, node: Any) -> Iterator[tuple[int, int, str]]:
        if node.type not in ("string", "fstring_string") or not self.SQL.search(node.value) or _is_docstring(node):
            return
        for pattern, other in self.SWAPS:
            for found in re.finditer(pattern, node.value):
                if not (found[0] == "AND" and self.BETWEEN.search(node.value[: found.start()])):
                    yield found.start(), found.end(), other

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        for start, _end, _other in self._places(node):
            before = node.value[:start].split("\n")
            line = node.start_pos[0] + len(before) - 1
            column = len(before[-1]) + (node.start_pos[1] if len(before) == 1 else 0)
            yield (line, column), (line, column + 1)

    def mutate(self, node: Any, index: int) -> Any:
        start, end, other = list(self._places(node))[index]
        node.value = node.value[:start] + other + node.value[end:]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def _is_docstring(node: Any) -> bool:
    return node.parent.type == "simple_stmt" and '"""' in node.value and node.parent.children[0] is node


OPERATOR_PROVIDERS["sql"] = {"ReplaceInSql": ReplaceInSql}


@dataclass(frozen=True)
class Mutant:
    """One change to one module."""

    area: str
    module: str
    line: int
    column: int
    operator: str
    occurrence: int


def mutants(area: str) -> Iterator[Mutant]:
    """All changes that could be made to the modules of an area."""
    for module in AREAS[area][0].split():
        path = ROOT / "fieldapp" / f"{module}.py"
        tree = get_ast_from_path(path)
        for name in OPERATORS:
            operator = get_operator(name)()
            positions = ((n, p) for n in ast_nodes(tree) for p in operator.mutation_positions(n))
            for occurrence, (node, (start, _end)) in enumerate(positions):
                if not _is_trivial(node):
                    yield Mutant(area, module, *start, name.split("/")[1], occurrence)


def _is_trivial(node: Any) -> bool:
    """Whether a change there says nothing: in the arguments of a decorator."""
    while node is not None and node.type != "decorator":
        node = node.parent
    return node is not None


def run(mutant: Mutant, python: str) -> dict[str, Any]:
    """Make the change, run the tests of the area until one fails, and put the module back."""
    path = ROOT / "fieldapp" / f"{mutant.module}.py"
    provider = "sql" if mutant.operator == "ReplaceInSql" else "core"
    spec = MutationSpec(
        path, f"{provider}/{mutant.operator}", mutant.occurrence, (mutant.line, mutant.column), (mutant.line + 1, 0)
    )
    quiet = "-x -q --no-header --tb=line -p no:cacheprovider -p no:xdist"
    command = f"{python} -m pytest {quiet} {AREAS[mutant.area][1]}"
    began = time.monotonic()
    result = mutate_and_test([spec], command, SECONDS)
    seconds = round(time.monotonic() - began, 1)
    by = re.findall(r"^FAILED (\S+)|^ERROR (\S+)", result.output or "", re.MULTILINE)
    return {
        **asdict(mutant),
        "outcome": result.test_outcome.value if result.test_outcome else result.worker_outcome.value,
        "seconds": seconds,
        "by": "".join(by[0]) if by else (result.output or "")[-200:] if result.is_killed else "",
        "diff": "\n".join(x for x in (result.diff or "").splitlines() if re.match(r"[-+](?![-+])", x)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=", ".join(AREAS))
    parser.add_argument("--sample", type=int, default=32, help="mutants of each area")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--python", default=sys.executable, help="that runs the tests")
    parser.add_argument("--out", type=Path, default=Path("mutation.jsonl"))
    given = parser.parse_args()
    changed = subprocess.run(["git", "status", "--porcelain", "fieldapp"], cwd=ROOT, capture_output=True, check=True)
    if changed.stdout:
        sys.exit("fieldapp/ has changes that are not committed: run this in a checkout of its own")
    done = [json.loads(line) for line in given.out.read_text().splitlines()] if given.out.exists() else []
    known = {(d["module"], d["operator"], d["occurrence"]) for d in done}
    for area in given.areas or AREAS:
        every = list(mutants(area))
        chosen = random.Random(f"{given.seed} {area}").sample(every, min(given.sample, len(every)))
        print(f"{area}: {len(chosen)} of {len(every)}", flush=True)
        for mutant in chosen:
            if (mutant.module, mutant.operator, mutant.occurrence) in known:
                continue
            result = run(mutant, given.python)
            done.append(result)
            with given.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")
            print(f"{result['outcome']:9} {result['seconds']:5} {mutant.module}.py:{mutant.line}", flush=True)
    for area in AREAS:
        outcomes = Counter(d["outcome"] for d in done if d["area"] == area)
        if outcomes:
            killed = outcomes.total() - outcomes["survived"]
            print(f"{area:10} {killed} of {outcomes.total()} killed, {killed * 100 // outcomes.total()} %")
    for d in done:
        if d["outcome"] == "survived":
            print(f"\n{d['module']}.py:{d['line']} {d['operator']}\n{d['diff']}")


if __name__ == "__main__":
    main()
