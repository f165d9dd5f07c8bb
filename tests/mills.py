"""A small skill about mills, its seeds, and what its teacher says to each request: by the request alone."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SKILL = """\
description: Facts about a mill.
agents:
  writer:
    description: Asks for one fact.
    system_message: You are the writer.
    task: "Kind: {{ leaf.name }}\\n\\n{{ passage }}"
    sampling: {temperature: 0.9, max_tokens: 200}
  suggester:
    description: Says how a question could be harder.
    system_message: You are the suggester.
    task: "{{ passage }}\\n\\n{{ question }}"
    sampling: {max_tokens: 200}
  editor:
    description: Makes the question harder.
    system_message: You are the editor.
    task: "Carry this out: {{ suggestion }}"
    sampling: {max_tokens: 200}
  responder:
    description: Answers with evidence.
    system_message: You are the responder.
    task: "{{ passage }}\\n\\n{{ question }}"
    sampling: {max_tokens: 200}
  solver:
    description: Answers.
    system_message: You are the solver.
    task: "{{ passage }}\\n\\n{{ question }}"
    sampling: {max_tokens: 200}
instruct:
  agents: [writer]
  choose: 2
  checks: [well_formed, is_a_question, self_contained, fits_passage, key_supported]
  taxonomy:
    - {name: cause, description: asks what broke the wheel, answer: span}
    - {name: builder, description: asks who built the mill, answer: span}
refine:
  agents: [suggester, editor]
  goals:
    - {name: harder, description: takes more reading, edits: question}
respond:
  agents: [responder]
  checks: [answer_clean, evidence_in_passage, evidence_supports]
  frames: {any: ["{{ passage }}\\n\\n{{ question }}"]}
verify:
  agents: [solver]
"""
MOST_SEEDS = 196
"""More mills have no names of their own."""
LEAVES = ("cause", "builder")
MAX_TOKENS = 200
"""Of each agent."""

_BUILDERS = ("Amos Reed", "Tobias Hale", "Ruth Calder", "Silas Thorne", "Edith Marlow", "Jonas Pike")
_CAUSES = ("a flood", "a storm", "a fire", "a landslide", "an earthquake")
_SYLLABLES = ("bra", "dun", "fel", "gor", "hal", "kes", "lin", "mor", "nor", "pel", "ras", "tor", "vel", "wen")

_PASSAGE = re.compile(
    r"mill at (?P<place>\w+) was built in \d+ by (?P<builder>[\w ]+), a carpenter.*?"
    r"until (?P<cause>\w+ \w+) broke its wheel in (?P<year>\d+)",
    re.DOTALL,
)
_ASKED = {
    "cause": re.compile(r"What broke the wheel|Which misfortune broke"),
    "builder": re.compile(r"Who built the mill|Which carpenter built"),
}


@dataclass(frozen=True)
class Spoken:
    """What the teacher says to one request."""

    agent: str
    place: str
    """The mill that it is about."""
    text: str
    finish: str = "stop"


def place(number: int) -> str:
    """The name of the mill in a seed."""
    base = len(_SYLLABLES)
    return (_SYLLABLES[number % base] + _SYLLABLES[number // base % base] + "ford").capitalize()


def passage(number: int) -> str:
    """The text of a seed."""
    builder, cause = _BUILDERS[number % len(_BUILDERS)], _CAUSES[number % len(_CAUSES)]
    return (
        f"The mill at {place(number)} was built in {1780 + number % 60} by {builder}, a carpenter from the coast. "
        f"It ground oats for the villages of the valley until {cause} broke its wheel in {1850 + number % 40}. "
        "The family did not repair it. They sold the stones to a farmer, who laid them in his yard, where they can "
        "still be seen. In 1923 a painter rented the empty building and filled its windows with coloured glass. "
        "Since then people have called it the lantern of the valley."
    )


def write_inputs(folder: Path, seeds: int) -> None:
    """Put the skill and so many seeds into a folder: `mills.yaml` and `mills.jsonl`."""
    (folder / "mills.yaml").write_text(SKILL, encoding="utf-8")
    rows = (
        {"text": passage(number), "source": f"mill {number}", "language": "en", "licence": "CC0-1.0"}
        for number in range(seeds)
    )
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "mills.jsonl").write_text(text, encoding="utf-8")


def answer(body: dict[str, Any]) -> Spoken | None:
    """What the teacher says to the body of a chat completion; `None` if no agent of the skill asks.

    Some writers decline, some ask for what is not there, give a wrong key, write no JSON or write too much, some of
    them twice; some solvers err. Which ones is decided by the request alone, so each run meets the same teacher.
    """
    messages: list[dict[str, str]] = body["messages"]
    found = re.match(r"You are the (writer|suggester|editor|responder|solver)\.", messages[0]["content"])
    if found is None:
        return None
    agent, text = found[1], "\n".join(message["content"] for message in messages)
    told = _PASSAGE.search(text)
    if told is None:
        raise LookupError(f"no mill in a request of the {agent}: {text[:200]!r}")
    facts = told.groupdict()
    leaf = _leaf_of(text)
    lot = _lot(agent, facts["place"], leaf, str(body.get("seed")) if agent == "solver" else "")
    said = _SAY[agent](facts, leaf, lot, messages[-1]["content"])
    if isinstance(said, str):
        return Spoken(agent, facts["place"], said)
    text = json.dumps(said)
    if agent in ("writer", "solver") and lot >= 0.95:
        return Spoken(agent, facts["place"], text[: len(text) // 2], "length")
    return Spoken(agent, facts["place"], text)


def _leaf_of(text: str) -> str:
    if kind := re.search(r"^Kind: (\w+)", text, re.MULTILINE):
        return kind[1]
    asked = [leaf for leaf, pattern in _ASKED.items() if pattern.search(text)]
    if len(asked) != 1:
        raise LookupError(f"it is not clear what is asked: {text[-300:]!r}")
    return asked[0]


def _write(facts: dict[str, str], leaf: str, lot: float, last: str) -> str | dict[str, Any]:
    told_what_is_wrong = "fails a check" in last or "could not be read" in last
    good = {
        "suitable": "yes",
        "why_not": "",
        "question": f"What broke the wheel of the mill at {facts['place']}?"
        if leaf == "cause"
        else f"Who built the mill at {facts['place']}?",
        "answer": facts[leaf],
    }
    if lot < 0.08:
        return {**good, "suitable": "no", "why_not": "there is too little in it"}
    if lot < 0.16:
        return {**good, "question": "Which planet of the sun has the most moons?", "answer": "Saturn"}
    if lot < 0.24 or (lot < 0.30 and not told_what_is_wrong):
        return {**good, "answer": "a painter"}
    if lot < 0.36 or (lot < 0.42 and not told_what_is_wrong):
        return "I would rather tell you about windmills."
    return good


def _suggest(facts: dict[str, str], leaf: str, lot: float, last: str) -> str | dict[str, Any]:
    if lot < 0.2:
        return {"suitable": "no", "why_not": "it cannot be made harder", "suggestions": []}
    return {"suitable": "yes", "why_not": "", "suggestions": ["Name the year in the question."]}


def _edit(facts: dict[str, str], leaf: str, lot: float, last: str) -> str | dict[str, Any]:
    if lot < 0.2:
        return {"question": "Which planet of the sun has the most moons?", "answer": "Saturn"}
    question = (
        f"Which misfortune broke the wheel of the mill at {facts['place']} in {facts['year']}?"
        if leaf == "cause"
        else f"Which carpenter built the mill at {facts['place']} whose wheel broke in {facts['year']}?"
    )
    return {"question": question, "answer": facts[leaf]}


def _respond(facts: dict[str, str], leaf: str, lot: float, last: str) -> str | dict[str, Any]:
    evidence = (
        f"until {facts['cause']} broke its wheel in {facts['year']}"
        if leaf == "cause"
        else f"by {facts['builder']}, a carpenter from the coast"
    )
    reasoning = f"The passage tells of the mill at {facts['place']} and names {facts[leaf]} in its first sentences."
    return {"reasoning": reasoning, "evidence": [evidence], "answerable": "yes", "answer": facts[leaf]}


def _solve(facts: dict[str, str], leaf: str, lot: float, last: str) -> str | dict[str, Any]:
    found = facts[leaf] if lot > 0.1 else "a painter"
    return {"reasoning": f"The passage says that it was {found}.", "answerable": "yes", "answer": found}


_SAY = {"writer": _write, "suggester": _suggest, "editor": _edit, "responder": _respond, "solver": _solve}


def _lot(*parts: str) -> float:
    """A number in [0, 1), the same for the same words."""
    return int.from_bytes(hashlib.sha256("/".join(parts).encode()).digest()[:6]) / 2**48
