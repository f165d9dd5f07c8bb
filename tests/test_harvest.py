import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_agents.errors import UnparsableError
from orca_agents.harvest import DeclinedError, Field, Form

QUESTION = Form(
    (
        Field("question", "the question"),
        Field("options", "the options", many=True, min_items=2, max_items=3),
        Field("answer", "the letter", choices=("A", "B")),
    ),
    may_decline=True,
)
GOOD = {"suitable": "yes", "why_not": "", "question": "Why?", "options": ["x", "y"], "answer": "A"}


def as_json(**changes: object) -> str:
    return json.dumps({**GOOD, **changes})


def test_a_json_reply_is_read_field_by_field() -> None:
    assert QUESTION.read(as_json(), structured=True) == {
        "question": ("Why?",),
        "options": ("x", "y"),
        "answer": ("A",),
    }


def test_json_inside_a_fence_is_read() -> None:
    assert QUESTION.read(f"```json\n{as_json()}\n```", structured=True)["question"] == ("Why?",)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("Sure! Here it is.", "this is not JSON"),
        ("[1, 2]", "not a JSON object"),
        (as_json(question=""), "'question' is missing or empty"),
        (as_json(options="x"), '"options" must be a list'),
        (as_json(question=["x"]), '"question" must be one text'),
        (as_json(options=["x"]), "'options' has 1 items, not 2 to 3"),
        (as_json(options=["x", {"y": 1}]), "must hold plain text"),
        (as_json(answer="C"), "'answer' is 'C', not one of A, B"),
        (as_json(question="".join(f"{at:04}" for at in range(500))), "'question' has 2000 characters"),
    ],
)
def test_a_reply_in_another_form_says_what_is_wrong(reply: str, message: str) -> None:
    with pytest.raises(UnparsableError, match=message.replace("[", r"\[")):
        QUESTION.read(reply, structured=True)


def test_all_problems_of_a_reply_are_told_at_once() -> None:
    with pytest.raises(UnparsableError, match=r"'question' is missing.*'answer' is"):
        QUESTION.read(as_json(question="", answer="Z"), structured=True)


def test_an_agent_may_decline_with_a_reason() -> None:
    with pytest.raises(DeclinedError, match="no argument in it"):
        QUESTION.read(as_json(suitable="no", why_not="no argument in it"), structured=True)
    with pytest.raises(DeclinedError, match="no argument in it"):
        QUESTION.read("<unsuitable>no argument in it</unsuitable>", structured=False)


def test_tagged_blocks_are_read_where_there_is_no_schema() -> None:
    reply = "<question>Why?</question>\n<options>x</options>\n<options>y</options>\n<answer>B</answer>"
    assert QUESTION.read(reply, structured=False)["options"] == ("x", "y")


CODE = "def f(a: dict[str, int]) -> str:\n    return f\"{a['*_x_*']}\"  # <b> & {{ }} %s \\n\n"


@pytest.mark.parametrize("structured", [True, False])
def test_code_survives_byte_for_byte(structured: bool) -> None:
    form = Form((Field("passage", "code", max_chars=2000),))
    reply = json.dumps({"passage": CODE}) if structured else f"<passage>{CODE}</passage>"
    expected = CODE if structured else CODE.removesuffix("\n")  # the line break before a closing tag is the tag's
    assert form.read(reply, structured=structured)["passage"] == (expected,)


@given(st.text(min_size=1, max_size=200).filter(lambda text: text.strip()))
def test_any_text_survives_json(text: str) -> None:
    form = Form((Field("passage", "x"),))
    assert form.read(json.dumps({"passage": text}), structured=True)["passage"] == (text,)


def test_a_text_that_speaks_of_its_own_tag_stays_whole() -> None:
    form = Form((Field("passage", "x"),))
    reply = "<passage>In HTML, </passage> is no element.</passage>"
    assert form.read(reply, structured=False)["passage"] == ("In HTML, </passage> is no element.",)


@pytest.mark.parametrize("block", ["<unsuitable>no argument</unsuitable>", "<unsuitable>"])
def test_a_passage_that_speaks_of_declining_is_no_decline(block: str) -> None:
    form = Form((Field("passage", "x"),), may_decline=True)
    reply = f"<passage>The form had a box, {block}, which nobody used.</passage>"
    assert block in form.read(reply, structured=False)["passage"][0]


def test_a_decline_beside_other_blocks_is_none() -> None:
    reply = "<unsuitable>not sure</unsuitable>\n<passage>A text all the same.</passage>"
    form = Form((Field("passage", "x"),), may_decline=True)
    assert form.read(reply, structured=False)["passage"] == ("A text all the same.",)


ANSWER = Form(
    (
        Field("reasoning", "why"),
        Field("evidence", "quotes", many=True, optional=True),
        Field("answerable", "whether", choices=("yes", "no")),
        Field("answer", "what", optional=True),
    )
)


@pytest.mark.parametrize(
    "mention",
    ["<answer>the miller</answer>", "<answer>", "</answer>", "<answerable>no</answerable>", "<evidence>a</evidence>"],
)
def test_a_tag_named_inside_an_earlier_block_is_its_text(mention: str) -> None:
    reply = (
        f"<reasoning>At first {mention} comes to mind.</reasoning>\n"
        "<answerable>yes</answerable>\n<answer>the flood</answer>"
    )
    assert ANSWER.read(reply, structured=False) == {
        "reasoning": (f"At first {mention} comes to mind.",),
        "evidence": (),
        "answerable": ("yes",),
        "answer": ("the flood",),
    }


def test_a_tag_named_inside_a_later_block_is_its_text_too() -> None:
    reply = "<reasoning>r</reasoning><answerable>yes</answerable><answer>see <evidence>x</evidence></answer>"
    product = ANSWER.read(reply, structured=False)
    assert (product["evidence"], product["answer"]) == ((), ("see <evidence>x</evidence>",))


def test_words_around_the_blocks_do_no_harm() -> None:
    reply = "Sure!\n<reasoning>r</reasoning> So:\n<answerable>yes</answerable>, and <answer>x</answer> Bye."
    assert ANSWER.read(reply, structured=False)["answer"] == ("x",)


@pytest.mark.parametrize(
    "reply",
    [
        "<reasoning>a</reasoning><answerable>yes</answerable><answer>A</answer> rather than <answer>B</answer>.",
        "<reasoning>a</reasoning><answerable>no</answerable>\n<reasoning>b</reasoning><answerable>yes</answerable>",
    ],
)
def test_a_block_that_stands_twice_is_not_guessed_at(reply: str) -> None:
    with pytest.raises(UnparsableError, match="stands there 2 times"):
        ANSWER.read(reply, structured=False)


@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("said", ["yes", " yes ", "Yes", "\nYES\n"])
def test_a_choice_is_read_whatever_its_case_and_the_space_around_it(structured: bool, said: str) -> None:
    values = {"reasoning": "r", "evidence": [], "answerable": said, "answer": " x "}
    tagged = f"<reasoning>r</reasoning><answerable>{said}</answerable><answer> x </answer>"
    product = ANSWER.read(json.dumps(values) if structured else tagged, structured=structured)
    assert product["answerable"] == ("yes",)
    assert product["answer"] == (" x ",)


@pytest.mark.parametrize("structured", [True, False])
def test_marks_that_a_prompt_had_broken_are_whole_again(structured: bool) -> None:
    shown = "h ^ (h>\u2060>\u2060>16); cat <\u2060<\u2060<WORD; a\u2060b"
    reply = json.dumps({"passage": shown}) if structured else f"<passage>{shown}</passage>"
    product = Form((Field("passage", "a text"),)).read(reply, structured=structured)
    assert product["passage"] == ("h ^ (h>>>16); cat <<<WORD; a\u2060b",)


def test_the_schema_is_strict_and_bounded() -> None:
    schema = QUESTION.schema()
    assert schema["required"] == ["suitable", "why_not", "question", "options", "answer"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["options"]["maxItems"] == 3
    assert schema["properties"]["question"]["maxLength"] == 600
    assert schema["properties"]["answer"]["enum"] == ["A", "B"]


def test_the_form_in_words_names_every_field() -> None:
    for structured in (True, False):
        words = QUESTION.explain(structured=structured)
        assert all(field.name in words for field in QUESTION.fields)


def test_a_tag_that_is_opened_without_end_is_no_work() -> None:
    form = Form((Field("question", "", many=True), Field("answer", "")))
    began = time.process_time()
    with pytest.raises(UnparsableError, match="'question' is missing"):
        form.read("<question>" * 20_000 + "<answer>x</answer>", structured=False)
    assert time.process_time() - began < 2


def test_brackets_without_end_are_no_json_and_no_crash() -> None:
    with pytest.raises(UnparsableError, match="not JSON"):
        Form((Field("answer", ""),)).read('{"answer": ' + "[" * 100_000, structured=True)
