"""The form `text` and its checks: what an item must have, and what a program sees in an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from orca_agents.checks import CHECKS
from orca_agents.checks.api import Case
from orca_agents.checks.texts.text import TextFormat
from orca_agents.config import Goal, Leaf
from orca_agents.errors import UnparsableError
from orca_agents.records import Answer, Content, Draft, Instruction, Seed

FORM = TextFormat()
FERRY = (
    "The ferry across the Orrin has run since 1894. It takes twelve cars and 60 passengers, and the crossing lasts "
    "nine minutes. In winter, when the river carries ice, the boat stays in its dock for about six weeks, and the "
    "people of Corran drive 38 kilometres to the bridge at Struan."
)
POINTS = ("The text says that ice stops the boat.", "The text says how far the bridge at Struan is.")


def leaf(name: str = "paraphrasing", **settings: Any) -> Leaf:
    return Leaf(name=name, description="says it anew", answer="text", settings=settings)


def case(
    answer: str = "A boat.",
    task: str = "Say this in your own words for the notice board.",
    *,
    constraints: Sequence[str] = (),
    demands: Sequence[str] = (),
    of: Leaf | None = None,
    source: str = FERRY,
    language: str | None = "en",
    transformer: str = "identity",
    seed: str | None = None,
    goal: Goal | None = None,
    before: Sequence[str] = (),
    prompts: tuple[str, ...] = (),
) -> Case:
    of = of or leaf()
    root = Seed(text=seed or source, language=language)
    content = Content(id="c", seed_id=root.id, text=source, transformer=transformer, language=language)
    hidden = {"rubric": POINTS, "constraints": tuple(constraints), "demands": tuple(demands)}
    item = Instruction(
        id="i", seed_id=root.id, content=content, leaf=of.name, form="text", question=task, hidden=hidden
    )  # fmt: skip
    parent = item.model_copy(update={"hidden": {"rubric": POINTS, "constraints": tuple(before)}}) if goal else None
    return Case(
        root,
        content,
        language,
        leaf=of,
        goal=goal,
        instruction=item,
        parent=parent,
        draft=Draft(instruction=item, answer=Answer(value=(answer,))),
        prompts=prompts,
    )


def why_not(check: str, of: Case) -> str | None:
    found = CHECKS[check].why_not(of)
    assert found is None or isinstance(found, str)
    return found


def read(leaf: Leaf, **product: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return FORM.read_item({"rubric": POINTS, **product}, leaf).hidden


def test_a_writer_is_told_only_the_kinds_that_its_leaf_names() -> None:
    (rubric, constraints) = FORM.item_fields(leaf(constraints=["dates", "rest"]))
    assert rubric.name == "rubric"
    assert "dates:" in constraints.about
    assert "max_words" not in constraints.about
    assert "max_words" in FORM.item_fields(leaf())[1].about
    assert len(FORM.item_fields(leaf(constraints=[]))) == 1


def test_constraints_are_read_however_a_small_model_writes_them() -> None:
    hidden = read(leaf(), constraints=("- `max words: 80`\n- forbids: very", "none", ""))
    assert hidden["constraints"] == ("max words: 80", "forbids: very")
    assert read(leaf(constraints=[]))["constraints"] == ()
    assert read(leaf(demands=["easier: yes"]))["demands"] == ("easier: yes",)


def test_a_line_that_is_no_constraint_is_told_to_its_writer() -> None:
    with pytest.raises(UnparsableError, match="did you mean 'max_words'"):
        read(leaf(), constraints=("maxwords: 80",))


@pytest.mark.parametrize(
    ("rubric", "says"),
    [
        (("The text says that ice stops the boat.",), "2 to 5 points"),
        (("Is good.", "The text says how far the bridge is."), "too short"),
        (("Say this in your own words.", "The text says how far the bridge is."), "the task again"),
        (("The text says that ice stops the boat.", "the text says that ice stops the boat"), "are the same"),
    ],
)
def test_a_rubric_that_cannot_be_graded_is_a_problem(rubric: tuple[str, ...], says: str) -> None:
    item = case(task="Say this in your own words.").instruction
    assert item is not None
    found = FORM.problems(item.model_copy(update={"hidden": {"rubric": rubric}}))
    assert any(says in one for one in found)
    assert FORM.problems(item) == []


def test_the_answer_is_taken_over_byte_for_byte() -> None:
    item = case().instruction
    assert item is not None
    text = "  **bold** \n\n| a |\n\t{{ x }} \u201cquote\u201d\u00a0"
    assert FORM.read_answer({"answer": (text,)}, item) == (text,)
    assert FORM.is_whole_reply


def test_constraints_and_demands_of_the_leaf_are_held_against_the_given_text() -> None:
    rules = ["replaces: boat => vessel", "rest: unchanged"]
    good = FERRY.replace("boat", "vessel")
    assert why_not("constraints_hold", case(good, constraints=rules)) is None
    assert "more was changed" in (why_not("constraints_hold", case(good + " It is old.", constraints=rules)) or "")
    assert "max_overlap" in (why_not("constraints_hold", case(FERRY + " Yes.", demands=["max_overlap: 40%"])) or "")


@pytest.mark.parametrize(
    ("task", "constraints", "says"),
    [
        ("Replace 'yacht' by 'vessel'.", ["replaces: yacht => vessel"], "does not stand in the given text"),
        ("Write 50 to 40 words.", ["min_words: 50", "max_words: 40"], "cannot both hold"),
        ("Write every date as YYYY-MM-DD.", ["dates: YYYY-MM-DD"], "no full date"),
    ],
)
def test_impossible_constraints_are_found_before_anybody_answers(task: str, constraints: list[str], says: str) -> None:
    assert says in (why_not("constraints_possible", case(task=task, constraints=constraints)) or "")


def test_a_brief_is_not_measured_against_the_notes_behind_it() -> None:
    of = leaf(source="none")
    assert why_not("constraints_possible", case(constraints=["longer: 200%", "max_words: 5"])) is not None
    assert why_not("constraints_possible", case(constraints=["max_words: 5"], of=of)) is None


def test_what_the_student_is_not_told_may_not_be_held_against_him() -> None:
    assert (
        why_not("constraints_stated", case(task="Retell it in at most 40 words.", constraints=["max_words: 40"]))
        is None
    )
    assert "'very'" in (why_not("constraints_stated", case(constraints=["forbids: very"])) or "")
    assert "40 words" in (why_not("constraints_stated", case(task="Retell it in at most 40 words.")) or "")


def test_a_leaf_says_which_kinds_of_constraint_it_cannot_do_without() -> None:
    of = leaf(needs=["dates", "times"])
    assert "dates, times" in (why_not("measurable", case(of=of, constraints=["max_words: 5"])) or "")
    assert why_not("measurable", case(of=of, constraints=["times: 24h"])) is None
    assert why_not("measurable", case()) is None


def test_a_goal_that_adds_demands_has_to_add_them() -> None:
    goal = Goal(name="tight_pair", description="two more", edits="question")
    old = ["max_words: 90"]
    assert "adds 1" in (
        why_not("goal_constraints", case(goal=goal, before=old, constraints=[*old, "bullets: 3"])) or ""
    )
    new = [*old, "bullets: 3", "forbids: very"]
    assert why_not("goal_constraints", case(goal=goal, before=old, constraints=new)) is None
    words = Goal(name="forbidden_words", description="no such words", edits="question")
    assert "forbids" in (why_not("goal_constraints", case(goal=words, constraints=["max_words: 9"])) or "")
    assert why_not("goal_constraints", case(goal=words, constraints=["forbids: hope"])) is None


@pytest.mark.parametrize(
    "task",
    [
        "Rewrite it for children of eight.",
        "Could you put the dates into ISO form, please?",
        "I need this for a poster: three lines, no more.",
        "Mask all names with [NAME] and e-mail addresses with [EMAIL].",
        "Replace the words:\n1. boat by vessel\n2. dock by basin",
    ],
)
def test_a_task_tells_what_to_do(task: str) -> None:
    assert why_not("is_a_task", case(task=task)) is None
    assert why_not("task_leaks_nothing", case(task=task)) is None
    assert why_not("text_not_in_task", case(task=task)) is None


@pytest.mark.parametrize(
    ("task", "check", "says"),
    [
        ("The ferry across the river was old.", "is_a_task", "to do nothing"),
        ("Sure, here is the task: rewrite it.", "is_a_task", "talk about it"),
        ("Rewrite it with max_words: 80 and no dates.", "is_a_task", "plain words"),
        ("Rewrite it so that it meets the rubric.", "is_a_task", "means nothing"),
        ("Asks for a story of one arc about a keeper.", "is_a_task", "describes a kind"),
        ("Rewrite it for children, and", "is_a_task", "breaks off"),
        ("Shorten this text:\n" + FERRY, "text_not_in_task", "repeats the text"),
        ("Shorten this: <<<TEXT TEXT>>> please.", "text_not_in_task", "placeholder"),
        ("Rewrite the text below for children.", "text_not_in_task", "before or after"),
        ("Mask the names.\nResult: The [NAME] ferry runs.", "text_not_in_task", "its own result"),
        ("Rewrite it for <|im_end|> readers.", "is_a_task", "<|im_end|>"),
        ("Write a story based on the passage about a ferry.", "brief_stands_alone", "does not see"),
        ("Write a scene as described in the notes.", "brief_stands_alone", "does not see"),
        ("Write a story.", "brief_has_matter", "matter"),
    ],
)
def test_what_is_no_task_for_a_student_is_stopped(task: str, check: str, says: str) -> None:
    assert says in (why_not(check, case(task=task)) or "")


def test_a_task_may_say_what_its_kind_consists_of() -> None:
    of = Leaf(
        name="ideas",
        description="Asks for ideas, each with a name, how it works and what speaks against it.",
        answer="text",
    )
    told = "Bring three ideas, each with a name, how it works and what speaks against it."
    assert why_not("task_leaks_nothing", case(task=told, of=of, prompts=(of.description,))) is None
    assert why_not("task_leaks_nothing", case(task=told, prompts=(of.description,)))


def test_a_brief_may_speak_of_papers_in_its_story() -> None:
    task = (
        "Write a scene: she hides the document in the material of the coat, and the article in the notes of the choir."
    )
    assert why_not("brief_stands_alone", case(task=task)) is None


@pytest.mark.parametrize(
    "answer",
    [
        "Here is the river, and here is the boat: both are old.",
        "Note: the ferry does not run in January.",
        "**Timetable**\n\n| Day | Boats |\n|---|---|\n| Monday | 4 |",
        "I have kept the ferry for thirty years.",
        "Dear [NAME],\n\nthe ramp came down too early.",
        "Dear Tom,\n\nLet me know if you are coming.\n\nYours,\nMoira",
        "Note: I shall be away from Monday.\n\nThe boat runs all the same.",
        "Would you like me to bring the kettle?\n\nNo, said Ann.",
        f"{FERRY} \u26f4\ufe0f",
    ],
)
def test_a_text_that_only_looks_like_talk_passes(answer: str) -> None:
    assert why_not("text_alone", case(answer, constraints=["masks: Corran"])) is None


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("Here is the rewritten text:\n\nThe ferry is old.", "begins with talk"),
        ("The ferry is old.\n\nLet me know if you want it shorter!", "speaks about the text"),
        ("The ferry is old.\n\nNote: I kept all the facts.", "speaks about the text"),
        ("The ferry is old.\n\n(Word count: 4)", "speaks about the text"),
        ("```\nThe ferry is old.\n```", "code block"),
        ("Dear [insert name here], the ferry is old.", "placeholder"),
        ("I'm sorry, but I can't help with that.", "refusal"),
        ("Sure!\n\nThe ferry is old.", "speaks about the text"),
        ("The ferry is old.\n\n---\n*Changes: boat became ferry.*", "speaks about the text"),
        ("The ferry is old.\n\n(This version has 4 words.)", "speaks about the text"),
        ("The ferry is old.\n\nIf you'd like a shorter version, just say so.", "speaks about the text"),
        ('"The ferry is old."', "quotation marks"),
        ("Dear [First Name], the ferry is old.", "gap"),
        (FERRY + " Those who live there say that they have always wanted to have a bridge and", "breaks off"),
    ],
)
def test_an_answer_is_the_text_and_nothing_else(answer: str, says: str) -> None:
    assert says in (why_not("text_alone", case(answer)) or "")


def test_json_that_was_asked_for_is_no_leak() -> None:
    answer = '{"question": "Who?", "answer": "Moira"}'
    assert why_not("text_alone", case(answer, "Give it as JSON.", constraints=["json_keys: question, answer"])) is None
    assert why_not("text_alone", case(answer))


def test_words_of_the_prompt_are_a_leak() -> None:
    prompt = "An excerpt opens with a sentence that needs no earlier one and ends where a thought ends."
    answer = "It opens with a sentence that needs no earlier one and ends where a thought ends."
    assert "words of your instructions" in (why_not("text_alone", case(answer, prompts=(prompt,))) or "")


def test_the_given_text_again_is_no_answer() -> None:
    assert why_not("text_changed", case(FERRY + "\n"))
    wrapped = FERRY.replace(". ", ".\n\n")
    assert why_not("text_changed", case(wrapped))
    assert why_not("text_changed", case(wrapped, of=leaf(layout_counts=True))) is None
    assert why_not("text_changed", case(FERRY.upper())) is None


def test_a_text_is_in_its_language_unless_the_task_asks_for_another() -> None:
    german = "Die F\u00e4hre \u00fcber den Fluss f\u00e4hrt seit vielen Jahren und nimmt zw\u00f6lf Autos mit."
    assert "German" in (why_not("text_language", case(german)) or "")
    assert why_not("text_language", case(german, constraints=["language: de"])) is None


def test_numbers_and_names_have_to_survive() -> None:
    of = leaf(keeps=["numbers", "no_new_numbers", "names"])
    good = (
        "Since 1894 a boat has crossed the Orrin with a dozen cars and sixty people; by Corran and Struan it is 38 km."
    )
    assert why_not("facts_kept", case(good, of=of)) is None
    assert "1894" in (why_not("facts_kept", case(good.replace("1894", "1849"), of=of)) or "")
    assert "2500" in (why_not("facts_kept", case(good + " It cost 2,500 pounds.", of=of)) or "")
    nameless = "Since 1894 a boat has crossed the river with a dozen cars and sixty people; by road it is 38 km."
    assert "names" in (why_not("facts_kept", case(nameless, of=of)) or "")


def test_small_numbers_may_be_spelled_out_and_only_english_number_words_are_read() -> None:
    of = leaf(keeps=["numbers", "no_new_numbers"])
    german = "Seit 1894 f\u00e4hrt das Boot mit zw\u00f6lf Autos und 60 Leuten; \u00fcber Struan sind es 38 Kilometer."
    assert why_not("facts_kept", case(german, of=of, source=FERRY.replace("twelve", "12"))) is None
    spanish = (
        "El barco cruza el r\u00edo desde 1894 con doce coches y sesenta personas, y tarda nueve minutos en llegar."
    )
    assert why_not("facts_kept", case(spanish.replace("sesenta", "60"), of=of, source=spanish, language="es")) is None


def test_a_number_is_not_found_inside_of_another_one() -> None:
    of = leaf(keeps=["numbers"])
    assert "60" in (
        why_not("facts_kept", case("Since 1894 a boat of 1960 has crossed; by road it is 138 km.", of=of)) or ""
    )
    phone = case("Ring 5550172 now.", of=of, source="Ring 555-0172 now.")
    assert why_not("facts_kept", phone) is None


def test_a_version_of_the_whole_text_has_its_bulk() -> None:
    of = leaf(keeps=["length"])
    assert "part of it is missing" in (why_not("facts_kept", case("The ferry has run since 1894.", of=of)) or "")
    assert why_not("facts_kept", case("The ferry has run.", of=of, constraints=["max_words: 10"])) is None


def test_a_long_text_full_of_numbers_takes_no_time() -> None:
    source = " ".join(f"{number} boats" for number in range(13, 600))
    started = time.perf_counter()
    why_not(
        "facts_kept",
        case(source.replace("boats", "ships"), of=leaf(keeps=["numbers", "no_new_numbers"]), source=source),
    )
    why_not("text_alone", case("." * 8000))
    why_not("text_alone", case("- [ ] " * 1300))
    assert time.perf_counter() - started < 5


def test_the_rest_that_is_to_stay_is_told_to_the_program_too() -> None:
    task = 'Replace "boat" by "vessel" and leave everything else as it is.'
    assert "rest: unchanged" in (
        why_not("constraints_stated", case(task=task, constraints=["replaces: boat => vessel"])) or ""
    )
    rules = ["replaces: boat => vessel", "rest: unchanged"]
    assert why_not("constraints_stated", case(task=task, constraints=rules)) is None


def test_a_text_that_nobody_could_hand_in_is_not_asked_for() -> None:
    assert "longer text" in (why_not("constraints_possible", case(constraints=["min_words: 3000"])) or "")
    assert why_not("constraints_possible", case(constraints=["min_words: 300"])) is None


def test_the_plural_of_a_replaced_word_needs_its_line() -> None:
    task, source = 'Replace "boat" by "vessel".', "The boat is old, and boats rot."
    lines = ["replaces: boat => vessel"]
    assert "'boats'" in (why_not("masks_complete", case(task=task, source=source, constraints=lines)) or "")
    assert (
        why_not("masks_complete", case(task=task, source=source, constraints=[*lines, "replaces: boats => vessels"]))
        is None
    )


def test_facts_may_go_where_the_task_cuts_the_text_down() -> None:
    of = leaf(keeps=["numbers", "names"])
    assert why_not("facts_kept", case("A boat crosses the river.", of=of, constraints=["max_words: 10"])) is None
    assert why_not("facts_kept", case("A boat crosses the river.", of=of))


def test_a_chorus_may_come_back_and_a_loop_may_not() -> None:
    chorus = (
        "the gate is shut, my dear, my dear,\nthe gate is shut till morning.\nwe'll have to sit and wait right here\n"
    )
    first = "I saw the chain from far away\nand never changed my speed.\n"
    song = f"{first}\n{chorus}\nA fellow with a yellow boat\nhas tied up next to me.\n\n{chorus}"
    assert why_not("text_not_repetitive", case(song, of=leaf(refrain=True))) is None
    assert why_not("text_not_repetitive", case("The gate is shut till morning. " * 6))


def test_invented_texts_use_words_of_their_own() -> None:
    task = "Write a story about a keeper who closes the gate."
    copied = FERRY + " " + "And then the keeper went home and slept for a very long time without a dream."
    assert "notes behind" in (why_not("own_words", case(copied, task)) or "")
    own = (
        "Agnes shook the chain. The boy held up his box. She climbed nineteen rungs with it on her head and waved. " * 2
    )
    assert why_not("own_words", case(own, task)) is None


def test_worn_out_phrases_are_counted() -> None:
    worn = "Little did she know that time stood still. Her heart pounded in her chest as the wind whispered secrets."
    assert "worn-out" in (why_not("no_cliches", case(worn)) or "")
    assert why_not("no_cliches", case("In the blink of an eye the gate was shut.")) is None
    assert why_not("no_cliches", case(worn, "Write a parody of romances.")) is None


LETTER = (
    "Dear Ms Tolland, our deckhand Edwin Farrow saw it all. Write to e.farrow@example.org or ring 555-0172. "
    "Mr Farrow will visit you next week."
)


def test_every_form_of_a_masked_name_needs_its_line() -> None:
    task = "Replace names by [NAME] and e-mail addresses by [EMAIL]."
    lines = ["masks: Tolland", "masks: Edwin Farrow", "replaces: e.farrow@example.org => [EMAIL]"]
    assert "'Farrow'" in (why_not("masks_complete", case(task=task, source=LETTER, constraints=lines)) or "")
    whole = [*lines, "masks: Farrow"]
    assert why_not("masks_complete", case(task=task, source=LETTER, constraints=whole)) is None
    assert "e-mail" in (why_not("masks_complete", case(task=task, source=LETTER, constraints=["masks: Tolland"])) or "")
    phone = "Mask the telephone numbers."
    assert "555-0172" in (
        why_not("masks_complete", case(task=phone, source=LETTER, constraints=["masks: Tolland"])) or ""
    )
    assert why_not("masks_complete", case(task=phone, source=LETTER, constraints=["masks: 555-0172"])) is None
    dated = LETTER + " It was on 2019-03-05."
    assert why_not("masks_complete", case(task=phone, source=dated, constraints=["masks: 555-0172"])) is None


def test_no_signs_are_left_where_words_went() -> None:
    rules = ["removes: however"]
    source = "It was, however, late (however)."
    assert why_not("nothing_left_hanging", case("It was late.", source=source, constraints=rules)) is None
    for bad in ("It was, , late.", "It was late ().", "It was late , and dark."):
        assert why_not("nothing_left_hanging", case(bad, source=source, constraints=rules)), bad
    assert why_not("nothing_left_hanging", case("It was, , late.", source=source)) is None


def test_sentences_begin_with_a_capital_also_after_a_cut_and_marks_are_used() -> None:
    source, rules = "Frankly, it was late. Mr Farrow slept.", ["removes: Frankly"]
    assert (
        why_not("nothing_left_hanging", case("It was late. Mr Farrow slept.", source=source, constraints=rules)) is None
    )
    small = case("it was late. Mr Farrow slept.", source=source, constraints=rules)
    assert "small letter" in (why_not("nothing_left_hanging", small) or "")
    task, rules = "Replace the name by [NAME].", ["masks: Farrow"]
    assert why_not("nothing_left_hanging", case("Mr [NAME] slept.", task, source=source, constraints=rules)) is None
    assert "[NAME]" in (
        why_not("nothing_left_hanging", case("Mr Brown slept.", task, source=source, constraints=rules)) or ""
    )


PAIR = (
    'Edit "The ferry across the Orrin has run since 1894." so that it contradicts '
    '"No boat crossed the river after 1950."'
)


@pytest.mark.parametrize(
    ("task", "says"),
    [
        ("Edit the first sentence so that it contradicts the second.", "quote two sentences"),
        (PAIR.replace("has run since", "was built in"), "does not stand in the text"),
        (PAIR.replace("so that it contradicts", "like"), "entail, contradict"),
    ],
)
def test_an_entailment_task_quotes_its_two_sentences(task: str, says: str) -> None:
    of = leaf("textual_entailment")
    assert why_not("entailment_pair", case(task=PAIR, of=of)) is None
    assert says in (why_not("entailment_pair", case(task=task, of=of)) or "")
    assert why_not("entailment_pair", case(task=task)) is None


def test_an_entailment_edit_is_small_and_real() -> None:
    of = leaf("textual_entailment")
    good = "The ferry across the Orrin has run every day since 1960."
    assert why_not("entailment_edit", case(good, PAIR, of=of)) is None
    again, other = "The ferry across the Orrin has run since 1894.", "No boat crossed the river after 1950."
    for bad in (again, other, "Boats are fun.", f"{good} {good} {good}"):
        assert why_not("entailment_edit", case(bad, PAIR, of=of)), bad


def test_what_is_made_of_a_seed_is_about_it_and_an_excerpt_is_its_own_words() -> None:
    seed = (
        FERRY + " The skipper, Moira Kerr, says she has missed only one Christmas dinner in thirty years on the boat."
    )
    assert why_not("text_substantial", case(source=FERRY, seed=seed, transformer="excerpt_selector")) is None
    assert "nearly the source" in (
        why_not("text_substantial", case(source=FERRY, seed=seed, transformer="letter")) or ""
    )
    other = "A boat sails. " + " ".join(f"word{number}" for number in range(60))
    assert "letter by letter" in (
        why_not("text_substantial", case(source=other, seed=seed, transformer="excerpt_selector")) or ""
    )
    assert "only" in (why_not("text_substantial", case(source="Too short.", seed=seed, transformer="letter")) or "")


def test_notes_may_end_without_a_full_stop_but_not_with_a_comma() -> None:
    notes = "Turns\nwhat is heavy rises; to go up one has to be shut in"
    assert why_not("notes_clean", case(source=notes, transformer="motif_lister")) is None
    assert why_not("notes_clean", case(source=notes + ",", transformer="motif_lister"))
    assert why_not("notes_clean", case(source="Sure, here is the list:\n" + notes, transformer="motif_lister"))
