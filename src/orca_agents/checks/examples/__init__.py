"""Checks of few-shot tasks: a hidden rule that runs, no simpler one beside it, outputs in one form."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.examples import item
from orca_agents.checks.examples.induced import InducedFormat
from orca_agents.records import Instruction


def _without_examples(instruction: Instruction) -> Instruction | None:
    """The item with its request and last input alone. A function cannot be asked for without examples."""
    if instruction.form != "induced" or not instruction.parts.get("query"):
        return None
    parts = {"inputs": (), "outputs": (), "query": instruction.parts["query"]}
    return instruction.model_copy(update={"parts": parts, "history": ()})


FORMATS: tuple[AnswerFormat, ...] = (InducedFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("rule_reproduces", "instruction", item.why_not_reproduced,
          "the hidden rule, run in the sandbox, gives all outputs and the key, and is no look-up table"),
    Check("one_rule_fits", "instruction", item.why_ambiguous,
          "every simple rule that fits the examples gives the same answer"),
    Check("key_in_example_form", "instruction", item.why_key_in_other_form, "the key has the form of the outputs"),
    Check("examples_clean", "instruction", item.why_given_away, "neither rule nor answer stand in the request"),
    Check("samples_shown", "instruction", item.why_no_samples, "a graded task shows three samples or more"),
    Check("examples_refined", "instruction", item.why_not_refined, "the edit does what its goal asks"),
    Check("steps_add_up", "instruction", item.why_steps_wrong, "sums in worked steps are right, in examples and key"),
    Check("piece_is_new", "draft", item.why_copied, "a piece in the manner of samples is not copied from them"),
    Check("answer_in_example_form", "draft", item.why_answer_in_other_form, "the answer has the form of the outputs"),
)  # fmt: skip
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = (
    Probe(
        name="without_examples",
        about="a solver who sees no example should not find the answer",
        view=_without_examples,
        expects="wrong",
        # one of two classes is guessed every other time: a hit is worth knowing, and no proof against the item
        otherwise="tag",
        reason="a solver found the answer without any example",
        tag="no_examples_needed",
    ),
)
