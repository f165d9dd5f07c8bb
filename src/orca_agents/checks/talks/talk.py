"""Conversations: what their planner hands in; the turns themselves are a dialogue."""

from __future__ import annotations

import re

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.degenerate import text_problems
from orca_agents.checks.lists import unmarked
from orca_agents.config import Leaf
from orca_agents.constraints import conflicts, notation
from orca_agents.dialogues.talk.dialogue import TalkDialogue, plan_of
from orca_agents.dialogues.talk.plan import FEWEST_TURNS, MOST_TURNS, Plan, PlanError, read_plan
from orca_agents.dialogues.words import says
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Draft, Instruction

POINT_CHARS = 250
FEWEST_POINTS, MOST_POINTS = 2, 5
FEWEST_MOVE_CHARS, FEWEST_TOLD_CHARS = 15, 4
_HIDDEN = ("persona", "reveals", "rules", "recalls", "result", "rubric")


class TalkFormat(AnswerFormat):
    """A conversation; its question is the user's opening, its key the user's moves."""

    name: AnswerForm = "talk"
    is_whole_reply = True
    dialogue = TalkDialogue()

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        most = int(leaf.settings.get("most_turns", MOST_TURNS))
        fields = [
            Field("persona", "who the user is: situation, knowledge, mood, way of writing, aim; 20 to 60 words",
                  min_chars=40, max_chars=500),
            Field("moves", "what the user does in each of the next turns, as `turn 2: ...`, `turn 3: ...`: "
                  "stage directions to the user, not its words", many=True, min_items=FEWEST_TURNS - 1,
                  max_items=most - 1, max_chars=300),
            Field("reveals", "facts that the user tells in one turn and not before, as `turn 3: WORDS`; the "
                  "words (one to six) are said exactly so; none where nothing is held back", many=True, optional=True,
                  max_items=8, max_chars=120),
            Field("rules", "measurable demands that the user states in some turn, as `turn 2: max_words: 60` (from "
                  "then on), `turn 2 only: bullets: 3` (for that answer alone) or `turn 4 ends: max_words`; none where "
                  f"it makes none. Kinds: {notation()}", many=True, optional=True, max_items=6, max_chars=160),
            Field("recalls", "words (one to four) that the answer to a later turn must hold because the user said them "
                  "in an earlier one, as `turn 4: WORDS`; not said again by the user in that turn", many=True,
                  optional=True, max_items=4, max_chars=100),
        ]  # fmt: skip
        if leaf.settings.get("tutors"):
            about = "what the student is to find out, in the one to four words or figures in which it would be said"
            fields.append(Field("result", about, max_chars=60))
        about = (
            f"{FEWEST_POINTS} to {MOST_POINTS} different points that a grader can find in a good conversation, one "
            "full sentence each, which says what the assistant does and in which turn, so definite that its words "
            "could be underlined"
        )
        fields.append(
            Field("rubric", about, many=True, max_chars=POINT_CHARS, min_items=FEWEST_POINTS, max_items=MOST_POINTS)
        )
        return tuple(fields)

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        moves = unmarked(product["moves"])
        hidden = {name: _lines(product, name) for name in ("reveals", "rules", "recalls")}
        try:
            read_plan(moves, hidden["reveals"], hidden["rules"], hidden["recalls"])
        except PlanError as error:
            raise UnparsableError(str(error)) from None
        hidden["persona"] = (product["persona"][0].strip(),)
        hidden["result"] = tuple(text.strip() for text in product.get("result", ()))
        hidden["rubric"] = (*unmarked(product["rubric"]), *map(str, leaf.settings.get("points", ())))
        return ItemParts({}, moves, hidden={name: lines for name, lines in hidden.items() if lines})

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        return (Field("answer", "the assistant's reply", max_chars=3500),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return (product["answer"][0],)

    def problems(self, instruction: Instruction) -> list[str]:
        try:
            plan = plan_of(instruction)
        except PlanError as error:
            return [str(error)]
        rubric = instruction.hidden.get("rubric", ())
        return [
            *_move_problems(plan),
            *_place_problems(plan),
            *_fact_problems(plan, instruction.question),
            *_rule_problems(plan),
            *text_problems("point", rubric, POINT_CHARS),
        ]

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """Never: conversations are graded, not compared."""
        return False

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        """The whole plan: for those who edit it."""
        lines = [f"move: {line}" for line in value]
        return "\n".join(
            (*lines, *(f"{name}: {line}" for name in _HIDDEN for line in instruction.hidden.get(name, ())))
        )

    def graded(self, draft: Draft) -> str:
        """The conversation as graders read it, with its turns counted."""
        parts, turn = [], 0
        for message in draft.messages:
            if message.role == "system":
                continue
            turn += message.role == "user"
            parts.append(f"[turn {turn}, {message.role}]\n{message.content}")
        return "\n\n".join(parts)


def _lines(product: Product, name: str) -> tuple[str, ...]:
    return tuple(line.strip().strip("`").strip() for line in unmarked(product.get(name, ())))


def _move_problems(plan: Plan) -> list[str]:
    turns = [move.turn for move in plan.moves]
    if turns != list(range(2, len(turns) + 2)):
        return [f"moves must be of turn 2, 3, ... in this order, one each; they are of {', '.join(map(str, turns))}"]
    if not FEWEST_TURNS <= plan.turns <= MOST_TURNS:
        return [f"the user must speak {FEWEST_TURNS} to {MOST_TURNS} times, not {plan.turns}"]
    short = [move.words for move in plan.moves if len(move.words) < FEWEST_MOVE_CHARS]
    if short:
        return [f"the move {short[0]!r} says too little; say what the user does and about what"]
    return text_problems("move", [move.words for move in plan.moves], 300)


def _place_problems(plan: Plan) -> list[str]:
    told = [("reveals", one.turn) for one in plan.reveals] + [("recalls", one.turn) for one in plan.recalls]
    told += [("rules", rule.turn) for rule in plan.rules]
    return [
        f"{name}: there is no turn {turn}; the last one is {plan.turns}"
        for name, turn in told
        if not 1 <= turn <= plan.turns
    ]


def _fact_problems(plan: Plan, opening: str) -> list[str]:
    found = []
    for told in plan.reveals:
        if told.words.isascii() and len(told.words) < FEWEST_TOLD_CHARS and not re.search(r"\d", told.words):
            found.append(f"reveals: {told.words!r} may be said at any time; take the words that only this fact has")
        if told.turn == 1 and not says(opening, told.words):
            found.append(f"reveals: {told.words!r} is told in turn 1, but the opening does not say it")
        if told.turn > 1 and says(opening, told.words):
            found.append(f"reveals: {told.words!r} is kept for turn {told.turn}, but the opening says it already")
    for recall in plan.recalls:
        before = "\n".join((opening, *(told.words for told in plan.reveals if told.turn < recall.turn)))
        if recall.turn < 2 or not says(before, recall.words):
            found.append(
                f"recalls: nothing planned makes the user say {recall.words!r} before turn {recall.turn}; put it "
                "into the opening or into reveals of an earlier turn"
            )
        if any(says(told.words, recall.words) for told in plan.reveals if told.turn == recall.turn):
            found.append(
                f"recalls: the user says {recall.words!r} in turn {recall.turn} itself, so nothing is remembered"
            )
    return found


def _rule_problems(plan: Plan) -> list[str]:
    found = []
    for turn in range(1, plan.turns + 1):
        found += [f"rules in force at turn {turn}: {problem}" for problem in conflicts(plan.in_force(turn))]
    for rule in plan.rules:
        earlier = [old for old in plan.rules if old.kind == rule.kind and old.turn < rule.turn and old.how == "from"]
        if rule.how == "ends" and not earlier:
            found.append(f"rules: turn {rule.turn} ends {rule.kind!r}, which nothing has begun")
    return list(dict.fromkeys(found))
