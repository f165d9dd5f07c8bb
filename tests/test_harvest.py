import json

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
        (as_json(question="x" * 2000), "'question' has 2000 characters"),
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
