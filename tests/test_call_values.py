"""Where the values of calls and answers come from, and the back end's state."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orca_agents.dialogues.calls.grammar import read_call
from orca_agents.dialogues.calls.library import read_functions
from orca_agents.dialogues.calls.sources import Sources, is_silent, stands_in, stated, why_ungrounded
from orca_agents.dialogues.calls.state import Done, State
from orca_agents.dialogues.calls.types import Type
from tests.call_items import BOOKED, LIBRARY, REQUEST


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("2026-03-04", "date", "on 4 March 2026"),
        ("2026-03-04", "date", "am 04.03.2026"),
        ("2026-03-04", "date", "el 4 de marzo de 2026"),
        ("2026-03-04", "date", "by March 4th, 2026"),
        ("2026-03-04", "date", "del 4 al 6 de marzo de 2026"),
        ("2026-03-04", "date", "4 марта 2026 года"),
        ("2026-03-04", "date", "2026年3月4日"),
        ("19:30", "time", "at 7:30 pm"),
        ("19:00", "time", "at 7 p.m. sharp"),
        ("14:30", "time", "um 14:30 Uhr"),
        ("12:00", "time", "around noon"),
        (1250, "integer", "a budget of 1,250 euros"),
        (3, "integer", "three nights"),
        (12, "integer", "a dozen eggs"),
        (2.5, "number", "2.5 kg"),
        ("RR-7", "string", "the room rr-7"),
        ("AB12", "string", "code AB-12"),
        ("HQ-4", "string", "请预订泊位HQ-4,住3晚"),
        ("Old Mule Path", "string", "the Old  Mule Path (north)"),
        ("half", "enum", "with half-board"),
        ("round_trip", "enum", "a round trip, please"),
        ("it\u2019s loud", "string", "it's loud"),
        (["drums", "piano"], "array", "with piano and drums"),
        (True, "boolean", "whatever"),
    ],
)
def test_a_value_that_was_said_is_found_in_the_words(value: Any, kind: Any, said: str) -> None:
    assert stated(value, Type(kind), Sources((said,)))


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("2026-03-04", "date", "next Saturday"),
        ("2026-03-04", "date", "on 4 March"),
        ("2026-03-04", "date", "on 4 April 2026"),
        ("2026-03-04", "date", "el 4 de mayo de 2026, para 3 personas"),
        ("2026-03-04", "date", "am 03.04.2026"),
        ("2026-02-30", "date", "on 30 February 2026"),
        ("19:30", "time", "at 7:30"),
        ("19:00", "time", "for 7 people"),
        (5, "integer", "for 4 people"),
        ("RR-7", "string", "the room RR-8"),
        ("RR-7", "string", "the room RR-75"),
        ("AB12", "string", "code AB-123"),
        ("Oslo", "string", "to the capital of Norway"),
        ("full", "enum", "with half-board"),
        ("Petra Lindqvist", "string", "for Petra"),
        (["drums", "harp"], "array", "with piano and drums"),
        ("", "string", "anything"),
    ],
)
def test_a_value_that_was_not_said_is_not_found(value: Any, kind: Any, said: str) -> None:
    assert not stated(value, Type(kind), Sources((said,)))


RESULTS = [
    {"booking_id": "B-118", "price": 42.5, "day": "2026-03-04", "rows": [{"n": 3, "who": "Ida"}, {"n": 4, "who": "Bo"}]}
]


@pytest.mark.parametrize(
    "answer",
    [
        "Your booking B-118 costs 42.50 euros.",
        "There are 2 rows with 7 in all, on 4 March 2026.",
        "1. Ida has 3.\n2. Bo has 4.",
        "Booked for the 4th, at 42.50.",
        "The 1st one is Ida's, from 7pm, for 3km.",
        "Booked for 4.3.2026 under B-118, rows 3,4.",
    ],
)
def test_an_answer_out_of_the_results_is_grounded(answer: str) -> None:
    assert why_ungrounded(answer, Sources((REQUEST, json.dumps(RESULTS))), RESULTS, Sources((LIBRARY,))) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Your booking B-119 costs 42.50 euros.", "B-119"),
        ("It costs 43.50 euros.", "43.50"),
        ("There are 9 rows with Ida in them.", "'9'"),
        ("It was booked by Konrad, with Ida.", "Konrad"),
        ("Ida pays 415eur.", "415eur"),
        ("See https://rooms.example/B-118.", "rooms.example"),
        ("Ida is at ida@rooms.example.", "ida@rooms"),
        ("Ida comes on a 6-day tour.", "6-day"),
        ("Everything went well.", "nothing of what the calls returned"),
    ],
)
def test_an_answer_that_is_made_up_is_told_apart(answer: str, words: str) -> None:
    problem = why_ungrounded(answer, Sources((REQUEST, json.dumps(RESULTS))), RESULTS, Sources((LIBRARY,)))
    assert problem is not None
    assert words in problem


def _state(*done: tuple[str, Any]) -> State:
    state = State()
    for call, reply in done:
        state.take(Done(read_call(call), True, reply))
    return state


@pytest.mark.parametrize(
    ("before", "call", "reply", "words"),
    [
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-1", "room_id": "RR-7"}, None),
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-1"}, "lacks 'room_id'"),
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-1", "room_id": "RR-7", "x": 1}, "not in its schema"),
        ((), 'get_booking(booking_id="B-1")', {"booking_id": "B-2", "room_id": "RR-7"}, "repeat what the call says"),
        ((), 'get_booking(booking_id="B-1")', [], "must be a record"),
        ((BOOKED,), BOOKED[0].replace("19:30", "20:30"), {**BOOKED[1]}, "exists already"),
        ((BOOKED,), BOOKED[0].replace("19:30", "20:30"), {**BOOKED[1], "booking_id": "B-2"}, None),
        (
            (('get_booking(booking_id="B-1")', {"booking_id": "B-1", "room_id": "RR-7", "note": "x"}),),
            'search_rooms(town="Ulm")',
            {"rooms": [{"room_id": "RR-7", "town": "Köln", "seats": 4}]},
            "list only what fits",
        ),
        (
            (
                (
                    'search_rooms(town="Ulm")',
                    {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 4}], "next_page": 2},
                ),
            ),
            'search_rooms(town="Ulm", page=2)',
            {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 4}]},
            "repeats entries",
        ),
        (
            (
                (
                    'search_rooms(town="Ulm")',
                    {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 4}], "next_page": None},
                ),
            ),
            'search_rooms(town="Ulm", min_seats=2)',
            {"rooms": [{"room_id": "RR-7", "town": "Ulm", "seats": 9}]},
            "was 4 before",
        ),
        (
            (BOOKED, ('cancel_booking(booking_id="B-1")', {"booking_id": "B-1", "refund": 20.0})),
            'get_booking(booking_id="B-2")',
            {"booking_id": "B-1", "room_id": "RR-7"},
            "was deleted",
        ),
    ],
)
def test_a_response_has_to_go_with_schema_call_and_state(before: Any, call: str, reply: Any, words: str | None) -> None:
    made = read_call(call)
    function = read_functions(LIBRARY).get(made.name)
    assert function is not None
    problem = _state(*before).why_not(made, function, reply)
    assert (problem is None) if words is None else (problem is not None and words in problem)


def test_facts_of_one_day_say_nothing_of_another_but_a_name_stays() -> None:
    library = read_functions(
        'def get_sky(site_id: str, day: date) -> {"site_id": str, "site_name": str, "clouds": int}:\n'
        '    """Tell the clouds over a site."""'
    )
    first = {"site_id": "S-1", "site_name": "Mount Ida", "clouds": 30}
    state = _state(('get_sky(site_id="S-1", day="2026-03-04")', first))
    call = read_call('get_sky(site_id="S-1", day="2026-03-05")')
    assert state.why_not(call, library.functions[0], {**first, "clouds": 80}) is None
    assert "was 'Mount Ida' before" in str(state.why_not(call, library.functions[0], {**first, "site_name": "Ida"}))


def test_what_is_removed_from_a_thing_leaves_the_thing_itself() -> None:
    state = _state(('remove_item(cart_id="C-1", item_id="I-1")', {"ok": True}))
    assert state.refusal(read_call('get_cart(cart_id="C-1")')) is None
    assert state.refusal(read_call('get_item(item_id="I-1")')) is not None


def test_what_is_new_may_come_with_the_id_of_what_it_belongs_to() -> None:
    text = (
        'def book_hall(town: str) -> {"hall_id": str, "booking_id": str}:\n    """Book a hall.\n\n    town: it\n    """'
    )
    function = read_functions(text).functions[0]
    state = _state(('find_halls(town="Ulm")', {"halls": [{"hall_id": "H-1"}], "hall_id": "H-1"}))
    book = read_call('book_hall(town="Ulm")')
    reply = {"hall_id": "H-1", "booking_id": "B-1"}
    assert state.why_not(book, function, reply) is None
    state.take(Done(book, True, reply))
    assert "exists already" in str(state.why_not(book, function, reply))


def test_what_was_deleted_is_refused_and_what_is_new_is_not() -> None:
    state = _state(BOOKED, ('cancel_booking(booking_id="B-1")', {"booking_id": "B-1", "refund": 20.0}))
    assert "deleted" in str(state.refusal(read_call('get_booking(booking_id="B-1")')))
    assert state.refusal(read_call('get_booking(booking_id="B-2")')) is None


def test_the_same_call_counts_as_repeated_until_something_changes() -> None:
    look = 'get_booking(booking_id="B-9")'
    state = _state((look, {"booking_id": "B-9", "room_id": "RR-1"}))
    assert state.repeated(read_call(look)) is not None
    state.take(Done(read_call(BOOKED[0]), True, BOOKED[1]))
    assert state.repeated(read_call(look)) is None


def test_a_day_that_is_none_in_a_result_stops_nothing() -> None:
    results = [{"day": "2026-02-30", "note": "late"}]
    assert is_silent("Nothing.", results)
    assert not is_silent("It is late.", results)


def test_what_a_call_was_given_is_nothing_that_it_told() -> None:
    reply = [{"berth_id": "HQ-4", "summary": "gusty"}]
    assert not is_silent("I looked at HQ-4.", reply)
    assert is_silent("I looked at HQ-4.", reply, ["hq-4"])
    assert not is_silent("It is gusty at HQ-4.", reply, ["HQ-4"])


def test_words_stand_in_a_text_as_they_are() -> None:
    for part, whole, found in (
        ("7", "card 7, blue", True),
        ("7", "card 17", False),
        ("7", "7.50 euros", False),
        ("Blue  ribbon", "a blue ribbon.", True),
        ("山", "山小屋", True),
        ("", "anything", False),
    ):
        assert stands_in(part, whole) == found, (part, whole)
