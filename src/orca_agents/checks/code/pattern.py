"""Answers that are regular expressions: run on strings that must and must not match, and never for long."""

from __future__ import annotations

import json
import random

from orca_agents.checks.api import AnswerFormat, Case, ItemParts, Lab, Proof
from orca_agents.checks.code.task import plan_and_code
from orca_agents.config import Leaf
from orca_agents.fences import fenced, without_fence
from orca_agents.harvest import Field, Product
from orca_agents.records import Answer, AnswerForm, Instruction
from orca_agents.sandbox.api import Limits

PATTERN_CHARS = 600
QUICK = Limits(wall_s=5, cpu_s=2, memory_mb=256)
"""What a pattern may take for all its strings together, of which the longest have a thousand characters."""
PUMPED = 1000
_WHOLE = (
    "The pattern has to match the whole string (Python, `re.fullmatch`).",
    "I will use it with Python's `re.fullmatch`.",
    "It is applied with `re.fullmatch` in Python, so it must cover the entire string.",
    "Python's `re` syntax, please; it goes into `re.fullmatch`.",
)

_RUN = """
import json, re, sys, warnings
warnings.simplefilter("ignore")
asked = json.loads(sys.stdin.read())
try:
    pattern = re.compile(asked["pattern"])
except (re.error, RecursionError, OverflowError, MemoryError) as error:
    print(json.dumps({"error": "it is no pattern: %s" % error}))
    raise SystemExit
found = [pattern.fullmatch(text) is not None for text in asked["texts"]]
print(json.dumps({"found": found}), flush=True)
for text in asked["long"]:
    pattern.fullmatch(text)
print("quick")
"""


class PatternFormat(AnswerFormat):
    """One regular expression for Python's `re.fullmatch`."""

    name: AnswerForm = "pattern"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field("matches", "strings that must match, shown to the student, each an item of its own and on one line",
                  many=True, max_chars=200, min_items=3, max_items=8),
            Field("rejects", "strings that must not match, shown to the student: near misses, each wrong in one way",
                  many=True, max_chars=200, min_items=3, max_items=8),
            Field("pattern", "the right pattern for Python's re.fullmatch: the bare expression, no quotes, no slashes",
                  max_chars=PATTERN_CHARS),
        )  # fmt: skip

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        return ItemParts(
            parts={"matches": product["matches"], "rejects": product["rejects"]}, key=(bare(product["pattern"][0]),)
        )

    def shown(self, instruction: Instruction, language: str | None) -> str:
        is_english = language in (None, "en")
        shown = [
            f"{title}\n\n{fenced(_listed(instruction.parts[name]))}"
            for name, title in (
                ("matches", "Must match:" if is_english else "\u2713"),
                ("rejects", "Must not match:" if is_english else "\u2717"),
            )
        ]
        how = random.Random(f"pattern/{instruction.id}").choice(_WHOLE) if is_english else "(Python, `re.fullmatch`)"
        return "\n\n".join((instruction.question, *shown, how))

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field("answer", "the bare regular expression on one line, as Python's re.fullmatch takes it: no quotes, no "
                  "slashes, no fence", max_chars=PATTERN_CHARS),
            Field("notes", "one to three sentences that belong under the pattern: what its parts do. Empty if there is "
                  "nothing to say", max_chars=500, optional=True),
        )  # fmt: skip

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (bare(product["answer"][0]), *(note.strip() for note in product.get("notes", ())))

    def problems(self, instruction: Instruction) -> list[str]:
        matches, rejects = instruction.parts["matches"], instruction.parts["rejects"]
        found = [f"{text!r} is to match and not to match" for text in matches if text in rejects]
        found += [f"{text!r} has a line break" for text in (*matches, *rejects) if "\n" in text]
        if len(set(matches)) < 3 or len(set(rejects)) < 3:
            found.append("show at least three different strings of each kind")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """By the text alone; `is_right` runs both."""
        return a[:1] == b[:1] and bool(a)

    async def is_right(self, answer: Answer, instruction: Instruction, lab: Lab | None) -> bool:
        if not answer.value or lab is None or not instruction.proof.get("must"):
            return False
        return await why_mismatch(answer.value[0], *_all_strings(instruction), lab) is None

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return fenced(value[0], "regex") if value else ""

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        return plan_and_code(answer, self.final(answer.value, instruction))


class StringsProof(Proof):
    """Further strings, hidden from those who answer."""

    name = "strings"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field("must", "five to twelve more strings that the task says must match, none of those shown", many=True,
                  max_chars=200, min_items=5, max_items=12),
            Field("must_not", "five to twelve more strings that the task says must not match, each wrong in one way "
                  "and near to a right one", many=True, max_chars=200, min_items=5, max_items=12),
        )  # fmt: skip

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        return {"must": product["must"], "must_not": product["must_not"]}


def bare(pattern: str) -> str:
    """The expression without a fence, a raw string's quotes or backticks around it; its own spaces stay."""
    text = without_fence(pattern)
    stripped = text.strip()
    for opening, closing in (('r"', '"'), ("r'", "'"), ("`", "`")):
        inner = stripped[len(opening) : -len(closing)]
        if stripped.startswith(opening) and stripped.endswith(closing) and inner and closing not in inner:
            return inner
    return text.strip("\r\n")


async def why_pattern_unsound(case: Case) -> str | None:
    """Check `pattern_fits`: the reference pattern does what the shown strings ask, and quickly."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if item.form != "pattern":
        return None
    assert case.lab is not None, "this check needs a lab"
    return await why_mismatch(item.key[0], item.parts["matches"], item.parts["rejects"], case.lab)


async def why_strings_unsound(case: Case) -> str | None:
    """Check `strings_sound`: the hidden strings agree with the reference pattern, which their author did not see."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if "must" not in item.proof:
        return None
    assert case.lab is not None, "this check needs a lab"
    both = set(item.proof["must"]) & set(item.proof["must_not"])
    if both:
        return f"{min(both)!r} is to match and not to match"
    new = set(item.proof["must"]) - set(item.parts["matches"])
    if len(new) < 3:
        return "think of strings that the student does not see: at least three new ones that must match"
    reason = await why_mismatch(item.key[0], item.proof["must"], item.proof["must_not"], case.lab)
    return f"by the task's own pattern {reason}; read the task again, or leave that string out" if reason else None


async def why_shown_mismatch(case: Case) -> str | None:
    """Check `answer_pattern_fits`: the answer does what the shown strings ask, and quickly."""
    draft = case.draft
    assert draft is not None, "this check needs a draft"
    item = draft.instruction
    if item.form != "pattern":
        return None
    assert case.lab is not None, "this check needs a lab"
    return await why_mismatch(draft.answer.value[0], item.parts["matches"], item.parts["rejects"], case.lab)


async def why_mismatch(pattern: str, must: tuple[str, ...], must_not: tuple[str, ...], lab: Lab) -> str | None:
    """Which string a pattern judges wrongly, or that it takes too long; `None` if it is right."""
    if len(pattern) > PATTERN_CHARS:
        return f"the pattern has {len(pattern)} characters; {PATTERN_CHARS} must do"
    texts = (*must, *must_not)
    asked = json.dumps({"pattern": pattern, "texts": texts, "long": _pumped(texts)})
    ran = await lab.run_python(_RUN, stdin=asked, limits=QUICK)
    told = ran.stdout.splitlines()
    if not told:
        return (
            f"the pattern takes too long on short strings ({ran.stopped or ran.exit_code}): it backtracks without end"
        )
    first = json.loads(told[0])
    if "error" in first:
        return str(first["error"])
    for text, found, wanted in zip(texts, first["found"], [True] * len(must) + [False] * len(must_not), strict=True):
        if found != wanted:
            return f"{text!r} {'does not match' if wanted else 'matches'}, and should{'' if wanted else ' not'}"
    return None if told[-1] == "quick" else "the pattern takes too long on a long string: it backtracks without end"


def _all_strings(item: Instruction) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        (*item.parts["matches"], *item.proof["must"]),
        (*item.parts["rejects"], *item.proof["must_not"]),
    )


def _pumped(texts: tuple[str, ...]) -> list[str]:
    """Long strings that almost match: each string again and again, and its characters, with an end that spoils."""
    found: dict[str, None] = {}
    for text in texts[:12]:
        found[f"{text * (PUMPED // max(1, len(text)))}\x00"] = None
        for at in {0, len(text) // 2, len(text) - 1}:
            found[f"{text[:at]}{text[at : at + 1] * PUMPED}\x00"] = None
    return list(found)


def _listed(texts: tuple[str, ...]) -> str:
    """One string a line; as JSON where spaces at an end or signs that cannot be seen would be lost."""
    odd = any(text != text.strip() or not text.isprintable() for text in texts)
    return "\n".join(json.dumps(text, ensure_ascii=False) if odd else text for text in texts)
