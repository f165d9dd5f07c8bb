"""Answers from several documents: reading them, finding those that are needed, citing them, and asking on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from orca_agents.checks import FORMS, PROBES, PROOFS
from orca_agents.checks.api import Case
from orca_agents.checks.sources.citations import sentences_of
from orca_agents.checks.sources.documents import NewDocument, cited, kept, read_documents, write_documents
from orca_agents.config import Goal, Leaf
from orca_agents.dialogues.api import Ask, Ended, Taken
from orca_agents.dialogues.followup import FollowupDialogue
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Form
from orca_agents.records import AnswerForm, Instruction, Message
from tests.checks.gate_cases import case, reason

DOCUMENTS = write_documents(
    [
        NewDocument(
            "The mill at Orrin",
            "The mill at Orrin was built in 1790. In 1962 the schoolteacher Isla Munro bought the ruin for 400 pounds.",
            "https://mills.example.org/orrin",
        ),
        NewDocument(
            "Visitors of the Orrin mill",
            "Today 9,000 people visit the mill at Orrin every year. A ticket costs 3 pounds, and all "
            "of it goes into repairs.",
        ),
        NewDocument(
            "The mill at Tarvie",
            "The mill at Tarvie was built in 1802. The doctor Hamish Reid bought it in 1958 for 350 "
            "pounds and let it rot.",
        ),
    ]
)
ANSWER = "The ruin at Orrin was bought in 1962 by the schoolteacher Isla Munro [1]."


def item_of(
    form: AnswerForm = "span",
    *,
    key: tuple[str, ...] = ("Isla Munro",),
    gold: tuple[str, ...] | None = ("1",),
    quotes: tuple[str, ...] = ("the schoolteacher Isla Munro bought the ruin",),
    passage: str = DOCUMENTS,
    **others: Any,
) -> Instruction:
    made = case("Who bought the ruined mill at Orrin?", key, form=form, passage=passage).instruction
    assert made is not None
    proof = {} if gold is None else {"gold": gold, "quotes": quotes}
    return made.model_copy(update={"proof": proof, **others})


def on(item: Instruction, reply: str = ANSWER, **settings: Any) -> Case:
    """The item, answered: by a text for texts, by reasoning before a short answer otherwise."""
    value = (reply,) if item.form == "text" else item.key
    made = case(item.question, item.key, form=item.form, passage=item.content.text, value=value, reasoning=reply)
    assert made.draft is not None
    draft = made.draft.model_copy(update={"instruction": item})
    leaf = Leaf(name="leaf", description="asks", answer=item.form, settings=settings)
    return replace(made, instruction=item, content=item.content, draft=draft, leaf=leaf)


def test_documents_are_read_back_as_they_were_written() -> None:
    found = read_documents(DOCUMENTS)
    assert [(one.id, one.title) for one in found] == [
        ("1", "The mill at Orrin"),
        ("2", "Visitors of the Orrin mill"),
        ("3", "The mill at Tarvie"),
    ]
    assert found[1].snippet.startswith("Today 9,000 people")
    assert "".join(DOCUMENTS[one.start : one.end] for one in found) == DOCUMENTS
    assert kept(DOCUMENTS, {"1", "3"}).count("Document Id:") == 2
    assert "9,000" not in kept(DOCUMENTS, {"1", "3"})


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a [1]. b [2][3]", ("1", "2", "3")),
        ("a [1, 3]", ("1", "3")),
        ("a [1; 2], again [1]", ("1", "2")),
        ("[a link](x) and x[i] and [2](http://x)", ()),
    ],
)
def test_citations_are_numbers_in_square_brackets(text: str, ids: tuple[str, ...]) -> None:
    assert cited(text) == ids


def test_sentences_keep_the_citations_behind_them() -> None:
    assert sentences_of("It rose [1]. It fell. [2] Then it stood [3]\n- a point [4]") == [
        "It rose [1].",
        "It fell. [2]",
        "Then it stood [3]",
        "- a point [4]",
    ]


@pytest.mark.parametrize(
    ("passage", "words"),
    [
        (DOCUMENTS, None),
        ("A text without any layout. " * 20, "no documents"),
        (f"Here they come.\n\n{DOCUMENTS}", "before the first"),
        (DOCUMENTS.replace("Id: 3", "Id: 1"), "same number"),
        (DOCUMENTS.replace("Title: The mill at Tarvie\n", ""), "no line `Title"),
        (kept(DOCUMENTS, {"1", "2"}), "2 documents"),
        (DOCUMENTS.replace("The mill at Tarvie was built in 1802. The doctor ", ""), None),
    ],
)
def test_a_set_of_documents_is_laid_out_to_be_cited(passage: str, words: str | None) -> None:
    found = reason("documents_sound", case(passage=passage, transformer="near_duplicate_writer"))
    assert found is None if words is None else words in (found or "")


def test_two_documents_that_are_the_same_are_caught() -> None:
    twice = f"{DOCUMENTS}\n\n{kept(DOCUMENTS, {'3'}).replace('Id: 3', 'Id: 4')}"
    assert "are the same" in (reason("documents_sound", case(passage=twice, transformer="x")) or "")


@pytest.mark.parametrize(
    ("name", "edited", "key", "right"),
    [
        ("more_distractors", "PLUS2", ("Isla Munro",), True),
        ("more_distractors", "PLUS1", ("Isla Munro",), False),
        ("more_distractors", "CHANGED", ("Isla Munro",), False),
        ("contradict", "PLUS1", ("Hamish Reid",), True),
        ("contradict", "PLUS1", ("Isla Munro",), False),
        ("bury_evidence", "TURNED", ("Isla Munro",), True),
        ("bury_evidence", "PLUS1", ("Isla Munro",), False),
        ("longer_documents", "LONGER", ("Isla Munro",), True),
        ("longer_documents", "TURNED", ("Isla Munro",), False),
    ],
)
def test_an_edit_does_to_the_documents_what_its_goal_asks(
    name: str, edited: str, key: tuple[str, ...], right: bool
) -> None:
    more = (
        "\n\nDocument Id: {0}\nTitle: The mill at Glen {0}\nSnippet: The mill at Glen {0} has ground barley since the "
        "year of the great flood, and nobody owns it."
    )
    plus = DOCUMENTS + more.format(4)
    turned = write_documents(NewDocument(one.title, one.snippet) for one in reversed(read_documents(DOCUMENTS)))
    texts = {
        "PLUS1": plus,
        "PLUS2": plus + more.format(5),
        "CHANGED": (plus + more.format(5)).replace("let it rot", "sold it"),
        "TURNED": turned,
        "LONGER": DOCUMENTS
        + " It stands beside a bridge, under two old lime trees, a home for owls and bats, as every child knows.",
    }
    parent = item_of()
    content = parent.content.model_copy(update={"text": texts[edited]})
    made = parent.model_copy(update={"content": content, "key": key})
    goal = Goal(name=name, description="d", edits="passage")
    assert (reason("documents_edited", replace(on(made), goal=goal, parent=parent)) is None) == right


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("Who bought the mill at Orrin?", True),
        ("Which document of 1962 proves the sale?", True),
        ("What does document 2 say?", False),
        ("Who is named in [1]?", False),
        ("What does the second source say?", False),
    ],
)
def test_a_question_does_not_say_where_to_look(question: str, right: bool) -> None:
    assert (reason("names_no_document", case(question)) is None) == right


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (item_of(), None),
        (item_of(gold=("7",)), "no document 7"),
        (item_of(gold=("2",)), "does not stand in the documents"),
        (item_of(gold=("1", "2")), "nothing is quoted from document 2"),
    ],
)
def test_the_documents_needed_are_quoted(item: Instruction, words: str | None) -> None:
    found = reason("gold_quoted", on(item))
    assert found is None if words is None else words in (found or "")


@pytest.mark.parametrize(
    ("item", "settings", "words"),
    [
        (item_of(), {}, None),
        (item_of(key=("Hamish Reid",)), {}, "do not hold all"),
        (item_of(gold=()), {}, "which of them"),
        (item_of(gold=()), {"gold": [0, 3]}, "do not hold all"),
        (item_of(), {"gold": [2, 4]}, "2 to 4"),
        (item_of(gold=(), key=(), answerable=False), {}, None),
        (item_of(key=(), answerable=False), {}, "really answer"),
        (item_of("number", key=("50", "pounds"), calculation="400 - 350", gold=("1", "3")), {}, None),
        (item_of("number", key=("50", "pounds"), calculation="400 - 350", gold=("1",)), {}, "lack a figure"),
    ],
)
def test_the_documents_needed_hold_the_answer(item: Instruction, settings: dict[str, Any], words: str | None) -> None:
    found = reason("gold_holds_answer", on(item, **settings))
    assert found is None if words is None else words in (found or "")


def test_no_document_is_a_finding_of_its_own() -> None:
    gold = PROOFS["gold"]
    leaf = Leaf(name="leaf", description="asks", answer="span")
    form = Form(tuple(gold.fields(item_of(), leaf)))
    nothing: list[dict[str, list[str]]] = [
        {"documents": ["none"], "quotes": []},
        {"documents": ["None."], "quotes": ["-"]},
    ]
    for handed in nothing:
        assert gold.read(form.read(json.dumps(handed), structured=True), item_of()) == {"gold": (), "quotes": ()}
    with pytest.raises(UnparsableError, match="one or the other"):
        gold.read({"documents": ("1", "none"), "quotes": ("a",)}, item_of())
    assert gold.read({"documents": ("[1]", "1"), "quotes": ("a",)}, item_of())["gold"] == ("1",)


@pytest.mark.parametrize(
    ("gold", "reply", "words"),
    [
        (("1",), ANSWER, None),
        (("1",), ANSWER + " Another mill stands at Tarvie [3].", None),
        (("1",), "Isla Munro bought it.", "no document is cited"),
        (("1",), "Isla Munro bought it [9].", "no document 9"),
        (("1",), "Isla Munro bought it [2].", "not cited"),
        (("1",), "Isla Munro bought it [1][2][3].", "more documents"),
        ((), "Nothing is said of it.", None),
    ],
)
def test_what_is_cited_is_what_is_needed(gold: tuple[str, ...], reply: str, words: str | None) -> None:
    found = reason("citations_fit", on(item_of(gold=gold), reply))
    assert found is None if words is None else words in (found or "")


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (ANSWER, True),
        (f"{ANSWER} So the buyer of that ruin was a teacher of the school.", True),
        (f"{ANSWER} The documents do not say what she paid for the repairs.", True),
        (f"{ANSWER} From 1962 to 1972 that makes 1972 - 1962 = 10 years.", True),
        (f"{ANSWER} The mill at Tarvie was bought by a doctor.", False),
        (f"Two things matter here for the reader:\n1. {ANSWER}", True),
    ],
)
def test_each_claim_has_a_citation(reply: str, right: bool) -> None:
    assert (reason("claims_cited", on(item_of(), reply)) is None) == right


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (ANSWER, True),
        ("Isla Munro bought it for 400 pounds [1].", True),
        ("Isla Munro bought it for 450 pounds [1].", False),
        ("Nine zebras sleep [2].", False),
        ("She paid 400 pounds [1], he 350 [3], which is 400 - 350 = 50 pounds more [1].", True),
    ],
)
def test_a_document_is_cited_only_for_what_it_speaks_of(reply: str, right: bool) -> None:
    assert (reason("citations_bear_out", on(item_of(), reply)) is None) == right


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"answer": "Isla Munro", "relevant_passages": [1]}', None),
        ('```json\n{"answer": "x", "relevant_passages": [1]}\n```', "without a fence"),
        ('{"answer": "x", "sources": [1]}', "keys"),
        ('{"answer": "", "relevant_passages": [1]}', "must be a text"),
        ('{"answer": "x", "relevant_passages": []}', "list of document numbers"),
        ("[" * 100_000, "one JSON object"),
    ],
)
def test_strict_json_is_strict(text: str, words: str | None) -> None:
    found = reason("json_as_asked", on(item_of("text", key=(), goal="strict_json"), text))
    assert found is None if words is None else words in (found or "")
    assert reason("json_as_asked", on(item_of("text", key=()), text)) is None


def test_the_citations_of_a_json_answer_are_its_list() -> None:
    item = item_of("text", key=(), goal="strict_json")
    assert reason("citations_fit", on(item, '{"answer": "Munro", "relevant_passages": ["1"]}')) is None
    assert "not cited" in (reason("citations_fit", on(item, '{"answer": "Munro", "relevant_passages": [2]}')) or "")


def test_strict_json_is_asked_for_with_its_keys() -> None:
    item = item_of("text", key=(), goal="strict_json")
    assert "lacks 'JSON'" in (reason("json_demanded", on(item)) or "")
    asked = item.model_copy(update={"question": "Who? Reply as JSON with `answer` and `relevant_passages`."})
    assert reason("json_demanded", on(asked)) is None


@pytest.mark.parametrize(
    ("weighs", "reply", "right"),
    [
        ("conflict", "The documents disagree: one says 1790 [1], one 1802 [3].", True),
        ("conflict", "It was built in 1790 [1] [3].", False),
        ("conflict", "They disagree about it [1].", False),
        ("gap", "It costs 3 pounds [2]. The documents do not mention children.", True),
        ("gap", "It costs 3 pounds [2]. Children pay half of it [2].", False),
    ],
)
def test_conflicts_are_reported_and_gaps_admitted(weighs: str, reply: str, right: bool) -> None:
    assert (reason("sources_weighed", on(item_of("text", key=()), reply, weighs=weighs)) is None) == right


def test_a_claim_has_the_three_verdicts() -> None:
    options = ("refuted", "supported", "not enough information")
    item = item_of("choice", key=("A",), parts={"options": options})
    assert "quotation marks" in (reason("claim_quoted", on(item)) or "")
    asked = item.model_copy(update={"question": 'How does this stand? "Isla Munro sold the mill."'})
    assert reason("claim_quoted", on(asked)) is None
    other = asked.model_copy(update={"parts": {"options": ("yes", "no", "perhaps")}})
    assert "supported, refuted" in (reason("claim_quoted", on(other)) or "")


def test_the_probes_show_the_documents_without_the_ones_needed_and_these_alone() -> None:
    without, only = PROBES["without_gold"].view(item_of()), PROBES["without_distractors"].view(item_of())
    assert without is not None
    assert only is not None
    assert [one.id for one in read_documents(without.content.text)] == ["2", "3"]
    assert [one.id for one in read_documents(only.content.text)] == ["1"]
    for name in ("without_gold", "without_distractors"):
        assert PROBES[name].view(item_of(gold=())) is None
        assert PROBES[name].view(item_of("text", key=())) is None  # nobody votes on texts


FOLLOWUP = {
    "opening": "Who bought the mill at Orrin?",
    "subject": "mill at Orrin",
    "answer": "3 pounds",
}


def follow_up(**others: str) -> Instruction:
    leaf = Leaf(name="leaf", description="asks", answer="followup")
    form = FORMS["followup"]
    product = Form(form.item_fields(leaf)).read(json.dumps({**FOLLOWUP, **others}), structured=True)
    parts = form.read_item(product, leaf)
    return item_of(
        "followup",
        key=parts.key,
        gold=("2",),
        quotes=("A ticket costs 3 pounds",),
        question="What does a ticket for the mill at Orrin cost?",
        hidden=parts.hidden,
    )


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({}, None),
        ({"subject": "Isla Munro"}, "does not stand in the opening"),
        ({"opening": "What does a ticket for the mill at Orrin cost?"}, "the question itself"),
        ({"answer": "mill"}, "gives the answer away"),
    ],
)
def test_a_planned_conversation_is_sound(others: dict[str, str], words: str | None) -> None:
    problems = "; ".join(FORMS["followup"].problems(follow_up(**others)))
    assert problems == "" if words is None else words in problems


def play(*turns: dict[str, Any]) -> Ask | Ended:
    """The dialogue after these turns, each read as it is handed in."""
    dialogue, item = FollowupDialogue(), follow_up()
    leaf = Leaf(name="leaf", description="asks", answer="followup")
    taken: list[Taken] = []
    for turn in turns:
        ask = dialogue.next(item, leaf, taken)
        assert isinstance(ask, Ask)
        product = ask.form.read(json.dumps(turn), structured=True)
        taken.append(Taken(ask.part, ask.read(product)))
    return dialogue.next(item, leaf, taken)


TURNS: tuple[dict[str, Any], ...] = (
    {"message": "Hello, who bought the mill at Orrin?"},
    {"reply": "Isla Munro did, in 1962 [1]."},
    {"message": "And what does a ticket for it cost?"},
    {"reply": "A ticket for the mill at Orrin costs 3 pounds [2].", "answer": "3 pounds"},
)


def test_user_and_assistant_take_turns_and_the_documents_come_first() -> None:
    parts = [ask.part for ask in (play(*TURNS[:count]) for count in range(4)) if isinstance(ask, Ask)]
    assert parts == ["user", "assistant", "user", "assistant"]
    ended = play(*TURNS)
    assert isinstance(ended, Ended)
    assert [message.role for message in ended.messages] == ["user", "assistant", "user", "assistant"]
    assert DOCUMENTS in ended.messages[0].content
    assert "Hello, who bought" in ended.messages[0].content
    assert ended.value == ("3 pounds",)
    assert ended.facts["meant"] == "What does a ticket for the mill at Orrin cost?"


def test_the_user_never_sees_the_documents_and_the_assistant_never_the_plan() -> None:
    dialogue, leaf = FollowupDialogue(), Leaf(name="leaf", description="asks", answer="followup")
    assert "passage" not in dialogue.knows("user", follow_up(), leaf)
    assert dialogue.knows("assistant", follow_up(), leaf) == {"passage": DOCUMENTS}
    last = play(*TURNS[:3])
    assert isinstance(last, Ask)
    assert "What does a ticket for the mill" not in last.says


@pytest.mark.parametrize(
    ("turns", "words"),
    [
        (({"message": "Who bought it?"},), "must name"),
        ((TURNS[0], {"reply": "Isla Munro did."}), "cites no document"),
        ((*TURNS[:2], {"message": "What does a ticket for the Mill at Orrin cost?"}), "again"),
    ],
)
def test_a_turn_that_breaks_the_plan_is_told_so(turns: tuple[dict[str, Any], ...], words: str) -> None:
    with pytest.raises(UnparsableError, match=words):
        play(*turns)


def test_the_last_message_says_its_answer_and_is_what_is_checked() -> None:
    item = follow_up()
    made = on(item)
    assert made.draft is not None

    def saying(text: str) -> Case:
        messages = (Message(role="user", content="x"), Message(role="assistant", content=text))
        assert made.draft is not None
        return replace(made, draft=made.draft.model_copy(update={"messages": messages}))

    assert reason("reply_holds_answer", saying("A ticket costs 3 pounds [2].")) is None
    assert reason("citations_fit", saying("A ticket costs 3 pounds [2].")) is None
    assert reason("reply_holds_answer", saying("It is cheap [2].")) is not None
    assert reason("citations_fit", saying("A ticket costs 3 pounds.")) is not None


def test_documents_behind_an_empty_line_are_read_as_those_behind_the_word_snippet() -> None:
    mill = "Document Id: 1\nTitle: The mill\n\nIt was built in 1790.\n\nIt is red."
    text = f"{mill}\n\nDocument Id: 2\nTitle: The inn\n\nClosed."
    assert [(one.id, one.title, one.snippet) for one in read_documents(text)] == [
        ("1", "The mill", "It was built in 1790.\n\nIt is red."),
        ("2", "The inn", "Closed."),
    ]
    spaced = "Document Id: 1\nTitle: The mill\n\nSnippet: It was built in 1790."
    assert read_documents(spaced)[0].snippet == "It was built in 1790."


TWICE = write_documents(
    [
        NewDocument("The mill", "In 1962 the schoolteacher Isla Munro bought the ruin of the mill at Orrin."),
        NewDocument("Munro", "Isla Munro, the schoolteacher, bought in 1962 the ruin of the mill at Orrin, they say."),
        NewDocument("Tarvie", "The doctor Hamish Reid bought the mill at Tarvie in 1958 and let it rot."),
    ]
)


def test_a_document_that_says_the_same_may_stand_in_for_the_one_that_was_named() -> None:
    item = item_of("text", key=(), passage=TWICE, quotes=("the schoolteacher Isla Munro bought the ruin",))
    assert reason("citations_fit", on(item, "The ruin was bought by the schoolteacher Isla Munro [2].")) is None
    wrong = on(item, "The ruin was bought by the schoolteacher Isla Munro [3].")
    assert "is not cited" in (reason("citations_fit", wrong) or "")


def test_a_conclusion_of_new_matter_is_no_conclusion() -> None:
    item = item_of("text", key=(), gold=("1", "3"))
    facts = "Orrin was bought in 1962 by Isla Munro [1], Tarvie in 1958 by Hamish Reid [3]."
    right = f"{facts} So both mills were bought by people with another trade."
    assert reason("claims_cited", on(item, f"{facts} Both mills were bought as ruins within four years.")) is None
    assert reason("claims_cited", on(item, right)) is None
    wild = on(item, f"{facts} Both mills are haunted by ghosts of dead millers who walk at night.")
    assert "does not follow" in (reason("claims_cited", wild) or "")


def test_figures_of_a_json_answer_stand_in_the_passages_that_it_lists() -> None:
    item = item_of("text", key=(), gold=("1",), goal="strict_json")
    for year, passes in ((1962, True), (1777, False)):
        reply = json.dumps({"answer": f"Isla Munro bought Orrin in {year}.", "relevant_passages": [1]})
        assert (reason("citations_bear_out", on(item, reply)) is None) is passes


@pytest.mark.parametrize(
    ("verdict", "gold", "passes"),
    [("Supported", ("1",), True), ("Supported", (), False), ("Not enough information", (), True),
     ("Not enough information", ("1",), False)],
)  # fmt: skip
def test_a_claim_rests_on_documents_unless_it_is_left_open(verdict: str, gold: tuple[str, ...], passes: bool) -> None:
    options = ("Supported", "Refuted", "Not enough information")
    key = ("ABC"[options.index(verdict)],)
    item = item_of("choice", key=key, gold=gold, parts={"options": options})
    assert (reason("gold_holds_answer", on(item, gold=[0, 4])) is None) is passes


def test_figures_of_a_rubric_stand_in_the_documents_named() -> None:
    for gold, passes in ((("2",), False), (("1",), True)):
        item = item_of("text", key=(), gold=gold, hidden={"rubric": ("Says that it cost 400 pounds.",)})
        assert (reason("gold_holds_answer", on(item, gold=[1, 3])) is None) is passes


@pytest.mark.parametrize(
    "question",
    ["Which passage 2 km long joins the two lakes?", "What did he see on the last passage of the Orrin ferry?"],
)
def test_passages_of_the_world_tell_nobody_where_to_look(question: str) -> None:
    assert reason("names_no_document", on(item_of(question=question))) is None
