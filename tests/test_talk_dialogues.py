"""Conversations as they are led: whose turn it is, who knows what, and which turns are not taken."""

from __future__ import annotations

import pytest

from orca_agents.config import Leaf
from orca_agents.dialogues.api import Ask, Ended, Taken
from orca_agents.dialogues.talk.dialogue import TalkDialogue
from orca_agents.dialogues.talk.plan import Plan, PlanError, read_plan
from orca_agents.errors import UnparsableError
from orca_agents.records import Content, Instruction

LEAF = Leaf(name="talk", description="any talk", answer="talk")
GROUNDED = LEAF.model_copy(update={"settings": {"system": "Go by this:\n{passage}\n"}})
SHEET = "Bicycles are lent for 3 days, with {brackets} as they are."


def item() -> Instruction:
    """A talk of three turns about a bicycle."""
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text=SHEET, transformer="t"),
        leaf="talk",
        form="talk",
        question="Can I borrow a bicycle for my son?",
        key=("turn 2: tells how old he is", "turn 3: wants the rules as 3 bullets"),
        hidden={
            "persona": ("Ada, a mother in a hurry.",),
            "reveals": ("turn 2: nine years",),
            "rules": ("turn 3: bullets: 3",),
            "recalls": ("turn 3: nine",),
        },
    )


def reply(text: str) -> dict[str, tuple[str, ...]]:
    """What the assistant hands in."""
    return {"reply": (text,)}


def message(text: str) -> dict[str, tuple[str, ...]]:
    """What the user hands in."""
    return {"message": (text,)}


FIRST = "Yes, we have small ones. How old is he?"
SECOND = "Then the red one suits him. You can keep it for three days."
THIRD = "- bring it back clean\n- lock it at night\n- no passengers at nine"
TOLD = "He is nine years old, and tall."
WANTS = "Give me the rules in 3 bullets, please."


def turns(*texts: str) -> list[Taken]:
    """Turns that were taken, the assistant's first."""
    return [Taken(("assistant", "user")[at % 2], text) for at, text in enumerate(texts)]


def asked(*texts: str) -> Ask:
    """Whose turn it is after these."""
    turn = TalkDialogue().next(item(), LEAF, turns(*texts))
    assert isinstance(turn, Ask)
    return turn


def test_the_turns_go_to_and_fro_until_the_plan_is_done() -> None:
    assert (asked().part, asked().says) == ("assistant", "Can I borrow a bicycle for my son?")
    assert asked(FIRST).part == "user"
    assert (asked(FIRST, TOLD).part, asked(FIRST, TOLD).says) == ("assistant", TOLD)
    ended = TalkDialogue().next(item(), LEAF, turns(FIRST, TOLD, SECOND, WANTS, THIRD))
    assert isinstance(ended, Ended)
    assert [message.role for message in ended.messages] == ["user", "assistant"] * 3
    assert (ended.value, ended.facts) == ((THIRD,), {"exchanges": 3})


def test_the_user_is_told_its_next_move_and_no_later_one() -> None:
    says = asked(FIRST).says
    assert FIRST in says
    assert "tells how old he is" in says
    assert "nine years" in says
    assert "bullets" not in says
    late = asked(FIRST, TOLD, SECOND).says
    assert "`bullets: 3`" in late
    assert "your last one" in late.lower()


def test_the_assistant_knows_the_sheet_only_where_it_rests_on_it() -> None:
    dialogue = TalkDialogue()
    assert dialogue.knows("assistant", item(), LEAF) == {"passage": ""}
    assert dialogue.knows("assistant", item(), GROUNDED) == {"passage": SHEET}
    known = dialogue.knows("user", item(), GROUNDED)
    assert known == {"question": "Can I borrow a bicycle for my son?", "brief": "Ada, a mother in a hurry."}


def test_a_sheet_that_answers_rest_on_is_shown_to_the_student() -> None:
    ended = TalkDialogue().next(item(), GROUNDED, turns(FIRST, TOLD, SECOND, WANTS, THIRD))
    assert isinstance(ended, Ended)
    assert ended.messages[0].role == "system"
    assert ended.messages[0].content == f"Go by this:\n{SHEET}"


@pytest.mark.parametrize(
    ("text", "says_so"),
    [
        ("He is a big boy.", "must say 'nine years'"),
        ("User: he is nine years old", "mark of a turn"),
        ("I'd be happy to help: he is nine years old.", "what an assistant says"),
        ("Thank you so much!", "only says thanks"),
        ("Can I borrow a bicycle for my son?", "said in an earlier turn"),
        ("He is nine years old. " + "And so on. " * 80, "people write at most"),
    ],
)
def test_a_users_turn_that_was_not_planned_is_not_taken(text: str, says_so: str) -> None:
    turn = asked(FIRST)
    assert turn.read(message(TOLD)) == TOLD
    with pytest.raises(UnparsableError, match=says_so):
        turn.read(message(text))


@pytest.mark.parametrize(
    "text",
    [
        "He is nine years old. Is there anything else I can do before we come?",
        "He is NINE\u00a0years old; let me know if you need any proof of that.",
        "Nine years. You, as an AI, will not have children, but he is tall for it.",
        "He's nine years old,\r\nand tall.",
        "* Human: nine years\n* Bicycle: none",
    ],
)
def test_what_people_really_write_is_taken(text: str) -> None:
    assert asked(FIRST).read(message(text)) == text


def test_the_user_states_its_demand_and_does_not_help_the_memory() -> None:
    turn = asked(FIRST, TOLD, SECOND)
    assert turn.read(message(WANTS)) == WANTS
    with pytest.raises(UnparsableError, match="make clear"):
        turn.read(message("Give me the rules as a list, please."))
    with pytest.raises(UnparsableError, match="remember by itself"):
        turn.read(message("Give me the rules in 3 bullets, he is only nine."))


def test_what_is_kept_for_later_is_not_said_before() -> None:
    early = item().model_copy(update={"hidden": {**item().hidden, "reveals": ("turn 3: nine years",), "recalls": ()}})
    turn = TalkDialogue().next(early, LEAF, turns(FIRST))
    assert isinstance(turn, Ask)
    with pytest.raises(UnparsableError, match="kept for a later turn"):
        turn.read(message(TOLD))


@pytest.mark.parametrize(
    ("text", "says_so"),
    [
        ("- bring it back clean\n- lock it at night", "the user asked for `bullets: 3`"),
        ("- a\n- b\n- c\n\nUser: and then?", "mark of a turn"),
        (SECOND, "said in an earlier turn"),
        ("You're welcome!", "says nothing"),
        ("- a\n- b\n- c " + "word " * 460, "nobody reads more"),
    ],
)
def test_an_answer_that_is_none_is_not_taken(text: str, says_so: str) -> None:
    turn = asked(FIRST, TOLD, SECOND, WANTS)
    assert turn.read(reply(THIRD)) == THIRD
    with pytest.raises(UnparsableError, match=says_so.replace("(", r"\(")):
        turn.read(reply(text))


def test_markdown_and_code_come_through_as_they_are() -> None:
    text = "```python\nprint('{{x}}  <b>')\n```\n\n| a | b |\n|---|---|"
    assert asked().read(reply(text)) == text


def plan(*rules: str) -> Plan:
    """A plan of four turns with these rules."""
    return read_plan(("turn 2: asks on and on", "turn 3: asks on again", "turn 4: asks at last"), (), rules)


def in_force(made: Plan, turn: int) -> list[str]:
    """The rules for the answer to a turn."""
    return [constraint.line for constraint in made.in_force(turn)]


def test_rules_hold_from_their_turn_until_they_end() -> None:
    made = plan("turn 2: max_words: 60", "turn 2: forbids: very", "turn 3 only: lines: 2", "turn 4 ends: max_words")
    assert in_force(made, 1) == []
    assert in_force(made, 2) == ["max_words: 60", "forbids: very"]
    assert in_force(made, 3) == ["max_words: 60", "forbids: very", "lines: 2"]
    assert in_force(made, 4) == ["forbids: very"]


def test_a_new_number_takes_the_place_of_the_old_one() -> None:
    assert in_force(plan("turn 1: max_words: 60", "turn 3: max_words: 30"), 3) == ["max_words: 30"]
    assert len(in_force(plan("turn 1: contains: rye", "turn 2: contains: salt"), 2)) == 2


@pytest.mark.parametrize("line", ["max_words: 60", "turn two: max_words: 60", "turn 2: brief", "turn 2: easier: yes"])
def test_a_rule_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(PlanError):
        plan(line)
