"""Visits of web sites: each check lets the right one pass and stops the wrong one."""

from __future__ import annotations

from typing import Any

import pytest

from orca_agents.records import Answer, Draft, Instruction, Message
from tests.checks.site_items import item, leaf, why


def draft(instruction: Instruction, answer: str = "A lady fern is reserved.", **facts: Any) -> Draft:
    """A visit that ended as these facts say."""
    noted = {
        "ended": "stop",
        "unmet": [],
        "steps": 8,
        "shortest": 8,
        "most_steps": 16,
        "questions": 0,
        "asked_before_commit": False,
        "committed": ["Reserve"],
        "refused_by_site": 0,
        "dialogs": 1,
        "seen": "Lady fern likes shade and costs £5.20. Open 9:00 to 15:30. Day: Thursday or Friday.",
        "heard": [],
    }
    messages = (
        Message(role="user", content="the page"),
        Message(role="assistant", content='I see it.\nstop("done")'),
    )
    return Draft(instruction=instruction, answer=Answer(value=(answer,)), messages=messages, facts={**noted, **facts})


def test_a_visit_is_done_when_the_goal_is_reached() -> None:
    assert why("errand_done", item(), draft(item())) is None
    assert "not so: reserved" in (why("errand_done", item(), draft(item(), unmet=["reserved == yes"])) or "")
    assert "given up" in (why("errand_done", item(), draft(item(), ended="gave up")) or "")
    assert "after 17 steps" in (why("errand_done", item(), draft(item(), ended="too many steps", steps=17)) or "")


def test_an_impossible_errand_is_given_up_with_its_reason() -> None:
    wanted = item("A tree fern, please.", ("basket has Tree fern",), missing="tree fern")
    reason = "impossible: they sell no tree ferns"
    given_up = draft(wanted, reason, ended="gave up", committed=[], unmet=["basket has Tree fern"])
    assert why("errand_done", wanted, given_up) is None
    assert "must end with stop" in (why("errand_done", wanted, draft(wanted, committed=[])) or "")
    vague = draft(wanted, "impossible: it does not work", ended="gave up", committed=[])
    assert "does not name" in (why("errand_done", wanted, vague) or "")
    bought = draft(wanted, reason, ended="gave up")
    assert "was clicked on the way" in (why("errand_done", wanted, bought) or "")
    blind = draft(wanted, reason, ended="gave up", committed=[], steps=0)
    assert "without a look" in (why("errand_done", wanted, blind) or "")


def test_a_visit_does_not_go_in_circles() -> None:
    assert why("errand_in_few_steps", item(), draft(item())) is None
    assert "17 steps" in (why("errand_in_few_steps", item(), draft(item(), steps=17)) or "")
    turn = (Message(role="user", content="same page"), Message(role="assistant", content="Again.\nclick(1)"))
    circle = draft(item()).model_copy(update={"messages": turn * 3})
    assert "3 times" in (why("errand_in_few_steps", item(), circle) or "")


def test_nothing_is_reserved_without_consent() -> None:
    assert why("errand_with_consent", item(), draft(item())) is None
    none = item(consent="none")
    assert "did not ask for" in (why("errand_with_consent", none, draft(none)) or "")
    first = item(consent="ask first")
    assert "before the user was asked" in (why("errand_with_consent", first, draft(first)) or "")
    assert why("errand_with_consent", first, draft(first, asked_before_commit=True)) is None
    twice = draft(item(), committed=["Reserve", "Reserve"])
    assert "2 times" in (why("errand_with_consent", item(), twice) or "")


def test_the_user_is_asked_where_it_must_be_and_only_there() -> None:
    assert why("errand_asks_when_needed", item(), draft(item())) is None
    assert "says all that is needed" in (why("errand_asks_when_needed", item(), draft(item(), questions=1)) or "")
    open_ = item("Reserve a lady fern.", withheld="day: Thursday")
    assert "never asked" in (why("errand_asks_when_needed", open_, draft(open_)) or "")
    asked = draft(open_, questions=1, asked_before_commit=True, heard=["Thursday, please."])
    assert why("errand_asks_when_needed", open_, asked) is None
    page = Message(role="user", content='The user answers: "I do not mind."\n\n[3] combobox "Day" (Thursday | Friday)')
    in_vain = draft(open_, questions=1, heard=["I do not mind."]).model_copy(update={"messages": (page,)})
    assert "did not bring out 'Thursday'" in (why("errand_asks_when_needed", open_, in_vain) or "")
    late = asked.model_copy(update={"facts": {**asked.facts, "asked_before_commit": False}})
    assert "only after" in (why("errand_asks_when_needed", open_, late) or "")


@pytest.mark.parametrize(
    ("answer", "so"),
    [
        ("The lady fern costs £5.20.", True),
        ("It likes \u201cshade\u201d and there are 3 of them.", True),
        ("The lady fern is £0.40 more than the male fern.", True),
        ("The lady fern costs £52.", False),
        ("The nursery is open from 9:00 to 3:30 pm.", True),
        ("The nursery is open from 9:00 to 15:20.", False),
        ("The nursery opens at 15:00.", False),
        ('It says "best in the valley".', False),
        ("Es sei der „Stolz des Tals“.", False),
        ("Elle est « la plus belle ».", False),
        ("Er mag «shade» und kostet 5,20 £.", True),
    ],
)
def test_an_answer_says_what_was_seen(answer: str, so: bool) -> None:
    assert (why("errand_answer_grounded", item(), draft(item(), answer)) is None) is so


def test_an_example_of_recovery_met_something() -> None:
    wants = leaf(wants=["hurdle"])
    assert why("errand_met_a_hurdle", item(), draft(item()), wants) is None
    assert why("errand_met_a_hurdle", item(), draft(item(), dialogs=0), wants) is not None
    assert why("errand_met_a_hurdle", item(), draft(item(), dialogs=0)) is None


@pytest.mark.parametrize(
    ("thought", "so"),
    [
        ("The list shows three ferns; the lady fern is not among them yet.", True),
        ("The shortest way to the goal is through the list.", False),
        ("Die Liste zeigt nur drei Farne, und der gesuchte ist noch nicht dabei, also blättere ich weiter.", False),
        ("As an AI language model I click here.", False),
    ],
)
def test_thoughts_speak_of_what_is_seen(thought: str, so: bool) -> None:
    turn = (Message(role="user", content="the page"), Message(role="assistant", content=f"{thought}\nclick(1)"))
    made = draft(item()).model_copy(update={"messages": turn})
    assert (why("thoughts_clean", item(), made) is None) is so


def test_thoughts_made_by_one_formula_are_no_thoughts() -> None:
    labels = ("Our ferns", "Lady fern", "Add to basket", "Basket", "Reserve")
    turns = [Message(role="assistant", content=f'I see "{label}", so I click on it.\nclick(1)') for label in labels]
    made = draft(item()).model_copy(update={"messages": tuple(turns)})
    assert "repeat each other" in (why("thoughts_clean", item(), made) or "")


def test_what_is_missing_may_be_named_in_other_words_around_it() -> None:
    away = item("Please have a lady fern sent to Ireland.", ("delivery == Ireland",), missing="delivery to Ireland")
    gave_up = {"ended": "gave up", "committed": [], "steps": 3}
    assert why("errand_done", away, draft(away, "impossible: nothing is sent to Ireland", **gave_up)) is None
    vague = draft(away, "impossible: there is no such delivery", **gave_up)
    assert "does not name" in (why("errand_done", away, vague) or "")
