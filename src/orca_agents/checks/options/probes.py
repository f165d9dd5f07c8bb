"""What a solver finds who sees the options without the question, or who has to speak for every one of them."""

from __future__ import annotations

from orca_agents.checks.options.stems import is_assertion_reason
from orca_agents.records import Instruction

WITHHELD = "(The question is withheld. Which of these options looks most like the right answer to some question?)"
CRITIC = (
    "Now be the critic of this question. Go through the options one by one and make the strongest honest case that "
    "each of them is a right answer: another sense of a word, an exception, a case that the question does not rule "
    "out. Then drop every option whose case does not hold. Give the letters of all the options that an informed "
    "person could still defend as right; they may be one or several."
)


def without_stem(instruction: Instruction) -> Instruction | None:
    """Probe `options_only`: the options alone."""
    if instruction.form not in ("choice", "choices") or is_assertion_reason(instruction):
        return None
    empty = instruction.content.model_copy(update={"text": ""})
    return instruction.model_copy(update={"question": WITHHELD, "content": empty, "history": ()})


def for_critic(instruction: Instruction) -> Instruction | None:
    """Probe `defend_the_others`: the item as one on which several options may be right."""
    if instruction.form not in ("choice", "choices"):
        return None
    return instruction.model_copy(update={"question": f"{instruction.question}\n\n{CRITIC}", "form": "choices"})
