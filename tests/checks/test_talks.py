"""Conversations: each check lets the right one pass and stops the wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from orca_agents.checks import CHECKS, FORMS
from orca_agents.checks.api import Case
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.records import Answer, Content, Draft, Instruction, Message, Seed

SHEET = "# Sourdough\nA starter of rye flour and water is fed once a day. Dough rests overnight in a cold place."
OPENING = "My starter smells of nail varnish. Can I still bake with it for the 8 people on Sunday?"
MOVES = ("turn 2: tells with which flour it is fed", "turn 3: wants the advice as a short note for the fridge door")
SAID = (OPENING, "It gets wheat flour, when I think of it.", "Write me a note for the fridge door, at most 40 words.")
REPLIES = (
    "Yes, it is only hungry: that smell is acetone. What do you feed it with, and how often?",
    "Then give it rye for two days, morning and evening, and it will smell of yoghurt again by the weekend.",
    "Feed me rye, morning and evening, two spoons each. On Saturday night: dough for 8 into the cold. Bake on Sunday.",
)
LEAF = Leaf(name="talk", description="any talk", answer="talk")


def item(**changed: Any) -> Instruction:
    """The plan of a conversation about a starter."""
    hidden = {
        "persona": ("Jo, 50, bakes at weekends, forgetful, writes in half sentences.",),
        "reveals": ("turn 2: wheat flour",),
        "rules": ("turn 3: max_words: 40",),
        "recalls": ("turn 3: 8",),
        "rubric": ("In its answer to turn 1 the assistant says that the starter is hungry.", "It proposes rye flour."),
    }
    question, moves = changed.pop("question", OPENING), changed.pop("moves", MOVES)
    goal = changed.pop("goal", None)
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text=SHEET, transformer="topic_outliner"),
        leaf="talk",
        form="talk",
        question=question,
        key=moves,
        hidden={**hidden, **changed},
        goal=goal,
    )


def draft(instruction: Instruction, said: Sequence[str] = SAID, replies: Sequence[str] = REPLIES) -> Draft:
    """A conversation of these turns."""
    messages: list[Message] = []
    for one, other in zip(said, replies, strict=True):
        messages += [Message(role="user", content=one), Message(role="assistant", content=other)]
    return Draft(instruction=instruction, answer=Answer(value=(replies[-1],)), messages=tuple(messages))


def why(check: str, instruction: Instruction, made: Draft | None = None, leaf: Leaf = LEAF, **more: Any) -> str | None:
    """What a check says of a plan or a conversation."""
    case = Case(Seed(text=SHEET), instruction.content, "en", leaf=leaf, instruction=instruction, draft=made, **more)
    reason = CHECKS[check].why_not(case)
    assert reason is None or isinstance(reason, str)
    return reason


def leaf(**settings: Any) -> Leaf:
    """A leaf with these settings."""
    return LEAF.model_copy(update={"settings": settings})


def changed(turns: Sequence[str], at: int, text: str) -> tuple[str, ...]:
    """The turns, one of them another."""
    return (*turns[:at], text, *turns[at + 1 :])


@pytest.mark.parametrize(
    ("change", "says_so"),
    [
        ({"moves": ("turn 2: asks about the flour", "turn 4: wants a note for the fridge")}, "in this order"),
        ({"moves": ("turn 2: asks on",)}, "says too little"),
        ({"moves": tuple(f"turn {at}: asks about the flour number {at}" for at in range(2, 9))}, "2 to 6 times"),
        ({"reveals": ("turn 5: rye bread",)}, "there is no turn 5"),
        ({"reveals": ("turn 2: yes",)}, "may be said at any time"),
        ({"reveals": ("turn 2: nail varnish",)}, "the opening says it already"),
        ({"reveals": ("turn 1: rye flour",)}, "the opening does not say it"),
        ({"recalls": ("turn 3: oven stone",)}, "nothing planned makes the user say"),
        ({"recalls": ("turn 2: wheat flour",)}, "before turn 2"),
        ({"rules": ("turn 1: max_words: 20", "turn 2: min_words: 40")}, "cannot both hold"),
        ({"rules": ("turn 2: contains: rye", "turn 3: forbids: rye")}, "cannot both hold"),
        ({"rules": ("turn 2 ends: max_words",)}, "nothing has begun"),
    ],
)
def test_a_plan_that_cannot_be_kept_is_told(change: dict[str, Any], says_so: str) -> None:
    assert FORMS["talk"].problems(item()) == []
    assert says_so in "; ".join(FORMS["talk"].problems(item(**change)))


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("moves", "asks about flour"),
        ("rules", "turn 2: be brief"),
        ("rules", "turn 2: shorter: 50%"),
        ("recalls", "8 people"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_to_its_planner(field: str, line: str) -> None:
    product = {
        "persona": ("Jo, who bakes.",),
        "moves": MOVES,
        "reveals": (),
        "rules": (),
        "recalls": (),
        "rubric": ("a", "b"),
    }
    with pytest.raises(UnparsableError):
        FORMS["talk"].read_item({**product, field: (line,)}, LEAF)


def test_points_of_the_leaf_stand_beside_those_of_the_planner() -> None:
    product = {
        "persona": ("Jo.",),
        "moves": MOVES,
        "reveals": (),
        "rules": (),
        "recalls": (),
        "rubric": ("- One.", "- Two."),
    }
    parts = FORMS["talk"].read_item(product, leaf(points=["Three."]))
    assert parts.hidden["rubric"] == ("One.", "Two.", "Three.")


@pytest.mark.parametrize(
    ("opening", "so"),
    [
        (OPENING, True),
        ("User: my starter smells of nail varnish", False),
        ("In turn 1 the user asks whether a starter that smells is still good.", False),
        ("Hello, thank you!", False),
        ("starter?", False),
    ],
)
def test_an_opening_is_a_users(opening: str, so: bool) -> None:
    assert (why("opening_as_users_write", item(question=opening)) is None) is so


def test_a_rule_of_the_first_turn_is_in_the_opening() -> None:
    rules = ("turn 1: max_words: 30",)
    assert "does not make it clear" in (why("opening_as_users_write", item(rules=rules)) or "")
    told = OPENING + " No more than 30 words, please."
    assert why("opening_as_users_write", item(question=told, rules=rules)) is None


@pytest.mark.parametrize(
    ("want", "change", "so"),
    [
        ("reveals", {}, True),
        ("reveals", {"reveals": ()}, False),
        ("recalls", {}, True),
        ("recalls", {"recalls": ()}, False),
        ("rules", {"rules": ("turn 2: max_words: 80", "turn 3: contains: rye")}, True),
        ("rules", {}, False),
        ("questions", {"question": "Can I bake with it? And how long must it rest?"}, True),
        ("questions", {}, False),
    ],
)
def test_a_plan_has_what_its_kind_needs(want: str, change: dict[str, Any], so: bool) -> None:
    assert (why("plan_of_its_kind", item(**change), leaf=leaf(wants=[want])) is None) is so


def test_a_plan_has_as_many_turns_as_its_kind_needs() -> None:
    assert why("plan_of_its_kind", item(), leaf=leaf(turns=3)) is None
    assert "4 at least" in (why("plan_of_its_kind", item(), leaf=leaf(turns=4)) or "")


def test_a_plan_is_about_its_sheet() -> None:
    assert why("plan_from_scenario", item()) is None
    other = item(
        question="Which gear is best for long hills?",
        moves=("turn 2: asks about the brakes", "turn 3: asks about tyres"),
        persona=("Kim cycles.",),
        rubric=("In its answer to turn 1 the assistant names a gear.", "It speaks of tyres."),
    )
    assert why("plan_from_scenario", other) is not None


def test_roles_alternate_and_nobody_speaks_for_the_other() -> None:
    assert why("talk_roles", item(), draft(item())) is None
    short = draft(item(), SAID[:2], REPLIES[:2])
    assert "2 exchanges, but 3" in (why("talk_roles", item(), short) or "")
    good = draft(item())
    twice = good.model_copy(update={"messages": (*good.messages[:2], *good.messages[3:])})
    assert "do not alternate" in (why("talk_roles", item(), twice) or "")
    both = draft(item(), replies=changed(REPLIES, 1, "Give it rye.\n\nUser: And then?\nAssistant: Bake."))
    assert "mark of a turn" in (why("talk_roles", item(), both) or "")
    late = good.model_copy(
        update={"messages": (*good.messages[:2], Message(role="system", content="x"), *good.messages[2:])}
    )
    assert "inside the conversation" in (why("talk_roles", item(), late) or "")


def test_facts_and_demands_come_in_their_turn() -> None:
    assert why("talk_follows_plan", item(), draft(item())) is None
    silent = draft(item(), changed(SAID, 1, "When I think of it."))
    assert "does not say 'wheat flour'" in (why("talk_follows_plan", item(), silent) or "")
    vague = draft(item(), changed(SAID, 2, "Write me a short note for the fridge door."))
    assert "`max_words: 40`" in (why("talk_follows_plan", item(), vague) or "")
    plan = item(reveals=("turn 2: 3 cups a week",), recalls=())
    said = changed(SAID, 1, "It gets 3 cups a week.")
    assert why("talk_follows_plan", plan, draft(plan, said)) is None
    seer = draft(plan, said, changed(REPLIES, 0, "With 3 cups a week it is only hungry, I think."))
    assert "before the user has told it" in (why("talk_follows_plan", plan, seer) or "")


def test_every_answer_keeps_to_the_rules_in_force() -> None:
    assert why("talk_keeps_rules", item(), draft(item())) is None
    long = draft(item(), replies=changed(REPLIES, 2, "word " * 41))
    assert "answer 3" in (why("talk_keeps_rules", item(), long) or "")
    lasting = item(rules=("turn 1: forbids: yoghurt",))
    assert "answer 2" in (why("talk_keeps_rules", lasting, draft(lasting)) or "")
    once = item(rules=("turn 1 only: forbids: yoghurt",))
    assert why("talk_keeps_rules", once, draft(once)) is None
    ended = item(rules=("turn 1: forbids: yoghurt", "turn 2 ends: forbids"))
    assert why("talk_keeps_rules", ended, draft(ended)) is None


def test_what_was_said_early_is_used_late() -> None:
    assert why("talk_remembers", item(), draft(item())) is None
    forgot = draft(item(), replies=changed(REPLIES, 2, "Feed me rye, morning and evening, and bake on Sunday."))
    assert "does not hold '8'" in (why("talk_remembers", item(), forgot) or "")
    again = draft(item(), changed(SAID, 2, "A note for the fridge door for the 8, at most 40 words."))
    assert "shows no memory" in (why("talk_remembers", item(), again) or "")
    stem = item(recalls=("turn 3: nail varnish",))
    other = draft(stem, replies=changed(REPLIES, 2, "No more nail-varnish smells: feed me rye."))
    assert why("talk_remembers", stem, other) is None


def test_a_tutor_lets_the_student_find_the_result() -> None:
    plan = item(result=("96 grams",), reveals=("turn 3: 96 grams",), rules=(), recalls=())
    said = ("How much flour for 8 rolls of 12 grams? Only hints!", "I get 20, I added them.", "Oh, 96 grams!")
    replies = (
        "What does one roll need, and how many are there?",
        "Adding would be for one of each. What do you do for eight alike?",
        "Just so.",
    )
    assert why("talk_lets_student_find", plan, draft(plan, said, replies)) is None
    told = draft(plan, said, changed(replies, 1, "Multiply: 96 grams. Do you see why?"))
    assert "before the student has found it" in (why("talk_lets_student_find", plan, told) or "")
    never = draft(plan, changed(said, 2, "Oh, I see!"), replies)
    assert "nobody ever says" in (why("talk_lets_student_find", plan, never) or "")
    dull = draft(plan, said, ("Think.", "Think again.", "Just so."))
    assert "asks nothing" in (why("talk_lets_student_find", plan, dull) or "")


def test_what_is_missing_is_asked_for() -> None:
    asks = leaf(asks=True)
    assert why("talk_asks_first", item(), draft(item()), asks) is None
    guess = draft(item(), replies=changed(REPLIES, 0, "Yes, it is only hungry."))
    assert why("talk_asks_first", item(), guess, asks) is not None
    assert why("talk_asks_first", item(), guess) is None


@pytest.mark.parametrize(
    ("said", "replies", "so"),
    [
        (SAID, REPLIES, True),
        (SAID, changed(REPLIES, 2, REPLIES[1]), False),
        (changed(SAID, 2, "Thank you so much!"), REPLIES, False),
        (changed(SAID, 1, "Wheat flour."), changed(REPLIES, 1, " ".join(f"word{at}" for at in range(200))), False),
        (SAID, tuple(f"That is right, {reply}" for reply in REPLIES), False),
    ],
)
def test_no_turn_is_empty_or_said_twice(said: Sequence[str], replies: Sequence[str], so: bool) -> None:
    assert (why("talk_not_empty", item(), draft(item(), said, replies)) is None) is so


def test_a_conversation_is_in_one_language_and_knows_of_no_plan() -> None:
    assert why("talk_clean", item(), draft(item())) is None
    german = changed(
        REPLIES, 1, "Dann gib ihm zwei Tage lang morgens und abends Roggenmehl, bis er wieder nach Joghurt riecht."
    )
    assert "German" in (why("talk_clean", item(), draft(item(), replies=german)) or "")
    asked = item(rules=("turn 2: language: de",))
    assert why("talk_clean", asked, draft(asked, replies=german)) is None
    planned = changed(SAID, 1, "My next move is to say that it gets wheat flour.")
    assert "speaks of the plan" in (why("talk_clean", item(), draft(item(), planned)) or "")
    refusal = changed(REPLIES, 1, "As an AI language model I cannot taste it, but rye will help you out here.")
    assert why("talk_clean", item(), draft(item(), replies=refusal)) is not None


def test_after_the_goal_of_ellipsis_some_turn_is_short() -> None:
    plan = item(goal="pronouns_and_ellipsis")
    assert why("talk_leans_on_before", plan, draft(plan)) is None
    wordy = tuple(
        f"{text} And I would like to know all of that in every detail, please, because it matters." for text in SAID
    )
    assert why("talk_leans_on_before", plan, draft(plan, wordy)) is not None
    assert why("talk_leans_on_before", item(), draft(item(), wordy)) is None


@pytest.mark.parametrize(
    ("name", "change", "so"),
    [
        ("more_turns", {"moves": (*MOVES, "turn 4: asks what to do when away")}, True),
        ("more_turns", {"persona": ("Jo, 50, in a hurry.",)}, False),
        ("interruption", {"moves": (*MOVES, "turn 4: comes back to it in a few words")}, True),
        ("interruption", {"moves": (*MOVES, "turn 4: comes back to it in a few words"), "recalls": ()}, False),
        ("late_constraint", {"rules": ("turn 3: max_words: 40", "turn 3: forbids: rye")}, True),
        ("late_constraint", {"rules": ("turn 1: max_words: 60", "turn 3: max_words: 40")}, False),
        ("reminder", {"recalls": ("turn 3: 8", "turn 3: nail varnish")}, True),
        ("reminder", {"persona": ("Jo, 50, in a hurry.",)}, False),
        ("contradiction", {"reveals": ("turn 2: wheat flour", "turn 3: spelt flour")}, True),
        ("contradiction", {"moves": (MOVES[0], "turn 3: says that it was spelt after all, and wants a note")}, False),
        ("wrong_premise", {"rubric": ("It says that salt feeds nothing.", "It proposes rye flour.")}, True),
        ("wrong_premise", {"moves": (MOVES[0], "turn 3: believes that salt feeds it and wants a note")}, False),
        ("pronouns_and_ellipsis", {"moves": (MOVES[0], "turn 3: wants it as a note, in three words")}, True),
        ("pronouns_and_ellipsis", {}, False),
    ],
)
def test_an_edited_plan_is_what_its_goal_asked_for(name: str, change: dict[str, Any], so: bool) -> None:
    goal = Goal(name=name, description="d", edits="question")
    assert (why("talk_refined_as_asked", item(**change), goal=goal, parent=item()) is None) is so


def test_graders_read_the_turns_counted_and_no_system_message() -> None:
    made = draft(item())
    made = made.model_copy(update={"messages": (Message(role="system", content="the sheet"), *made.messages)})
    text = FORMS["talk"].graded(made)
    assert text.startswith(f"[turn 1, user]\n{OPENING}\n\n[turn 1, assistant]\n{REPLIES[0]}")
    assert "the sheet" not in text
    assert "[turn 3, assistant]" in text


@pytest.mark.parametrize(
    ("words", "reply", "so"),
    [
        ("8", "Make dough for eight.", True),
        ("8", "Wait 80 minutes.", False),
        ("wheat flour", "No more wheaten things; other flours are better.", True),
        ("14 May", "By the fourteenth of May it is ready.", False),
        ("14 May", "On May 14 it is ready.", True),
    ],
)
def test_what_was_said_early_may_come_back_in_another_form(words: str, reply: str, so: bool) -> None:
    plan = item(recalls=(f"turn 3: {words}",), rules=(), question=f"{OPENING} {words}")
    said = changed(SAID, 0, plan.question)
    assert (why("talk_remembers", plan, draft(plan, said, changed(REPLIES, 2, reply))) is None) is so


def test_a_task_of_few_words_may_have_a_long_answer_and_a_remark_may_not() -> None:
    long = " ".join(f"word{at}" for at in range(230))
    plan = item(rules=(), recalls=())
    task = draft(plan, changed(SAID, 2, "Write it out then."), changed(REPLIES, 2, long))
    assert why("talk_not_empty", plan, task) is None
    remark = draft(plan, changed(SAID, 2, "Lovely weather."), changed(REPLIES, 2, long))
    assert "230 words" in (why("talk_not_empty", plan, remark) or "")


def test_the_next_move_of_a_game_is_no_word_of_the_plan() -> None:
    about = draft(item(), replies=changed(REPLIES, 1, "Your next move is rye: two spoons, morning and evening."))
    assert why("talk_clean", item(), about) is None


def test_a_student_is_planned_to_find_the_result_late() -> None:
    tutors = leaf(tutors=True)
    assert why("plan_of_its_kind", item(result=("wheat flour",)), leaf=tutors) is None
    assert "put it into `reveals`" in (why("plan_of_its_kind", item(result=("acetone",)), leaf=tutors) or "")
    known = item(result=("nail varnish",))
    assert "already says the result" in (why("plan_of_its_kind", known, leaf=tutors) or "")


def test_a_rule_is_ended_by_its_kind_or_by_its_whole_line() -> None:
    plan = item(rules=("turn 1: max_words: 90", "turn 3 ends: max_words: 90"))
    assert FORMS["talk"].problems(plan) == []
