"""The gates of an answer with its reasoning and evidence."""

import pytest

from orca_agents.checks import run_checks
from orca_agents.checks.api import Case
from orca_agents.checks.evidence import find_quotes
from orca_agents.errors import NotFoundError
from tests.checks.gate_cases import CHOICE, ESSAY, MILL, READING, SALT, TEA, case, reason

AT_DRAFT = [name for name, check in READING.items() if check.at == "draft"]
ESSAY_QUESTION = "How well does the passage support the idea that a building lives as long as it is needed?"
RUBRIC = {"rubric": ("The mill died when cheap flour arrived.", "The turbine gave the water a new purpose.",
                     "The villagers' complaint limits the claim.")}  # fmt: skip
GOOD = [
    case(),
    case("Why did the mill stop working in the 1880s?", ("B",), form="choice", parts={"options": CHOICE},
         reasoning="The railway brought cheap flour in 1881 and the wheel stopped within four years. Option C is wrong "
         "because the sacks are only his pay. So the answer is B.",
         evidence=("When the railway came in 1881, cheap flour arrived from the port",)),
    case("How many years after it was built did the railway come?", ("91", "years"), form="number",
         calculation="1881 - 1790", reasoning="The mill dates from 1790 and the railway from 1881; 1881 - 1790 = 91.",
         evidence=("The mill on the Orrin was built in 1790", "When the railway came in 1881")),
    case("What did the ruin look like inside?", (), answerable=False, evidence=(),
         reasoning="The passage tells who bought the ruin and what she did, but never what it looked like inside."),
    case(ESSAY_QUESTION, (), form="essay", parts=RUBRIC, value=(ESSAY,), reasoning="See the essay."),
    case("谁在窗边摆了书架？", ("周老板",), passage=TEA, language="zh", evidence=("周老板没有关门，他在窗边摆了书架",),
         reasoning="文中说周老板没有关门，而是在窗边摆了书架，所以答案是周老板。"),
    case("¿Qué aves anidan hoy en los estanques?", ("los flamencos",), passage=SALT, language="es",
         evidence=("Hoy los flamencos anidan en ellos",),
         reasoning="El último enunciado cuenta que hoy los flamencos anidan en los estanques abandonados."),
]  # fmt: skip


@pytest.mark.parametrize("check", AT_DRAFT)
@pytest.mark.parametrize("good", GOOD, ids=lambda good: good.instruction.question[:30])
def test_a_good_answer_passes_every_gate(check: str, good: Case) -> None:
    assert reason(check, good) is None


def test_an_answer_in_another_language_is_told_which() -> None:
    wrong = case("谁在窗边摆了书架？", ("周老板",), passage=TEA, language="zh",
                 reasoning="The passage says that the owner put a bookshelf beside the window.")  # fmt: skip
    assert "in English; answer in Chinese" in str(reason("answer_language", wrong))


@pytest.mark.parametrize(
    "text",
    [
        "The answer key says that it was Isla Munro who bought the old mill.",
        "As instructed, I looked at the second paragraph and found Isla Munro.",
        "I was asked to find the buyer, and the buyer is Isla Munro, it says.",
        "Sure, here is the answer: Isla Munro bought the ruin in 1962.",
        "Isla Munro bought the ruin. " * 4,
        "As an AI language model, I think that Isla Munro bought the ruin.",
    ],
)
def test_an_unclean_answer_is_stopped(text: str) -> None:
    assert reason("answer_clean", case(reasoning=text))


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ((), "there is no evidence"),
        (("A teacher named Isla Munro purchased the mill.",), "does not stand in the passage"),
        (("school.",), "too short"),
        ((MILL,), "quote only the sentence"),
        (("mill on the Orrin \u2026 a castle of stone",), "does not stand in the passage"),
    ],
)
def test_evidence_that_is_no_quote_is_stopped(evidence: tuple[str, ...], said: str) -> None:
    assert said in str(reason("evidence_in_passage", case(evidence=evidence)))


@pytest.mark.parametrize(
    "quote",
    [
        "in 1962 a schoolteacher, Isla Munro,  bought\nthe ruin",
        '"A building lives as long as somebody needs it"',
        "The mill on the Orrin was built in 1790 ... For ninety years it fed three villages",
        "the wheel stood still,",
    ],
)
def test_a_quote_is_found_whatever_became_of_its_signs(quote: str) -> None:
    spans = find_quotes(MILL, [quote])
    assert spans
    assert all(span.text == MILL[span.start : span.end] for span in spans)


def test_quotes_are_found_through_markup_dashes_line_breaks_and_full_width_signs() -> None:
    passage = "It was **not** a mill\u2014it was\na home.  In\u00a0the end\u2009-- as ever \u2014 she stayed."
    for quote in ("was not a mill - it was a home", "In the end - as ever - she stayed"):
        [span] = find_quotes(passage, [quote])
        assert span.text == passage[span.start : span.end]
    [span] = find_quotes("他说：\u201c茶馆\n不能关。\u201d然后笑了。", ["「茶馆不能关。」然后"])
    assert span.text == "茶馆\n不能关。\u201d然后"


def test_a_quote_does_not_start_or_end_inside_a_word() -> None:
    assert not find_quotes(MILL, ["ill on the Orrin"])
    assert not find_quotes(MILL, ["The mill on the Orr"])


def test_evidence_that_has_nothing_to_do_with_the_answer_is_stopped() -> None:
    assert reason("evidence_supports", case(evidence=("Today 9,000 people visit every year",)))
    assert reason("evidence_supports", case("谁摆了书架？", ("周老板",), passage=TEA, language="zh",
                                            evidence=("茶馆在河边已经开了六十年",)))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no reasoning"),
        ("Isla Munro, it is Isla Munro, Isla Munro.", "answer once more"),
        ("Who bought the ruined mill in 1962?", "repeats the question"),
        ("For ninety years it fed three villages, and the miller kept every sixteenth sack as his pay.", "copied"),
        ("Planets circle their stars under gravity, as everybody learns.", "speaks neither"),
    ],
)
def test_reasoning_that_is_none_is_stopped(text: str, said: str) -> None:
    assert said in str(reason("reasoning_sound", case(reasoning=text)))


@pytest.mark.parametrize(
    "text",
    [
        "The railway brought cheap flour, so the correct answer is C.",
        "The sacks were his pay. Therefore, option C fits the passage best of all.",
        "铁路带来便宜面粉，磨坊停了，因此答案是C。",
    ],
)
def test_reasoning_that_ends_at_another_letter_is_stopped(text: str) -> None:
    wrong = case("Why did the mill stop?", ("B",), form="choice", parts={"options": CHOICE}, reasoning=text)
    assert "ends at C" in str(reason("reasoning_sound", wrong))


@pytest.mark.parametrize(
    ("essay", "said"),
    [
        ("The passage is good.", "only 4 words"),
        ("The passage is about a mill and the mill is good because it is a mill. " * 6, "repeats itself"),
        (MILL, "copied"),
        ("Honesty matters in every life. People who tell the truth sleep better and have more friends than people who "
         "do not. Many philosophers have therefore praised it. Children should learn it early, and parents should show "
         "them how. Lies are tempting since they promise quick gains. Overall, honesty remains the wiser policy for "
         "individuals, for firms, and for states in our modern world.", "does not speak of what is in the passage"),
    ],
)  # fmt: skip
def test_an_essay_that_is_none_is_stopped(essay: str, said: str) -> None:
    assert said in str(reason("essay_structure", case(ESSAY_QUESTION, (), form="essay", parts=RUBRIC, value=(essay,))))


async def test_checks_run_in_the_order_named_and_only_at_their_record() -> None:
    results = await run_checks(["answer_clean", "is_a_question", "evidence_in_passage"], "draft", case(evidence=()))
    assert [(result.name, result.ok, result.at) for result in results] == [
        ("answer_clean", True, "draft"),
        ("evidence_in_passage", False, "draft"),
    ]
    assert results[1].reason


async def test_an_unknown_check_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(NotFoundError, match="did you mean 'fits_passage'"):
        await run_checks(["fit_passage"], "draft", case())
