"""Calls, plans, stops and turns of dialogues with calls: read and written."""

from __future__ import annotations

import random
import time

import pytest

from orca_agents.dialogues.calls.grammar import (
    Call,
    CallProblem,
    FromResult,
    Missing,
    read_call,
    read_named_text,
    write_call,
    write_stop,
)
from orca_agents.dialogues.calls.messages import Action, protocol_text, read_turn

NASTY = (
    "a", "Z", "7", " ", '"', "'", "\\", "(", ")", "[", "]", "{", "}", ",", "=", ":", "?", "$", "\n", "\r", "\t",
    "\x00",
    "\x1f", "\x7f", "\u0085", "\u2028", "\ufeff", "\u200d", "é", "e\u0301", "中", "ß", "\U0001f9ed", "\\n", "\\u0041",
    "```",
    "ACTION:", "ACTION_TYPE : STOP", "{{ x }}", "{% y %}", "<<<REQUEST", "</think>", "null", "#", "//", ";", "`",
)  # fmt: skip


def _texts(count: int) -> list[str]:
    draw = random.Random(4)
    return ["".join(draw.choices(NASTY, k=draw.randrange(12))) for _ in range(count)]


def test_any_text_survives_a_call_both_ways_byte_for_byte() -> None:
    for text in _texts(3000):
        call = Call("note_it", {"text": text, "texts": [text, {text or "k": text}]})
        written = write_call(call)
        assert read_call(written) == call
        assert "\n" not in written
        assert write_call(read_call(written)) == written


def test_any_text_survives_a_stop_both_ways() -> None:
    for text in _texts(2000):
        assert read_named_text(write_stop("FINAL_ANSWER", text)) == ("FINAL_ANSWER", text)


def test_any_turn_of_the_protocol_is_read_back_as_it_was_written() -> None:
    for text in _texts(1500):
        for action in (
            Action("call", "I note it.", Call("note_it", {"text": text})),
            Action("answer", "Done, in two steps.\n\nBoth went well.", text=text),
            Action("failed", "", text=text),
            Action("ask", "One thing is open.", text=text),
        ):
            assert read_turn(protocol_text(action)) == action


def test_numbers_lists_and_records_survive_a_call() -> None:
    call = Call("f_1", {"a": -3, "b": 2.5e-7, "c": [1, [True, None]], "d": {"x": {"y": []}}, "e": 10**30, "f": {}})
    assert read_call(write_call(call)) == call


def test_python_spelling_is_read_too() -> None:
    assert read_call("f_x(a=True, b=None, c='it\\'s', d=[1, 2,], )") == Call(
        "f_x", {"a": True, "b": None, "c": "it's", "d": [1, 2]}
    )


def test_a_pair_of_escapes_is_one_character() -> None:
    assert read_call('f_x(a="\\ud83e\\udded \\u00e9")').arguments["a"] == "\U0001f9ed é"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "written as name"),
        ("f_x", "parenthesis"),
        ("f_x(1)", "needs its parameter"),
        ("f_x(a=1) g_x(b=2)", "one call alone"),
        ("f_x(a=1, a=2)", "twice"),
        ('f_x(a="open', "not closed"),
        ("f_x(a=word)", "double quotes"),
        ('f_x(a="\\d")', "no escape"),
        ("f_x(a=1e999)", "too large"),
        ("f_x(a=01x)", "no value"),
        ("f_x(a=NaN)", "no value"),
        ('f_x(a="\\ud83e")', "half of a character"),
        ("f_x(a=?)", "no value"),
        ("f_x(a=$b.c)", "no value"),
        ("get room(a=1)", "no spaces"),
        ("rooms.get(a=1)", "no spaces"),
        ('f_x(a={"k": 1, "k": 2})', "twice"),
        ("f_x(a={k: 1})", "record"),
        ("f_x(a=" + "[" * 400 + "]" * 400 + ")", "deeply"),
        ("f_x(a=" + "9" * 9000 + ")", "characters"),
    ],
)
def test_what_is_no_call_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(CallProblem, match=words):
        read_call(text)


def test_hostile_calls_are_refused_quickly() -> None:
    start = time.perf_counter()
    for text in (
        "f_x(" + "a=" * 3900,
        'f_x(a="' + "\\" * 7900,
        "f_x(a=" + "[1," * 2600,
        "f_x(" + " " * 7900,
        "(" * 7900,
    ):
        with pytest.raises(CallProblem):
            read_call(text)
    assert time.perf_counter() - start < 2


def test_a_plan_has_gaps_and_references() -> None:
    line = "book_room(room_id=$search_rooms.rooms[0].room_id, day=?, equipment=[$get_kit.name])"
    call = read_call(line, plan=True)
    assert call.arguments["day"] == Missing()
    assert call.arguments["room_id"] == FromResult("search_rooms", ".rooms[0].room_id")
    assert call.arguments["room_id"].field == "room_id"
    assert write_call(call) == line


def test_two_actions_in_one_turn_are_no_turn() -> None:
    one = protocol_text(Action("call", "First.", Call("f_x", {"a": 1})))
    for text in (f"{one}\n\n{one}", f"{one}\nACTION: f_x(a=2)", "I think.", "ACTION_TYPE : STOP\nACTION: f_x(a=1)"):
        with pytest.raises(CallProblem):
            read_turn(text)


def test_what_is_written_around_a_stop_is_no_part_of_its_text() -> None:
    for written, meant in (
        ('FINAL_ANSWER("It says "closed" on it.")', 'It says "closed" on it.'),
        ('FINAL_ANSWER("""It is done.""")', "It is done."),
        ('FINAL_ANSWER(answer="It is done.")', "It is done."),
        ("FINAL_ANSWER(\u201cIt is done.\u201d)", "It is done."),
        ("FINAL_ANSWER(It is done.)", "It is done."),
    ):
        assert read_named_text(written) == ("FINAL_ANSWER", meant)
    with pytest.raises(CallProblem, match="one text alone"):
        read_named_text('FINAL_ANSWER("It is done.", "Good night.")')
