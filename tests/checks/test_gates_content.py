"""The gates of a rewritten passage."""

import pytest

from tests.checks.gate_cases import MILL, TEA, case, passage_case, reason

ARGUMENT = (
    "Our council should stop treating the mill on the Orrin as a museum piece. It survived because Isla Munro gave "
    "it work to do, not because it was old. The turbine that she installed lit a whole school for decades, and it "
    "could light the village hall tomorrow. Critics reply that 9,000 visitors would miss the silence. But visitors "
    "come to see a building in use. A wheel that turns for nobody is an ornament, and ornaments lose their friends."
)
OUTLINE = (
    "# The mill\n\n## History\n\n- Built 1790\n- Oats\n- Railway\n\n## Today\n\n- Visitors\n- Tickets\n- Turbine\n\n"
    "## Outlook\n\n- Council\n- Money\n- Upkeep\n- Villagers\n- Water\n\n## Sources\n\n- Isla Munro\n- The school\n"
    "- Old letters and maps\n- The railway company of the north\n- The port and its flour\n- The village council"
)
WHALES = (
    "Whales sing in dialects. Young males learn the song of their group and carry it across the ocean, where others "
    "pick it up. Biologists who compared recordings from two decades found that a melody can travel eight thousand "
    "kilometres in three seasons. Nobody knows why the singers give up an old tune for a fresh one."
)
TEA_TALK = (
    "记者：大桥通车以后，您为什么没有关掉茶馆？周老板：船夫少了，可是孩子多了。记者：书架是谁的主意？"
    "周老板：是一个小姑娘问我有没有书，我才想到在窗边摆书架。记者：现在最忙的是什么时候？周老板：下午放学以后，比从前清早还热闹。"
)


@pytest.mark.parametrize("check", ["passage_language", "passage_clean", "passage_substantial"])
def test_a_good_rewritten_passage_passes(check: str) -> None:
    assert reason(check, passage_case(ARGUMENT)) is None


@pytest.mark.parametrize("check", ["passage_language", "passage_clean", "passage_substantial"])
def test_a_good_chinese_passage_passes(check: str) -> None:
    assert reason(check, passage_case(TEA_TALK, seed=TEA, language="zh")) is None


@pytest.mark.parametrize("check", ["passage_language", "passage_clean", "passage_substantial"])
def test_a_seed_left_as_it_is_passes(check: str) -> None:
    assert reason(check, case()) is None


def test_a_passage_in_another_language_is_named_with_both_languages() -> None:
    assert "in English; write it in Chinese" in str(reason("passage_language", passage_case(ARGUMENT, TEA, "zh")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"Here is the rewritten passage:\n\n{ARGUMENT}", "begins with talk about it"),
        (f"Sure! Here's an argument about the mill.\n\n{ARGUMENT}", "begins with talk about it"),
        (f"{ARGUMENT}<|im_end|>", "control token"),
        (f"{ARGUMENT}\n\nUser: write another one", "chat role"),
        (f"{ARGUMENT}\n\nAs an AI language model, I have no opinion.", "being a model"),
        (f"{ARGUMENT}\n\n[Insert a closing sentence]", "placeholder"),
        (f"{ARGUMENT} The source text also mentions oats.", "its source"),
        (f"{ARGUMENT}\n\nI hope this helps!", "the task"),
        (f"I'm sorry, but I can't help with that. {ARGUMENT}", "a refusal"),
        (ARGUMENT[:-60], "breaks off"),
    ],
)
def test_an_unclean_passage_is_told_why(text: str, said: str) -> None:
    assert said in str(reason("passage_clean", passage_case(text)))


def test_words_that_the_seed_has_itself_do_not_count_as_leaks() -> None:
    seed = f"{MILL} The guide answered each time: as an AI language model, I cannot taste oats."
    text = f"{ARGUMENT} Even the guide says that, as an AI language model, it has no stake in this."
    assert reason("passage_clean", passage_case(text, seed=seed)) is None


def test_people_in_a_dialogue_may_say_what_models_say() -> None:
    talk = (
        "Miller: Sure, I will sell the mill on the Orrin. As requested, here are the ledgers.\n"
        "Isla: And the turbine? Miller: I'm sorry, but I can't help you with that.\n"
        "Isla: Then let me know if you hear of one. I'll ask the visitors, and the school will thank you for it."
    )
    assert reason("passage_clean", passage_case(talk)) is None


def test_the_last_verse_of_a_poem_may_end_without_a_full_stop() -> None:
    poem = "The wheel stood still\nwhen flour came by rail\nand no one climbed the hill\n\nIsla heard the water fail"
    assert reason("passage_clean", passage_case(poem)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The mill was old. It was built in 1790.", "only 9 words"),
        ("The mill is important because it is a mill. " * 9, "repeats itself"),
        (OUTLINE, "list of headings"),
        (MILL.replace("Visitors came to see it. ", ""), "nearly the source itself"),
        (WHALES, "nothing to do with the source"),
    ],
)
def test_a_thin_passage_is_told_why(text: str, said: str) -> None:
    assert said in str(reason("passage_substantial", passage_case(text)))


def test_an_edited_passage_may_be_nearly_its_source() -> None:
    edited = passage_case(MILL.replace("1962", "1958"), parent=case().instruction)
    assert reason("passage_substantial", edited) is None
