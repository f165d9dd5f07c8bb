"""Dialogues with calls: from request to answer, and who sees what."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orca_agents.config import Leaf
from orca_agents.dialogues.api import ASSISTANT, Ask, Ended, Taken
from orca_agents.dialogues.calls.dialogue import BACKEND, USER, CallsDialogue
from orca_agents.dialogues.calls.grammar import read_call
from orca_agents.dialogues.calls.item import style_of
from orca_agents.dialogues.calls.library import read_functions
from orca_agents.dialogues.calls.messages import read_turn
from orca_agents.errors import UnparsableError
from orca_agents.records import Content, Instruction
from tests.call_items import BOOKED, LIBRARY, REQUEST

PLAN = ('book_room(room_id="RR-7", day="2026-03-04", start="19:30")',)


def _leaf(**settings: Any) -> Leaf:
    return Leaf(name="a_class", description="a class of request", answer="calls", settings=settings)


def _instruction(
    question: str = REQUEST,
    plan: tuple[str, ...] = PLAN,
    hidden: dict[str, tuple[str, ...]] | None = None,
    id: str = "i",
) -> Instruction:
    content = Content(id="c", seed_id="s", text=LIBRARY, transformer="library_hypothesiser", language="en")
    return Instruction(
        id=id,
        seed_id="s",
        content=content,
        leaf="a_class",
        form="calls",
        question=question,
        key=plan,
        hidden=hidden or {},
    )


def _hand_in(dialogue: CallsDialogue, instruction: Instruction, leaf: Leaf, *turns: dict[str, str]) -> list[Taken]:
    taken: list[Taken] = []
    for fields in turns:
        ask = dialogue.next(instruction, leaf, taken)
        assert isinstance(ask, Ask), ask
        taken.append(Taken(ask.part, ask.read({name: (value,) for name, value in fields.items()})))
    return taken


def _acts(kind: str, action: str, plan: str = "I go on.") -> dict[str, str]:
    return {"plan": plan, "action_type": kind, "action": action}


BOOK = _acts("API_CALL", PLAN[0])
REPLY = {"response": json.dumps(BOOKED[1])}
STOP = _acts("STOP", 'FINAL_ANSWER("Booked: B-1, 20 euros.")')


def test_a_dialogue_goes_from_request_to_answer() -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0, asks=1)
    ended = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK, REPLY, STOP))
    assert isinstance(ended, Ended)
    assert [message.role for message in ended.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert ended.messages[1].content == REQUEST
    assert read_turn(ended.messages[2].content).call == read_call(PLAN[0])
    assert ended.value == (PLAN[0], 'FINAL_ANSWER("Booked: B-1, 20 euros.")')
    assert ended.facts["calls"][0]["reply"] == BOOKED[1]
    assert ended.tools == ()
    assert json.loads(json.dumps(ended.facts)) == ended.facts


def test_the_native_form_has_tools_and_ids_that_stay_the_same() -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=1)
    taken = _hand_in(dialogue, item, leaf, BOOK, REPLY, STOP)
    ended, again = dialogue.next(item, leaf, taken), dialogue.next(item, leaf, taken)
    assert isinstance(ended, Ended)
    assert ended == again
    spoken = [message for message in ended.messages if message.role != "system"]
    assert [message.role for message in spoken] == ["user", "assistant", "tool", "assistant"]
    call = spoken[1].tool_calls[0]
    assert spoken[2].tool_call_id == call.id
    assert json.loads(call.function.arguments) == dict(read_call(PLAN[0]).arguments)
    assert [tool["function"]["name"] for tool in ended.tools] == list(read_functions(LIBRARY).names)
    other = dialogue.next(_instruction(id="j"), leaf, taken)
    assert isinstance(other, Ended)
    ids = {message.tool_call_id for message in (*ended.messages, *other.messages) if message.tool_call_id}
    assert len(ids) == 2


def test_the_style_is_drawn_per_item_in_the_shares_that_the_leaf_says() -> None:
    styles = [style_of(_instruction(id=str(number)), _leaf(native=0.3, asks=0.5, schemas=0.4)) for number in range(600)]
    assert 130 < sum(style.native for style in styles) < 230
    assert all(style.asks for style in styles if style.native)
    text = [style for style in styles if not style.native]
    assert 0.4 < sum(style.asks for style in text) / len(text) < 0.6
    assert {style.wording for style in text} == {0, 1, 2, 3}


def test_the_back_end_sees_neither_the_request_nor_the_plan() -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0)
    knows = dialogue.knows(BACKEND, item, leaf)
    assert set(knows) == {"passage"}
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK))
    assert isinstance(ask, Ask)
    assert ask.part == BACKEND
    assert REQUEST not in ask.says
    assert PLAN[0] in ask.says


def test_the_back_end_that_comes_along_asks_for_the_functions_alone() -> None:
    agent = Path(__file__).parents[1] / "agents" / "tool_use" / "backend.yaml"
    assert set(re.findall(r"\{[{%]-?\s*(?:if\s+)?(\w+)", agent.read_text(encoding="utf-8"))) == {"passage", "language"}


def test_an_absent_function_is_shown_to_nobody() -> None:
    hidden: dict[str, tuple[str, ...]] = {"absent": ("search_rooms",)}
    plan = ('search_rooms(town="Ulm")',)
    dialogue = CallsDialogue()
    for leaf in (
        _leaf(absent=True, native=1),
        _leaf(absent=True, native=0, schemas=1),
        _leaf(absent=True, native=0, schemas=0),
    ):
        item = _instruction("Which rooms are there in Ulm?", plan, hidden)
        for part in (ASSISTANT, BACKEND, USER):
            assert "search_rooms" not in json.dumps(dialogue.knows(part, item, leaf))
        stop = _acts("STOP", 'FAILED("No function searches rooms.")')
        ended = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, stop))
        assert isinstance(ended, Ended)
        assert "search_rooms" not in json.dumps([message.model_dump() for message in ended.messages])
        assert "search_rooms" not in json.dumps(ended.tools)


def test_the_user_knows_the_facts_and_makes_up_none() -> None:
    item = _instruction(
        "Book the room RR-7 at 7:30 pm, please.",
        ('book_room(room_id="RR-7", day=?, start="19:30")',),
        {"facts": ("day = 2026-03-04",)},
    )
    dialogue, leaf = CallsDialogue(), _leaf(incomplete=True, native=0, asks=1)
    assert dialogue.knows(USER, item, leaf)["brief"] == "day: 2026-03-04"
    assert "2026-03-04" not in json.dumps(dialogue.knows(ASSISTANT, item, leaf))
    taken = _hand_in(dialogue, item, leaf, _acts("ASK_USER", 'ASK("On which day?")'))
    ask = dialogue.next(item, leaf, taken)
    assert isinstance(ask, Ask)
    assert ask.part == USER
    with pytest.raises(UnparsableError, match="do not know"):
        ask.read({"reply": ("On 9 March 2026.",)})
    with pytest.raises(UnparsableError, match="do not know"):
        ask.read({"reply": ("The day does not matter, but for five evenings, please.",)})
    assert ask.read({"reply": ("On 4 March 2026.",)}) == "On 4 March 2026."


def test_a_fault_meets_the_first_call_alone() -> None:
    item = _instruction(hidden={"fault": ("book_room", "the server is busy")})
    dialogue, leaf = CallsDialogue(), _leaf(native=0)
    taken = _hand_in(dialogue, item, leaf, BOOK)
    ask = dialogue.next(item, leaf, taken)
    assert isinstance(ask, Ask)
    assert ask.part == ASSISTANT
    assert '"error": "the server is busy"' in ask.says
    ended = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK, BOOK, REPLY, STOP))
    assert isinstance(ended, Ended)
    assert [call["ok"] for call in ended.facts["calls"]] == [False, True]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (_acts("API_CALL", 'book_rom(room_id="RR-7")'), "did you mean 'book_room'"),
        (_acts("API_CALL", 'book_room(room_id="RR-7", day="2026-03-04")'), "needs 'start'"),
        (_acts("API_CALL", 'book_room(room_id="RR-7", day="2026-03-05", start="19:30")'), "neither said"),
        (_acts("API_CALL", 'cancel_booking(booking_id="B-1")'), "neither said"),
        (_acts("API_CALL", f"{PLAN[0]}\n{PLAN[0]}"), "one call alone"),
        (_acts("STOP", PLAN[0]), "NAME"),
        (_acts("STOP", 'ASK("Which day?")'), "goes with FINAL_ANSWER or FAILED"),
        (_acts("ASK_USER", 'ASK("")'), "empty"),
        (_acts("STOP", 'FINAL_ANSWER("It costs 99 euros.")'), "'99'"),
        (_acts("STOP", 'FAILED("The room RR-9 is booked for 99 days.")'), "'RR-9'"),
        (_acts("ASK_USER", 'ASK("Shall I call search_rooms?")'), "say what it does"),
        (_acts("API_CALL", PLAN[0], plan="I may use ASK_USER here."), "stands in 'action' alone"),
        (_acts("STOP", "FINAL_ANSWER(It is done.) FAILED(It is not.)"), "one action"),
        (_acts("API_CALL", PLAN[0], plan="I do it.\nACTION: book_room()"), "stands in 'action' alone"),
        (_acts("API_CALL", f"ACTION_TYPE : API_CALL ACTION: {PLAN[0]}"), "ACTION_TYPE"),
    ],
)
def test_a_turn_that_cannot_be_right_is_refused_with_the_reason(fields: dict[str, str], words: str) -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0, asks=1)
    ask = dialogue.next(item, leaf, [])
    assert isinstance(ask, Ask)
    with pytest.raises(UnparsableError) as caught:
        ask.read({name: (value,) for name, value in fields.items()})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "response", ["", "[]", "{", "NaN", '{"price": NaN}', '{"price": 1e999}', '"\\ud800"', "9" * 5000]
)
def test_a_response_that_is_no_json_record_is_refused(response: str) -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0)
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, BOOK))
    assert isinstance(ask, Ask)
    with pytest.raises(UnparsableError):
        ask.read({"response": (response,)})


def test_a_call_that_was_answered_is_not_made_again() -> None:
    dialogue, leaf = CallsDialogue(), _leaf(native=0)
    item = _instruction("What is my booking B-1?", ('get_booking(booking_id="B-1")',))
    look = _acts("API_CALL", 'get_booking(booking_id="B-1")')
    reply = {"response": '{"booking_id": "B-1", "room_id": "RR-7"}'}
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, look, reply))
    assert isinstance(ask, Ask)
    with pytest.raises(UnparsableError, match="answered before"):
        ask.read({name: (value,) for name, value in look.items()})


@pytest.mark.parametrize(
    "written", [f"`{PLAN[0]}`", f"```\n{PLAN[0]}\n```", f"```python\n{PLAN[0]}\n```", f"ACTION: {PLAN[0]};"]
)
def test_signs_around_an_action_do_no_harm(written: str) -> None:
    dialogue, item, leaf = CallsDialogue(), _instruction(), _leaf(native=0)
    taken = _hand_in(dialogue, item, leaf, _acts("API_CALL", written))
    assert taken[0].value.call == read_call(PLAN[0])


def test_asking_ends_after_two_questions_and_is_not_offered_where_it_is_not_allowed() -> None:
    dialogue, item = CallsDialogue(), _instruction()
    question, words = _acts("ASK_USER", 'ASK("Which day?")'), {"reply": "I said so."}
    ask = dialogue.next(item, _leaf(native=0, asks=0), [])
    assert isinstance(ask, Ask)
    assert "ASK_USER" not in ask.form.fields[1].choices
    leaf = _leaf(native=0, asks=1)
    ask = dialogue.next(item, leaf, _hand_in(dialogue, item, leaf, question, words, question, words))
    assert isinstance(ask, Ask)
    assert "ASK_USER" not in ask.form.fields[1].choices


def test_a_dialogue_that_does_not_stop_is_ended() -> None:
    dialogue, leaf = CallsDialogue(), _leaf(native=0)
    item = _instruction("Go through the rooms of Ulm, page by page.", ('search_rooms(town="Ulm")',))
    taken: list[Taken] = []
    for page in range(2, 40):
        turn = dialogue.next(item, leaf, taken)
        if isinstance(turn, Ended):
            break
        if turn.part == ASSISTANT:
            fields = _acts("API_CALL", f'search_rooms(town="Ulm", page={page})')
        else:
            rooms = [{"room_id": f"R-{page}", "town": "Ulm", "seats": page}]
            fields = {"response": json.dumps({"rooms": rooms, "next_page": page + 1})}
        taken.append(Taken(turn.part, turn.read({name: (value,) for name, value in fields.items()})))
    assert isinstance(turn, Ended)
    assert turn.facts["ended"] == "too many turns"
    assert len(taken) == 15
