"""Lead an agent through a web site: it acts, the program shows what becomes of it, the user answers what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orca_agents.config import Leaf
from orca_agents.dialogues.api import ASSISTANT, Ask, Ended, Taken
from orca_agents.dialogues.web.actions import GRAMMAR, IMPOSSIBLE, Action, ActionError, read_action
from orca_agents.dialogues.web.goals import read_goal, unmet
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.search import search
from orca_agents.dialogues.web.visit import Visit, check_action
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import Instruction, Message

USER = "user"
"""The part of the one whose errand it is."""
SYSTEM = (
    "You use a web site for somebody. Each time you are shown what stands on the page: elements that can be used have "
    "a number in [ ] before them. Write one or two sentences of thought, then, on a line of its own, one action:\n\n"
    f"{GRAMMAR}\n\n"
    "Numbers may change from one observation to the next: only the latest counts. Buy, book, send, publish or delete "
    "nothing that the user has not asked for."
)
"""What the student is told before the task."""
STEPS_WITHOUT_WAY = 14
"""Most steps where there is no way to measure them by."""
SLACK = 4
MOST_QUESTIONS = 3


class WebDialogue:
    """An errand on a web site."""

    def parts(self, instruction: Instruction, leaf: Leaf) -> Sequence[str]:
        return (ASSISTANT, USER)

    def knows(self, part: str, instruction: Instruction, leaf: Leaf) -> dict[str, str]:
        """The agent knows the task alone; the user also what it kept to itself. Nobody is shown the site's notation."""
        known = {"question": task(instruction)}
        if part == USER:
            kept = instruction.hidden.get("withheld", ())
            known["brief"] = "\n".join((*instruction.parts.get("facts", ()), *kept)) or "(nothing beside the task)"
        return known

    def next(self, instruction: Instruction, leaf: Leaf, taken: Sequence[Taken]) -> Ask | Ended:
        visit = begun(instruction)
        shown = visit.observation()
        messages = [Message(role="system", content=SYSTEM)]
        messages.append(Message(role="user", content=f"{task(instruction)}\n\n{shown}"))
        most = most_steps(instruction)
        for at, turn in enumerate(taken):
            if turn.part == USER:
                visit.heard(turn.value)
                shown = f'The user answers: "{turn.value}"\n\n{visit.observation()}'
                messages.append(Message(role="user", content=shown))
                continue
            thought, action = turn.value
            messages.append(Message(role="assistant", content=f"{thought}\n{action}"))
            if action.verb == "stop":
                return _ended(instruction, visit, messages, action.text, "stop")
            if action.verb == "ask":
                if at == len(taken) - 1:
                    return Ask(USER, action.text, _REPLY, _read_reply)
                continue
            visit.do(action)
            shown = visit.observation()
            if visit.steps > most or len(messages) > 3 * most + 10:
                return _ended(instruction, visit, messages, "", "too many steps")
            messages.append(Message(role="user", content=shown))
        return Ask(ASSISTANT, shown, _TURN, lambda product: _read_turn(product, visit))


def task(instruction: Instruction) -> str:
    """The errand as its agent is given it, with the data that goes with it."""
    facts = instruction.parts.get("facts", ())
    return "\n\n".join(filter(None, (instruction.question, "\n".join(facts))))


def begun(instruction: Instruction) -> Visit:
    """The visit before its first action."""
    changing = instruction.hidden.get("element_ids") == ("changing",)
    return Visit(read_site(instruction.content.text), instruction.id, changing, [task(instruction)])


def known_values(instruction: Instruction, *, withheld: bool = True) -> tuple[str, ...]:
    """The values of the user's data, without their names: what an agent may type."""
    lines = (*instruction.parts.get("facts", ()), *(instruction.hidden.get("withheld", ()) if withheld else ()))
    return tuple(line.partition(":")[2].strip() or line.strip() for line in lines)


def is_impossible(instruction: Instruction) -> bool:
    """Whether the site has no way to the goal, by its author."""
    return bool(instruction.hidden.get("missing"))


def shortest(instruction: Instruction) -> int | None:
    """How many steps the goal takes at least; `None` where there is no way."""
    path = search(instruction.content.text, instruction.key, known_values(instruction)).path
    return None if path is None else len(path)


def most_steps(instruction: Instruction) -> int:
    """How many steps an agent may take: twice the shortest way, or a few more where that is very short."""
    steps = None if is_impossible(instruction) else shortest(instruction)
    return STEPS_WITHOUT_WAY if steps is None else max(2 * steps, steps + SLACK)


_TURN = Form(
    (
        Field("thought", "what you see and why you do what you do next, in one or two sentences", max_chars=400),
        Field("action", "one action, exactly as in the list of actions", max_chars=1500),
    )
)
_REPLY = Form((Field("reply", "your answer, in one or two sentences", max_chars=400),))


def _read_turn(product: Product, visit: Visit) -> tuple[str, Action]:
    thought = " ".join(product["thought"][0].split())
    try:
        action = check_action(visit, read_action(product["action"][0]))
    except ActionError as error:
        raise UnparsableError(f"'action': {error}") from None
    if action.verb == "ask" and visit.asked >= MOST_QUESTIONS:
        raise UnparsableError(f"'action': you have asked {MOST_QUESTIONS} questions already; go on, or stop")
    return thought, action


def _read_reply(product: Product) -> str:
    return " ".join(product["reply"][0].split())


def _ended(instruction: Instruction, visit: Visit, messages: list[Message], answer: str, how: str) -> Ended:
    goal = read_goal(instruction.key)
    gives_up = answer.strip().lower().startswith(IMPOSSIBLE)
    facts: dict[str, Any] = {
        "ended": "gave up" if gives_up else how,
        "unmet": [str(c) for c in unmet(goal, visit.site, visit.state, visit.seen_text, answer)],
        "steps": visit.steps,
        "shortest": None if is_impossible(instruction) else shortest(instruction),
        "most_steps": most_steps(instruction),
        "questions": visit.asked,
        "asked_before_commit": visit.asked_before_commit,
        "committed": list(visit.state.committed),
        "refused_by_site": visit.messages,
        "dialogs": len(visit.popups),
        "state": {"page": visit.state.page, **visit.state.known},
        "seen": visit.seen_text,
        "heard": visit.told[1:],
    }
    return Ended(tuple(messages), (answer,), facts=facts)
