"""Answers that are SQL queries: run in SQLite beside a reference, on rows that are shown and on others."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from orca_agents.checks.api import AnswerFormat, Case, ItemParts, Lab, Proof
from orca_agents.checks.code.task import plan_and_code
from orca_agents.config import Leaf
from orca_agents.fences import fenced, without_fence
from orca_agents.harvest import Field, Product
from orca_agents.records import Answer, AnswerForm, Instruction
from orca_agents.sandbox.api import Limits

MOST_ROWS = 200
LIMITS = Limits(wall_s=15, cpu_s=10, memory_mb=512, output_bytes=2_000_000)

_RUN = """
import json, sqlite3, sys

asked = json.loads(sys.stdin.read())

def plain(value):
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, bytes):
        return "x" + value.hex()
    return value

def turn_round(base):
    # the same rows in the opposite order, which no question asks for: what then changes was left to chance
    base.execute("PRAGMA reverse_unordered_selects = ON")
    tables = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    tables = tables.fetchall()
    if any("COLLATE" in sql.upper() or "VIRTUAL" in sql.upper() for _, sql in tables):
        return  # a copy would compare its texts in another way
    base.execute("PRAGMA legacy_alter_table = ON")
    for name, _ in tables:
        quoted = '"%s"' % name.replace('"', '""')
        base.execute("CREATE TABLE _turned AS SELECT * FROM " + quoted)
        base.execute("DROP TABLE " + quoted)
        base.execute("ALTER TABLE _turned RENAME TO " + quoted)
    base.commit()

def rows_of(script, query, backwards):
    base = sqlite3.connect(":memory:")
    steps = [0]
    def count():
        steps[0] += 1
        return steps[0] > 300
    try:
        for part in script:
            base.executescript(part)
        base.commit()
        if backwards:
            turn_round(base)
        base.execute("PRAGMA query_only = ON")
        base.set_progress_handler(count, 100000)
        found = base.execute(query)
        if found.description is None:
            return {"error": "it returns no rows: write a SELECT"}
        rows = found.fetchmany(asked["most"] + 1)
        if len(rows) > asked["most"]:
            return {"error": "it returns more than %s rows" % asked["most"]}
        return {"columns": len(found.description), "rows": [[plain(value) for value in row] for row in rows]}
    except (sqlite3.Error, sqlite3.Warning, ValueError, TypeError) as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}

told = []
for script in asked["scripts"]:
    for query in asked["queries"]:
        told.append([rows_of(script, query, False), rows_of(script, query, True)])
print(json.dumps(told))
"""


_DIALECT = (
    "One query, for SQLite.",
    "The database is SQLite; a single SELECT, please.",
    "We use SQLite. Please give me one statement.",
    "Write it as one SQLite query.",
)
_SELECT = re.compile(r"(?:\s|--[^\n]*\n|/\*[^*]*\*/|\()*(?:select|with|values)\b", re.IGNORECASE)


class QueryFormat(AnswerFormat):
    """One query over a schema with a few rows."""

    name: AnswerForm = "query"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field("schema", "SQLite statements that the student is shown: CREATE TABLE for one to four tables, then "
                  "INSERT with five to thirty rows in all. SQL alone, no fence", max_chars=5000),
            Field("ordered", "whether the question asks for the rows in a certain order", choices=("yes", "no")),
            Field("query", "the right query, one SELECT for SQLite (WITH is fine). SQL, no fence", max_chars=2000),
        )  # fmt: skip

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        return ItemParts(
            parts={"schema": (without_fence(product["schema"][0]),)},
            key=(without_fence(product["query"][0]),),
            hidden={"ordered": (product["ordered"][0],)},
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        is_english = language in (None, "en")
        dialect = random.Random(f"query/{instruction.id}").choice(_DIALECT) if is_english else "(SQLite)"
        return f"{instruction.question}\n\n{fenced(instruction.parts['schema'][0], 'sql')}\n\n{dialect}"

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field("answer", "one SELECT statement for SQLite (WITH is fine): SQL alone, no fence", max_chars=3000),
            Field("notes", "one or two sentences that belong under the query: how ties, NULL or missing rows come out. "
                  "Empty if there is nothing to say", max_chars=500, optional=True),
        )  # fmt: skip

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (without_fence(product["answer"][0]), *(note.strip() for note in product.get("notes", ())))

    def problems(self, instruction: Instruction) -> list[str]:
        found = []
        schema = instruction.parts["schema"][0].lower()
        if "create table" not in schema or "insert" not in schema:
            found.append("the schema must create its tables and insert rows")
        if not instruction.key or not _SELECT.match(instruction.key[0]):
            found.append("the query must be one SELECT")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """By the text alone; `is_right` runs both."""
        return a[:1] == b[:1] and bool(a)

    async def is_right(self, answer: Answer, instruction: Instruction, lab: Lab | None) -> bool:
        if not answer.value or lab is None:
            return False
        return await why_other_rows(answer.value[0], instruction, lab) is None

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return fenced(value[0], "sql") if value else ""

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        return plan_and_code(answer, self.final(answer.value, instruction))


class RowsProof(Proof):
    """Further rows, on which queries that are almost right give something else."""

    name = "rows"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        about = (
            "INSERT (or UPDATE, DELETE) statements for SQLite that are run after the shown ones: five to twenty rows "
            "on which a query that is almost right fails: ties, NULL, no match, duplicates, borders. SQL, no fence"
        )
        return (Field("rows", about, max_chars=4000),)

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        return {"rows": (without_fence(product["rows"][0]),)}


async def why_query_unsound(case: Case) -> str | None:
    """Check `query_runs`: the schema loads, and the reference query gives rows that the question decides."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if item.form != "query":
        return None
    assert case.lab is not None, "this check needs a lab"
    found = await _run(item, [(item.parts["schema"][0],)], [item.key[0]], case.lab)
    if isinstance(found, str):
        return found
    forwards, backwards = found[0]
    if "error" in forwards:
        return f"the reference query or the schema does not run: {forwards['error']}"
    if not forwards["rows"]:
        return "the reference query returns no rows on the rows shown; a student could not see what is meant"
    return _why_undecided(forwards, backwards, item)


async def why_rows_unsound(case: Case) -> str | None:
    """Check `rows_sound`: the hidden rows load, change the result, and leave it decided."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if "rows" not in item.proof:
        return None
    assert case.lab is not None, "this check needs a lab"
    schema, rows = item.parts["schema"][0], item.proof["rows"][0]
    found = await _run(item, [(schema,), (schema, rows)], [item.key[0]], case.lab)
    if isinstance(found, str):
        return found
    (shown, _), (hidden, backwards) = found
    if "error" in hidden:
        return f"the rows do not load: {hidden['error']}"
    if hidden == shown:
        return "the result of the task is the same with your rows and without; add rows that change it"
    return _why_undecided(hidden, backwards, item)


async def why_query_fails(case: Case) -> str | None:
    """Check `answer_query_runs`: the answer runs on the rows that the student sees."""
    draft = case.draft
    assert draft is not None, "this check needs a draft"
    item = draft.instruction
    if item.form != "query":
        return None
    assert case.lab is not None, "this check needs a lab"
    found = await _run(item, [(item.parts["schema"][0],)], [draft.answer.value[0]], case.lab)
    if isinstance(found, str):
        return found
    return f"the query does not run: {found[0][0]['error']}" if "error" in found[0][0] else None


async def why_other_rows(query: str, item: Instruction, lab: Lab) -> str | None:
    """Where a query gives something else than the reference, or `None`."""
    schema, rows = item.parts["schema"][0], item.proof.get("rows", ())
    scripts: list[tuple[str, ...]] = [(schema,), *((schema, more) for more in rows)]
    found = await _run(item, scripts, [item.key[0], query], lab)
    if isinstance(found, str):
        return found
    for (wanted, _), (got, _) in zip(found[::2], found[1::2], strict=True):
        if "error" in got or "error" in wanted:
            return str(got.get("error") or wanted.get("error"))
        if not _same_rows(wanted, got, item):
            return f"it gives {str(got['rows'])[:200]} instead of {str(wanted['rows'])[:200]}"
    return None


def _why_undecided(forwards: dict[str, Any], backwards: dict[str, Any], item: Instruction) -> str | None:
    if "error" in backwards or not _same_rows(forwards, backwards, item):
        return (
            "the result hangs on the order in which SQLite happens to read the rows: ties in ORDER BY, or a LIMIT that "
            "nothing decides; say in the task how ties are broken, or choose rows without ties"
        )
    return None


def _same_rows(a: dict[str, Any], b: dict[str, Any], item: Instruction) -> bool:
    if a["columns"] != b["columns"] or len(a["rows"]) != len(b["rows"]):
        return False
    left, right = a["rows"], b["rows"]
    if item.hidden.get("ordered", ("no",))[0] != "yes":
        left, right = sorted(left, key=_place), sorted(right, key=_place)
    return all(_same_value(x, y) for one, two in zip(left, right, strict=True) for x, y in zip(one, two, strict=True))


def _place(row: list[Any]) -> list[tuple[int, float, str]]:
    return [(0, float(value), "") if isinstance(value, int | float) else (1, 0.0, repr(value)) for value in row]


def _same_value(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))
    return type(a) is type(b) and bool(a == b)


async def _run(
    item: Instruction, scripts: list[tuple[str, ...]], queries: list[str], lab: Lab
) -> list[list[dict[str, Any]]] | str:
    """For each script and each query what it gives, with rows read forwards and backwards; or what went wrong."""
    asked = json.dumps({"scripts": scripts, "queries": queries, "most": MOST_ROWS})
    ran = await lab.run_python(_RUN, stdin=asked, limits=LIMITS)
    if not ran.ok:
        last = ran.stderr.strip().splitlines()[-1:] or [f"exit code {ran.exit_code}"]
        return f"the query was stopped ({ran.stopped})" if ran.stopped else f"the query cannot be run: {last[0][:300]}"
    found: list[list[dict[str, Any]]] = json.loads(ran.stdout)
    return found
