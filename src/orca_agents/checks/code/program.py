"""Answers that are Python programs: judged by tests that another agent wrote and nobody who answers has seen."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts, Lab
from orca_agents.checks.code import rules, speed
from orca_agents.checks.code.python_code import CodeProblem, definitions, is_bare, why_no_python
from orca_agents.checks.code.task import hidden_tests, interface_of, plan_and_code, shown_interface, solution
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.fences import fenced, without_fence
from orca_agents.harvest import Field, Product
from orca_agents.records import Answer, AnswerForm, Instruction

GIVEN_CHARS = 6000
ANSWER_CHARS = 10_000
_GIVEN = {
    "right": "the Python code that the task is about, as the student is given it: it works, and is what the answer "
    "must behave like. Complete, with its imports; ten to eighty lines",
    "wrong": "the Python code that the task is about, as the student is given it, with the fault in it and no word "
    "about it. Complete, with its imports; ten to eighty lines",
    "partial": "the Python code that the student is to complete, with its imports. Each gap is the line "
    "`# TODO: what belongs here`, followed by `...` or `pass`",
    "foreign": "the code that is to be translated, complete, in its own language; ten to eighty lines",
    "module": "the Python module whose functions the answer has to call: complete, with a docstring on each public "
    "function and class; twenty to a hundred lines, the standard library alone",
}
"""What `given:` in the settings of a leaf may say: what the student starts from."""


class CodeFormat(AnswerFormat):
    """A program, written, completed, mended, made better or translated."""

    name: AnswerForm = "code"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        kind = str(leaf.settings.get("given", "none"))
        fields = []
        if kind != "none":
            fields.append(Field("given", f"{_GIVEN[kind]}. Code alone, no fence", max_chars=GIVEN_CHARS))
        if kind == "wrong":
            about = "the same code put right: as few lines changed as the fault needs. The student never sees it"
            fields.append(Field("reference", about, max_chars=GIVEN_CHARS))
        if kind == "foreign":
            fields.append(Field("language", "its language, as a fence names it: javascript, java, go, rust, cpp, ...",
                                max_chars=30))  # fmt: skip
        if kind == "module":
            fields.append(Field("module", "the module's name, as in `import ratelimit`", max_chars=40))
        if kind in ("none", "foreign", "module"):
            fields.append(
                Field(
                    "interface",
                    "what the answer must define, as a Python stub: each function or class of it with parameters, "
                    "types and `...` as its body. Names as in the question",
                    max_chars=2000,
                )
            )
        rule_lines = (
            f"each demand of the question that can be seen in the text of a program, one a line: {rules.NOTATION}"
        )
        fields.append(Field("rules", f"{rule_lines}. None where it makes none", many=True, max_chars=80, max_items=5,
                            optional=True))  # fmt: skip
        return tuple(fields)

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        lines = tuple(line.strip() for line in product["rules"])
        for line in lines:
            try:
                rules.read_rule(line)
            except rules.RuleProblem as problem:
                raise UnparsableError(f"'rules': {problem}") from None
        parts: dict[str, tuple[str, ...]] = {
            name: (without_fence(product[name][0]),)
            for name in ("given", "interface", "language", "module")
            if product.get(name)
        }
        parts |= {
            name: (parts[name][0].strip().removesuffix(".py"),) for name in ("language", "module") if name in parts
        }
        kind = str(leaf.settings.get("given", "none"))
        key = (without_fence(product["reference"][0]),) if kind == "wrong" else ()
        return ItemParts(parts=parts, key=key, hidden={"given_is": (kind,), "rules": lines})

    def shown(self, instruction: Instruction, language: str | None) -> str:
        pieces = [instruction.question]
        if given := instruction.parts.get("given"):
            kind = instruction.hidden["given_is"][0]
            name = instruction.parts["language"][0].lower() if kind == "foreign" else "python"
            pieces += [f"`{instruction.parts['module'][0]}.py`:"] if kind == "module" else []
            pieces.append(fenced(given[0], name))
        if "interface" in instruction.parts:
            pieces.append(shown_interface(instruction, language))
        return "\n\n".join(pieces)

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (
            Field("answer", "the whole program, as it would stand in one file: code alone, no fence, no words "
                  "around it", max_chars=ANSWER_CHARS),
            Field("notes", "one to three sentences that belong under the code: a choice that is not obvious, what it "
                  "costs, where it ends. Empty if there is nothing to say", max_chars=600, optional=True),
        )  # fmt: skip

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (without_fence(product["answer"][0]), *(note.strip() for note in product.get("notes", ())))

    def problems(self, instruction: Instruction) -> list[str]:
        kind = instruction.hidden.get("given_is", ("none",))[0]
        given = instruction.parts.get("given", ("",))[0]
        found = []
        if kind == "foreign":
            if why_no_python(given) is None:
                found.append("the code to be translated is Python already; take some in another language")
        elif kind != "none" and (reason := why_no_python(given)):
            found.append(f"the given code is no Python: {reason}")
        if kind == "partial" and "TODO" not in given:
            found.append("the given code has no gap; mark it with `# TODO: ...`")
        if kind == "module" and not instruction.parts.get("module", ("",))[0].isidentifier():
            found.append("the module's name is no name that Python could import")
        try:
            wanted = definitions(interface_of(instruction))
            full = [name for name, node in wanted.items() if not is_bare(node)]
            if "interface" in instruction.parts and full:
                found.append(f"the interface says how `{full[0]}` works; write `...` as its body")
            if not wanted:
                found.append("no public function or class is asked for; name what the answer has to define")
        except CodeProblem as problem:
            found.append(f"the interface is no Python: {problem}; write `def name(parameters): ...`")
        if kind == "wrong" and (reason := why_no_python(instruction.key[0] if instruction.key else "")):
            found.append(f"the reference is no Python: {reason}")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """By the text alone; `is_right` runs the programs."""
        return a[:1] == b[:1] and bool(a)

    async def is_right(self, answer: Answer, instruction: Instruction, lab: Lab | None) -> bool:
        if not (answer.value and instruction.proof.get("tests") and lab) or why_no_python(answer.value[0]):
            return False
        if rules.why_broken(answer.value[0], instruction.hidden.get("rules", ())):
            return False
        report = await lab.run_tests(solution(instruction, answer.value[0]), hidden_tests(instruction))
        if not report.all_passed:
            return False
        return await speed.why_slow(answer.value[0], instruction, lab) is None

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return fenced(value[0], "python") if value else ""

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        return plan_and_code(answer, self.final(answer.value, instruction))
