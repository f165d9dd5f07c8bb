"""Answers to a task that only its examples show."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts, Lab
from orca_agents.checks.degenerate import repeats_itself
from orca_agents.checks.examples.layout import draw_layout, history_of, layout_of, show
from orca_agents.checks.examples.numeric import same_number
from orca_agents.checks.examples.rule import apply_function, bare_code, why_no_rule
from orca_agents.checks.examples.shots import (
    FEWEST,
    FEWEST_REFINED,
    LONGEST,
    MOST,
    NOTATION,
    is_on,
    last_line,
    query_of,
    read_shots,
    shots_of,
    trimmed,
)
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import Answer, AnswerForm, Instruction

SETTINGS = ("executable", "code", "labels", "steps", "odd")
"""What a leaf's settings may turn on, see `agents/few_shot_reasoning`."""


class InducedFormat(AnswerFormat):
    """The output for a last input, or the function that makes all outputs."""

    name: AnswerForm = "induced"

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        code, odd = bool(leaf.settings.get("code")), bool(leaf.settings.get("odd"))
        shots = Field(
            "examples",
            f"{FEWEST} to {MOST} examples in all (fewer only where you were asked for fewer), each as {NOTATION}"
            + (". Inputs are Python arguments and outputs Python literals: `[3, 1], 2 => [6, 2]`" if code else ""),
            many=True,
            max_chars=LONGEST,
            min_items=FEWEST_REFINED,
            max_items=MOST,
        )
        # what decides comes first: examples that are made before their rule seldom follow one
        if code:
            return (
                Field("answer", "the function: Python code with `def f(...)`, which gives all outputs", max_chars=2500),
                shots,
                Field(
                    "further",
                    "3 to 8 further inputs in the same notation, borderline cases among them, without outputs",
                    many=True,
                    max_chars=200,
                    min_items=3,
                    max_items=8,
                ),
            )
        fields = [Field("rule", _about_rule(leaf), max_chars=3000), shots]
        if odd:
            about = "the number of the example whose output breaks the rule: 1 for the first"
            fields.append(Field("odd", about, max_chars=2))
        about = "the last input, whose output is asked for; not among the examples"
        fields.append(Field("query", about, max_chars=LONGEST))
        return (*fields, Field("answer", _about_answer(leaf), max_chars=LONGEST))

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        shots = read_shots(product["examples"])
        settings = tuple(name for name in SETTINGS if leaf.settings.get(name))
        question = product.get("question", ("",))[0].strip()
        layout = draw_layout(settings, shots)
        parts = {"inputs": tuple(shot.input for shot in shots), "outputs": tuple(shot.output for shot in shots)}
        hidden: dict[str, tuple[str, ...]] = {"settings": settings, "layout": (layout,)}
        if "code" in settings:
            source = bare_code(product["answer"][0])
            hidden |= {"rule": (source,), "further": tuple(text.strip() for text in product["further"])}
            return ItemParts(parts, (source,), hidden=hidden)
        parts["query"] = (trimmed(product["query"][0]),)
        hidden["rule"] = (bare_code(product["rule"][0]),)
        key = trimmed(product["answer"][0])
        if "odd" in settings:
            number = product["odd"][0].strip(" .#()")
            if not number.isdecimal() or not 1 <= int(number) <= len(shots):
                raise UnparsableError(f"'odd' is {number!r}; give the number of one of the {len(shots)} examples")
            hidden["odd"] = (str(int(number)),)
            key = f"{int(number)} | {key}"
        history = history_of(question, shots) if layout == "turns" else ()
        return ItemParts(parts, (key,), hidden=hidden, history=history)

    def shown(self, instruction: Instruction, language: str | None) -> str:
        return show(instruction, language)

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        if is_on(instruction, "code"):
            about = "the code alone: a Python module with `def f(...)`"
        elif is_on(instruction, "odd"):
            about = "the number of the odd example, `|`, and the output for the last input, and nothing else"
        else:
            about = "the output for the last input, in exactly the form that the outputs of the examples have"
        return (Field("answer", about, max_chars=2500),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        if is_on(instruction, "code"):
            return (bare_code(product["answer"][0]),)
        answer = trimmed(product["answer"][0])
        if not is_on(instruction, "odd"):
            return (answer,)
        number, bar, output = (part.strip() for part in answer.partition("|"))
        if not bar or not number.strip("#.() ").isdecimal() or not output:
            raise UnparsableError(f"'answer' is {answer[:60]!r}; it has the form `number | output`")
        return (f"{int(number.strip('#.() '))} | {output}",)

    def problems(self, instruction: Instruction) -> list[str]:
        shots, found = shots_of(instruction), []
        least = FEWEST_REFINED if instruction.goal == "fewer_shots" else FEWEST
        if not least <= len(shots) <= MOST:
            found.append(f"there must be {least} to {MOST} examples, not {len(shots)}")
        inputs = [shot.input for shot in shots]
        if twins := [text for text in dict.fromkeys(inputs) if inputs.count(text) > 1]:
            found.append(f"two examples have the same input {twins[0][:60]!r}")
        if query_of(instruction) in inputs:
            found.append("the last input is one of the examples")
        if len(instruction.key) != 1 or not instruction.key[0].strip():
            found.append("there must be one answer")
        elif repeats_itself(instruction.key[0]) and not is_on(instruction, "code") and "\n" not in instruction.key[0]:
            found.append("the answer goes round in circles")
        outputs = {shot.output for shot in shots}
        if len(outputs) == 1:
            found.append("all examples have the same output")
        if is_on(instruction, "labels"):
            found += _label_problems(instruction, outputs)
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        if not a or not b:
            return False
        left, right = trimmed(a[0]), trimmed(b[0])
        if is_on(instruction, "steps"):
            left, right = last_line(left), last_line(right)
            return left.casefold() == right.casefold() != "" or same_number(left, right)
        return left == right

    async def is_right(self, answer: Answer, instruction: Instruction, lab: Lab | None) -> bool:
        if not is_on(instruction, "code"):
            return self.same(instruction.key, answer.value, instruction)
        assert lab is not None, "functions are judged by running them: the skill needs a sandbox"
        inputs = [*instruction.parts["inputs"], *instruction.hidden["further"]]
        if why_no_rule(answer.value[0], "f", instruction.parts["inputs"]) is not None:
            return False
        own = await apply_function(lab, answer.value[0], inputs)
        wanted = await apply_function(lab, instruction.key[0], inputs)
        return not own.problem and not wanted.problem and own.outputs == wanted.outputs

    def reply(self, answer: Answer, instruction: Instruction, label: str) -> str:
        if is_on(instruction, "code"):
            return f"```python\n{answer.value[0]}\n```"
        if layout_of(instruction) == "explained":
            return f"{answer.reasoning}\n\n{answer.value[0]}"
        return answer.value[0]


def _about_rule(leaf: Leaf) -> str:
    if not leaf.settings.get("executable"):
        return "the rule in one or two sentences, as you would explain it to somebody who checks your key"
    output = "the final answer (the last line of the output, without a word before it)"
    return (
        "the rule as Python: `def rule(x: str) -> str:` which works out, from the text of an input, "
        f"{output if leaf.settings.get('steps') else 'the output'}; standard library only, no look-up of the examples"
    )


def _about_answer(leaf: Leaf) -> str:
    if leaf.settings.get("odd"):
        return "the right output for the last input, by the rule that all but one example follow"
    return "the right output for the last input, in exactly the form that the outputs of the examples have"


def _label_problems(instruction: Instruction, outputs: set[str]) -> list[str]:
    counts = {label: instruction.parts["outputs"].count(label) for label in outputs}
    if instruction.key and instruction.key[0] not in outputs:
        return [f"the answer {instruction.key[0][:60]!r} is a class of which there is no example"]
    crowded = max(counts, key=lambda label: counts[label])
    if counts[crowded] > 2 * min(counts.values()) + 1:
        return [f"most examples are {crowded!r}; show the classes about equally often"]
    return []
