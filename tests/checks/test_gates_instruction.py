"""The gates of a question with its key."""

import pytest

from orca_agents.checks.api import Case
from orca_agents.config import Goal
from tests.checks.gate_cases import CHOICE, MILL, READING, SALT, TEA, case, reason

AT_INSTRUCTION = [name for name, check in READING.items() if check.at == "instruction"]
GOOD = [
    case(),
    case("Why did the mill stop working in the 1880s?", ("B",), form="choice", parts={"options": CHOICE}),
    case(
        "How many years after it was built did the railway come to the mill?",
        ("91", "years"),
        form="number",
        calculation="1881 - 1790",
    ),
    case("Her turbine used the water of the Orrin to light the ____.", ("school",), form="blank"),
    case(
        "Put these events in the order in which they happened.",
        ("B", "C", "A"),
        form="order",
        parts={"items": ("A teacher repaired the roof", "The mill ground oats", "Cheap flour arrived")},
    ),
    case(
        "Mark each statement as true or false.",
        ("true", "false"),
        form="truth",
        parts={"statements": ("Visitors pay for the upkeep of the mill.", "The village pays for the upkeep of it.")},
    ),
    case(
        "What is the main idea of the passage?",
        ("A",),
        form="choice",
        cues=("main idea",),
        parts={
            "options": (
                "A building survives if it finds a new use",
                "Railways are the enemy of villages",
                "Teachers make better millers",
                "Flour from a port is always cheaper",
            )
        },
    ),
    case(
        "The author quotes Munro's remark in order to",
        ("C",),
        form="choice",
        parts={
            "options": (
                "show that she disliked visitors",
                "prove that the roof was sound",
                "explain why she gave the mill a use",
                "praise the miller and his pay",
            )
        },
    ),
    case("谁在窗边摆了书架？", ("周老板",), passage=TEA, language="zh"),
    case(
        "大桥通车以后，茶馆为什么冷清下来？",
        ("B",),
        form="choice",
        passage=TEA,
        language="zh",
        parts={
            "options": ("老板生病关了门", "摆渡的人少了，来喝茶的船夫也少了", "孩子们放学后不再来看书", "热茶比从前贵")
        },
    ),
    case("¿Qué aves anidan hoy en los estanques?", ("los flamencos",), passage=SALT, language="es"),
    case(
        "Explica por qué quedaron abandonados los estanques.",
        ("llegó la sal barata de las minas",),
        passage=SALT,
        language="es",
    ),
]


@pytest.mark.parametrize("check", AT_INSTRUCTION)
@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.instruction.question[:30])
def test_a_good_item_passes_every_gate(check: str, good: Case) -> None:
    assert reason(check, good) is None


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Why?", "the question has 1 words"),
        ("The mill stood on the river and it was very old.", "asks nothing"),
        ("Some villagers complain that the visitors need it more than they do?", "sentence of the passage"),
        ("Who bought the mill? When was it built? How many people visit it today?", "several questions"),
        ("Who bought the mill? Answer: Isla Munro", "holds its answer"),
        ("Who bought the mill? A) Isla Munro B) the miller C) the council", "list of options"),
        ("Who bought the mill and the", "breaks off"),
        ("Who is the mill who is the mill who is the mill who is the mill who is the mill?", "repeats itself"),
    ],
)
def test_what_is_no_question_is_told_why(question: str, said: str) -> None:
    assert said in str(reason("is_a_question", case(question)))


def test_a_chinese_statement_is_no_question() -> None:
    assert "asks nothing" in str(
        reason("is_a_question", case("茶馆在河边非常有名。", ("茶馆",), passage=TEA, language="zh"))
    )


def test_a_blank_needs_a_gap() -> None:
    assert "no blank" in str(reason("is_a_question", case("The turbine lit the school.", ("school",), form="blank")))


def test_a_question_in_another_language_is_told_which() -> None:
    found = reason(
        "question_language", case("Who put the bookshelf beside the window?", ("周老板",), passage=TEA, language="zh")
    )
    assert found == "this is in English; write it in Chinese"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Here is the question: who bought the mill?", "talk about it"),
        ("As an AI language model, who bought the mill?", "being a model"),
        ("Who bought the mill?<|im_end|>", "control token"),
        ('{"question": "Who bought the mill?"}', "write the question alone"),
        ("Who bought the mill? </question>", "output form"),
        ("Who bought [insert building]?", "placeholder"),
        ("As a question writer, I will now ask who bought the mill?", "the task"),
        ("Ask about one fact that any careful reader of the passage can find: who bought it?", "your instructions"),
    ],
)
def test_what_leaks_into_a_question_is_found(question: str, said: str) -> None:
    prompts = ("Ask about one fact that any careful reader of the passage can find. Be brief.",)
    assert said in str(reason("no_leakage", case(question, prompts=prompts)))


def test_wording_that_the_prompt_offers_in_quotes_may_be_used() -> None:
    prompts = ('Word it like "Which of these facts about the old mill would the miller deny?" or so.',)
    question = "Which of these facts about the old mill would the miller deny?"
    assert reason("no_leakage", case(question, prompts=prompts)) is None


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What does Figure 3 show about the mill?", "en"),
        ("According to the previous chapter, who bought the mill?", "en"),
        ("What does the text above say about the mill?", "en"),
        ("What does line 14 say about the miller?", "en"),
        ("What does the fifth paragraph say about the mill?", "en"),
        ("What does the source text say about the mill?", "en"),
        ("Which building is shown in the picture?", "en"),
        ("¿Qué se ve en la figura 2 del molino?", "es"),
        ("如图所示，茶馆在哪里？", "zh"),
    ],
)
def test_a_pointer_to_what_nobody_sees_is_found(question: str, language: str) -> None:
    assert reason("self_contained", case(question, language=language))


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("What does the second paragraph add to the first?", MILL),
        ("What does Table 2 say about oats?", f"{MILL}\n\nTable 2: oats, 40 sacks."),
        ("Which historical figure bought the mill?", MILL),
        (
            "What does line 2 suggest about the river?",
            "The wheel is still\nthe river goes on\nno one asks\nwhere it has gone",
        ),
    ],
)
def test_a_pointer_to_what_the_passage_has_is_fine(question: str, passage: str) -> None:
    assert reason("self_contained", case(question, passage=passage)) is None


def test_a_question_that_names_its_answer_is_stopped() -> None:
    assert reason("answer_not_given_away", case("Who was Isla Munro, who bought the mill?"))
    assert reason(
        "answer_not_given_away", case("In which year did Munro buy the mill that was sold in 1962?", ("1962",))
    )
    number = case("How many pounds were the 400 pounds?", ("400", "pounds"), form="number", calculation="400 * 1")
    assert reason("answer_not_given_away", number)


def test_one_of_two_things_named_in_the_question_may_be_the_answer() -> None:
    assert (
        reason("answer_not_given_away", case("Which came first, the railway or the turbine?", ("the railway",))) is None
    )
    assert (
        reason("answer_not_given_away", case("船夫和孩子，谁下午来？", ("孩子",), passage=TEA, language="zh")) is None
    )


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is the main idea of the passage?", "could be asked of any passage"),
        ("Which planets have more than sixty moons?", "not about the passage"),
        (
            "What does the sentence \u201cthe miller was a greedy old man\u201d say of the mill?",
            "which the passage does not say",
        ),
    ],
)
def test_a_question_that_does_not_fit_the_passage_is_stopped(question: str, said: str) -> None:
    assert said in str(reason("fits_passage", case(question)))


def test_a_question_of_a_general_kind_may_have_abstract_options() -> None:
    options = (
        "mistakes one cause for the only one",
        "takes a part for the whole",
        "attacks a person",
        "begs the question",
    )
    stem = "The villagers' complaint is most vulnerable to criticism on the grounds that it"
    general = "The reasoning in the argument is most vulnerable to criticism on the grounds that it"
    for question in (stem, general):
        item = case(question, ("B",), form="choice", parts={"options": options}, cues=("vulnerable to criticism",))
        assert [reason(check, item) for check in ("is_a_question", "fits_passage", "choices_grounded")] == [None] * 3


def test_a_chinese_question_about_something_else_is_stopped() -> None:
    assert reason("fits_passage", case("哪些行星拥有六十颗以上卫星？", ("土星",), passage=TEA, language="zh"))


def test_a_question_must_match_a_cue_of_its_leaf_in_english_only() -> None:
    assert "Word it as one" in str(reason("fits_leaf", case(cues=("weaken",))))
    assert reason("fits_leaf", case("谁摆了书架？", ("周老板",), passage=TEA, language="zh", cues=("weaken",))) is None


def test_a_key_that_the_passage_does_not_hold_is_stopped() -> None:
    assert reason("key_supported", case(key=("Margaret Thatcher",)))
    assert reason("key_supported", case(key=("oats", "chocolate"), form="set"))
    assert reason("key_supported", case("谁摆了书架？", ("王校长",), passage=TEA, language="zh"))


def test_a_key_in_other_forms_of_the_words_is_supported() -> None:
    assert reason("key_supported", case(key=("because visitors' tickets paid for its upkeep",))) is None
    assert reason("key_supported", case(key=(), answerable=False)) is None


@pytest.mark.parametrize(
    ("calculation", "key", "said"),
    [
        ("1881 - 1800", ("81", "years"), "does not stand in the passage"),
        ("1881 - 1790", ("92", "years"), "does not give 92"),
        ("eighteen", ("18",), "cannot be computed"),
        (None, ("91", "years"), "no calculation"),
    ],
)
def test_a_number_that_cannot_be_recomputed_is_stopped(
    calculation: str | None, key: tuple[str, ...], said: str
) -> None:
    question = "How many years after it was built did the railway come?"
    assert said in str(reason("numbers_recomputed", case(question, key, form="number", calculation=calculation)))


def test_numbers_in_words_and_things_counted_one_by_one_are_operands() -> None:
    question = "How many things did Munro do to the ruin?"
    assert reason("numbers_recomputed", case(question, ("3",), form="number", calculation="1 + 1 + 1")) is None
    question = "In which year did the wheel stop?"
    assert reason("numbers_recomputed", case(question, ("1885",), form="number", calculation="1881 + 4")) is None
    chinese = case(
        "茶馆开了多少个月？", ("720", "个月"), form="number", calculation="60 * 12", passage=TEA, language="zh"
    )
    assert reason("numbers_recomputed", chinese) is None


def test_options_on_another_matter_are_stopped() -> None:
    options = ("Quantum foam", "Purple elephants dance", "Jazz in Buenos Aires", "Volcanic glass")
    assert reason(
        "choices_grounded", case("Why did the wheel stop?", ("A",), form="choice", parts={"options": options})
    )


def test_options_that_are_all_copied_are_stopped_unless_sentences_are_asked_for() -> None:
    options = (
        "For ninety years it fed three villages",
        "She repaired the roof herself and found a new use for the water",
        "Today 9,000 people visit every year, and their tickets pay for the upkeep",
    )
    options = (f"{options[0]}, and the miller kept every sixteenth sack", *options[1:])
    parts = {"options": options}
    assert "copied" in str(
        reason("choices_grounded", case("What kept the mill alive?", ("A",), form="choice", parts=parts))
    )
    question = "Which sentence best supports the claim that visitors keep the mill alive?"
    assert reason("choices_grounded", case(question, ("C",), form="choice", parts=parts)) is None


def goal(name: str, edits: str) -> Goal:
    return Goal(name=name, description="x", edits=edits)  # type: ignore[arg-type]


PARENT = case().instruction
WITHOUT = MILL.replace("a schoolteacher, Isla Munro, bought", "a schoolteacher bought")
OTHER = MILL.replace("Isla Munro", "Ewan Baird")


def test_an_edit_that_reaches_its_goal_passes() -> None:
    gone = case(key=(), answerable=False, passage=WITHOUT, goal=goal("unanswerable", "passage"), parent=PARENT)
    assert reason("refined_as_asked", gone) is None
    altered = case(key=("Ewan Baird",), passage=OTHER, goal=goal("alter_answer", "passage"), parent=PARENT)
    assert reason("refined_as_asked", altered) is None
    harder = case(
        "Who bought the ruin after the wheel had stood still for decades?",
        goal=goal("complicate", "question"),
        parent=PARENT,
    )
    assert reason("refined_as_asked", harder) is None


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        (case(key=(), answerable=False, goal=goal("unanswerable", "passage"), parent=PARENT), "same as before"),
        (
            case(
                key=(),
                answerable=False,
                passage=MILL.replace("400", "450"),
                goal=goal("unanswerable", "passage"),
                parent=PARENT,
            ),
            "still says 'Isla Munro'",
        ),
        (case(passage=WITHOUT, goal=goal("unanswerable", "passage"), parent=PARENT), "still claims"),
        (
            case(
                key=(),
                answerable=False,
                passage="Somebody bought a ruin.",
                goal=goal("unanswerable", "passage"),
                parent=PARENT,
            ),
            "most of the passage is gone",
        ),
        (
            case(
                "Who sold it?",
                key=(),
                answerable=False,
                passage=WITHOUT,
                goal=goal("unanswerable", "passage"),
                parent=PARENT,
            ),
            "only the passage may be edited",
        ),
        (
            case(
                key=("the Isla Munro",),
                passage=MILL.replace("400", "450"),
                goal=goal("alter_answer", "passage"),
                parent=PARENT,
            ),
            "the answer is the same",
        ),
        (
            case("Who bought the  ruined mill in 1962 ?", goal=goal("complicate", "question"), parent=PARENT),
            "same as before",
        ),
        (case(passage=OTHER, goal=goal("complicate", "question"), parent=PARENT), "the passage was changed"),
    ],
)
def test_an_edit_that_misses_its_goal_is_told_why(edited: Case, said: str) -> None:
    assert said in str(reason("refined_as_asked", edited))
