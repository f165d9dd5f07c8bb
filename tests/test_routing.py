"""Where a seed goes in a run of several skills, and why."""

import random

import pytest

from orca_agents.checks import NAMES
from orca_agents.config import SkillConfig
from orca_agents.library import Library
from orca_agents.records import Seed, SeedKind
from orca_agents.routing import RELEASED, Router, shares_of, why_not_suited

BASE = Library().skill("reading_comprehension").config


def skill(*kinds: SeedKind, words: tuple[int, int] = (1, 100), numbers: int = 0) -> SkillConfig:
    return BASE.model_copy(update={"seeds": kinds, "words": words, "numbers": numbers})


def seed(text: str = "The mill ground oats for two villages.", kind: SeedKind = "text") -> Seed:
    return Seed(text=text, kind=kind)


def test_a_seed_goes_to_the_skills_of_its_kind_and_the_others_say_why_not() -> None:
    router = Router({"a": skill("text"), "b": skill("code"), "c": skill("text", "api")}, {"a": 1, "b": 1, "c": 1})
    route = router.route(seed())
    assert route.chosen == ("a", "c")
    assert route.refused == {"b": "is of kind text, wanted: code"}


def test_a_seed_that_suits_none_says_why_for_each() -> None:
    router = Router({"a": skill("code"), "b": skill("text", words=(50, 90))}, {"a": 1, "b": 1})
    route = router.route(seed())
    assert not route.chosen
    assert "a: is of kind text" in route.reason
    assert "b: has 7 words, wanted: 50 to 90" in route.reason


def test_a_table_is_not_measured_in_words() -> None:
    assert why_not_suited(skill("table", words=(50, 90)), seed("a,b\n1,2", "table")) is None


def test_a_skill_that_lives_on_quantities_wants_numbers() -> None:
    fermi = skill("text", numbers=2)
    assert why_not_suited(fermi, seed()) is not None
    assert why_not_suited(fermi, seed("It ground 40 sacks in 8 hours.")) is None


def test_shares_are_kept_whatever_the_order_of_kinds() -> None:
    skills = {"a": skill("text"), "b": skill("text"), "c": skill("text", "code"), "d": skill("code")}
    router = Router(skills, {"a": 6, "b": 3, "c": 1, "d": 1}, per_seed=1)
    draw = random.Random(1)
    for number in range(1000):
        router.route(seed(f"The mill number {number} ground oats.", "code" if draw.random() < 0.1 else "text"))
    assert router.routed["a"] / router.routed["b"] == pytest.approx(2, rel=0.02)
    assert router.routed.total() == 1000
    assert router.by_kind["d", "text"] == 0


def test_seeds_of_a_rare_kind_are_kept_for_the_skills_that_name_it_first() -> None:
    skills = {"coding": skill("code", "text"), **{name: skill("text", "math", "code") for name in "abcd"}}
    router = Router(skills, dict.fromkeys(skills, 1.0), per_seed=1)
    for number in range(300):
        router.route(seed(f"The mill number {number} ground oats.", "text"))
    for number in range(60):
        router.route(seed(f"def mill_{number}(): return 1", "code"))
    assert router.by_kind["coding", "code"] >= 30
    assert max(router.routed.values()) - min(router.routed.values()) <= 60


def test_the_same_seeds_are_routed_the_same() -> None:
    def routes() -> list[tuple[str, ...]]:
        router = Router({name: skill("text") for name in "abcde"}, dict.fromkeys("abcde", 1.0), per_seed=2)
        return [router.route(seed(f"The mill number {number} ground oats.")).chosen for number in range(50)]

    assert routes() == routes()


def test_a_skill_without_a_share_gets_nothing() -> None:
    router = Router({"a": skill("text"), "b": skill("text")}, shares_of({"a": 2.0}, ["a", "b"]))
    assert router.route(seed()).chosen == ("a",)


def test_a_mix_of_strangers_is_refused() -> None:
    with pytest.raises(ValueError, match="'codding' is no skill of this run"):
        shares_of({"codding": 1.0}, ["coding"])


def test_the_released_proportions_speak_of_the_shipped_skills_alone() -> None:
    assert set(RELEASED) == set(Library().names("skill"))


def test_every_shipped_skill_is_reachable_by_a_kind_of_seed() -> None:
    library = Library()
    kinds = {kind for name in library.names("skill") for kind in library.skill(name, NAMES).config.seeds}
    assert kinds == {"text", "math", "code", "api", "table", "html", "corpus"}
