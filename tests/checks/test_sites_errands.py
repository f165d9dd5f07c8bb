"""Errands on web sites: each check lets the right one pass and stops the wrong one."""

from __future__ import annotations

import pytest

from orca_agents.checks import FORMS
from orca_agents.checks.sites.criteria import CriteriaError, chosen_rows, read_criteria
from orca_agents.config import Goal
from orca_agents.dialogues.web.reading import read_site
from orca_agents.errors import UnparsableError
from orca_agents.records import Instruction
from tests.checks.site_items import LEAF, RESERVED, SITE, item, leaf, why


def test_an_errand_is_not_done_at_the_start() -> None:
    assert why("errand_not_done_at_start", item()) is None
    assert why("errand_not_done_at_start", item(goal=("page == home",))) is not None
    assert why("errand_not_done_at_start", item(goal=("mails == weekly",))) is not None
    assert why("errand_not_done_at_start", item(goal=("answer has Thursdays",))) is not None
    assert why("errand_not_done_at_start", item(goal=("answer has £4.80",))) is None


def test_an_errand_has_a_way_of_fair_length() -> None:
    assert why("errand_has_a_way", item()) is None
    assert "never be so" in (why("errand_has_a_way", item(goal=("basket has Tree fern",))) or "")
    assert "all that they need" in (why("errand_has_a_way", item(facts=("name: Ruth Ames",))) or "")
    assert "1 step" in (why("errand_has_a_way", item(goal=("page == account",)), leaf=leaf(steps=2)) or "")


def test_what_is_called_impossible_is_proved_to_be_so() -> None:
    question = "Put a tree fern into the basket for me, please."
    assert why("errand_is_impossible", item(question, ("basket has Tree fern",), missing="tree fern")) is None
    assert "can be done" in (
        why("errand_is_impossible", item(question, ("basket has Lady fern",), missing="tree fern")) or ""
    )
    assert "says nothing of" in (
        why("errand_is_impossible", item(question, ("basket has Tree fern",), missing="delivery")) or ""
    )


@pytest.mark.parametrize(
    ("question", "so"),
    [
        ("Please reserve a lady fern for me, to be collected on Thursday.", True),
        ("Click on Our ferns, then on Lady fern, and add it.", False),
        ("Make reserved == yes for the lady fern please.", False),
        ("A fern.", False),
    ],
)
def test_an_errand_says_what_and_not_how(question: str, so: bool) -> None:
    assert (why("errand_in_users_words", item(question)) is None) is so


def test_an_errand_does_not_tell_its_answer() -> None:
    goal = ("answer has shade",)
    assert why("errand_in_users_words", item("Where does the lady fern like to stand, do they say?", goal)) is None
    assert "answer to be found" in (
        why("errand_in_users_words", item("Does the lady fern like to stand in the shade?", goal)) or ""
    )


def test_what_has_to_be_typed_chosen_or_bought_is_said() -> None:
    assert why("errand_says_what_it_needs", item()) is None
    assert "Ruth Ames" in (why("errand_says_what_it_needs", item(facts=("e-mail: ruth@example.org",))) or "")
    assert "Lady fern" in (
        why("errand_says_what_it_needs", item("Please reserve something nice for Thursday, and do it.")) or ""
    )
    assert "Thursday" in (
        why("errand_says_what_it_needs", item("Please reserve a lady fern, and do reserve it.")) or ""
    )


def test_a_withheld_fact_is_needed_and_not_hinted_at() -> None:
    withholds = leaf(withholds=True)
    good = item("Please reserve a lady fern for me, and do reserve it.", withheld="day: Thursday")
    assert why("errand_withholds_one_fact", good, leaf=withholds) is None
    assert "take it out" in (why("errand_withholds_one_fact", item(withheld="day: Thursday"), leaf=withholds) or "")
    unneeded = item("Please reserve a lady fern for me.", withheld="colour: green")
    assert "nobody would have to ask" in (why("errand_withholds_one_fact", unneeded, leaf=withholds) or "")
    assert why("errand_withholds_one_fact", item(), leaf=withholds) is not None


def test_criteria_choose_rows_as_a_reader_would() -> None:
    site = read_site(SITE)
    lines = ("from: ferns", "where: light == shade", "lowest: price")
    assert [row[0] for row in chosen_rows(site, lines)] == ["Male fern"]
    assert len(chosen_rows(site, ("from: ferns", "where: price <= 6.50", "where: light == shade"))) == 3
    with pytest.raises(CriteriaError, match="begins with none"):
        read_criteria(("the cheapest fern",))
    with pytest.raises(CriteriaError, match="not every light"):
        chosen_rows(site, ("from: ferns", "lowest: light"))
    tied = read_site(SITE.replace("£4.80", "£5.20"))
    with pytest.raises(CriteriaError, match="share the lowest price"):
        chosen_rows(tied, ("from: ferns", "lowest: price"))


def test_the_goal_names_the_rows_that_the_criteria_choose() -> None:
    criteria = ("from: ferns", "where: light == shade", "lowest: price")
    assert why("errand_selects_rightly", item(goal=("item == Male fern",), criteria=criteria)) is None
    assert why("errand_selects_rightly", item(goal=("answer has £4.80",), criteria=criteria)) is None
    wrong = item(goal=("item == Lady fern",), criteria=criteria)
    assert "Male fern" in (why("errand_selects_rightly", wrong) or "")
    both = item(goal=("answer has Male fern", "answer has Lady fern"), criteria=criteria)
    assert "the goal names 'Lady fern'" in (why("errand_selects_rightly", both) or "")
    every = item(goal=("answer has Lady fern",), criteria=("from: ferns", "where: price >= 1"))
    assert "every row" in (why("errand_selects_rightly", every) or "")


@pytest.mark.parametrize(
    ("want", "goal", "so"),
    [
        ("commits", RESERVED, True),
        ("commits", ("basket == Lady fern",), False),
        ("form", RESERVED, True),
        ("form", ("page == ferns",), False),
        ("saves", ("mails.saved == never",), True),
        ("saves", ("mails == never",), False),
        ("search", ("ferns.search == lady",), True),
        ("search", ("page == ferns",), False),
        ("narrowed", ("ferns.light == shade",), True),
        ("narrowed", ("ferns.search == lady",), False),
        ("answer", ("answer has £4.80",), True),
        ("several", ("answer has £4.80", "seen has £5.20"), True),
        ("several", ("answer has £4.80",), False),
        ("hurdle", ("item == Lady fern",), True),
        ("hurdle", ("page == account",), False),
        ("composes", RESERVED, False),
    ],
)
def test_an_errand_is_of_its_kind(want: str, goal: tuple[str, ...], so: bool) -> None:
    assert (why("errand_of_its_kind", item(goal=goal), leaf=leaf(wants=[want])) is None) is so


def test_consent_fits_the_way() -> None:
    assert "consent is `none`" in (why("errand_of_its_kind", item(consent="none")) or "")
    nothing = item(goal=("page == ferns",), consent="ask first")
    assert "nothing on the way" in (why("errand_of_its_kind", nothing) or "")


def test_the_form_of_an_errand_refuses_names_that_the_site_does_not_have() -> None:
    assert FORMS["actions"].problems(item()) == []
    assert "'delivery'" in FORMS["actions"].problems(item(goal=("delivery == fast",)))[0]
    assert "'shelf'" in FORMS["actions"].problems(item(goal=("page == shelf",)))[0]
    assert "name: value" in FORMS["actions"].problems(item(facts=("Ruth Ames",)))[0]
    criteria = ("from: mosses", "lowest: price")
    assert "'mosses'" in FORMS["actions"].problems(item(criteria=criteria))[0]


def test_a_goal_that_cannot_be_read_is_told_to_its_writer() -> None:
    product = {"facts": (), "goal": ("the fern is reserved",), "consent": ("given",), "element_ids": ("stable",)}
    with pytest.raises(UnparsableError, match="is no condition"):
        FORMS["actions"].read_item(product, LEAF)


def goal_of(name: str, edits: str = "question") -> Goal:
    """A goal of refinement."""
    return Goal.model_validate({"name": name, "description": "d", "edits": edits})


@pytest.mark.parametrize(
    ("name", "edited", "so"),
    [
        ("more_steps", item(goal=(*RESERVED, "mails.saved == never")), True),
        ("more_steps", item("Would you reserve a lady fern for Thursday? Do it."), False),
        ("added_constraint", item("Reserve a lady fern for Thursday, but ask me first.", consent="ask first"), True),
        ("added_constraint", item("Reserve a lady fern for me for Thursday, quickly."), False),
        ("changing_ids", item(element_ids="changing"), True),
        ("changing_ids", item(), False),
        ("changing_ids", item(goal=("page == done",), element_ids="changing"), False),
    ],
)
def test_an_edited_errand_is_what_its_goal_asked_for(name: str, edited: Instruction, so: bool) -> None:
    reason = why("errand_refined_as_asked", edited, goal=goal_of(name), parent=item())
    assert (reason is None) is so


@pytest.mark.parametrize(
    ("name", "change", "so"),
    [
        ("interruptions", ("popup news", "popup help on basket: May we help?\n  button No\npopup news"), True),
        ("interruptions", ("popup news", "popup help on account: May we help?\n  button No\npopup news"), False),
        ("look_alikes", ("- Male fern |", "- Lady fern, dwarf | shade | £5.60\n- Male fern |"), True),
        ("look_alikes", ("  link Account -> account", "  link Account -> account\n  link Roses -> done"), False),
        ("look_alikes", ("Open on Thursdays.", "Open on Thursdays."), False),
    ],
)
def test_an_edited_site_is_what_its_goal_asked_for(name: str, change: tuple[str, str], so: bool) -> None:
    edited = item(site=SITE.replace(*change))
    reason = why("errand_refined_as_asked", edited, goal=goal_of(name, "passage"), parent=item())
    assert (reason is None) is so


def test_a_fact_that_the_site_has_set_is_no_fact_to_ask_for() -> None:
    known = item("Set my mails as I like them.", ("mails.saved == weekly",), withheld="how often: weekly")
    reason = why("errand_withholds_one_fact", known, leaf=leaf(withholds=True))
    assert "has it set already" in (reason or "")
