"""Items as a very small model writes them: each must be stopped by at least one gate, and quickly."""

import time

import pytest

from orca_agents.checks.api import Case
from tests.checks.gate_cases import MILL, READING, SALT, TEA, case, reason

GENERIC = (
    "The passage is about the passage",
    "The passage is a passage",
    "The author is an author",
    "The text is about the text",
)
NONSENSE = {
    "asks for the main idea of anything": case(
        "What is the main idea of the passage?", ("The main idea is the passage",)
    ),
    "states instead of asking": case(
        "The passage is about the importance of the mill and the community.", ("the mill",)
    ),
    "copies a sentence": case("In 1962 a schoolteacher, Isla Munro, bought the ruin for 400 pounds.", ("400 pounds",)),
    "answers itself": case("Who is Isla Munro, the schoolteacher who bought the ruin?", ("Isla Munro",)),
    "asks about something else": case("What are the benefits of regular exercise for the heart?", ("It is healthy",)),
    "invents its key": case("Who bought the mill?", ("President Abraham Lincoln",)),
    "gives the question as the key": case("Who bought the mill?", ("Who bought the mill?",)),
    "goes round in circles": case("What is the mill and what is the mill and what is the mill and what is the mill?"),
    "has placeholders for options": case(
        "Why did the wheel stop?",
        ("A",),
        form="choice",
        parts={"options": ("Option A text", "Option B text", "Option C text", "Option D text")},
    ),
    "has empty options": case("What is the passage about?", ("A",), form="choice", parts={"options": GENERIC}),
    "has the same option four times": case(
        "Why did the wheel stop?",
        ("A",),
        form="choice",
        parts={"options": ("The flour", "the flour", "The flour.", "Flour")},
    ),
    "computes with numbers from nowhere": case(
        "How many pounds did the mill cost?", ("42", "pounds"), form="number", calculation="40 + 2"
    ),
    "repeats its prompt": case(
        "Who bought the mill? The question can be answered from the passage and from nothing else.",
        prompts=("Write it so that the question can be answered from the passage and from nothing else.",),
    ),
    "talks to the user": case("Sure! Here is a question about the passage: Who bought the mill?"),
    "writes JSON into a field": case('{"question": "Who bought the mill?", "answer": "Isla"}'),
    "quotes what nobody wrote": case(evidence=("Isla Munro was a famous scientist who loved the mill.",)),
    "reasons about nothing": case(reasoning="The answer is Isla Munro."),
    "reasons for another letter": case(
        "Why did the wheel stop?",
        ("B",),
        form="choice",
        parts={"options": ("No water came", "Cheap flour arrived", "The miller left", "A war began")},
        reasoning="The passage states that the water stopped. The correct answer is A.",
    ),
    "lists the whole exam": case(
        "1. Who bought the mill?\n2. When was it built?\n3. What did it grind?\n4. Who visits it?"
    ),
    "asks for a blank without one": case(
        "Fill in the blank with the right word about the mill.", ("mill",), form="blank"
    ),
    "asks in English about a Chinese text": case(
        "What does the owner do for the children?", ("书架",), passage=TEA, language="zh"
    ),
    "answers in English about a Spanish text": case(
        "¿Qué aves anidan en los estanques?",
        ("los flamencos",),
        passage=SALT,
        language="es",
        evidence=("Hoy los flamencos anidan en ellos",),
        reasoning="The passage says that the flamingos nest in the ponds, so this is the answer to the question.",
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_stopped(name: str) -> None:
    item = NONSENSE[name]
    assert [check for check, gate in READING.items() if gate.at != "content" and reason(check, item)]


def test_every_reason_is_one_line_that_its_author_can_read() -> None:
    reasons = [found for item in NONSENSE.values() for check in READING if (found := reason(check, item))]
    assert len(reasons) > len(NONSENSE)
    assert all(len(found) < 400 and "\x1f" not in found for found in reasons)


def long_case() -> Case:
    names = ("oats", "barley", "slate", "timber", "wool", "peat", "salt", "rope", "glass", "paper")
    sentences = [
        f"In {1790 + at} the mill took {at * 7 + 3} sacks of {names[at % 10]} from farm number {at}, as the ledger "
        f"of Isla Munro tells us."
        for at in range(140)
    ]
    return case(passage=f"{' '.join(sentences)}\n\n{MILL}")


def test_the_gates_are_quick_on_a_long_passage() -> None:
    """A loose bound against squares and worse: all gates together, on about 3,000 words, on a busy machine."""
    item = long_case()
    for check in READING:
        reason(check, item)
    fresh = long_case()
    start = time.perf_counter()
    for check in READING:
        reason(check, fresh)
    assert time.perf_counter() - start < 1.0
