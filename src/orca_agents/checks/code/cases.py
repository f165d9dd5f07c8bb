"""Answers that are tests: they must pass on the right program and fail on each of several wrong ones."""

from __future__ import annotations

import ast

from orca_agents.checks.api import AnswerFormat, Case, ItemParts, Lab
from orca_agents.checks.code.hidden_tests import TestsProof, told
from orca_agents.checks.code.passing import which_pass
from orca_agents.checks.code.python_code import CodeProblem, Function, definitions, parse, why_no_python, with_first
from orca_agents.checks.code.task import module_of, plan_and_code
from orca_agents.config import Leaf
from orca_agents.fences import fenced, without_fence
from orca_agents.harvest import Field, Product
from orca_agents.records import Answer, AnswerForm, Instruction

FEWEST_MUTANTS, MOST_MUTANTS = 3, 6
FEWEST_CASES = 3
ARROW = "==>"


class CasesFormat(AnswerFormat):
    """Unit tests for a module that the student is given."""

    name: AnswerForm = "cases"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        return (
            Field("given", "the Python module to be tested: complete and right, its docstrings say what it promises; "
                  "ten to sixty lines, the standard library alone. Code alone, no fence", max_chars=5000),
            Field("module", "the module's name, as in `import ratelimit`", max_chars=40),
        )  # fmt: skip

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        name = product["module"][0].strip().strip("`").removesuffix(".py")
        return ItemParts(parts={"given": (without_fence(product["given"][0]),), "module": (name,)}, key=())

    def shown(self, instruction: Instruction, language: str | None) -> str:
        given = fenced(instruction.parts["given"][0], "python")
        return f"{instruction.question}\n\n`{module_of(instruction)}.py`:\n\n{given}"

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        name = module_of(instruction)
        return (
            Field("answer", f"the module of tests: `from {name} import ...`, then functions `test_...` without "
                  "parameters, or a `unittest.TestCase`. No pytest; code alone, no fence", max_chars=8000),
            Field("notes", "one to three sentences to stand under the code: what is covered, what is left out. Empty "
                  "if there is nothing to say", max_chars=600, optional=True),
        )  # fmt: skip

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (without_fence(product["answer"][0]), *(note.strip() for note in product.get("notes", ())))

    def problems(self, instruction: Instruction) -> list[str]:
        found = []
        if not module_of(instruction).isidentifier() or module_of(instruction) in ("solution", "tests"):
            found.append("give the module a name that Python can import, of its own: `rates`, `schedule`")
        try:
            if not definitions(parse(instruction.parts["given"][0])):
                found.append("the module defines no public function or class")
        except CodeProblem as problem:
            found.append(f"the module is no Python: {problem}")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """By the text alone; `is_right` runs the tests."""
        return a[:1] == b[:1] and bool(a)

    async def is_right(self, answer: Answer, instruction: Instruction, lab: Lab | None) -> bool:
        if not answer.value or lab is None or not instruction.proof.get("mutants"):
            return False
        return await why_missing(answer.value[0], instruction, lab) is None

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return fenced(value[0], "python") if value else ""

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        return plan_and_code(answer, self.final(answer.value, instruction))


class MutantsProof(TestsProof):
    """Wrong versions of the given module, each one changed line, and tests that tell them from the right one."""

    name = "mutants"

    def fields(self, instruction: Instruction, leaf: Leaf) -> tuple[Field, ...]:
        about = (
            f"{FEWEST_MUTANTS} to {MOST_MUTANTS} bugs to plant, one a line, each as `OLD LINE {ARROW} NEW LINE`: a "
            "line of the module that stands there once, and the wrong line that takes its place. Each breaks something "
            "that the module promises"
        )
        field = Field("mutants", about, many=True, max_chars=300, min_items=FEWEST_MUTANTS, max_items=MOST_MUTANTS)
        return (*super().fields(instruction, leaf), field)

    def read(self, product: Product, instruction: Instruction) -> dict[str, tuple[str, ...]]:
        return {**super().read(product, instruction), "mutants": product["mutants"]}


def mutated(given: str, line: str) -> str:
    """The module with the bug that a line of the proof plants. Raises `CodeProblem` if it cannot be planted."""
    old, arrow, new = line.partition(ARROW)
    old, new = old.strip().strip("`").strip(), new.strip().strip("`").strip()
    if not (arrow and old):
        raise CodeProblem(f"{line!r} is not of the form `OLD LINE {ARROW} NEW LINE`")
    lines = given.splitlines(keepends=True)
    places = [at for at, text in enumerate(lines) if text.strip() == old]
    if len(places) != 1:
        raise CodeProblem(f"the line {old!r} stands {len(places)} times in the module, not once")
    whole = lines[places[0]]
    indent = whole[: len(whole) - len(whole.lstrip())]
    end = whole[len(whole.rstrip("\r\n")) :]
    wrong = "".join([*lines[: places[0]], f"{indent}{new or 'pass'}{end}", *lines[places[0] + 1 :]])
    if ast.dump(parse(wrong)) == ast.dump(parse(given)):
        raise CodeProblem(f"{line!r} changes nothing")
    return wrong


def renamed(tests: str, module: str) -> str:
    """Tests of a module as tests of `solution`, which is what the sandbox calls it. Raises `CodeProblem`."""
    return with_first(tests, f"import sys as _sys, solution as _solution; _sys.modules[{module!r}] = _solution")


async def why_missing(tests: str, item: Instruction, lab: Lab) -> str | None:
    """Why tests do not do their work: they fail on the right program, or let a wrong one pass."""
    try:
        asked = renamed(tests, module_of(item))
        wrong = [mutated(item.parts["given"][0], line) for line in item.proof["mutants"]]
    except CodeProblem as problem:
        return f"the tests are no Python: {problem}"
    report = await lab.run_tests(item.parts["given"][0], asked)
    if not report.all_passed:
        return f"they fail on the module as it is: {told(report)}"
    passed = await which_pass(wrong, asked, lab)
    alive = [line for line, has_passed in zip(item.proof["mutants"], passed, strict=True) if has_passed]
    return f"they also pass where `{alive[0]}` is changed" if alive else None


async def why_mutants_unsound(case: Case) -> str | None:
    """Check `mutants_sound`."""
    item = case.instruction
    assert item is not None, "this check needs an instruction"
    if "mutants" not in item.proof:
        return None
    assert case.lab is not None, "this check needs a lab"
    made = []
    for line in item.proof["mutants"]:
        try:
            made.append(mutated(item.parts["given"][0], line))
        except CodeProblem as problem:
            return str(problem)
    if len(set(made)) < FEWEST_MUTANTS:
        return f"plant at least {FEWEST_MUTANTS} different bugs"
    reason = await why_missing(item.proof["tests"][0], item, case.lab)
    return f"your own tests do not show that the bugs matter: {reason}" if reason else None


def why_no_cases(case: Case) -> str | None:
    """Check `tests_are_written`: the answer is a module of tests, of the given module, and enough of them."""
    draft = case.draft
    assert draft is not None, "this check needs a draft"
    item = draft.instruction
    if item.form != "cases":
        return None
    code = draft.answer.value[0]
    if reason := why_no_python(code):
        return f"the tests are no Python: {reason}"
    tree = parse(code)
    tests = [node.name for node in ast.walk(tree) if isinstance(node, Function) and node.name.startswith("test")]
    if len(set(tests)) < FEWEST_CASES:
        return f"there are only {len(set(tests))} tests; write at least {FEWEST_CASES}"
    if len(set(tests)) < len(tests) and not any(isinstance(node, ast.ClassDef) for node in tree.body):
        return "two tests have the same name, so that one of them never runs"
    redefined = set(definitions(parse(item.parts["given"][0]))) & set(definitions(tree))
    if redefined:
        return f"the tests define `{min(redefined)}` themselves; import it from `{module_of(item)}`"
    return None
