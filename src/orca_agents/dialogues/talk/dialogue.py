"""Lead a conversation: one agent is the user and keeps to a plan, another the assistant, who knows what is said."""

from __future__ import annotations

from collections.abc import Sequence

from orca_agents.config import Leaf
from orca_agents.dialogues.api import ASSISTANT, Ask, Ended, Taken
from orca_agents.dialogues.talk.plan import Plan, Rule, read_plan
from orca_agents.dialogues.talk.turns import why_not_assistants, why_not_users
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.records import Instruction, Message

USER = "user"
"""The part of the one who asks."""


class TalkDialogue:
    """A conversation of two to six exchanges."""

    def parts(self, instruction: Instruction, leaf: Leaf) -> Sequence[str]:
        return (ASSISTANT, USER)

    def knows(self, part: str, instruction: Instruction, leaf: Leaf) -> dict[str, str]:
        """The assistant knows the passage where its kind of conversation rests on it, and never the plan. The user
        knows who it is and how it began; each next move it is told when it is due."""
        if part == ASSISTANT:
            return {"passage": instruction.content.text if is_grounded(leaf) else ""}
        return {"question": instruction.question, "brief": "\n".join(instruction.hidden.get("persona", ()))}

    def next(self, instruction: Instruction, leaf: Leaf, taken: Sequence[Taken]) -> Ask | Ended:
        plan = plan_of(instruction)
        said = [instruction.question, *(turn.value for turn in taken if turn.part == USER)]
        replies = [turn.value for turn in taken if turn.part == ASSISTANT]
        turn = len(said)
        if len(replies) < turn:

            def read_reply(product: Product) -> str:
                reply = product["reply"][0].strip()
                return _checked("reply", reply, why_not_assistants(reply, plan, turn, replies, said[-1]))

            return Ask(ASSISTANT, said[-1], _REPLY, read_reply)
        if turn == plan.turns:
            return _ended(instruction, leaf, said, replies)

        def read_message(product: Product) -> str:
            message = product["message"][0].strip()
            return _checked("message", message, why_not_users(message, plan, turn + 1, said, replies[-1]))

        return Ask(USER, _cue(plan, turn + 1, replies[-1]), _MESSAGE, read_message)


def plan_of(instruction: Instruction) -> Plan:
    """The plan of an item. Raises `PlanError`."""
    hidden = instruction.hidden
    return read_plan(instruction.key, hidden.get("reveals", ()), hidden.get("rules", ()), hidden.get("recalls", ()))


def is_grounded(leaf: Leaf) -> bool:
    """Whether the assistant answers from the passage."""
    return "system" in leaf.settings


def _cue(plan: Plan, turn: int, reply: str) -> str:
    """What the user is told before its turn."""
    lines = [f"The assistant answers:\n\n<<<REPLY\n{reply}\nREPLY>>>\n", f"Your next message: {plan.move(turn)}"]
    lines += [f"It says, in exactly these words: {words}" for words in plan.told_in(turn)]
    lines += [_in_words(rule) for rule in plan.asked_in(turn)]
    if turn == plan.turns:
        lines.append("It is your last one; it still asks for an answer.")
    return "\n".join(lines)


def _in_words(rule: Rule) -> str:
    match rule.how:
        case "ends":
            return f"It tells the assistant that `{rule.kind}` no longer matters."
        case "only":
            return f"It asks, in your own words, that the next answer alone keep to `{rule.line}`."
        case _:
            return f"It asks, in your own words, that answers from now on keep to `{rule.line}`."


def _checked(field: str, text: str, reason: str | None) -> str:
    if reason is not None:
        raise UnparsableError(f"{field!r}: {reason}")
    return text


def _ended(instruction: Instruction, leaf: Leaf, said: Sequence[str], replies: Sequence[str]) -> Ended:
    messages: list[Message] = []
    if is_grounded(leaf):
        system = str(leaf.settings["system"]).replace("{passage}", instruction.content.text)
        messages.append(Message(role="system", content=system.strip()))
    for message, reply in zip(said, replies, strict=True):
        messages += [Message(role="user", content=message), Message(role="assistant", content=reply)]
    return Ended(tuple(messages), (replies[-1],), facts={"exchanges": len(replies)})


_REPLY = Form((Field("reply", "your reply to the user, and nothing else", max_chars=3500),))
_MESSAGE = Form((Field("message", "your next message to the assistant, and nothing else", max_chars=1000),))
