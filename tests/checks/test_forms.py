from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from orca_agents.checks.api import ItemParts
from orca_agents.checks.forms import FORMS
from orca_agents.config import Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Form
from orca_agents.records import AnswerForm, Content, Instruction

QUESTION = "What did the miller of Ashford do after the flood of 1907?"
EVENTS = ["The dam broke above the town.", "Water filled the mill.", "The miller sold his grain."]
RUBRIC = [
    "The speech appeals to fear by listing disasters.",
    "It ignores what the dam would cost the farmers.",
    "Its closing image turns the river into an enemy.",
]
OPTIONS = ["He sold his grain.", "He rebuilt the mill.", "He left the valley.", "He sued the council."]

Data = dict[str, Any]


def leaf(form: AnswerForm, **settings: Any) -> Leaf:
    return Leaf(name="leaf", description="asks", answer=form, **settings)


def hand_in(form: AnswerForm, data: Data, question: str = QUESTION, **settings: Any) -> Instruction:
    """An item as it comes about: a reply in JSON, read by the form's own fields."""
    product = Form(FORMS[form].item_fields(leaf(form, **settings))).read(json.dumps(data), structured=True)
    return item(form, FORMS[form].read_item(product, leaf(form, **settings)), question)


def item(form: AnswerForm, parts: ItemParts, question: str = QUESTION) -> Instruction:
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text="passage", transformer="identity"),
        leaf="leaf",
        form=form,
        question=question,
        parts=parts.parts,
        key=parts.key,
        calculation=parts.calculation,
        answerable=parts.answerable,
    )


def answer(instruction: Instruction, value: str | list[str]) -> tuple[str, ...]:
    form = FORMS[instruction.form]
    product = Form(form.answer_fields(instruction)).read(json.dumps({"answer": value}), structured=True)
    return form.read_answer(product, instruction)


def is_right(instruction: Instruction, value: str | list[str]) -> bool:
    return FORMS[instruction.form].same(instruction.key, answer(instruction, value), instruction)


def problems(instruction: Instruction) -> str:
    return "; ".join(FORMS[instruction.form].problems(instruction))


SOUND: dict[AnswerForm, Instruction] = {
    "span": hand_in("span", {"answer": "He sold his grain."}),
    "set": hand_in("set", {"answer": ["grain", "two horses", "the old cart"]}),
    "number": hand_in("number", {"calculation": "1250 - 980", "answer": "270 sacks"}),
    "choice": hand_in("choice", {"options": OPTIONS, "answer": "A"}),
    "truth": hand_in(
        "truth",
        {"true_statement": "The author wants the dam rebuilt.", "false_statement": "The author opposes a new dam."},
    ),
    "order": hand_in("order", {"events": EVENTS}),
    "mapping": hand_in(
        "mapping", {"left": ["Ada", "Bert", "Cleo"], "right": ["the weaver", "the ferryman", "the doctor"]}
    ),
    "blank": hand_in("blank", {"answer": "reluctant"}, "The council was ______ to pay for the new dam."),
    "essay": hand_in("essay", {"rubric": RUBRIC}),
    "answerability": hand_in("answerability", {"answerable": "yes", "answer": "He sold his grain.", "missing": ""}),
}
UNANSWERABLE = hand_in(
    "answerability",
    {"answerable": "no", "answer": "", "missing": "It would have to say what the grain was sold for."},
)


def test_every_answer_form_has_its_format() -> None:
    assert set(FORMS) == set(get_args(AnswerForm)) > set(SOUND)
    assert all(form.name == name for name, form in FORMS.items())


@pytest.mark.parametrize("instruction", [*SOUND.values(), UNANSWERABLE], ids=lambda i: f"{i.form}-{i.answerable}")
def test_a_sound_item_has_no_problems(instruction: Instruction) -> None:
    assert problems(instruction) == ""


@pytest.mark.parametrize("form", [form for form in SOUND if form != "essay"])
def test_the_key_answers_its_own_item(form: AnswerForm) -> None:
    instruction = SOUND[form]
    assert FORMS[form].same(instruction.key, instruction.key, instruction)


@pytest.mark.parametrize("form", SOUND)
def test_every_field_is_bounded_and_explained(form: AnswerForm) -> None:
    instruction = SOUND[form]
    assert FORMS[form].answer_fields(instruction)[0].name == "answer"
    for field in (*FORMS[form].item_fields(leaf(form)), *FORMS[form].answer_fields(instruction)):
        assert len(field.about) > 15
        assert field.choices or field.max_chars <= (2500 if form == "essay" else 300)
        assert field.max_items <= 8


@pytest.mark.parametrize("form", SOUND)
def test_english_hints_are_left_out_of_other_languages(form: AnswerForm) -> None:
    instruction = SOUND[form]
    english, german = (FORMS[form].shown(instruction, language) for language in ("en", "de"))
    assert FORMS[form].shown(instruction, None) == english
    assert english.startswith(german)
    assert len(english) > len(german) + 15
    assert all(text in german for name, texts in instruction.parts.items() if name != "rubric" for text in texts)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("span", ("He sold his grain.",), "He sold his grain."),
        ("set", ("grain", "two horses"), "grain, two horses"),
        ("set", ("grain, milled", "two horses"), "grain, milled; two horses"),
        ("number", ("42", "km"), "42 km"),
        ("number", ("1,200", "$"), "$1,200"),
        ("number", ("12", "%"), "12%"),
        ("number", ("1907",), "1907"),
        ("truth", ("false", "true"), "1: false, 2: true"),
        ("order", ("B", "A", "C"), "B, A, C"),
        ("mapping", ("1-B", "2-A", "3-C"), "1-B, 2-A, 3-C"),
        ("blank", ("reluctant",), "reluctant"),
    ],
)
def test_the_final_answer_reads_well(form: AnswerForm, value: tuple[str, ...], text: str) -> None:
    assert FORMS[form].final(value, SOUND[form]) == text


# span


def test_a_span_may_be_worded_a_little_differently() -> None:
    instruction = hand_in("span", {"answer": "the ferryman's boat"})
    assert is_right(instruction, "The ferryman\u2019s boat.")
    assert is_right(instruction, "ferryman's boats")
    assert not is_right(instruction, "the ferryman")
    assert not is_right(instruction, "not the ferryman's boat")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("...", "placeholder"),
        ("the correct answer", "placeholder"),
        (QUESTION, "question again"),
        (f"The question is: {QUESTION}", "question again"),
        ("What did he do?", "itself a question"),
        ("He sold his grain and he sold his grain and he sold his grain", "repeats"),
        ("He sold grain to buyers named " + "Abcdefghi " * 17, "repeats"),
        (" ".join(f"word{n}" for n in range(40))[:200], "cut off"),
    ],
)
def test_a_span_that_is_no_answer_is_a_problem(text: str, reason: str) -> None:
    assert reason in problems(hand_in("span", {"answer": text}))


# set


def test_a_set_has_no_order() -> None:
    assert is_right(SOUND["set"], ["The old cart", "grain", "2 horses"])


@pytest.mark.parametrize(
    "value", [["grain", "two horses"], ["grain", "grain", "two horses"], ["grain", "three horses", "the old cart"]]
)
def test_a_set_with_one_too_few_or_another_is_wrong(value: list[str]) -> None:
    assert not is_right(SOUND["set"], value)


def test_a_set_with_bullets_is_read_without_them() -> None:
    assert hand_in("set", {"answer": ["1. grain", "2. horses"]}).key == ("grain", "horses")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (("grain",), "2 to 8"),
        (("grain", "Grain."), "the same"),
        (("two horses", "in 2 horses"), "mean the same"),
        (("grain", "item 2"), "placeholder"),
        (("grain", QUESTION), "question again"),
    ],
)
def test_a_set_of_one_or_of_twins_is_a_problem(key: tuple[str, ...], reason: str) -> None:
    assert reason in problems(item("set", ItemParts({}, key)))


# number


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("270 sacks", "270", True),
        ("270 sacks", "about 270 sacks", True),
        ("270 sacks", "270 sacks of grain", True),
        ("270 sacks", "270 sacks in total.", True),
        ("270 sacks", "270 carts", False),
        ("1907", "in 1907", True),
        ("5 km", "5 km per hour", False),
        ("270 sacks", "271 sacks", False),
        ("1,200 dollars", "$1200", True),
        ("12%", "12 percent", True),
        ("2.5 km", "2500 m", True),
        ("2.5 km", "2500 kg", False),
        ("33.33 km", "33.3 km", True),
        ("33.33 km", "34 km", False),
        ("-61.0 %", "-60.99 %", True),
        ("-61.0 %", "-60.9 %", False),
        ("-61.0 %", "-60.99 km", False),
        ("61.0 km", "60.97", True),
        ("61", "60.99", False),
        ("three hours", "180 minutes", True),
        ("-5", "5", False),
        ("1.2 million", "1,200,000", True),
        ("0.25", "1/4", True),
        ("20 \u00b0C", "20 degrees Celsius", True),
        ("20 \u00b0C", "20 \u00b0F", False),
    ],
)
def test_numbers_are_compared_by_value_and_unit(key: str, value: str, right: bool) -> None:
    assert is_right(hand_in("number", {"calculation": "1 + 1", "answer": key}), value) is right


@pytest.mark.parametrize("text", ["many", "3 hours 20 minutes", "the miller sold them all for 12", "over 5", "minus 5"])
def test_what_is_not_one_number_is_no_answer(text: str) -> None:
    with pytest.raises(UnparsableError):
        answer(SOUND["number"], text)


@pytest.mark.parametrize(
    ("calculation", "key"),
    [
        ("12 + 30 = 42", "42 km"),
        ("$12 + $30", "$42"),
        ("5 / 20", "25%"),
        ("5 / 20 * 100", "25%"),
        ("100 / 3", "33.33"),
        ("1 + 1 + 1", "3"),
    ],
)
def test_a_calculation_that_leads_to_the_key_is_sound(calculation: str, key: str) -> None:
    assert problems(hand_in("number", {"calculation": calculation, "answer": key})) == ""


@pytest.mark.parametrize(
    ("calculation", "key", "reason"),
    [
        ("12 + 30", "41 km", "gives 42, but the answer is 41"),
        ("100 / 3", "33", "gives 33.3333333333"),
        ("42", "42", "computes nothing"),
        ("42 * 1", "42", "only repeats"),
        ("42 / 0", "42", "division by zero"),
        ("the sum of both", "42", "cannot be computed"),
        ("10 ** 400 * 10 ** 300", "42", "gives 1.00000000000E+700"),
    ],
)
def test_a_calculation_that_leads_elsewhere_is_a_problem(calculation: str, key: str, reason: str) -> None:
    assert reason in problems(hand_in("number", {"calculation": calculation, "answer": key}))


def test_a_number_without_calculation_or_without_number_is_a_problem() -> None:
    assert "no calculation" in problems(item("number", ItemParts({}, ("42", "km"))))
    assert "not a number" in problems(item("number", ItemParts({}, ("many",), "1 + 1")))


# choice


def test_options_are_shuffled_and_the_key_goes_with_them() -> None:
    places = set()
    for number in range(12):
        options = [f"He sold {number} sacks.", "He rebuilt the mill.", "He left the valley.", "He sued the council."]
        instruction = hand_in("choice", {"options": options, "answer": "A"})
        assert instruction == hand_in("choice", {"options": options, "answer": "A"})
        assert FORMS["choice"].final(instruction.key, instruction) == f"{instruction.key[0]}. He sold {number} sacks."
        places.add(instruction.key[0])
    assert len(places) > 2


def test_numbers_to_choose_from_stand_in_order() -> None:
    instruction = hand_in("choice", {"options": ["30 km", "5 km", "120 km", "12 km"], "answer": "A"})
    assert instruction.parts["options"] == ("5 km", "12 km", "30 km", "120 km")
    assert instruction.key == ("C",)
    assert problems(instruction) == ""


def test_letters_before_options_are_taken_off() -> None:
    instruction = hand_in(
        "choice",
        {"options": [f"{letter}) {text}" for letter, text in zip("ABCD", OPTIONS, strict=True)], "answer": "B"},
    )
    assert sorted(instruction.parts["options"]) == sorted(OPTIONS)


def test_another_letter_is_wrong_and_no_letter_is_refused() -> None:
    instruction = SOUND["choice"]
    for letter in "ABCD":
        assert is_right(instruction, letter) is (letter == instruction.key[0])
    with pytest.raises(UnparsableError):
        answer(instruction, "E")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["A", "B", "C", "D"], "only a letter"),
        ([*OPTIONS[:3], "he sold his grain"], "the same"),
        (["He sold two horses.", *OPTIONS[1:3], "He sold 2 horses."], "the same"),
        ([*OPTIONS[:3], "All of the above"], "other options"),
        ([*OPTIONS[:3], "None of these."], "other options"),
        ([*OPTIONS[:3], "Both A and B"], "other options"),
        ([*OPTIONS[:3], "Option D"], "placeholder"),
        ([*OPTIONS[:3], "..."], "placeholder"),
        ([*OPTIONS[:3], "The passage is about ..."], "breaks off"),
        ([*OPTIONS[:3], QUESTION], "question again"),
        (
            ["He sold all of his grain to the merchants who had come up the river from Ashford", *OPTIONS[1:]],
            "much longer",
        ),
        (
            ["the miller of Ashford", "a ferry", "his wife", "the council"],
            "repeats the words of the question",
        ),
    ],
)
def test_options_that_are_none_or_that_give_the_answer_away_are_a_problem(options: list[str], reason: str) -> None:
    assert reason in problems(hand_in("choice", {"options": options, "answer": "A"}))


def test_a_long_wrong_option_gives_nothing_away() -> None:
    options = ["He sold all of his grain to the merchants who had come up the river from Ashford", *OPTIONS[1:]]
    assert problems(hand_in("choice", {"options": options, "answer": "B"})) == ""


def test_the_number_of_options_is_the_leafs() -> None:
    data = {"options": [*OPTIONS, "He drowned."], "answer": "E"}
    assert len(hand_in("choice", data, options=5).parts["options"]) == 5
    with pytest.raises(UnparsableError, match="5 items, not 4"):
        hand_in("choice", data)
    assert "3 to 10" in problems(item("choice", ItemParts({"options": ("yes", "no")}, ("A",))))
    assert "not the letter" in problems(item("choice", ItemParts({"options": tuple(OPTIONS)}, ("F",))))


# truth


def test_the_true_statement_does_not_always_come_first() -> None:
    keys = {
        hand_in("truth", {"true_statement": f"He sold {n} sacks.", "false_statement": f"He bought {n} sacks."}).key
        for n in range(12)
    }
    assert keys == {("true", "false"), ("false", "true")}


def test_the_statement_called_true_is_the_one_in_the_key() -> None:
    instruction = SOUND["truth"]
    true = instruction.parts["statements"][instruction.key.index("true")]
    assert true == "The author wants the dam rebuilt."
    assert is_right(instruction, list(instruction.key))
    assert not is_right(instruction, list(reversed(instruction.key)))
    assert not is_right(instruction, ["true", "true"])


def test_labels_that_tell_the_truth_are_taken_off() -> None:
    instruction = hand_in(
        "truth", {"true_statement": "True: He sold grain.", "false_statement": "False - He bought grain."}
    )
    assert sorted(instruction.parts["statements"]) == ["He bought grain.", "He sold grain."]


def test_a_statement_may_be_the_others_denial() -> None:
    data = {"true_statement": "The dam was rebuilt.", "false_statement": "The dam was not rebuilt."}
    assert problems(hand_in("truth", data)) == ""


@pytest.mark.parametrize(
    ("statements", "key", "reason"),
    [
        (("The dam held.", "The mill burnt."), ("true", "true"), "exactly one"),
        (("The dam held.", "the dam held"), ("true", "false"), "the same"),
        (
            ("The old dam above the town held.", "At the old dam above the town held."),
            ("true", "false"),
            "say the same",
        ),
        (("The dam held.", "Statement 2"), ("true", "false"), "placeholder"),
        (("The dam held.", "Did the dam hold?"), ("true", "false"), "is a question"),
        (("The dam held.", QUESTION), ("true", "false"), "question again"),
        (("The dam held.", "No"), ("true", "false"), "too short"),
        (("The dam held.",), ("true",), "two statements"),
    ],
)
def test_statements_that_do_not_differ_are_a_problem(
    statements: tuple[str, ...], key: tuple[str, ...], reason: str
) -> None:
    assert reason in problems(item("truth", ItemParts({"statements": statements}, key)))


# order


def test_events_are_shuffled_and_the_key_restores_them() -> None:
    instruction = SOUND["order"]
    places = dict(zip("ABC", instruction.parts["items"], strict=True))
    assert [places[letter] for letter in instruction.key] == EVENTS
    assert list(instruction.parts["items"]) != EVENTS
    assert is_right(instruction, list(instruction.key))
    assert not is_right(instruction, sorted(instruction.key))


@pytest.mark.parametrize("form", ["order", "mapping"])
def test_the_example_of_the_hint_is_never_the_answer(form: AnswerForm) -> None:
    instruction = SOUND[form]
    shown = FORMS[form].shown(instruction, "en")
    assert FORMS[form].final(instruction.key, instruction) not in shown


def test_an_order_that_names_a_letter_twice_is_no_answer() -> None:
    with pytest.raises(UnparsableError, match="exactly once"):
        answer(SOUND["order"], ["A", "A", "B"])


@pytest.mark.parametrize(
    ("items", "key", "reason"),
    [
        (EVENTS[:2], "BA", "3 to 6"),
        ([*EVENTS[:2], "the dam broke above the town"], "BAC", "the same"),
        ([*EVENTS[:2], "Event 3"], "BAC", "placeholder"),
        ([*EVENTS[:2], "C"], "BAC", "only a letter"),
        (["First, the dam broke.", "Then water came.", "He sold grain."], "BAC", "give their order away"),
        (EVENTS, "ABC", "already stand"),
        (EVENTS, "BAB", "exactly once"),
        ([*EVENTS[:2], QUESTION], "BAC", "question again"),
    ],
)
def test_events_that_cannot_be_ordered_are_a_problem(items: list[str], key: str, reason: str) -> None:
    assert reason in problems(item("order", ItemParts({"items": tuple(items)}, tuple(key))))


# mapping


def test_partners_are_shuffled_and_the_key_pairs_them() -> None:
    instruction = SOUND["mapping"]
    right = dict(zip("ABC", instruction.parts["right"], strict=True))
    assert [right[pair[-1]] for pair in instruction.key] == ["the weaver", "the ferryman", "the doctor"]
    assert instruction.key != ("1-A", "2-B", "3-C")


def test_a_matching_is_read_in_any_notation_and_order() -> None:
    instruction = SOUND["mapping"]
    first, second, third = (pair[-1] for pair in instruction.key)
    assert is_right(instruction, [f"3: {third}", f"1 - {first.lower()}", f"2{second}"])
    assert not is_right(instruction, [f"1-{second}", f"2-{first}", f"3-{third}"])


@pytest.mark.parametrize(
    "value", [["1-A", "2-A", "3-B"], ["1-A", "1-B", "3-C"], ["1-A", "2-B", "3-D"], ["x", "y", "z"]]
)
def test_a_matching_that_is_not_one_to_one_is_no_answer(value: list[str]) -> None:
    with pytest.raises(UnparsableError):
        answer(SOUND["mapping"], value)


def test_sides_of_unequal_length_are_refused() -> None:
    with pytest.raises(UnparsableError, match="partner"):
        hand_in("mapping", {"left": ["Ada", "Bert", "Cleo", "Dan"], "right": ["weaver", "ferryman", "doctor"]})


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [
        (["Ada", "Bert", "ada"], ["weaver", "ferryman", "doctor"], "the same"),
        (["Ada", "Bert", "Cleo"], ["weaver", "the weaver", "doctor"], "the same"),
        (["Ada", "Bert", "C"], ["weaver", "ferryman", "doctor"], "only a letter"),
        (["Ada", "Bert", "Cleo"], ["Ada is a weaver", "Bert is a ferryman", "a doctor"], "give themselves away"),
        (["Ada", "Bert", "item 3"], ["weaver", "ferryman", "doctor"], "placeholder"),
    ],
)
def test_lists_that_cannot_be_matched_are_a_problem(left: list[str], right: list[str], reason: str) -> None:
    assert reason in problems(hand_in("mapping", {"left": left, "right": right}))


@pytest.mark.parametrize(
    ("key", "reason"), [(("1-A", "2-B", "3-C"), "side by side"), (("1-A", "2-A", "3-B"), "not a matching")]
)
def test_a_key_that_is_no_shuffled_matching_is_a_problem(key: tuple[str, ...], reason: str) -> None:
    parts: dict[str, tuple[str, ...]] = {
        "left": ("Ada", "Bert", "Cleo"),
        "right": ("weaver", "ferryman", "doctor"),
    }
    assert reason in problems(item("mapping", ItemParts(parts, key)))


# blank


def test_a_blank_is_shown_with_four_lines_and_filled_by_its_word() -> None:
    instruction = SOUND["blank"]
    assert "was ____ to pay" in FORMS["blank"].shown(instruction, "en")
    assert is_right(instruction, "Reluctant.")
    assert not is_right(instruction, "eager")


@pytest.mark.parametrize(
    ("question", "key", "reason"),
    [
        ("The council was glad to pay for the dam.", "reluctant", "exactly one blank"),
        ("The ____ was ____ to pay for the new dam.", "reluctant", "exactly one blank"),
        ("He ____.", "left", "too short"),
        ("The council was ____ to pay for the new dam.", "the new dams", "stands in the question"),
        ("The council was ____ to pay for the new dam.", "the", "tests nothing"),
        ("The council was ____ to pay for the new dam.", "not at all in the mood for spending", "at most 6"),
        ("The council was ____ to pay for the new dam.", "____", "placeholder"),
    ],
)
def test_a_blank_that_tests_nothing_is_a_problem(question: str, key: str, reason: str) -> None:
    assert reason in problems(hand_in("blank", {"answer": key}, question))


# essay


def test_essays_are_never_the_same() -> None:
    value = answer(SOUND["essay"], "The speech lists disasters.\n\nIt never counts their cost.")
    assert value == ("The speech lists disasters.\n\nIt never counts their cost.",)
    assert not FORMS["essay"].same(value, value, SOUND["essay"])


def test_the_rubric_is_not_shown() -> None:
    assert not any(point in FORMS["essay"].shown(SOUND["essay"], "en") for point in RUBRIC)


@pytest.mark.parametrize(
    ("rubric", "reason"),
    [
        (RUBRIC[:2], "3 to 5"),
        ([*RUBRIC[:2], RUBRIC[0].upper()], "the same"),
        ([*RUBRIC[:2], "Good style"], "too short"),
        ([*RUBRIC[:2], "What would the dam cost the farmers?"], "is a question"),
        ([*RUBRIC[:2], "Point 3"], "placeholder"),
        ([*RUBRIC[:2], QUESTION], "question again"),
    ],
)
def test_a_rubric_that_cannot_be_graded_is_a_problem(rubric: list[str], reason: str) -> None:
    assert reason in problems(item("essay", ItemParts({"rubric": tuple(rubric)}, ())))


# answerability


def test_an_unanswerable_item_has_no_key_and_says_what_is_missing() -> None:
    assert not UNANSWERABLE.answerable
    assert UNANSWERABLE.key == ()
    assert UNANSWERABLE.parts["missing"] == ("It would have to say what the grain was sold for.",)
    assert SOUND["answerability"].answerable
    assert is_right(SOUND["answerability"], "he sold his grain")
    assert not is_right(SOUND["answerability"], "he sold his horses")


def test_a_none_beside_a_no_is_no_answer() -> None:
    missing = "It would have to name a price."
    assert hand_in("answerability", {"answerable": "no", "answer": "Not stated.", "missing": missing}).key == ()


@pytest.mark.parametrize(
    "data",
    [
        {"answerable": "yes", "answer": "", "missing": ""},
        {"answerable": "no", "answer": "He sold his grain.", "missing": "It would have to name a price."},
        {"answerable": "no", "answer": "", "missing": ""},
    ],
)
def test_an_item_that_contradicts_itself_is_refused(data: Data) -> None:
    with pytest.raises(UnparsableError, match="answerable"):
        hand_in("answerability", data)


def test_an_empty_answer_to_an_answerable_item_is_refused() -> None:
    with pytest.raises(UnparsableError, match="empty"):
        answer(SOUND["answerability"], "")


@pytest.mark.parametrize(
    ("missing", "reason"), [("price", "too short"), (QUESTION, "question again"), ("...", "placeholder")]
)
def test_an_unanswerable_item_must_say_what_is_missing(missing: str, reason: str) -> None:
    data = {"answerable": "no", "answer": "", "missing": missing}
    assert reason in problems(hand_in("answerability", data))
