from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from orca_agents.checks import CHECKS, FORMS
from orca_agents.checks.api import Case
from orca_agents.checks.labels.classes import Labelled, draw_text, read_classes, shuffle_texts
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Form
from orca_agents.library import Library
from orca_agents.records import Answer, AnswerForm, Content, Draft, Instruction, Seed

TEXT = (
    "The lift stops a hand's breadth below the floor. Your fitter said that a part is on order. "
    "By when may we count on it?"
)
CLASSES = [
    "repair: a fault is reported that the firm does not know of yet",
    "date: the firm knows already, and the writer wants to hear when it will be done",
    "refund: money that was paid is to be given back to the writer",
]
SORTED = [
    "repair => The goods lift takes the crates up and will not bring them down again.",
    "date => You told us last week that a part is on order; when is it to come?",
    "refund => We paid for March, though the lift stood still all of that month.",
]
QUEUE = [
    "now => Water drips on the switchboard in the cellar, and it is getting more.",
    "now => A child is stuck in the cabin between two floors, and he is crying.",
    "later => The clock in the hall is four minutes slow again, as it was in May.",
    "later => Please order two more lamps for the landing before the autumn comes.",
]
LEVELS = ["now: somebody is hurt or stock is ruined within the hour", "later: nothing is lost if it waits for a week"]


def leaf(form: AnswerForm = "label", **settings: Any) -> Leaf:
    return Leaf(name="leaf", description="asks", answer=form, settings=settings)


def item(
    reply: dict[str, Any], of: Leaf | None = None, text: str = TEXT, question: str = "What does the writer want?"
) -> Instruction:
    of = of or leaf()
    form = FORMS[of.answer]
    product = Form(form.item_fields(of)).read(json.dumps(reply), structured=True)
    parts = form.read_item({**product, "question": (question,)}, of)
    return Instruction(
        id="i",
        seed_id="s",
        content=Content(id="c", seed_id="s", text=text, transformer="identity"),
        leaf="leaf",
        form=of.answer,
        question=question,
        parts=parts.parts,
        key=parts.key,
        hidden=parts.hidden,
    )


def answer(instruction: Instruction, value: Any, **more: str) -> tuple[str, ...]:
    form = FORMS[instruction.form]
    reply = json.dumps({"answer": value, **more})
    return form.read_answer(Form(form.answer_fields(instruction)).read(reply, structured=True), instruction)


def why_not(check: str, instruction: Instruction, value: tuple[str, ...] = (), **others: Any) -> str | None:
    draft = Draft(instruction=instruction, answer=Answer(value=value or instruction.key))
    seed = Seed(text=instruction.content.text)
    found = CHECKS[check].why_not(Case(seed, instruction.content, "en", instruction=instruction, draft=draft, **others))
    assert found is None or isinstance(found, str)
    return found


def problems(instruction: Instruction) -> str:
    return "; ".join(FORMS[instruction.form].problems(instruction))


def test_the_task_shows_every_class_with_its_definition_and_the_text() -> None:
    shown = FORMS["label"].shown(item({"labels": CLASSES, "answer": "date"}), "en")
    assert all(line in shown.replace("**", "") for line in CLASSES)
    assert TEXT in shown
    assert "What does the writer want?" in shown


@pytest.mark.parametrize("mark", ['"' * 3, "</text>", "```", "---"])
def test_no_mark_that_the_text_holds_itself_stands_around_it(mark: str) -> None:
    """A rule of Markdown, a fence and the quotes of a docstring would seem to end the text."""
    text = f"{TEXT}\n{mark}\nHer name stands below."
    for number in range(40):  # the frame is drawn by the question
        shown = item({"labels": CLASSES, "answer": "date"}, text=text, question=f"What does writer {number} want?")
        lines = FORMS["label"].shown(shown, "en").splitlines()
        assert lines.count(mark) == 1


def test_a_text_that_holds_all_marks_is_shown_all_the_same() -> None:
    text = "\n".join((TEXT, '"' * 3, "</text>", "```", "---", "The end."))
    assert text in FORMS["label"].shown(item({"labels": CLASSES, "answer": "date"}, text=text), "en")


def test_the_place_of_a_class_says_nothing_of_the_key() -> None:
    places: Counter[int] = Counter()
    for number in range(300):
        names, _ = read_classes(
            [f"right: what counts in case {number}", "wrong: what does not", "none: neither of them"]
        )
        places[names.index("right")] += 1
    assert min(places.values()) > 60


def test_a_label_counts_in_its_declared_spelling() -> None:
    instruction = item({"labels": CLASSES, "answer": "Date"})
    assert instruction.key == ("date",)
    assert answer(instruction, "DATE", reason="It asks by when the part will come.")[0] == "date"
    with pytest.raises(UnparsableError):
        answer(instruction, "appointment", reason="It asks by when.")
    with pytest.raises(UnparsableError, match="none of the classes"):
        item({"labels": CLASSES, "answer": "appointment"})


def test_the_reply_is_the_label_and_a_sentence_only_where_one_is_asked_for() -> None:
    for number in range(40):
        instruction = item({"labels": [*CLASSES, f"other{number}: none of them fits case {number}"], "answer": "date"})
        shown = FORMS["label"].shown(instruction, "en")
        asked = "one sentence that says why" in shown
        value = answer(instruction, "date", **({"reason": "It asks by\nwhen."} if asked else {}))
        reply = FORMS["label"].reply(Answer(value=value), instruction, "Answer")
        assert reply == ("date\nIt asks by when." if asked else "date")
        assert FORMS["label"].same(instruction.key, value, instruction)
        if asked:
            assert "is none" in (why_not("label_reason_sound", instruction, ("date",)) or "")
            assert why_not("label_reason_sound", instruction, ("date", "It asks by when the part will come.")) is None


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["a: one two three", "b: x"], "too short"),
        (["a: one two three", "b: one two three"], "are the same"),
        (["a: one two three"] + [f"b{n}: one two three {n}" for n in range(9)], ""),
    ],
)
def test_classes_are_defined_and_differ(labels: list[str], problem: str) -> None:
    found = problems(item({"labels": labels, "answer": "a"}))
    assert problem in found if problem else not found


def test_two_classes_of_one_name_are_refused() -> None:
    with pytest.raises(UnparsableError, match="same name"):
        item({"labels": ["a: one two three", "A: four five six"], "answer": "a"})


def test_a_tree_needs_parents_and_children() -> None:
    def tree(*names: str) -> str:
        labels = [f"{name}: what belongs to number {n}" for n, name in enumerate(names)]
        texts = [f"{name} => This is a message of the house, number {n}." for n, name in enumerate(names)]
        return problems(item({"labels": labels, "texts": texts}, leaf(source="written", hierarchical=True)))

    assert not tree("a > b", "a > c", "d > e")
    assert "parent > child" in tree("a", "a > c")
    assert "two parents" in tree("a > b", "a > c")
    assert "two parents" in tree("a > b", "c > d")


def test_the_drawn_text_is_of_any_class_with_the_same_chance_whatever_the_order() -> None:
    draw = Random(1)
    drawn: Counter[str] = Counter()
    for number in range(900):
        texts = [Labelled(label, f"{label} text {number} {draw.random()}") for label in "abc"]
        chosen = draw_text(texts)
        assert draw_text(texts[::-1]) == chosen
        drawn[chosen.label] += 1
    expected = 300
    assert (
        sum((count - expected) ** 2 / expected for count in drawn.values()) < 13.8
    )  # chi-square, 2 degrees, p = 0.001


def test_what_is_drawn_for_the_transformers_is_near_uniform_over_seeds() -> None:
    """Label distributions follow from the briefs that a program draws: the same draw that a run makes."""
    skill = Library().skill("text_classification")
    for name, agent in skill.agents.items():
        if agent.examples:
            drawn = Counter(Random(f"0/{name}/seed{number}").choice(agent.examples) for number in range(2000))
            fair = 2000 / len(agent.examples)
            assert len(drawn) == len(agent.examples)
            assert max(abs(count - fair) for count in drawn.values()) < 0.25 * fair, name


def test_one_of_the_written_texts_becomes_the_item_and_its_class_the_key() -> None:
    instruction = item({"labels": CLASSES, "texts": SORTED}, leaf(source="written"))
    assert f"{instruction.key[0]} => {instruction.parts['texts'][0]}" in SORTED
    shown = FORMS["label"].shown(instruction, "en")
    assert sum(line.partition(" => ")[2] in shown for line in SORTED) == 1
    assert why_not("one_text_per_class", instruction) is None


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (SORTED[:2], "0 texts"),
        ([*SORTED, SORTED[0]], "2 texts"),
        ([*SORTED[:2], "refund => Money back, now please."], "length tells"),
        ([SORTED[0], SORTED[1], "refund => " + SORTED[1].partition("=> ")[2] + " Soon?"], "nearly the same"),
    ],
)
def test_written_texts_stand_one_for_each_class(texts: list[str], reason: str) -> None:
    instruction = item({"labels": CLASSES, "texts": texts}, leaf(source="written"))
    assert reason.split()[0] in (why_not("one_text_per_class", instruction) or "")


def test_a_batch_is_shuffled_and_labelled_line_by_line() -> None:
    instruction = item({"labels": LEVELS, "texts": QUEUE}, leaf("labels", batch=True))
    lines = [f"{label} => {text}" for label, text in zip(instruction.key, instruction.parts["texts"], strict=True)]
    assert sorted(lines) == sorted(QUEUE)
    assert not problems(instruction)
    value = answer(instruction, list(instruction.key))
    assert FORMS["labels"].same(instruction.key, value, instruction)
    assert not FORMS["labels"].same(instruction.key, value[::-1], instruction) or value == value[::-1]
    assert FORMS["labels"].final(value, instruction) == "\n".join(instruction.key)
    with pytest.raises(UnparsableError, match="not 4"):
        answer(instruction, list(instruction.key[:3]))
    assert "[4] " in FORMS["labels"].shown(instruction, "en")
    assert shuffle_texts([Labelled("a", "x"), Labelled("b", "y")]) == shuffle_texts(
        [Labelled("b", "y"), Labelled("a", "x")]
    )


def test_a_batch_is_near_uniform() -> None:
    crowd = [f"now => Message number {n} about the water in the cellar." for n in range(5)]
    assert "nearly all" in problems(item({"labels": LEVELS, "texts": crowd}, leaf("labels", batch=True)))
    one = [*crowd, QUEUE[2]]
    three = [*LEVELS, "never: it is no matter for the house at all"]
    assert "nearly all" in problems(item({"labels": three, "texts": one}, leaf("labels", batch=True)))
    unused = [*QUEUE, crowd[0], "later => One more of the usual sort."]
    assert "no text" in problems(item({"labels": three, "texts": unused}, leaf("labels", batch=True)))


def test_all_classes_that_apply_are_wanted_in_any_order() -> None:
    of = leaf("labels")
    instruction = item({"labels": CLASSES, "answer": ["date", "repair"]}, of)
    assert FORMS["labels"].same(instruction.key, answer(instruction, ["repair", "date"]), instruction)
    assert not FORMS["labels"].same(instruction.key, answer(instruction, ["repair"]), instruction)
    assert "all classes apply" in problems(item({"labels": CLASSES, "answer": ["date", "repair", "refund"]}, of))


def test_a_statement_is_shown_with_the_text_that_it_is_about() -> None:
    labels = [
        "follows: nobody can doubt it after the text",
        "open: it may be so or not by the text",
        "ruled out: both cannot be true",
    ]
    texts = [
        "follows => The firm has seen the lift.",
        "open => The part comes from abroad.",
        "ruled out => Nobody has come.",
    ]
    instruction = item({"labels": labels, "texts": texts}, leaf(source="written", over="passage"))
    shown = FORMS["label"].shown(instruction, "en")
    assert TEXT in shown
    assert f"Statement: {instruction.parts['texts'][0]}" in shown


def test_a_text_does_not_say_its_class_and_a_definition_says_more_than_a_name() -> None:
    assert why_not("label_not_announced", item({"labels": CLASSES, "answer": "date"})) is None
    told = item({"labels": CLASSES, "answer": "date"}, text="Category: date. By when may we count on it?")
    assert "date" in (why_not("label_not_announced", told) or "")
    assert why_not("definitions_decide", item({"labels": CLASSES, "answer": "date"})) is None
    empty = item({"labels": ["refund: a refund of refunds", *CLASSES[:2]], "answer": "date"})
    assert "no more than its name" in (why_not("definitions_decide", empty) or "")
    quoted = item(
        {
            "labels": [*CLASSES[:1], "date: your fitter said that a part is on order, by when may we count on it"],
            "answer": "date",
        }
    )
    assert "quotes the text" in (why_not("definitions_decide", quoted) or "")


OPAQUE = [
    "K1: " + CLASSES[2].partition(": ")[2],
    "K2: " + CLASSES[0].partition(": ")[2],
    "K3: " + CLASSES[1].partition(": ")[2],
]
FLIPPED = [
    CLASSES[0] + " or that lasts longer than a week",
    "date: the writer wants an appointment at their own home",
    CLASSES[2],
]
LONGER = [
    line + ", also where they are kind about it or ask for something else besides, unless money is meant"
    for line in CLASSES
]


@pytest.mark.parametrize(
    ("goal", "labels", "key", "reason"),
    [
        ("opaque_names", OPAQUE, "K3", None),
        ("opaque_names", OPAQUE, "K1", "belongs to 'K3'"),
        ("opaque_names", [*CLASSES[:2], "money: given back"], "date", "may tell"),
        ("opaque_names", [*OPAQUE[:2], "K3: something else entirely is meant by this one"], "K3", "worded anew"),
        ("changed_guideline", FLIPPED, "repair", None),
        ("changed_guideline", FLIPPED, "date", "is the same as before"),
        ("changed_guideline", OPAQUE, "K1", "names of the classes have changed"),
        ("longer_definitions", LONGER, "date", None),
        ("longer_definitions", [CLASSES[0] + " at all", *CLASSES[1:]], "date", "clearly more"),
        ("longer_definitions", LONGER, "refund", "another one now"),
        ("near_miss_classes", [*CLASSES, "visit: the writer wants somebody to come again"], "date", None),
        ("near_miss_classes", CLASSES[1:], "date", "fewer classes"),
        ("near_miss_classes", CLASSES, "date", "same as before"),
    ],
)
def test_a_refined_guideline_does_what_its_goal_asks(
    goal: str, labels: list[str], key: str, reason: str | None
) -> None:
    parent = item({"labels": CLASSES, "answer": "date"})
    edited = item({"labels": labels, "answer": key})
    found = why_not("labels_refined", edited, parent=parent, goal=Goal(name=goal, description="d", edits="question"))
    assert (found is None) if reason is None else reason in (found or "")


def test_an_edited_text_keeps_the_guideline() -> None:
    parent, aim = (
        item({"labels": CLASSES, "answer": "date"}),
        Goal(name="mixed_evidence", description="d", edits="passage"),
    )
    edited = item({"labels": CLASSES, "answer": "date"}, text=TEXT + " We also paid for March.")
    assert why_not("labels_refined", edited, parent=parent, goal=aim) is None
    other = item({"labels": OPAQUE, "answer": "K3"}, text=TEXT + " We also paid for March.")
    assert "request was changed" in (why_not("labels_refined", other, parent=parent, goal=aim) or "")


def test_how_to_answer_is_said_in_the_language_of_the_task_or_not_at_all() -> None:
    instruction = item({"labels": LEVELS, "texts": QUEUE}, leaf("labels", batch=True))
    form = FORMS["labels"]
    assert "Give one class per line" in form.shown(instruction, "en")
    assert "je Zeile eine Klasse" in form.shown(instruction, "de")
    assert "per line" not in form.shown(instruction, "sw")
    assert all(text in form.shown(instruction, "sw") for text in instruction.parts["texts"])


def test_an_editor_hands_in_the_one_text_that_is_shown_with_its_new_class() -> None:
    of = leaf(source="written")
    parent = item({"labels": CLASSES, "texts": SORTED}, of)
    text, label = parent.parts["texts"][0], parent.key[0]
    other = next(name for name in ("repair", "refund") if name != label)
    aim = Goal(name="changed_guideline", description="d", edits="question")
    edited = item({"labels": FLIPPED, "texts": [f"{other} => {text}"]}, of)
    assert (edited.parts["texts"], edited.key) == ((text,), (other,))
    assert why_not("labels_refined", edited, parent=parent, goal=aim) is None
    assert why_not("one_text_per_class", edited, parent=parent, goal=aim) is None
    changed = item({"labels": FLIPPED, "texts": [f"{other} => {text} Please."]}, of)
    assert "text that is classified was changed" in (why_not("labels_refined", changed, parent=parent, goal=aim) or "")


def test_a_wide_colon_parts_name_and_definition_too() -> None:
    names, definitions = read_classes(["退款：作者要求退还已付的钱: 全部", "维修：公司尚不知道的故障"])
    assert dict(zip(names, definitions, strict=True)) == {
        "退款": "作者要求退还已付的钱: 全部",
        "维修": "公司尚不知道的故障",
    }
    assert read_classes(["a > b: it is 9:30", "c: no"])[0] in (("a > b", "c"), ("c", "a > b"))


def test_a_near_miss_leaves_the_right_class_right() -> None:
    parent = item({"labels": CLASSES, "answer": "date"})
    edited = item({"labels": [*CLASSES, "visit: the writer wants a day on which somebody comes"], "answer": "visit"})
    aim = Goal(name="near_miss_classes", description="d", edits="question")
    assert "must not take it over" in (why_not("labels_refined", edited, parent=parent, goal=aim) or "")


def test_a_reason_is_about_this_text_and_is_asked_for_in_its_language() -> None:
    instruction = item({"labels": CLASSES, "answer": "date"})
    asked = instruction.model_copy(update={"hidden": {**instruction.hidden, "style": ("reason",)}})
    assert "any text" in (why_not("label_reason_sound", asked, ("date", "This category matches best overall.")) or "")
    assert why_not("label_reason_sound", asked, ("date", "A part is said to be on order already.")) is None
    form = FORMS["label"]
    assert "einen Satz, der sagt, warum" in form.shown(asked, "de")
    assert "one sentence that says why" in form.shown(asked, "sw")  # nobody could guess it
