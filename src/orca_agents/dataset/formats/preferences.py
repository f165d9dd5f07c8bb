"""Answers that a run really has beside an accepted one, and that are wrong: written as the accepted one is written.

They come from two places, and nothing is made up:

- solvers who answered the same item and reached another answer than the one that was accepted (votes with
  `agrees: false` on `this` item)
- items that the run rejected which ask the same of the same passage, with an answer that is not the accepted one's

The accepted answer is the best of these several answers: only it has also passed the checks. Solvers who agree with it
are no second choice, for no check has read them.

A solver may have seen the options in another order. In which one is worked out again, and has to fit every vote of the
item; where the reasoning names options by letters of that other order, the answer is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic import ValidationError

from orca_agents.checks import FORMS
from orca_agents.checks.api import AnswerFormat, judged_by
from orca_agents.checks.lists import letters
from orca_agents.config import SkillConfig
from orca_agents.dataset.formats.api import UnsuitedError
from orca_agents.dataset.rows import Row
from orca_agents.errors import OrcaError
from orca_agents.library import Library
from orca_agents.records import PLAYED_FORMS, Answer, Content, Instruction, Vote, short_hash
from orca_agents.yaml_file import YamlFile

RESPONDER = "responder"
NO_DISSENT = "no solver answered otherwise"


def wrong_answers(row: Row, rejected: Sequence[Row] = ()) -> list[str]:
    """What else was answered to the item of an accepted example, and is wrong, as the student would read it. Raises
    `UnsuitedError` where there is nothing, with the reason."""
    metadata = row["metadata"]
    if metadata.get("form") not in FORMS:
        raise UnsuitedError("its metadata do not say what form its answer has")
    if metadata["form"] in PLAYED_FORMS:
        raise UnsuitedError("its answer is a dialogue, which nobody led a second time")
    if judged_by(metadata["form"]) == "grades":
        raise UnsuitedError("its answer was graded, and nobody wrote a second one")
    try:
        item = instruction_of(row)
        votes = [Vote.model_validate(vote) for vote in metadata["verification"]["votes"]]
    except (KeyError, IndexError, TypeError, ValidationError):
        raise UnsuitedError("its metadata do not hold its question and votes: an older run?") from None
    on_this = [vote for vote in votes if vote.passage == "this"]
    dissent = [vote for vote in on_this if not vote.agrees and vote.voter != RESPONDER]
    answers = [_in_our_order(vote, item, _view(item, on_this)) for vote in dissent] if dissent else []
    answers += [answer for other in rejected if (answer := _wrong_in(other, item)) is not None]
    if not answers:
        raise UnsuitedError(NO_DISSENT)
    own = next((vote.answer for vote in on_this if vote.voter == RESPONDER), None)
    if own is None:
        raise UnsuitedError("its verification has no vote of the one who answered")
    accepted = row["messages"][-1]["content"]
    way = _way_of(row, item, own, accepted)
    written = dict.fromkeys(way.write(answer) for answer in answers)
    if found := [text for text in written if text.strip() and text != accepted]:
        return found
    raise UnsuitedError("the other answer reads the same as the accepted one")


def instruction_of(row: Row) -> Instruction:
    """The item of an example, as its form wants it."""
    metadata = row["metadata"]
    seed = metadata["seed_ids"][0]
    passage = Content(id="", seed_id=seed, text=metadata["passage"], transformer=metadata["transformer"])
    return Instruction(
        id=metadata.get("id_in_run", row["id"]),
        seed_id=seed,
        content=passage,
        leaf=row["leaf"],
        form=metadata["form"],
        question=metadata["question"],
        parts=metadata["parts"],
        key=metadata["reference"],
        hidden=metadata["hidden"],
        proof=metadata["proof"],
        answerable=metadata["answerable"],
    )


def item_key(question: str, parts: dict[str, Sequence[str]], passage: str) -> str:
    """The same for items that ask the same of the same passage, with their options in the same order."""
    return short_hash(question, json.dumps(parts, sort_keys=True), passage)


def key_of_example(row: Row) -> str:
    """The key of an accepted example's item."""
    metadata = row["metadata"]
    return item_key(metadata.get("question", ""), metadata.get("parts", {}), metadata.get("passage", ""))


def key_of_rejection(row: Row) -> str | None:
    """The same of a rejection; `None` where it has no answer, or stands in a conversation or under a rule for its form,
    which an example does not tell."""
    item = row.get("instruction")
    if not item or not row.get("answer") or item.get("history") or item.get("format"):
        return None
    return item_key(item["question"], item["parts"], item["content"]["text"])


def _wrong_in(rejection: Row, item: Instruction) -> Answer | None:
    """The answer of a rejected item, if it is wrong by what was accepted for the same item."""
    answer = Answer.model_validate(rejection["answer"])
    if rejection["instruction"]["form"] != item.form:
        return None
    if answer.answerable != item.answerable:
        return answer
    form = FORMS[item.form]
    if item.key and type(form).is_right is AnswerFormat.is_right:
        return None if form.same(item.key, answer.value, item) else answer
    # a program decided, and what it said stands in the responder's vote
    votes = (rejection.get("verification") or {}).get("votes", ())
    return answer if any(vote["voter"] == RESPONDER and not vote["agrees"] for vote in votes) else None


View = Callable[[str], Instruction]
"""voter -> the item as that solver saw it."""


def _view(item: Instruction, votes: Sequence[Vote]) -> View:
    """How the solvers saw the item: as it is, or each with the options in another order. Raises `UnsuitedError` where
    the votes do not tell."""
    form = FORMS[item.form]
    solvers = [vote for vote in votes if vote.voter != RESPONDER and vote.answer.answerable]
    if form.shuffled(item, "solver_1").parts == form.shuffled(item, "solver_2").parts == item.parts:
        return lambda voter: item
    ways: tuple[View, ...] = (lambda voter: item, lambda voter: form.shuffled(item, voter))
    fitting = [
        way
        for way in ways
        if all(form.same(way(vote.voter).key, vote.answer.value, item) == vote.agrees for vote in solvers)
    ]
    if len(fitting) != 1:
        raise UnsuitedError("its votes do not tell in which order the options were shown to the solvers")
    return fitting[0]


def _in_our_order(vote: Vote, item: Instruction, view: View) -> Answer:
    """A vote's answer in the letters of the item itself."""
    answer, seen = vote.answer, view(vote.voter)
    if seen.parts == item.parts or not answer.answerable:
        return answer
    names = letters(len(seen.parts["options"]))
    if re.search(rf"(?<![\w'])(?:[{''.join(names[1:])}]|A(?! \w)|[({{\[]A)(?![\w'])", answer.reasoning):
        raise UnsuitedError("the solver who answered otherwise names options by letters of another order")
    ours = {
        name: names[item.parts["options"].index(text)] for name, text in zip(names, seen.parts["options"], strict=True)
    }
    return answer.model_copy(update={"value": tuple(sorted(ours[letter] for letter in answer.value))})


@dataclass(frozen=True)
class _Way:
    """A way to write the answers to an item."""

    item: Instruction
    is_direct: bool
    """The answer alone, without reasoning and label."""
    label: str
    words: str | None
    """What is said where there is no answer, if that is known."""

    def write(self, answer: Answer) -> str:
        """An answer as the student would read it. Raises `UnsuitedError` where nobody knows the words for it."""
        if answer.answerable:
            form = FORMS[self.item.form]
            final = form.final(answer.value, self.item)
            return final if self.is_direct else form.reply(answer, self.item, self.label)
        if self.words is None:
            raise UnsuitedError("where no answer was found, how its skill says that is not known here")
        return self.words if self.is_direct else f"{answer.reasoning}\n\n{self.label}: {self.words}".strip()


def _way_of(row: Row, item: Instruction, own: Answer, accepted: str) -> _Way:
    """How the accepted answer is written: found by writing it again, letter by letter."""
    words, label = _words_of(row["skill"], row["metadata"]["language"])
    ways = [_Way(item, False, label, words), _Way(item, True, label, words)]
    final = FORMS[item.form].final(own.value, item) if own.answerable else ""
    if accepted.endswith(f": {final}"):  # another word before the answer than that of the skill as it is now
        ways.append(_Way(item, False, accepted[: -len(final) - 2].rpartition("\n\n")[2], None))
    for way in ways:
        if way.write(own) == accepted:
            return way
    raise UnsuitedError("its reply keeps to a rule for its form, which no other answer was written to")


@cache
def _words_of(skill: str, language: str | None) -> tuple[str | None, str]:
    """How a skill says that there is no answer, if its file is here, and the words before its answers."""
    try:
        library = Library()
        path = library.places("skill").get(skill)
        config = YamlFile(path).read(SkillConfig).respond if path is not None else None
    except OrcaError:
        config = None
    if config is None:
        return None, "Answer"
    name = language or "any"
    return (
        config.unanswerable.get(name) or config.unanswerable["any"],
        config.labels.get(name) or config.labels["any"],
    )
