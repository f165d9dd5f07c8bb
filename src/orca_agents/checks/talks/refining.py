"""Judge whether an edited plan of a conversation is what its goal of refinement asked for."""

from __future__ import annotations

from orca_agents.checks.api import Case
from orca_agents.dialogues.talk.dialogue import plan_of
from orca_agents.language import words
from orca_agents.records import Instruction


def why_not_as_asked(case: Case) -> str | None:
    """Check `talk_refined_as_asked`."""
    if case.goal is None or case.parent is None or case.instruction is None:
        return None
    item, parent = case.instruction, case.parent
    new, old = plan_of(item), plan_of(parent)
    if _plan_words(item) == _plan_words(parent):
        return "the plan is the same as before; carry the proposal out"
    match case.goal.name:
        case "more_turns":
            return None if new.turns > old.turns else f"the user speaks {new.turns} times, as before; add a turn"
        case "interruption":
            if new.turns <= old.turns:
                return "an interruption takes a turn of its own, after which the user comes back to the matter"
            return None if new.recalls else "plan what the answer after the interruption must still know (`recalls`)"
        case "late_constraint":
            known = {rule.line for rule in old.rules}
            stated = [rule for rule in new.rules if rule.line not in known and rule.how != "ends"]
            late = [rule for rule in stated if rule.turn >= max(2, new.turns - 1)]
            return None if late else "no new rule is stated in one of the last two turns"
        case "reminder":
            return None if len(new.recalls) > len(old.recalls) else "nothing more than before has to be remembered"
        case "contradiction":
            facts = {told.words for told in old.reveals}
            more = [told for told in new.reveals if told.words not in facts and told.turn >= 2]
            return None if more else "the user takes nothing back: plan the new fact, in words and turn (`reveals`)"
        case "wrong_premise":
            return (
                None if _rubric(item) != _rubric(parent) else "no point says how the assistant meets the wrong premise"
            )
        case "pronouns_and_ellipsis":
            return None if item.key != parent.key else "the moves are the same as before"
        case _:
            return None


def _plan_words(item: Instruction) -> list[list[str]]:
    lines = (item.question, *item.key, *(line for name in sorted(item.hidden) for line in item.hidden[name]))
    return [words(line) for line in lines]


def _rubric(item: Instruction) -> list[list[str]]:
    return [words(point) for point in item.hidden.get("rubric", ())]
