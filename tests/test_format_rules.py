"""A rule for the form of the reply: added to a share of the items, put to the student, and checked by program."""

from typing import Any

import pytest

from orca_agents import Seed, SkillRun, run_skill
from orca_agents.models.api import Request
from orca_agents.testing import ScriptedModel

MILL = (
    "The mill at Corran Ferry ground oats for two hundred years. In 1911 the railway brought cheap flour from the "
    "port, and within ten years the wheel stood still. A schoolteacher, Isla Munro, bought the ruin in 1962 for 400 "
    "pounds."
)
RULE = "Answer in one line that begins with the word Buyer and a colon, after one sentence of reasons."


def run(reply: str, *, rule: dict[str, Any] | None = None, formats: float = 1.0) -> tuple[SkillRun, ScriptedModel]:
    told = {
        "reasoning": "The passage says that a schoolteacher bought the ruin in 1962, and it gives her name.",
        "evidence": ["A schoolteacher, Isla Munro, bought the ruin in 1962"],
        "answerable": "yes",
        "answer": "Isla Munro",
        "reply": reply,
        "question": "Who bought the ruined mill?",
        "suggestions": ["none"],
        **(rule or {"rule": RULE, "constraints": ["contains: Buyer", "max_words: 40"]}),
        "suitable": "yes",
        "why_not": "",
    }

    def answer(request: Request) -> dict[str, Any]:
        fields = list((request.schema or {})["properties"])
        here = {name: told[name] for name in fields}
        if "suggestions" in fields:
            here |= {"suitable": "no", "why_not": "hard enough"}
        elif fields[0] == "suitable" and rule and "rule" in fields:
            here |= {"suitable": rule.get("suitable", "yes")}
        return here

    teacher = ScriptedModel({"": answer})
    options: dict[str, Any] = {"leaves": ["literal_comprehension"], "transformers": ["identity"], "formats": formats}
    seed = Seed(text=MILL, language="en")
    return run_skill("reading_comprehension", seed, model=teacher, **options), teacher


def test_the_rule_stands_in_the_question_and_the_reply_keeps_it() -> None:
    reply = "The passage names the schoolteacher who bought the ruin.\nBuyer: Isla Munro"
    made, teacher = run(reply)
    example = made.examples[0]
    assert example.messages[0].content.rstrip().endswith(RULE) or RULE in example.messages[0].content
    assert example.messages[-1].content == reply
    assert example.metadata.hidden["format"] == ("contains: Buyer", "max_words: 40")
    solvers = [it for it in teacher.requests if "candidate in a reading test" in it.messages[0]["content"]]
    assert solvers
    assert not any(RULE in message["content"] for it in solvers for message in it.messages)


def test_a_reply_that_breaks_the_rule_is_stopped() -> None:
    made, _ = run("The schoolteacher Isla Munro bought the ruin.")
    assert [rejection.check for rejection in made.rejections] == ["format_kept"]
    assert "contains: Buyer" in made.rejections[0].reason


def test_a_reply_that_loses_the_answer_is_stopped() -> None:
    made, _ = run("A teacher did.\nBuyer: somebody from the school")
    assert [rejection.check for rejection in made.rejections] == ["format_kept"]
    assert "does not hold the answer" in made.rejections[0].reason


def test_a_rule_that_is_not_about_form_is_handed_in_again_and_then_fails() -> None:
    made, _ = run("Buyer: Isla Munro", rule={"rule": RULE, "constraints": ["colour: red"]})
    assert [failure.error for failure in made.failures] == ["UnparsableError"]


def test_an_item_without_room_for_a_rule_stays_as_it_is_and_says_so() -> None:
    made, _ = run("-", rule={"rule": "-", "constraints": ["max_words: 9"], "suitable": "no"})
    assert made.examples[0].metadata.tags[0] == "no_format_rule"
    assert made.examples[0].messages[-1].content.endswith("Answer: Isla Munro")


def test_no_rule_is_asked_for_unless_the_run_says_so() -> None:
    made, teacher = run("-", formats=0.0)
    assert made.examples
    assert not any("rule" in (request.schema or {}).get("properties", {}) for request in teacher.requests)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_items_is_about_what_was_asked_for(share: float) -> None:
    from orca_agents.stages.formatting import wants_rule
    from tests.checks.gate_cases import case

    item = case("Who bought the mill?", ("Isla Munro",)).instruction
    assert item is not None

    class Wish:
        formats = share

    drawn = sum(wants_rule(Wish(), item.model_copy(update={"id": str(n)})) for n in range(1000))  # type: ignore[arg-type]
    assert drawn == pytest.approx(1000 * share, abs=45)
