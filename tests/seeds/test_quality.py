"""What is no material says why."""

from __future__ import annotations

import base64
import random

import pytest

from orca_agents.seeds.kinds import kind_of, refusal
from orca_agents.seeds.quality import reason_to_skip
from orca_agents.seeds.sensitive import sensitive_flags

CONTENTS = "Contents\n\n" + "".join(f"{n}.1  Chapter {n} {'.' * 30} {n * 11}\n" for n in range(1, 15))
POEM = "\n".join(["The tide is in,", "the tide is out,", "a gull goes by", "and wheels about."])
MINIFIED = "!function(e,t){" + "".join(f"var v{n}=function(a,b){{return a*{n}+b||v0(b,a)}};" for n in range(80)) + "}"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("", False, "empty"),
        (" \n\t ", True, "white space"),
        (base64.encodebytes(random.Random(1).randbytes(3000)).decode(), False, "base64"),
        (random.Random(1).randbytes(500).hex(), False, "hexadecimal"),
        (CONTENTS, False, "table of contents"),
        ("The same line again.\n" * 300, False, "only 1 of its 300 lines differ"),
        (MINIFIED, True, "minified"),
        ("--- === *** ||| +++ ~~~ " * 10, False, "no words"),
    ],
)
def test_poor_texts_are_refused(text: str, code: bool, says: str) -> None:
    assert says in (reason_to_skip(text, code=code) or "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (POEM, False),
        (CONTENTS + "\n".join(f"Sentence {n} of the first chapter tells of tides." for n in range(30)), False),
        ("A long paragraph on one line about tides and moons. " * 200, False),
        ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", False),
        ("漢字仮名交じり文" * 1000, False),
        ("हिन्दी में भी ज्वार और भाटा होते हैं।", False),
        ("x = {\n" + "    'a': 1,\n" * 15 + "}\n", True),
        ('print "python two", urllib2.urlopen(url)\n', True),
    ],
)
def test_honest_texts_pass(text: str, code: bool) -> None:
    assert reason_to_skip(text, code=code) is None


@pytest.mark.parametrize(
    "text",
    [
        "AWS_ACCESS_KEY_ID=" + "AKIA" + "ABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----\nabc",
        "token " + "ghp_" + "a1B2" * 9,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
        "password: swordfish42",
        'api_key = "0a1b2c3d4e5f"',
    ],
)
def test_secrets_are_flagged(text: str) -> None:
    assert sensitive_flags(f"some text {text} and more") == ("secrets",)


@pytest.mark.parametrize(
    "text",
    ["jo.smith@example.com", "+1 (555) 010-4477", "+49 30 1234567", "card 4111 1111 1111 1111", "078-05-1120"],
)
def test_personal_data_are_flagged(text: str) -> None:
    assert sensitive_flags(f"some text {text} and more") == ("personal_data",)


@pytest.mark.parametrize(
    "text",
    [
        "On 2024-01-31 about 1,234,567 people watched; 3 + 4 = 7.",
        "The password must be changed. password: str = ask()",
        "ISBN 978-3-16-148410-0 and 4111 1111 1111 1112",
        "@property\ndef f(self): return self.token = make_token(x)",
        "a" * 100_000 + "@",
    ],
)
def test_ordinary_text_has_no_flag(text: str) -> None:
    assert sensitive_flags(text) == ()


def test_much_notation_outside_code_makes_mathematics() -> None:
    math = "Let x = 3 and y^2 = 4. Then $x + y$ is ∑ a_n ≤ 7, so α = β."
    assert kind_of(math) == "math"
    assert kind_of("A text about tides, where x = 3 stands once among words of many kinds. " * 3) == "text"
    assert kind_of("An example of code:\n\n```\n" + "x = 3\ny = 4\n" * 20 + "```\n\nThat was it.") == "text"


def test_files_that_are_not_read_are_named_with_what_to_do() -> None:
    from pathlib import PurePath

    for name in ("a.doc", "B.ODT", "f.xml", "h.ipynb", "i.xlsx", "j.pptx"):
        assert "convert it to" in (refusal(PurePath(name)) or "")
    assert "unpack it" in (refusal(PurePath("k.zip")) or "")
    for name in ("a.html", "B.PDF", "c.docx", "d.csv", "e.yaml", "g.parquet", "notes.unknown"):
        assert refusal(PurePath(name)) is None
