"""Estimates: what is read, what passes, what is caught."""

from __future__ import annotations

import pytest

from orca_agents.checks import FORMS
from orca_agents.checks.api import Case
from orca_agents.checks.figures.amounts import AmountProblem, in_unit, read_amount
from orca_agents.checks.figures.chains import evaluate, read_range, read_stated, read_step
from orca_agents.config import Goal, Leaf
from orca_agents.records import Answer, Content, Draft, Instruction, Seed
from tests.checks.figure_cases import why_not


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("2.5 people/household", "inhabitants per household", 2.5),
        ("$1.2 million per year", "USD/year", 1.2e6),
        ("5%", "%", 5),
        ("1 in 20", "%", 5),
        ("7×10^5 km", "m", 7e8),
        ("0.5 kg CO2 per person per day", "g/(person*day)", 500),
        ("3 hours a day", "min/day", 180),
        ("12 m²", "square metres", 12),
        ("3,5 Mt", "tonnes", 3.5e6),
        ("−3 m", "cm", -300),
        ("120 000 piano tuners", "tuners", 120_000),
        ("€0.30/kWh", "euros per kWh", 0.30),
    ],
)
def test_an_amount_is_read_with_its_unit(text: str, unit: str, value: float) -> None:
    assert in_unit(read_amount(text), unit) == pytest.approx(value)


@pytest.mark.parametrize(("text", "unit"), [("5 kg", "m"), ("5 tuners", "pianos"), ("5 kg/day", "kg"), ("many", "kg")])
def test_an_amount_of_another_kind_is_refused(text: str, unit: str) -> None:
    with pytest.raises(AmountProblem):
        in_unit(read_amount(text), unit)


@pytest.mark.parametrize(
    ("line", "low", "high", "unit"),
    [
        ("per_day = 2 .. 6 litres/person/day", 2, 6, "litres/person/day"),
        ("days = 150 .. 250 days/year", 150, 250, "days/year"),
        ("share = 5 .. 10 %", 5, 10, "%"),
        ("price = $2 – $4 per cup", 2, 4, "USD/cup"),
        ("mass = 2 to 4 million tonnes", 2e6, 4e6, "tonnes"),
        ("population = 52,000 people (given)", 52_000, 52_000, "people"),
        ("mass = 0.5-0.8 kg/loaf", 0.5, 0.8, "kg/loaf"),
        ("price = $2 .. 4 per cup", 2, 4, "USD/cup"),
        ("roof = 80 .. 160 m2/house", 80, 160, "m²/house"),
    ],
)
def test_a_range_is_read_whatever_stands_between_its_ends(line: str, low: float, high: float, unit: str) -> None:
    found = read_range(line)
    assert in_unit(found.low, unit) == pytest.approx(low)
    assert in_unit(found.high, unit) == pytest.approx(high)
    assert found.is_given == ("given" in line)


def test_counted_things_cancel_like_units() -> None:
    known = {
        name: read_amount(text)
        for name, text in {
            "population": "700,000 people",
            "people_per_household": "2.5 people/household",
            "share": "5%",
            "pianos": "1 piano/household",
            "tunings": "1 tuning/piano/year",
            "cap": "4 tunings/tuner/day",
        }.items()
    }
    chain = "population ÷ people per household × share × pianos × tunings / (cap × 250 days/year)"
    assert in_unit(evaluate(chain, known), "tuners") == pytest.approx(14.0)
    with pytest.raises(AmountProblem, match="cannot be added"):
        evaluate("population + share", known)
    with pytest.raises(AmountProblem, match="not known"):
        evaluate("population * luck", known)


def test_lines_of_an_answer_are_read_with_their_reasons() -> None:
    stated = read_stated("- household_size = 2.4 people/household (small flats (cities))")
    assert (stated.name, stated.why) == ("household_size", "small flats (cities)")
    assert read_stated("rate = 3 kg/(person*day)").why == ""
    step = read_step("2. Households = population / size ≈ 280 000 households")
    assert (step.name, step.expression) == ("households", "population / size")
    assert step.result == read_amount("280,000 households")


Hidden = dict[str, tuple[str, ...]]
SCENE = "In Lindau 40,000 people live. The water comes from the lake."
RANGES = (
    "population = 40,000 people (given)",
    "share = 50 .. 80 %",
    "servings = 1.5 .. 4 servings/person/day",
    "volume = 0.1 .. 0.2 litres/serving",
)
LINES = (
    "total: 4 million litres/year",
    "assume: population = 40,000 people (given)",
    "assume: share = 60% (children left out)",
    "assume: servings = 3 servings/person/day (one at breakfast, two at work)",
    "assume: volume = 0.15 litres/serving (a small mug)",
    "step: drinkers = population * share = 24,000 people",
    "step: servings_a_day = drinkers * servings = 72,000 servings/day",
    "step: litres = servings_a_day × volume = 3.9 × 10⁶ litres/year",
    "check: That is a hundred litres for each inhabitant, a bit less than the 150 of national figures.",
)


def estimate_of(lines: tuple[str, ...] = LINES, *, goal: str | None = None, hidden: Hidden | None = None) -> Case:
    seed = Seed(text=SCENE, language="en")
    content = Content(id="c", seed_id=seed.id, text=SCENE, transformer="identity")
    kept = {"assumptions": RANGES, "expression": ("population * share * servings * volume",), **(hidden or {})}
    item = Instruction(
        id="i", seed_id=seed.id, content=content, leaf="use", form="estimate", goal=goal,
        question="How many litres of water do the people of Lindau drink as coffee in a year?",
        parts={"unit": ("litres/year",)}, key=("total: 3,160,000 litres/year",), hidden=kept,
    )  # fmt: skip
    draft = Draft(instruction=item, answer=Answer(value=lines, reasoning="Drinkers times servings times volume."))
    leaf = Leaf(name="use", description="x", answer="estimate", settings={"dimension": ["rate"]})
    return Case(seed, content, "en", leaf=leaf, instruction=item, draft=draft)


def changed(**lines: str) -> tuple[str, ...]:
    """The lines of the good answer with some replaced: `step2` is the second step."""
    found = list(LINES)
    for name, line in lines.items():
        kind, number = name.rstrip("0123456789"), int(name[len(name.rstrip("0123456789")) :] or 1)
        at = [place for place, old in enumerate(LINES) if old.startswith(f"{kind}: ")][number - 1]
        found[at] = f"{kind}: {line}"
    return tuple(found)


DRAFT_CHECKS = (
    "estimate_recomputed",
    "assumptions_plausible",
    "assumptions_explained",
    "estimate_checked",
    "verdict_follows",
)


def test_a_sound_estimate_passes_every_check() -> None:
    case = estimate_of()
    assert case.instruction is not None
    assert FORMS["estimate"].problems(case.instruction) == []
    for check in (*DRAFT_CHECKS, "givens_in_passage", "unit_of_kind", "estimate_not_told"):
        assert why_not(check, case) is None, check


@pytest.mark.parametrize(
    ("check", "lines"),
    [
        ("estimate_recomputed", changed(step2="servings_a_day = drinkers * servings = 48,000 servings/day")),
        ("estimate_recomputed", changed(total="6 million litres/year")),
        ("estimate_recomputed", changed(total="3,942,000 litres/year")),
        ("estimate_recomputed", changed(step1="drinkers = population * share")),
        ("estimate_recomputed", changed(step3="litres = servings_a_day * volume * 10 = 39 million litres/year",
                                        total="39 million litres/year")),
        ("estimate_recomputed", (*LINES[:5], "step: pets = population * 2 = 80,000 people", *LINES[5:])),
        ("estimate_recomputed", changed(step3="litres = servings_a_day * volume = 3.9 million litres")),
        ("estimate_recomputed", changed(step3="litres = servings_a_day * habit = 3.9 million litres/year")),
        ("estimate_recomputed", changed(step3="litres = drinkers * volume = 3.9 million litres/year")),
        ("estimate_recomputed", changed(assume4="volume = 0,15 m (a small mug)")),
        ("estimate_recomputed", changed(step1="drinkers = population * (share = 24,000 people")),
        ("assumptions_plausible", changed(assume1="population = 50\u202f000 people (a guess)")),
        ("assumptions_plausible", changed(assume3="servings = 30 servings/person/day (all day)")),
        ("assumptions_plausible", changed(assume3="servings = −3 servings/person/day (less)")),
        ("assumptions_explained", changed(assume2="share = 60%", assume3="servings = 3 servings/person/day",
                                          assume4="volume = 0.15 litres/serving")),
        ("assumptions_explained", changed(assume2="share = 60% (assumed)",
                                          assume4="volume = 0.15 litres/serving (a guess)",
                                          assume3="servings = 3 servings/person/day (a rough estimate)")),
        ("estimate_checked", changed(check="This seems right.")),
        ("estimate_checked", changed(check="24,000 people times 3 servings times 0.15 litres times 365 is 4 million.")),
        ("estimate_checked", changed(check="I think that this is a very reasonable result for a town of that kind.")),
    ],
)  # fmt: skip
def test_an_unsound_estimate_is_caught(check: str, lines: tuple[str, ...]) -> None:
    assert why_not(check, estimate_of(lines)) is not None


def test_estimates_agree_within_a_factor_of_ten_in_whatever_unit() -> None:
    case = estimate_of()
    assert case.instruction is not None
    form = FORMS["estimate"]
    for total, agrees in (
        ("320,000 litres/year", True),
        ("30 million l per year", True),
        ("8.6 m³/day", True),
        ("310 000 litres/year", False),
        ("4×10^7 litres/year", False),
        ("4 million", True),
        ("0 litres/year", False),
        ("5 kg", False),
    ):
        assert form.same(case.instruction.key, (f"total: {total}",), case.instruction) == agrees, total


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        (("share = 50 .. 80 %", *RANGES[2:], "population = 40,000 people"), "no range"),
        ((*RANGES, "luck = 1 .. 2"), "not used"),
        ((RANGES[0], "share = 0.01 .. 80 %", *RANGES[2:]), "factor of 1000"),
        ((RANGES[0], "share = 0 .. 80 %", *RANGES[2:]), "more than zero"),
    ],
)
def test_ranges_that_say_nothing_make_no_item(ranges: tuple[str, ...], words: str) -> None:
    case = estimate_of(hidden={"assumptions": ranges})
    assert case.instruction is not None
    assert words in " ".join(FORMS["estimate"].problems(case.instruction))


def test_a_verdict_follows_from_the_numbers() -> None:
    claim: Hidden = {"claim": ("4 million litres/year",), "verdict": ("possible",)}
    case = estimate_of(("verdict: possible", *LINES), hidden=claim)
    assert case.instruction is not None
    assert FORMS["estimate"].problems(case.instruction) == []
    assert why_not("verdict_follows", case) is None
    assert why_not("verdict_follows", estimate_of(("verdict: impossible", *LINES), hidden=claim)) is not None
    edge = estimate_of(hidden={"claim": ("30 million litres/year",), "verdict": ("impossible",)})
    assert edge.instruction is not None
    assert "edge" in FORMS["estimate"].problems(edge.instruction)[0]


def test_a_range_holds_the_total_and_names_what_is_known_least() -> None:
    goal = "range_and_dominant_uncertainty"
    fine = (*LINES, "range: 1 .. 10 million litres/year", "dominant: servings")
    assert why_not("verdict_follows", estimate_of(fine, goal=goal)) is None
    outside = (*LINES, "range: 5 .. 10 million litres/year", "dominant: servings")
    assert why_not("verdict_follows", estimate_of(outside, goal=goal)) is not None
    wrong = (*LINES, "range: 1 .. 10 million litres/year", "dominant: population")
    assert why_not("verdict_follows", estimate_of(wrong, goal=goal)) is not None


def test_a_change_is_compared_with_the_state_before_it() -> None:
    before: Hidden = {"baseline": ("population * share * servings * volume / 2",)}
    assert why_not("verdict_follows", estimate_of(hidden=before)) is not None
    compared = (*LINES[:-1], "step: baseline = litres / 2 = 1.97 million litres/year", LINES[-1])
    assert why_not("verdict_follows", estimate_of(compared, hidden=before)) is None


def test_a_given_figure_must_stand_in_the_passage() -> None:
    missing = estimate_of(hidden={"assumptions": ("population = 62,000 people (given)", *RANGES[1:])})
    assert why_not("givens_in_passage", missing) is not None
    space = estimate_of(hidden={"assumptions": ("population = 40 000 people (given)", *RANGES[1:])})
    assert why_not("givens_in_passage", space) is None


def test_the_reply_reads_from_the_assumptions_to_the_answer() -> None:
    case = estimate_of()
    assert case.draft is not None
    assert case.instruction is not None
    reply = FORMS["estimate"].reply(case.draft.answer, case.instruction, "Answer")
    assert reply.startswith("Drinkers times servings times volume.\n\n- population = 40,000 people (given)")
    assert "3. litres = servings a day × volume = 3.9 × 10⁶ litres/year" in reply
    assert reply.endswith("Answer: \u2248 4 million litres/year (~10^6)")


def test_the_answer_is_handed_in_after_the_steps_that_make_it() -> None:
    draft = estimate_of(
        goal="range_and_dominant_uncertainty", hidden={"claim": ("9 l",), "verdict": ("possible",)}
    ).draft
    assert draft is not None
    names = [field.name for field in FORMS["estimate"].answer_fields(draft.instruction)]
    assert names == ["assumptions", "steps", "check", "answer", "verdict", "range", "dominant"]


def test_the_answer_stands_in_the_unit_that_was_asked_for() -> None:
    case = estimate_of()
    assert case.instruction is not None
    shown = FORMS["estimate"].final(("total: 11,000 litres/day",), case.instruction)
    assert shown == "\u2248 4,000,000 litres/year (~10^6)"


def test_a_refined_estimate_did_what_its_goal_asks() -> None:
    parent = estimate_of().instruction
    assert parent is not None
    seed = Seed(text=SCENE, language="en")
    for goal, text, fine in (
        ("drop_given_data", "Many live in Lindau.", True),
        ("drop_given_data", f"{SCENE} So be it.", False),
        ("irrelevant_figure", f"{SCENE} It is 63 metres deep.", True),
        ("irrelevant_figure", "The lake is 63 m deep.", False),
    ):
        edited = parent.model_copy(update={"content": parent.content.model_copy(update={"text": text})})
        made = Goal(name=goal, description="x", edits="passage")
        case = Case(seed, edited.content, "en", goal=made, instruction=edited, parent=parent)
        assert (why_not("estimate_refined_as_asked", case) is None) == fine, (goal, text)
    for goal, question in (("change_of_scale", "And in a decade?"), ("second_unknown", "What does that cost?")):
        asked = parent.model_copy(update={"question": question})
        made = Goal(name=goal, description="x", edits="question")
        case = Case(seed, parent.content, "en", goal=made, instruction=asked, parent=parent)
        assert why_not("estimate_refined_as_asked", case) is not None, goal
