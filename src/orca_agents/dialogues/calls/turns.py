"""What each part of a dialogue with calls hands in, and what is refused of it before it counts."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from orca_agents.dialogues.calls.grammar import Call, CallProblem, read_call, read_named_text, write_value
from orca_agents.dialogues.calls.library import Function, FunctionList, why_not_callable
from orca_agents.dialogues.calls.messages import Action
from orca_agents.dialogues.calls.sources import PAGING, Sources, stated, why_made_up, why_ungrounded
from orca_agents.dialogues.calls.state import State
from orca_agents.dialogues.calls.types import write_type
from orca_agents.errors import UnparsableError, did_you_mean
from orca_agents.fences import JSON, without_fence
from orca_agents.harvest import Field, Form, Product
from orca_agents.numerals import numbers_in

MOST_PAGES = 100
_PROTOCOL = re.compile(r"\bACTION(?:_TYPE)?\s*:|\b(?:API_CALL|ASK_USER|FINAL_ANSWER)\b|\bFAILED\s*\(|\bASK\s*\(")


@dataclass(frozen=True)
class Known:
    """What a turn of the assistant is judged by: nothing that the assistant could not know."""

    library: FunctionList
    sources: Sources
    state: State
    may_ask: bool
    vocabulary: Sources | None
    """Words that an answer may use beside what was said; `None` where names cannot be told by their capitals."""


def action_form(*, may_ask: bool) -> Form:
    """What the assistant hands in."""
    types = ("API_CALL", *(("ASK_USER",) if may_ask else ()), "STOP")
    asking = ', or ASK("question") for ASK_USER' if may_ask else ""
    return Form(
        (
            Field("plan", "what you are going to do now and why, in one to three short sentences", max_chars=600),
            Field("action_type", "the kind of action", choices=types),
            Field(
                "action",
                "the one action: name(parameter=value, ...) for API_CALL, with texts in double quotes; "
                f'FINAL_ANSWER("answer") or FAILED("reason") for STOP{asking}',
                max_chars=3000,
            ),
        )
    )


def read_action(product: Product, known: Known) -> Action:
    """The assistant's action. Raises `UnparsableError` where it is none, or one that cannot be right."""
    plan, kind = product["plan"][0].strip(), product["action_type"][0]
    if found := _PROTOCOL.search(plan):
        raise UnparsableError(f"the plan holds {found[0]!r}; the one action of the turn stands in 'action' alone")
    bare = re.sub(r"\A`{1,3}(?:[a-z]{0,12}\n)?|\n?`{1,3}\Z", "", product["action"][0].strip())
    text = re.sub(r"\A\s*(?:ACTION\s*:\s*)?", "", re.sub(r"\)[;.]\Z", ")", bare))
    if "ACTION_TYPE" in text:
        raise UnparsableError("'action' holds ACTION_TYPE; it holds the one action alone")
    try:
        if kind == "API_CALL":
            return Action("call", plan, call=_sound_call(read_call(text), known))
        name, words = read_named_text(text)
    except CallProblem as error:
        raise UnparsableError(f"'action': {error}") from None
    allowed = ("ASK",) if kind == "ASK_USER" else ("FINAL_ANSWER", "FAILED")
    if name not in allowed:
        raise UnparsableError(f"'action' is {name}, but {kind} goes with {' or '.join(allowed)}")
    if found := _PROTOCOL.search(words):
        raise UnparsableError(f"'action' holds {found[0]!r} as well; a turn has one action")
    if not words.strip():
        raise UnparsableError(f"{name} is empty")
    named = next((one for one in known.library.names if "_" in one and re.search(rf"\b{one}\b", words)), None)
    if named is not None and name != "FAILED":
        raise UnparsableError(f"the user knows no {named!r}; say what it does")
    if name == "ASK":
        return Action("ask", plan, text=words)
    results = [done.reply for done in known.state.done if done.ok]
    if name == "FAILED":
        if problem := why_made_up(words, known.sources, results, None):
            raise UnparsableError(f"the reason: {problem}")
        return Action("failed", plan, text=words)
    if problem := why_ungrounded(words, known.sources, results, known.vocabulary):
        raise UnparsableError(f"the answer: {problem}")
    return Action("answer", plan, text=words)


def reply_form(function: Function) -> Form:
    """What the back end hands in."""
    about = f"the response to this call, one JSON object of this shape and nothing else: {write_type(function.returns)}"
    return Form((Field("response", about, max_chars=6000),))


def read_reply(product: Product, call: Call, function: Function, state: State) -> Any:
    """The back end's response. Raises `UnparsableError` where it does not go with the schema or with the state."""
    text = product["response"][0]
    try:
        source = without_fence(text, JSON)
        reply = json.loads(source, strict=False, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(reply, ensure_ascii=False).encode()  # half of a character cannot be written down
    except (ValueError, RecursionError) as error:
        raise UnparsableError(f"'response' is no JSON ({error})") from None
    if problem := state.why_not(call, function, reply):
        raise UnparsableError(problem)
    return reply


def words_form() -> Form:
    """What the user hands in."""
    return Form((Field("reply", "what you answer, in one or two sentences, as a user types it", max_chars=400),))


def read_words(product: Product, known: Sources) -> str:
    """The user's words. Raises `UnparsableError` where they hold more than the user knows."""
    words = product["reply"][0].strip()
    if found := _PROTOCOL.search(words):
        raise UnparsableError(f"it holds {found[0]!r}; you are a user, and write plain words")
    for number in numbers_in(words):
        written = words[number.start : number.end]
        if (written[:1].isdigit() or number.value >= 2) and number.value not in known.numbers:
            raise UnparsableError(f"you do not know {written!r}; say only what you were told that you know")
    return words


def _sound_call(call: Call, known: Known) -> Call:
    """A call that can be made, with values that were said. Raises `UnparsableError`."""
    function = known.library.get(call.name)
    if function is None:
        hint = did_you_mean(call.name, known.library.names)
        raise UnparsableError(f"there is no function {call.name!r} in the list{hint}")
    if problem := why_not_callable(function, dict(call.arguments)):
        raise UnparsableError(problem)
    if known.state.repeated(call) is not None:
        raise UnparsableError("this very call was answered before and nothing has changed since; use what it returned")
    for name, value in call.arguments.items():
        parameter = function.parameter(name)
        assert parameter is not None
        if value is None or (not parameter.required and value == parameter.default) or _is_next_page(name, value):
            continue
        if not stated(value, parameter.type, known.sources):
            raise UnparsableError(
                f"{name}={write_value(value)}: this value was neither said by the user nor returned by a call; use the "
                "words that were said, get the value by a call, or stop if there is no way to it"
            )
    return call


def _is_next_page(name: str, value: object) -> bool:
    return PAGING.fullmatch(name) is not None and isinstance(value, int) and 0 <= value <= MOST_PAGES


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
