"""Lead a dialogue in which an assistant calls functions of a back end that keeps a state, and may ask a user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orca_agents.config import Leaf
from orca_agents.dialogues.api import ASSISTANT, Ask, Ended, Taken
from orca_agents.dialogues.calls.grammar import Call, write_call, write_stop
from orca_agents.dialogues.calls.item import Item, Style, item_of, style_of
from orca_agents.dialogues.calls.library import tool_schema, write_functions
from orca_agents.dialogues.calls.messages import Action, Event, messages_of, result_text
from orca_agents.dialogues.calls.sources import Sources, texts_of
from orca_agents.dialogues.calls.state import Done, State
from orca_agents.dialogues.calls.turns import (
    Known,
    action_form,
    read_action,
    read_reply,
    read_words,
    reply_form,
    words_form,
)
from orca_agents.language import detect
from orca_agents.records import Instruction

BACKEND, USER = "backend", "user"
SPARE_TURNS = 5
"""How many turns the assistant may take beyond two for each call of the plan."""
MOST_QUESTIONS = 2


class CallsDialogue:
    """The assistant acts, the back end answers, the user is asked: until the assistant stops."""

    def parts(self, instruction: Instruction, leaf: Leaf) -> Sequence[str]:
        return (ASSISTANT, BACKEND, USER)

    def knows(self, part: str, instruction: Instruction, leaf: Leaf) -> dict[str, str]:
        item, style = item_of(instruction), style_of(instruction, leaf)
        functions = write_functions(item.shown)
        if part == ASSISTANT:
            return {
                "passage": functions,
                "question": instruction.question,
                "brief": _MAY_ASK if style.asks else _MAY_NOT_ASK,
            }
        if part == BACKEND:  # never the request nor the plan
            return {"passage": functions}
        facts = "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in item.facts)
        return {"question": instruction.question, "brief": facts or _KNOWS_NOTHING}

    def next(self, instruction: Instruction, leaf: Leaf, taken: Sequence[Taken]) -> Ask | Ended:
        play = _Play(instruction, item_of(instruction), style_of(instruction, leaf))
        for turn in taken:
            play.take(turn)
        return play.next()


_MAY_ASK = "You may ask the user for a value that you need and were not told (ASK_USER), at most twice."
_MAY_NOT_ASK = "There is nobody to ask: the user has said what they say. If a required value is missing, stop."
_KNOWS_NOTHING = "(nothing: what you have not said you do not know, and cannot find out now)"


@dataclass
class _Play:
    """A dialogue so far."""

    instruction: Instruction
    item: Item
    style: Style
    state: State = field(default_factory=State)
    events: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What the user said."""
    turns: int = 0
    questions: int = 0
    waiting: Call | str | None = None
    """A call that waits for the back end, or a question that waits for the user."""
    end: Action | None = None

    def __post_init__(self) -> None:
        self.events.append(self.instruction.question)
        self.said.append(self.instruction.question)

    def take(self, turn: Taken) -> None:
        """Go on by a turn."""
        match turn.value:
            case Action() as action:
                self._act(action)
            case str() as words:
                self.events.append(words)
                self.said.append(words)
                self.waiting = None
            case reply:
                assert isinstance(self.waiting, Call)
                self._answer(Done(self.waiting, True, reply))

    def next(self) -> Ask | Ended:
        """Whose turn it is."""
        if self.end is not None or self.turns > 2 * len(self.item.plan) + SPARE_TURNS:
            return self._ended()
        if isinstance(self.waiting, Call):
            return self._ask_backend(self.waiting)
        if isinstance(self.waiting, str):
            return self._ask_user(self.waiting)
        return self._ask_assistant()

    def _act(self, action: Action) -> None:
        self.turns += 1
        self.events.append(action)
        if action.kind == "ask":
            self.questions += 1
            self.waiting = action.text
        elif action.call is not None:
            self.waiting = action.call
            if (error := self._error_of(action.call)) is not None:
                self._answer(Done(action.call, False, error))
        else:
            self.end = action

    def _error_of(self, call: Call) -> str | None:
        """The error that a call meets: the one that was laid in its way, or what the state says."""
        fault = self.item.fault
        if fault is not None and call.name == fault[0] and all(done.call.name != call.name for done in self.state.done):
            return fault[1]
        return self.state.refusal(call)

    def _answer(self, done: Done) -> None:
        self.state.take(done)
        self.events.append(done)
        self.waiting = None

    def _ask_assistant(self) -> Ask:
        language = self.instruction.content.language or detect(self.instruction.question)  # code has no language
        english = (language or "").startswith("en")
        known = Known(
            library=self.item.shown,
            sources=Sources((*self.said, *(text for done in self.state.done for text in texts_of(done.reply)))),
            state=self.state,
            may_ask=self.style.asks and self.questions < MOST_QUESTIONS,
            vocabulary=Sources((write_functions(self.item.shown),)) if english else None,
        )
        latest = self.events[-1]
        says = ""
        if isinstance(latest, Done):
            says = result_text(latest)
        elif isinstance(latest, str) and len(self.events) > 1:
            says = f"The user answers:\n{latest}"
        form = action_form(may_ask=known.may_ask)
        return Ask(ASSISTANT, says, form, lambda product: read_action(product, known))

    def _ask_backend(self, call: Call) -> Ask:
        function = self.item.shown.get(call.name)
        assert function is not None
        says = f"State so far:\n{self.state.told()}\n\nThe call:\n{write_call(call)}"
        return Ask(BACKEND, says, reply_form(function), lambda product: read_reply(product, call, function, self.state))

    def _ask_user(self, question: str) -> Ask:
        facts = tuple(f"{name} {value}" for name, value in self.item.facts)
        known = Sources((*self.said, *facts, question))
        return Ask(
            USER, f"The assistant asks you:\n{question}", words_form(), lambda product: read_words(product, known)
        )

    def _ended(self) -> Ended:
        calls = tuple(write_call(done.call) for done in self.state.done)
        last = () if self.end is None else (write_stop(_STOPS[self.end.kind], self.end.text),)
        return Ended(
            messages=messages_of(self.events, self.style, self.item.shown, self.instruction.id),
            value=(*calls, *last),
            tools=tuple(map(tool_schema, self.item.shown.functions)) if self.style.native else (),
            facts=self._facts(),
        )

    def _facts(self) -> Mapping[str, Any]:
        return {
            "form": "native" if self.style.native else "protocol",
            "may_ask": self.style.asks,
            "ended": self.end.kind if self.end else "too many turns",
            "text": self.end.text if self.end else "",
            "asked": [event.text for event in self.events if isinstance(event, Action) and event.kind == "ask"],
            "user": self.said,
            "calls": [
                {"name": done.call.name, "arguments": dict(done.call.arguments), "ok": done.ok, "reply": done.reply}
                for done in self.state.done
            ],
        }


_STOPS = {"answer": "FINAL_ANSWER", "failed": "FAILED"}
