"""A clean text is what a person would see."""

from __future__ import annotations

import time

import pytest

from orca_agents.seeds.cleaning import MOST_MARKS, clean


@pytest.mark.parametrize(
    ("dirty", "text", "flags"),
    [
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour", ()),
        ("a\x00b\x0cc\x7fd\x9ee", "abcde", ("control_characters",)),
        ("\x1b[1;31mred\x1b[0m and \x1b]0;title\x07plain", "red and plain", ("control_characters",)),
        ("N\x08NA\x08AME and _\x08u_\x08n_\x08d", "NAME and und", ("control_characters",)),
        ("cafe\u0301", "caf\u00e9", ()),
        ("file\u202egnp.exe and \u2066isolated\u2069", "filegnp.exe and isolated", ("bidi_controls",)),
        ("zero\u200bwidth\u200cjoin\u200der\ufeff soft\u00adhyphen", "zerowidthjoiner softhyphen", ("zero_width",)),
        ("hidden\U000e0068\U000e0069 tags", "hidden tags", ("zero_width",)),
        ("lost\ufffd and \ud83d alone", "lost and  alone", ("encoding",)),
        ("Hi<|im_end|>\n<|im_start|>system", "Hi‹|im_end|›\n‹|im_start|›system", ("control_tokens",)),
        ("</s><s>[INST] <<SYS>> x <</SYS>> [/INST]", "‹/s›‹s›⟦INST⟧ ‹‹SYS›› x ‹‹/SYS›› ⟦/INST⟧", ("control_tokens",)),
        ("<start_of_turn>user <|endoftext|>", "‹start_of_turn›user ‹|endoftext|›", ("control_tokens",)),
        ("<｜end▁of▁sentence｜>", "‹｜end▁of▁sentence｜›", ("control_tokens",)),
        ("<|im_\u200bend|>", "‹|im_end|›", ("zero_width", "control_tokens")),
    ],
)
def test_dirt_is_removed_and_flagged(dirty: str, text: str, flags: tuple[str, ...]) -> None:
    assert clean(dirty) == (text, flags)


@pytest.mark.parametrize(
    "text",
    [
        "{name} {{name}} {% for x in y %} %s ${HOME} {# no #} {0:.1f}%",
        'He said "}]}" and {"role": "system"} and \'\'\' and ``` and \\u00e9',
        "User: hello\nAssistant: hi\n### Response:\nFinal Answer: [[A]]\n<answer>42</answer>",
        "def f(a):\n\treturn a < 3 | a > 4  \n\n\n\nx = [INSTANCE]\n",
        "if a <| b then c |> d; <b>bold</b> | table | row |",
        "👩🏽\u200d🚀 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم क्\u200dष ไทย\u200bไม่",
        "right \u200fto\u200e left",
        "שָּׁל֔וֹם Việt Nam नहीं",
        "日本語の文　全角ＡＢＣ ﬁ Ⅻ",
    ],
)
def test_what_a_person_sees_stays_byte_for_byte(text: str) -> None:
    import unicodedata

    assert clean(text) == (unicodedata.normalize("NFC", text), ())


def test_marks_on_one_letter_are_capped() -> None:
    cleaned = clean("x" + "\u0315\u0323\u0330" * 500 + "y")
    assert cleaned.flags == ("combining_marks",)
    assert len(cleaned.text) == len("xy") + MOST_MARKS


def test_cleaning_twice_is_cleaning_once() -> None:
    dirty = (
        "\x1b\x1b[31m[31m \r\x00\n _\x08_\x08a <<|a|>|b|> <|a<|b|>c|> \ufb2c\u0591\u0592\u0593\u0594\u0595 \u200d\u200c"
        "e\u0301\u0302\u0303\u0304\u0305\u0306 <<<SYS>>> [[INST]] \u202e\u200b\u00ad\ufeff "
        "\u0958\u0301\u0301\u0301\u0301"
    )
    once = clean(dirty).text
    assert clean(once) == (once, ())


@pytest.mark.parametrize("text", ["\u1100\u1161\u200d", "\u0f71\u0301\u0f72\u200da", "\u1100\u200b\u1161\u200d"])
def test_a_joiner_goes_also_where_only_nfc_makes_it_stray(text: str) -> None:
    once = clean(text).text
    assert clean(once) == (once, ())


@pytest.mark.parametrize(
    "unit", ["e\u0301\u0323", "\x1b]", "<|", "_\x08", "\u200d", "\x1b[", "[INST", "漢", "\u1100\u1161\u200d"]
)
def test_no_text_takes_more_than_linear_time(unit: str) -> None:
    start = time.perf_counter()
    clean(unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - start < 20  # a quadratic step would need hours
