"""The notation for lists of functions, and the calls that their signatures allow."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from orca_agents.dialogues.calls.library import (
    FunctionList,
    LibraryProblem,
    read_functions,
    tool_schema,
    why_not_callable,
    write_functions,
)
from orca_agents.dialogues.calls.types import Type, schema_of, why_not_of_type
from tests.call_items import LIBRARY


def test_a_list_of_functions_is_the_same_after_writing_and_reading() -> None:
    library = read_functions(LIBRARY)
    assert read_functions(write_functions(library)) == library
    assert library.names == ("search_rooms", "book_room", "cancel_booking", "get_booking", "set_volume")


def test_descriptions_with_any_sign_survive() -> None:
    for text in ('says "loud"', 'ends in "', "a \\d backslash", 'three """ quotes', "{braces} and {{ more }}", "ä 中"):
        source = write_functions(read_functions(LIBRARY))
        named = replace(read_functions(source).functions[0], about=text)
        assert read_functions(write_functions(FunctionList((named,)))).functions[0].about == text


def test_a_fence_around_the_list_and_headings_in_docstrings_do_no_harm() -> None:
    docstring = "Find a thing.\n\n    Args:\n        q (str): what\n\n    Returns:\n        hit: the thing\n    "
    text = f'```python\ndef find_it(q: str) -> {{"hit": str}}:\n    """{docstring}"""\n    ...\n```'
    function = read_functions(text).functions[0]
    assert (function.about, function.parameters[0].about) == ("Find a thing.", "what")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1", "no function"),
        ("import os", "no function"),
        ("class A: pass", "no function"),
        ("", "no function"),
        ("def get_it(a) -> {'a': str}: ...", "no type"),
        ("def get_it(a: Path) -> {'a': str}: ...", "no type here"),
        ("def get_it(a: str): ...", "response is missing"),
        ("def get_it(a: str) -> str: ...", "record"),
        ("def get_it(a: str) -> list[str]: ...", "record"),
        ("def getIt(a: str) -> {'a': str}: ...", "snake_case"),
        ("def get_it(aB: str) -> {'a': str}: ...", "snake_case"),
        ("def get_it(*a: str) -> {'a': str}: ...", "one by one"),
        ("def get_it(a: int = 'x') -> {'a': str}: ...", "default"),
        ("def get_it(a: int[9, 1]) -> {'a': str}: ...", "empty"),
        ("def get_it(a: Literal['x']) -> {'a': str}: ...", "two or more"),
        ("def get_it(a: str) -> {'a': str}:\n    return 1", "no code"),
        ("def get_it(a: str = open('x')) -> {'a': str}: ...", "plain value"),
        ("def get_it(from: str) -> {'a': str}: ...", "Python signature"),
        ("def get_it(a: str) -> {'a': str}: ...\ndef get_it(b: str) -> {'a': str}: ...", "twice"),
        ("def get_it(a: " + "list[" * 9 + "str" + "]" * 9 + ") -> {'a': str}: ...", "deeper"),
        ("def get_it(a: str) -> {'a': str, 'a': int}: ...", "same key twice"),
        ("def get_it(a: int[1, 1" + "0" * 400 + "]) -> {'a': str}: ...", "no bound"),
        ("def get_it(a: float[0, 1e999]) -> {'a': str}: ...", "no bound"),
        ("def get_it(a: float = 1e999) -> {'a': str}: ...", "as JSON"),
        ("def get_it(a: str = '\\ud800') -> {'a': str}: ...", "as JSON"),
        ("def get_it(a: Literal['b', '\\ud800']) -> {'a': str}: ...", "as JSON"),
        ("(" * 3000, "Python"),
        ("#" * 30_000, "characters"),
    ],
)
def test_what_is_no_list_of_functions_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(LibraryProblem, match=words):
        read_functions(text)


def test_the_json_schema_says_what_the_signature_says() -> None:
    schema = tool_schema(read_functions(LIBRARY).functions[4])["function"]["parameters"]
    assert schema["required"] == ["booking_id", "level"]
    assert schema["properties"]["level"] == {"type": "string", "enum": ["quiet", "loud"], "description": "how loud"}
    assert schema["properties"]["limit_db"] == {
        "type": "number", "minimum": 30, "maximum": 110, "description": "limit in decibel", "default": 80.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("time", ("19:30", "07:05:09"), ("7:30", "19:30Z", "half past")),
        ("datetime", ("2026-03-04T19:30", "2026-03-04T19:30:00Z"), ("2026-03-04", "2026-03-04 19:30")),
    ],
)
def test_the_schema_of_a_time_allows_what_the_type_allows(
    kind: Any, good: tuple[str, ...], bad: tuple[str, ...]
) -> None:
    pattern = schema_of(Type(kind))["pattern"]
    for value in (*good, *bad):
        assert (re.search(pattern, value) is not None) == (value in good), value
        assert (why_not_of_type(value, Type(kind), "it") is None) == (value in good), value


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("book_room", {"room_id": "R", "day": "2026-03-04"}, "needs 'start'"),
        ("book_room", {"room_id": "R", "day": "4.3.2026", "start": "19:30"}, "day"),
        ("book_room", {"room_id": "R", "day": "2026-02-30", "start": "19:30"}, "day"),
        ("book_room", {"room_id": "R", "day": "2026-03-04", "start": "25:00"}, "start"),
        ("book_room", {"room_id": 7, "day": "2026-03-04", "start": "19:30"}, "room_id"),
        ("book_room", {"room_id": "R", "day": "2026-03-04", "start": "19:30", "loud": True}, "no parameter 'loud'"),
        (
            "book_room",
            {"room_id": "R", "day": "2026-03-04", "start": "19:30", "equipment": ["a", 1]},
            r"equipment\[1\]",
        ),
        ("search_rooms", {"town": "Ulm", "min_seats": 0}, "outside"),
        ("search_rooms", {"town": "Ulm", "min_seats": True}, "min_seats"),
        ("search_rooms", {"town": "Ulm", "min_seats": 2.0}, "min_seats"),
        ("set_volume", {"booking_id": "B", "level": "LOUD"}, "level"),
    ],
)
def test_a_call_that_the_signature_does_not_allow_is_refused(name: str, arguments: dict[str, Any], words: str) -> None:
    function = read_functions(LIBRARY).get(name)
    assert function is not None
    problem = why_not_callable(function, arguments)
    assert problem is not None
    assert words.replace("\\", "") in problem


def test_functions_that_are_left_do_not_speak_of_those_taken_out() -> None:
    left = read_functions(LIBRARY).without(frozenset({"search_rooms"}))
    assert "search_rooms" not in write_functions(left)
    book = left.get("book_room")
    assert book is not None
    assert book.parameters[0].about == "id of the room"
