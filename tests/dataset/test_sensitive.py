"""Secrets and personal data, on a small labelled set of our own: what has to be found, and what only looks like it.

Every key is made up here, of letters and digits that a program drew: none was ever valid.
"""

from __future__ import annotations

import base64
import json
import random
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orca_agents.dataset.building import build
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.sensitive import Finder
from orca_agents.errors import DatasetError
from tests.dataset.runs import dropped_of, example, rows_of, write_run


def drawn(length: int, signs: str = string.ascii_letters + string.digits, key: int = 1) -> str:
    return "".join(random.Random(key * 1000 + length).choices(signs, k=length))


def _token(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


JWT = f"{_token({'alg': 'HS256', 'typ': 'JWT'})}.{_token({'sub': '12345', 'name': 'Jo'})}.{drawn(43)}"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{drawn(64)}\n{drawn(64, key=2)}\n-----END RSA PRIVATE KEY-----"

FOUND = {
    "an AWS key": ("key = 'AKIA" + drawn(16, string.ascii_uppercase + string.digits) + "'", "secret:aws_key"),
    "an AWS secret": (f'aws_secret_key = "{drawn(40)}"', "secret:aws_key"),
    "a private key": (PEM, "secret:private_key"),
    "a private key in a string": (PEM.replace("\n", "\\n"), "secret:private_key"),
    "a JSON web token": (f"Authorization: Bearer {JWT}", "secret:json_web_token"),
    "a GitHub token": (f"git clone https://ghp_{drawn(36)}@github.com/a/b", "secret:github_token"),
    "a GitLab token": (f"PRIVATE-TOKEN: glpat-{drawn(20)}", "secret:gitlab_token"),
    "a Slack token": (f"xoxb-123456789012-{drawn(24)}", "secret:slack_token"),
    "a Slack hook": (f"https://hooks.slack.com/services/T{drawn(8)}/B{drawn(8)}/{drawn(24)}", "secret:slack_token"),
    "a Stripe key": (f"stripe.api_key = 'sk_live_{drawn(24)}'", "secret:stripe_key"),
    "an OpenAI key": (f"sk-proj-{drawn(20)}T3BlbkFJ{drawn(20, key=3)}", "secret:openai_key"),
    "a PyPI token": (f"pypi-AgEIcHlwaS5vcmc{drawn(80)}", "secret:pypi_token"),
    "an npm token": (f"//npm.pkg.dev/:_authToken=npm_{drawn(36)}", "secret:npm_token"),
    "a SendGrid key": (f"SG.{drawn(22)}.{drawn(43)}", "secret:sendgrid_key"),
    "an Azure key": (f"AccountKey={drawn(86)}==", "secret:azure_key"),
    "a Hugging Face token": (f"login(token='hf_{drawn(34)}')", "secret:hugging_face_token"),
    "a password in an address": ("postgres://app:q7Kx92Lm@db.acme-corp.com/main", "secret:password_in_address"),
    "an e-mail address": ("Write to maria.lopez@northwind.org, please.", "personal:email"),
    "an e-mail address in Spanish": ("Escriba a juan_perez87@correo.es hoy", "personal:email"),
    "an American phone number": ("Call (415) 867-2309 after six.", "personal:phone"),
    "one with dashes": ("fax 212-867-4413", "personal:phone"),
    "one with its country": ("Tel. +44 20 7946 1234", "personal:phone"),
    "a German one": ("Rufen Sie +49 30 1234 5678 an.", "personal:phone"),
    "a social security number": ("SSN: 536-22-8714", "personal:social_security_number"),
    "a card number in groups": ("4539 1488 0343 6467 exp 09/27", "personal:card_number"),
    "a bare card number": ("her Visa card 4539148803436467", "personal:card_number"),
    "an address of a machine": ("the client logged in from 83.142.17.9 at noon", "personal:ip_address"),
}

NOT_FOUND = {
    "a version": "Upgrade from 1.2.3.4 to v10.15.7.2, then pin numpy==2.4.6 and python 3.11.7.",
    "chapters": "See sections 12.3.4.1 and 4.10.2.33 of the manual.",
    "ids": "Order 4539148803436468, ticket 2024-11-0342, sku 8005551234, user 1234567890123456.",
    "a hash": "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "a uuid": "550e8400-e29b-41d4-a716-446655440000",
    "an ISBN": "ISBN 978-3-16-148410-0 and 0-306-40615-2",
    "a DOI": "doi:10.1038/s41586-020-2649-2 and arXiv:2407.03502",
    "dates and times": "2024-11-03T10:15:30.123456Z, 03/11/2024, 1730628930, 1730628930123",
    "a number at the edge of what is looked at": "1234.5454545 " + "1_234_567.25 '1,234,567.25' " * 4 + "212867441",
    "numbers in a table": "100 200 3000\n555 123 4567\n| 1024 | 2048 | 4096 |",
    "decimals": "pi = 3.14159265358979, e = 2.718281828459045, 0.000123456789",
    "large numbers": "There were 7,900,000,000 people and 12345678901234567890 grains.",
    "coordinates": "48.858370, 2.294481 and -122.419416",
    "matrix code": "y = A@B.T + x @ w.sum(axis=0) - X@beta.values; z = model.W@x.reshape(3, 2)",
    "decorators": "@pytest.mark.parametrize\n@app.get('/x')\n@dataclass(frozen=True)\nclass A: ...",
    "example addresses": "user@example.com, jane@example.org, git@github.com:a/b.git, name@company.com, x@test",
    "placeholders for keys": "OPENAI_API_KEY=sk-..., token = 'hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', key=<your key>",
    "the documented AWS key": "AKIAIOSFODNN7EXAMPLE",
    "talk about private keys": "A PEM file begins with -----BEGIN RSA PRIVATE KEY----- and ends likewise.",
    "hf names": "from hf_transformers_and_datasets_for_everyone_in_2024 import hf_hub_download_of_many_files_x1",
    "an address without a password": "https://user:password@host/x, redis://localhost:6379/0, https://a.b:8080/c@d",
    "a phone number of films": "Call 555-0123 or (212) 555-0147.",
    "test cards": "Pay with card 4242 4242 4242 4242 or 4111111111111111.",
    "addresses at home": "ping 192.168.1.1, server 10.0.0.8, host 127.0.0.1, from 8.8.8.8",
    "arithmetic": "536-22-87 = 427; 123-45-6789; x+12345 6789; 10-20-3000",
    "ranges": "pages 123-456-7890123, 2019-2023, phone-like 123.456.78901",
    "tweets": "@alice and @bob wrote at 5:30 @home",
    "scores": "Home 101 - 98 Away, 12:45:10.250, 99.99%",
    "LaTeX": r"\(x_{1234567890} = 10^{12}\), \cite{key@2024}",
}


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder()


@pytest.mark.parametrize("name", FOUND)
def test_secrets_and_personal_data_are_found(name: str, finder: Finder) -> None:
    text, flag = FOUND[name]
    assert finder.flags_in(f"Here it is.\n{text}\nThat was it.") == (flag,)


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_only_looks_like_it_is_not(name: str, finder: Finder) -> None:
    assert finder.flags_in(f"Here it is.\n{NOT_FOUND[name]}\nThat was it.") == ()


def test_flags_are_noted_on_the_row_or_the_row_is_dropped(tmp_path: Path) -> None:
    bad = example("bad", answer="Ask maria.lopez@northwind.org.\n\nAnswer: her")
    run = write_run(tmp_path / "run", [example("good"), bad])
    done = build([run], tmp_path / "noted", BuildOptions(holdout=0, validation=0))
    assert {row["id"]: row["metadata"].get("flags") for row in rows_of(tmp_path / "noted")} == {
        example("good").id: None,
        bad.id: ["personal:email"],
    }
    assert "flags: 1 personal:email" in done.notes
    build([run], tmp_path / "dropped", BuildOptions(holdout=0, validation=0, flags="drop"))
    assert [(row["id"], row["step"], row["reason"]) for row in dropped_of(tmp_path / "dropped")] == [
        (bad.id, "flags", "personal:email")
    ]


def test_without_the_extra_a_build_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "run", [example("good")])
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins.aws", None)
    with pytest.raises(DatasetError, match=r"orca-agents\[filters\]'?`, or build with --flags off"):
        build([run], tmp_path / "dataset", BuildOptions())
    assert not (tmp_path / "dataset").exists()


def test_a_long_text_takes_no_long_time(finder: Finder) -> None:
    texts = ("1234567890 " * 20_000, "a@" * 50_000, "hf_" * 50_000, "eyJ" * 30_000, "://a:" * 30_000, "aws " * 40_000)
    for text in texts:
        began = time.perf_counter()
        finder.flags_in(text)
        assert time.perf_counter() - began < 20


def test_a_build_says_that_nothing_was_looked_for_where_the_extra_is_missing(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1, answer="Write to ada@lovelace.org.\n\nAnswer: the flood")])
    code = (
        "import sys; sys.modules['datafog'] = None; sys.modules['detect_secrets'] = None\n"
        "from pathlib import Path\n"
        "from orca_agents.dataset.building import build\n"
        "from orca_agents.dataset.options import BuildOptions\n"
        "built = build([Path(sys.argv[1])], Path(sys.argv[2]), BuildOptions(holdout=0, validation=0))\n"
        "print([step.name for step in built.steps], built.notes)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run), str(tmp_path / "dataset")], capture_output=True, text=True, check=True
    )
    assert "'flags'" not in done.stdout
    assert "secrets and personal data were not looked for: `pip install 'orca-agents[filters]'`" in done.stdout
