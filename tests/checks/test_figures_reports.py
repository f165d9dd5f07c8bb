"""Reports on data, their figures traced: what passes and what is caught."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from orca_agents.checks.api import Case
from orca_agents.config import Goal, Leaf
from orca_agents.records import Content, Seed
from tests.checks.figure_cases import RAIN, draft_of, why_not

MONTHS = "month,visitors,sales\nJanuary,100,50\nFebruary,120,40\nMarch,90,45\nApril,130,60\n"
SCORES = (
    "| Club | Points | Goals |\n|---|---:|---:|\n"
    "| Harrow | 39 | 41 |\n| St. Edda | 36 | 33 |\n| Teal United | 9 | 14 |\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "Bergen had 2,250 mm in 2019 and 2,300 mm in 2020.",
        "Kara had the least rain: 366 mm in 2019.",
        "Oslo's rain fell from 800 mm to 763 mm, a drop of 4.6%, before it rose by 57 mm to 820 mm.",
        "In 2019 Bergen had more than six times as much rain as Kara (2,250 mm against 366 mm).",
        "The four stations together had 4,447 mm in 2019, or 1,111.75 mm on average.",
        "Oslo received 82 cm in 2021.",
        "Three of the four stations had more than 700 mm in 2019.",
        "The three-year total for Kara is 1 162 mm.",
        "Oslo: 0.8 metres in 2019.",
        "From 2019 to 2020 Kara gained 9.6 per cent, from 366 to 401.",
        "Half of the stations had over a thousand millimetres in 2019.",
    ],
)
def test_figures_that_follow_from_the_data_are_traced(text: str) -> None:
    assert why_not("figures_traced", draft_of(text)) is None


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("Oslo had 2,250 mm in 2019 and Bergen 800 mm.", "2,250"),
        ("In 2020 Oslo had 800 mm.", "800"),
        ("Rain in Oslo rose by 12% in 2021.", "12%"),
        ("Oslo had nearly 5,000 mm.", "5,000"),
        ("Oslo received 82 in in 2021.", "82"),
        ("Two of the four stations had more than 700 mm in 2019.", "Two"),
        ("Bergen had nine times as much rain as Kara in 2019.", "nine times"),
        ("Oslo had 8,00 mm in 2019, and 2 300 was the figure of Kara.", "2 300"),
        ("The mean of 2019 was 1.212 metres.", "1.212"),
        ("On 4 March 2019 Oslo had 800 mm.", "4 March 2019"),
    ],
)
def test_figures_that_do_not_are_caught(text: str, figure: str) -> None:
    reason = why_not("figures_traced", draft_of(text))
    assert reason is not None
    assert figure.replace(" ", "") in reason.replace("\u00a0", "").replace(" ", "")


def test_a_text_in_german_is_traced_by_its_digits() -> None:
    case = draft_of("Bergen hatte 2019 insgesamt 2.250 mm Regen, Oslo 800 mm.")
    german = Case(case.seed, case.content, "de", leaf=case.leaf, instruction=case.instruction, draft=case.draft)
    assert why_not("figures_traced", german) is None
    assert why_not("names_of_data", german) is None
    wrong = draft_of("Bergen hatte 2019 insgesamt 2.520 mm Regen, Oslo 800 mm.")
    assert why_not("figures_traced", Case(wrong.seed, wrong.content, "de", leaf=wrong.leaf,
                                          instruction=wrong.instruction, draft=wrong.draft))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Oslo's rain rose from 800 mm to 763 mm.", RAIN),
        ("Oslo's rain rose between 2019 and 2020.", RAIN),
        ("Oslo had the highest rainfall in 2020.", RAIN),
        ("Oslo had the lowest rainfall of the four stations.", RAIN),
        ("Kara had more rain than Oslo.", RAIN),
        ("Sales rose from January to February.", MONTHS),
        ("Visitors fell in February.", MONTHS),
        ("Visitors were highest in March.", MONTHS),
        ("St. Edda scored more goals than Harrow.", SCORES),
    ],
)
def test_words_of_direction_against_the_data_are_caught(text: str, data: str) -> None:
    assert why_not("directions_agree", draft_of(text, data)) is not None


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Oslo's rain fell in 2020, then rose to 820 mm.", RAIN),
        ("Trom had the second-highest total in 2019.", RAIN),
        ("Kara had the lowest rainfall of the four stations.", RAIN),
        ("Oslo did not have more rain than Bergen.", RAIN),
        ("Visitors rose in February, and sales fell.", MONTHS),
        ("Overall, sales grew over the four months, most of all in April.", MONTHS),
        ("The largest gain in visitors came in April.", MONTHS),
        ("Harrow lead with 39 points, three more than St. Edda.", SCORES),
        ("If sales fell in March, visitors would rise.", MONTHS),
    ],
)
def test_words_of_direction_that_agree_pass(text: str, data: str) -> None:
    assert why_not("directions_agree", draft_of(text, data)) is None


def test_names_from_elsewhere_are_caught_and_inflected_ones_are_not() -> None:
    assert "Norway" in str(why_not("names_of_data", draft_of("The stations of Norway, Oslo among them, had rain.")))
    for fine in (
        "Oslo's rain and Bergen's differ.",
        "**Summary**\nOverall, Oslo led.",
        "In January, Oslo had rain.",
        "Key Findings:\n- Wettest Place: Bergen led.",
        "- **Annual Rain:** Oslo had 800 mm.",
    ):
        assert why_not("names_of_data", draft_of(fine)) is None


def test_a_cause_needs_the_data_behind_it() -> None:
    case = draft_of("Rain in Oslo fell because of a strong high-pressure system over the Atlantic.")
    assert why_not("causes_founded", case) is not None
    known = RAIN + "Note: the Trom gauge froze in 2021\n"
    assert why_not("causes_founded", draft_of("There is no value for Trom because the gauge froze.", known)) is None


def test_what_the_request_names_has_to_be_said() -> None:
    request = "Compare Oslo with Bergen in 2020."
    assert "Bergen" in str(why_not("report_covers", draft_of("Oslo had 763 mm in 2020.", request=request)))
    both = draft_of("Oslo had 763 mm and Bergen 2,300 mm in 2020.", request=request)
    assert why_not("report_covers", both) is None
    without = draft_of("Oslo had 763 mm in 2020.", request="Describe the rain of 2020, but leave out Bergen.")
    assert why_not("report_covers", without) is None


def test_only_the_highlighted_cells_are_told_and_all_of_them() -> None:
    request = "One sentence.\nHighlighted: Oslo / 2019; Bergen / 2019"
    assert why_not("report_covers", draft_of("Oslo had 800 mm and Bergen 2,250 mm in 2019.", request=request,
                                             covers="marked")) is None  # fmt: skip
    assert why_not("report_covers", draft_of("In 2019 Oslo had 800 mm of rain.", request=request, covers="marked"))
    more = "Oslo had 800 mm and Bergen 2,250 mm in 2019, and Kara had 366 mm."
    assert "not highlighted" in str(why_not("report_covers", draft_of(more, request=request, covers="marked")))


def test_events_are_told_in_their_order_and_without_gaps() -> None:
    log = "08:10 pump started\n08:30 pressure fell\n09:00 valve closed\n10:15 gate opened\n11:00 crew left\n"
    told = "The pump started at 08:10. The pressure fell at 8.30 am. The valve was closed at 09:00, the gate opened at "
    fine = draft_of(told + "10:15. The crew left at 11:00.", log, "Tell it.", covers="events")
    assert why_not("report_covers", fine) is None
    assert why_not("figures_traced", fine) is None
    backwards = "The crew left at 11:00. The gate opened at 10:15. The valve closed at 09:00. The pressure fell at 08:30. The pump started at 08:10."  # noqa: E501
    assert why_not("report_covers", draft_of(backwards, log, "Tell it.", covers="events")) is not None
    assert why_not("report_covers", draft_of("The pump started at 08:10.", log, "Tell it.", covers="events"))


def test_triples_are_all_said() -> None:
    triples = "Ada Byron | birthPlace | London\nAda Byron | field | mathematics\nAda Byron | year of birth | 1815\n"
    whole = draft_of(
        "Ada Byron, a mathematician, was born in London in 1815.", triples, "One sentence.", covers="triples"
    )
    assert why_not("report_covers", whole) is None
    part = draft_of("Ada Byron was born in London in 1815.", triples, "One sentence.", covers="triples")
    assert "mathematics" in str(why_not("report_covers", part))


def test_a_gap_is_named_with_its_row() -> None:
    assert why_not("gaps_named", draft_of("The value for Trom in 2021 is missing.", gaps="all")) is None
    assert why_not("gaps_named", draft_of("All values are as they should be.", gaps="all")) is not None
    assert why_not("gaps_named", draft_of("The rain of Oslo is missing.", gaps="all")) is not None


def instruction_of(question: str, data: str = RAIN, **more: object) -> Case:
    case = draft_of("", data, question)
    assert case.instruction is not None
    item = case.instruction.model_copy(update=more)
    return Case(case.seed, case.content, "en", leaf=case.leaf, instruction=item)


def test_the_key_of_a_table_question_is_made_of_the_cells_that_it_names() -> None:
    asked = "By how much did the rain of Oslo differ between 2019 and 2021?"
    good = instruction_of(asked, form="number", key=("20", "mm"), calculation="820 - 800")
    assert why_not("key_from_table", good) is None
    other_row = instruction_of(asked.replace("between", "in"), form="number", key=("-70", "mm"),
                               calculation="2180 - 2250")  # fmt: skip
    assert "2180" in str(why_not("key_from_table", other_row))
    foreign = instruction_of(asked, form="number", key=("21", "mm"), calculation="821 - 800")
    assert "821" in str(why_not("key_from_table", foreign))


def test_a_demand_for_the_program_stands_in_the_request_and_back() -> None:
    told = instruction_of("Describe Oslo in at most 40 words.", hidden={"constraints": ("max_words: 40",)})
    assert why_not("constraints_told", told) is None
    untold = instruction_of("Describe Oslo.", hidden={"constraints": ("max_words: 40",)})
    assert why_not("constraints_told", untold) is not None
    unchecked = instruction_of("Describe Oslo in at most 40 words.", hidden={"constraints": ()})
    assert why_not("constraints_told", unchecked) is not None


def test_a_highlighted_cell_that_is_not_there_is_told() -> None:
    leaf = Leaf(name="report", description="x", answer="text", settings={"covers": "marked"})
    for cells, fine in (
        ("Oslo / 2019; Bergen / 2021", True),
        ("Oslo / 2019; Lund / 2021", False),
        ("Oslo / 2019", False),
    ):
        case = instruction_of(f"Write about the marked rain.\nHighlighted: {cells}")
        marked = Case(case.seed, case.content, "en", leaf=leaf, instruction=case.instruction)
        assert (why_not("request_fits_data", marked) is None) == fine


def content_of(text: str, seed: str, transformer: str) -> Case:
    origin = Seed(text=seed, language="en")
    return Case(origin, Content(id="c", seed_id=origin.id, text=text, transformer=transformer), "en")


def test_a_table_out_of_a_text_has_its_figures_and_a_damaged_one_its_damage() -> None:
    seed = "Lund sold 1,250 bicycles in 2019 and 1,410 in 2020; Malmo sold 2,300 in 2019 and 2,090 in 2020."
    fine = "town,2019,2020\nLund,1250,1410\nMalmo,2300,2090\n"
    assert why_not("data_of_seed", content_of(fine, seed, "table_extractor")) is None
    assert why_not(
        "data_of_seed", content_of(fine.replace("1250", "1520").replace("2090", "2900"), seed, "table_extractor")
    )
    assert why_not("data_of_seed", content_of(fine, fine, "missing_value_injector")) is not None
    assert why_not("data_of_seed", content_of(fine.replace("1410", ""), fine, "missing_value_injector")) is None
    assert why_not("data_of_seed", content_of(fine.replace("1410", "1411"), fine, "schema_shuffler")) is not None


STAFF = (
    "Site,2020,2021,2022,2023\nHallam,412,405,398,431\nRipley,268,280,301,296\n"
    "Dunmore,95,88,102,120\nTotal,775,773,801,847\n"
)
CITIES = """| City | Population (thousands) | Area (km²) | Median income (USD) | Unemployment (%) |
|---|---|---|---|---|
| Arden | 412 | 188 | 54,200 | 4.1 |
| Brome | 97 | 61 | 48,900 | 6.3 |
| Calder | 1,230 | 402 | 61,750 | 3.8 |
| Devlin | 233 | 120 | 39,400 | 8.8 |
| Esk | 58 | 44 | 45,100 | 5.0 |
"""
BEDS = (
    "region,year,beds,occupancy (%)\nCoast,2021,1240,61.5\nCoast,2022,1310,70.2\nCoast,2023,1295,74.8\n"
    "Hills,2021,420,48.0\nHills,2022,455,55.3\nHills,2023,510,52.1\n"
)


def objections(text: str, data: str) -> list[str]:
    case = draft_of(text, data, "Summarise the data.")
    checks = ("report_clean", "figures_traced", "names_of_data", "directions_agree", "causes_founded", "report_covers")
    return [reason for check in checks if (reason := why_not(check, case))]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Ripley, which peaked at 301 in 2022, slipped to 296 a year later; Dunmore gained 25 in all.", STAFF),
        ("In 2023 Hallam accounted for just over half (50.9%) of the 847 staff, Ripley for 34.9%.", STAFF),
        ("Dunmore's share of the total rose from 12.3% in 2020 to 14.2% in 2023, a gain of 1.9 points.", STAFF),
        ("On average the works gained 24 people a year over the three years of the table.", STAFF),
        ("Hallam, the largest site, had 431 people in 2023 against 120 in Dunmore, the smallest.", STAFF),
        ("The five cities have 2.03 million inhabitants on 815 km², and Calder most of them.", CITIES),
        ("Brome is denser than Esk: about 1,590 people per km² against about 1,318.", CITIES),
        ("Devlin has both the lowest median income, $39,400, and the highest unemployment, 8.8%.", CITIES),
        ("In the Hills, occupancy peaked at 55.3% in 2022 and fell to 52.1% a year later, with 55 beds more.", BEDS),
        ("The two regions offered 1,805 beds in 2023, 145 more than in 2021 (1,660), up by 8.7%.", BEDS),
    ],
)
def test_dense_sentences_that_are_right_pass(text: str, data: str) -> None:
    assert objections(text, data) == []


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Staff rose from 775 in 2020 to 847 in 2023, an increase of 72 people or 8.5%.", STAFF),
        ("Hallam had a staff of 398 people in 2021 and of 405 people in 2022.", STAFF),
        ("The gap between Hallam and Ripley was 135 in 2020 and 97 in 2023.", STAFF),
        ("Ripley grew every year from 2020 to 2023, and ended with 296 people.", STAFF),
        ("Staff fell in all three sites in 2023, as the table of the works shows.", STAFF),
        ("Hallam accounted for two thirds of all staff of the works in 2023.", STAFF),
        ("Arden has an unemployment rate of 6.3% and Brome has one of 4.1%.", CITIES),
        ("Arden covers an area of 412 km² and has 188 thousand people.", CITIES),
        ("Devlin's 233 square kilometres hold 120 thousand people in all.", CITIES),
        ("Unemployment in Devlin is 8.8 thousand people, the most of the five.", CITIES),
        ("Calder is twice as large as Arden in population and in nothing else.", CITIES),
        ("Calder has the highest unemployment of the five cities, at 3.8%.", CITIES),
        ("Incomes in Calder are 57% lower than in Devlin, says the table.", CITIES),
        ("Trom had about 1,000 mm of rain in 2021, the last year of the table.", RAIN),
        ("In 2022 the Hills had 510 beds, and the Coast had 1,310 beds then.", BEDS),
        ("In 2023 the Coast had an occupancy of 70.2% and the Hills one of 52.1%.", BEDS),
    ],
)
def test_figures_of_another_column_time_or_base_are_caught(text: str, data: str) -> None:
    assert objections(text, data) != []


def test_a_printed_total_of_an_invented_table_is_that_of_its_parts() -> None:
    wrong = STAFF.replace("847", "857")
    assert "847" in str(why_not("data_readable", content_of(wrong, "Staff.", "table_synthesiser")))
    for fine in (STAFF, "site,beds,occupancy (%)\nCoast,1240,61.5\nHills,420,48.0\nTotal,1660,58.1\n"):
        assert why_not("data_readable", content_of(fine, "Staff.", "table_synthesiser")) is None


def test_a_crowded_sentence_on_a_large_table_takes_no_time() -> None:
    head = "place," + ",".join(f"c{n}" for n in range(12))
    rows = (f"Place A{n}," + ",".join(str((n * 37 + c * 91) % 997) for c in range(12)) for n in range(110))
    start = time.monotonic()
    why_not("figures_traced", draft_of("; ".join(f"Place A{n} had {n * 37 % 997}" for n in range(40)) + ".",
                                       "\n".join((head, *rows))))  # fmt: skip
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("line", "is_length"),
    [("sentences: 2", True), ("max_sentences: 2", True), ("words: 40", True), ("forbids: wet", False)],
)
def test_a_strict_length_is_told_in_whatever_can_be_counted(line: str, is_length: bool) -> None:
    parent = draft_of("").instruction
    assert parent is not None
    question = "Summarise the rain at the stations in exactly 2 sentences."
    item = parent.model_copy(
        update={"question": question, "hidden": {**parent.hidden, "constraints": (line,)}, "goal": "strict_length"}
    )
    goal = Goal(name="strict_length", description="A length that is tight.", edits="question")
    found = why_not("data_refined_as_asked", replace(draft_of(""), instruction=item, parent=parent, goal=goal))
    assert (found is None) is is_length
