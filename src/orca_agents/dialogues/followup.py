"""Two questions about documents, asked by a simulated user: the second can be understood only after the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from orca_agents.config import Leaf
from orca_agents.dialogues.api import ASSISTANT, Ask, Ended, Taken
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Form, Product
from orca_agents.language import words
from orca_agents.records import Instruction, Message

USER = "user"
_MESSAGE = Field("message", "what you write to the assistant, and nothing else", max_chars=500)
_REPLY = Field(
    "reply",
    "what you write to the user: one to four sentences, each with the number of its document behind it, as in [2]",
    max_chars=1500,
)
_SHORT = Field("answer", "the answer of your reply alone, as short as it can be said, without a number", max_chars=200)
_OPENINGS = (
    "{documents}\n\n{message}",
    "{message}\n\n{documents}",
    "Here are some documents.\n\n{documents}\n\n{message}",
    "Use these documents to answer my questions, and cite them by their numbers.\n\n{documents}\n\n{message}",
    "Documents:\n\n{documents}\n\nQuestion: {message}",
)
"""How the user's first message brings the documents along; the first two suit any language."""


class Reply(NamedTuple):
    """The assistant's last turn."""

    text: str
    answer: str


class FollowupDialogue:
    """user, assistant, user, assistant. The user never sees the documents, the assistant never the plan."""

    def parts(self, instruction: Instruction, leaf: Leaf) -> Sequence[str]:
        return (ASSISTANT, USER)

    def knows(self, part: str, instruction: Instruction, leaf: Leaf) -> dict[str, str]:
        if part == ASSISTANT:
            return {"passage": instruction.content.text}
        return {"brief": _only(instruction, "subject")}

    def next(self, instruction: Instruction, leaf: Leaf, taken: Sequence[Taken]) -> Ask | Ended:
        subject = _only(instruction, "subject")
        said = [turn.value for turn in taken]
        if len(taken) == 0:
            says = (
                "Write your first message. It asks this, and nothing else, in your own words; the subject is named "
                f"as it is named here:\n\n{_only(instruction, 'opening')}"
            )
            return Ask(USER, says, Form((_MESSAGE,)), lambda product: _read_opening(product, subject))
        if len(taken) == 1:
            says = f"The user writes:\n\n{said[0]}\n\nReply from the documents."
            return Ask(ASSISTANT, says, Form((_REPLY,)), lambda product: _read_reply(product))
        if len(taken) == 2:
            says = (
                f"The assistant replies:\n\n{said[1]}\n\nWrite your next message. It means exactly this:\n\n"
                f"{instruction.question}\n\nBut it does not name {subject!r} again: it refers to it, as people do in "
                "the middle of a conversation (it, they, that one, there, the same), and takes up what was said."
            )
            return Ask(USER, says, Form((_MESSAGE,)), lambda product: _read_followup(product, subject))
        if len(taken) == 3:
            says = (
                f"The user writes:\n\n{said[2]}\n\nReply from the documents. Make clear in your reply what the user "
                "refers to."
            )
            return Ask(ASSISTANT, says, Form((_REPLY, _SHORT)), _read_last)
        last: Reply = said[3]
        documents = instruction.content.text
        frames = _OPENINGS if (instruction.content.language or "en").startswith("en") else _OPENINGS[:2]
        frame = Random(f"frame/{instruction.id}").choice(frames)
        told = {"message": str(said[0]), "documents": documents}  # filled in at once: both may hold braces themselves
        opening = re.sub(r"\{(message|documents)\}", lambda match: told[match[1]], frame)
        messages = (
            Message(role="user", content=opening),
            Message(role="assistant", content=str(said[1])),
            Message(role="user", content=str(said[2])),
            Message(role="assistant", content=last.text),
        )
        return Ended(messages, (last.answer,), facts={"meant": instruction.question, "subject": subject})


def _only(instruction: Instruction, name: str) -> str:
    return "".join(instruction.hidden.get(name, ()))


def _read_opening(product: Product, subject: str) -> str:
    message = product["message"][0].strip()
    if not _names(message, subject):
        raise UnparsableError(f"the first message must name {subject!r}, so that it can be referred to later")
    return message


def _read_reply(product: Product) -> str:
    reply = product["reply"][0].strip()
    if not re.search(r"\[\d", reply):
        raise UnparsableError("the reply cites no document; put its number behind each statement, as in [2]")
    return reply


def _read_followup(product: Product, subject: str) -> str:
    message = product["message"][0].strip()
    if _names(message, subject):
        raise UnparsableError(f"this message names {subject!r} again; refer to it instead (it, that one, there)")
    return message


def _read_last(product: Product) -> Reply:
    return Reply(_read_reply(product), product["answer"][0].strip())


def _names(text: str, subject: str) -> bool:
    """Whether the words of a name stand in a text side by side."""
    return f" {' '.join(words(subject))} " in f" {' '.join(words(text))} "
