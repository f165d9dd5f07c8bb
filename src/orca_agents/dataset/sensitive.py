"""Find secrets and personal data in what a row would teach: named patterns, each held against what only looks like it.

Keys and tokens are found by the detectors of detect-secrets whose patterns are a maker's own (never by high entropy or
by words such as `password`), e-mail addresses, telephone, card and social security numbers by those of DataFog. Both
are asked for patterns alone: nothing is verified over the network, nothing is sent.

What only looks like one is left out: addresses at example.com, numbers that fail their check digit, digits without the
signs of a telephone number, keys that documentation prints as examples.
"""

from __future__ import annotations

import importlib
import ipaddress
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from orca_agents.dataset.items import all_text
from orca_agents.dataset.rows import Row
from orca_agents.errors import DatasetError


class Detector(NamedTuple):
    """One detector of detect-secrets."""

    module: str
    name: str
    marks: tuple[str, ...]
    """One of these is in every secret that it finds: looking for them is quick, and most texts have none."""


DETECTORS: dict[str, Detector] = {
    "aws_key": Detector("aws", "AWSKeyDetector", ("AKIA", "ASIA", "A3T", "ABIA", "ACCA", "aws", "AWS", "Aws")),
    "private_key": Detector(
        "private_key", "PrivateKeyDetector", ("PRIVATE KEY", "PuTTY-User-Key", "ENCRYPTED PRIVATE")
    ),
    "json_web_token": Detector("jwt", "JwtTokenDetector", ("eyJ",)),
    "github_token": Detector("github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    "gitlab_token": Detector(
        "gitlab_token", "GitLabTokenDetector", ("glpat", "gldt", "glft", "glsoat", "glrt", "GR13", "glcbt", "glimt")
    ),
    "slack_token": Detector("slack", "SlackDetector", ("xox", "XOX", "hooks.slack.com")),
    "stripe_key": Detector("stripe", "StripeDetector", ("k_live_",)),
    "openai_key": Detector("openai", "OpenAIDetector", ("T3BlbkFJ",)),
    "npm_token": Detector("npm", "NpmDetector", ("_authToken",)),
    "pypi_token": Detector("pypi_token", "PypiTokenDetector", ("pypi-Ag",)),
    "sendgrid_key": Detector("sendgrid", "SendGridDetector", ("SG.",)),
    "discord_token": Detector("discord", "DiscordBotTokenDetector", ("discord", "Discord", "DISCORD")),
    "azure_key": Detector("azure_storage_key", "AzureStorageKeyDetector", ("AccountKey=",)),
    "square_secret": Detector("square_oauth", "SquareOAuthDetector", ("sq0csp-",)),
    "password_in_address": Detector("basic_auth", "BasicAuthDetector", ("://",)),
}

PERSONAL = {
    "EMAIL": "email",
    "PHONE": "phone",
    "SSN": "social_security_number",
    "CREDIT_CARD": "card_number",
    "IP_ADDRESS": "ip_address",
}
"""DataFog's labels that are used. Its dates and postal codes are in any text, and are no personal data alone."""

MISSING = (
    "secrets and personal data are looked for with the extra `filters`, which is not installed: "
    "`pip install 'orca-agents[filters]'`, or build with --flags off"
)


def can_flag() -> bool:
    """Whether the extra is installed."""
    return all(find_spec(name) is not None for name in ("datafog", "detect_secrets"))


class Finder:
    """Finds flags in texts. Raises `DatasetError` where the extra is not installed."""

    def __init__(self) -> None:
        try:
            self._secrets = {flag: _analyzer(detector) for flag, detector in DETECTORS.items()}
            self._personal = _personal_patterns()
        except ImportError as error:
            raise DatasetError(f"{MISSING} ({error})") from None

    def flags(self, row: Row) -> tuple[str, ...]:
        """`secret:KIND` and `personal:KIND`, each once, in order."""
        return self.flags_in(all_text(row))

    def flags_in(self, text: str) -> tuple[str, ...]:
        """The same of a text."""
        return tuple(sorted({*self._secret_flags(text), *self._personal_flags(text)}))

    def _secret_flags(self, text: str) -> Iterator[str]:
        for flag, analyze in self._secrets.items():
            # each pattern is read line by line, so that what stands far off decides nothing
            if any(mark in text for mark in DETECTORS[flag].marks) and any(
                _is_secret(flag, found, text) for line in _lines(text) for found in analyze(line)
            ):
                yield f"secret:{flag}"
        if "hf_" in text and any(_is_random(match[1]) for match in _HF_TOKEN.finditer(text)):
            yield "secret:hugging_face_token"

    def _personal_flags(self, text: str) -> Iterator[str]:
        names = [_window(text, at, 100) for at in _AT.finditer(text)]
        numbers = [_window(text, number, 60) for number in _NUMBERISH.finditer(text)]
        for label, flag in PERSONAL.items():
            if any(self._holds(label, window) for window in (names if label == "EMAIL" else numbers)):
                yield f"personal:{flag}"

    def _holds(self, label: str, window: str) -> bool:
        return any(_IS[label](match, window) for match in self._personal[label].finditer(window))


def _lines(text: str) -> Iterator[str]:
    """The lines; long ones in pieces that overlap, for some patterns take the square of a line's length."""
    for line in text.splitlines():
        for start in range(0, max(1, len(line) - _OVERLAP), _LONGEST_LINE - _OVERLAP):
            yield line[start : start + _LONGEST_LINE]


def _window(text: str, match: re.Match[str], around: int) -> str:
    """A piece of a text around what may be something; it begins and ends at a blank, if there is one near."""
    start, end = max(0, match.start() - around), match.end() + around
    first = _BLANK.search(text, start, match.start())
    last = _BLANK.search(text, end, end + 200)
    return text[first.end() if start and first else start : last.start() if last else end]


def _analyzer(detector: Detector) -> Callable[[str], Iterator[str]]:
    """A detector's own reading of a line. Of those that only try patterns the whole match is taken: they give parts."""
    plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{detector.module}"), detector.name)()
    if detector.name in _READ_THEMSELVES:
        analyze: Callable[[str], Iterator[str]] = plugin.analyze_string
        return analyze
    patterns: tuple[re.Pattern[str], ...] = tuple(plugin.denylist)
    return lambda line: (match[0] for pattern in patterns for match in pattern.finditer(line))


def _personal_patterns() -> dict[str, re.Pattern[str]]:
    module = importlib.import_module("datafog.processing.text_processing.regex_annotator.regex_annotator")
    patterns: dict[str, Any] = module.RegexAnnotator().patterns
    return {label: patterns[label] for label in PERSONAL}


def _is_secret(flag: str, found: str, text: str) -> bool:
    """Whether what a detector found is no mere example of its kind."""
    if flag == "private_key":  # texts that explain keys quote the line that they begin with
        return _KEY_BODY.search(text) is not None
    if flag == "password_in_address":
        return not _PLACEHOLDER.fullmatch(found)
    if flag == "json_web_token":
        return True  # the detector decodes it
    return "EXAMPLE" not in found.upper() and len(set(found)) > 8


def _is_random(token: str) -> bool:
    return any(sign.isdigit() for sign in token) and any(sign.isupper() for sign in token) and len(set(token)) > 12


def _is_email(match: re.Match[str], window: str) -> bool:
    name, _, host = match[0].lower().rpartition("@")
    host, ending = host.rpartition(".")[0] or host, host.rpartition(".")[2]
    if name == "git" or window[match.end() : match.end() + 1] in ("(", "["):  # an address of a repository; code
        return False
    if _IN_ADDRESS.search(window[: match.start()] + name):  # user and password of an address
        return False
    if len(ending) > 2 and ending not in _ENDINGS:
        return False
    return host.rpartition(".")[2] not in _NO_HOSTS and "example" not in (name, host.rpartition(".")[2], ending)


def _is_phone(match: re.Match[str], window: str) -> bool:
    number = match[0]
    before, after = window[max(0, match.start() - 1) : match.start()], window[match.end() : match.end() + 1]
    if (before and before in _DIGIT_SIGNS) or (after and after in "0123456789-/_="):
        return False
    digits = re.sub(r"\D", "", number)
    if number.startswith("+") and not number.startswith("+1"):
        return 9 <= len(digits) <= 15 and before in ("", " ", "\n", "\t", "(", ":", '"', "'", "[", "<", ">", "|", ",")
    american = digits[-10:]
    if not _AMERICAN.fullmatch(number) or american[0] in "01" or american[3] in "01":
        return False
    return not (american[3:6] == "555" and american[6:8] == "01")  # kept for films


def _is_social_security_number(match: re.Match[str], window: str) -> bool:
    number = match[0]
    around = window[max(0, match.start() - 1) : match.start()] + window[match.end() : match.end() + 1]
    known = number in ("123-45-6789", "078-05-1120", "987-65-4321")
    return "-" in number and number[0] != "9" and not known and not re.search(r"[-\w/]", around)


def _is_card(match: re.Match[str], window: str) -> bool:
    digits = re.sub(r"\D", "", match[0])
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    if (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 or digits in _TEST_CARDS or len(set(digits)) < 4:
        return False
    around = window[max(0, match.start() - 1) : match.start()] + window[match.end() : match.end() + 1]
    if re.search(r"[\w-]", around):
        return False
    return digits != match[0] or _CARD_WORDS.search(window) is not None  # a bare number may as well be an id


def _is_ip_address(match: re.Match[str], window: str) -> bool:
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return False
    around = window[max(0, match.start() - 1) : match.start()] + window[match.end() : match.end() + 2]
    if not address.is_global or match[0] in ("1.1.1.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "1.2.3.4"):
        return False
    # four numbers with points are as often a version or a chapter
    return not re.search(r"^\.|\.\d|[vV]", around) and _IP_WORDS.search(window[: match.start()]) is not None


_IS: dict[str, Callable[[re.Match[str], str], bool]] = {
    "EMAIL": _is_email,
    "PHONE": _is_phone,
    "SSN": _is_social_security_number,
    "CREDIT_CARD": _is_card,
    "IP_ADDRESS": _is_ip_address,
}
_LONGEST_LINE, _OVERLAP = 8000, 1000
_READ_THEMSELVES = ("JwtTokenDetector", "BasicAuthDetector")
"""They decode what they find, or tell the password from the rest."""
_AMERICAN = re.compile(r"(?:\+?1[-. ])?(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}|\+1[-. \d]{10,14}")
"""Digits alone are an id, with one point a decimal, and groups with blanks alone are numbers beside each other."""
_BLANK = re.compile(r"\s")
_AT = re.compile(r"(?<=\S)@(?=\S)")
_NUMBERISH = re.compile(r"\d(?:[ .()/-]{0,2}\d){8,20}|\d{1,3}(?:\.\d{1,3}){3}")
_HF_TOKEN = re.compile(r"(?<![A-Za-z0-9_])hf_([A-Za-z0-9]{30,64})(?![A-Za-z0-9_])")
_KEY_BODY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s)+(?:[\w-]+: [^\n]*\n|\s)*[A-Za-z0-9+/=]{30,}"
    r"|PuTTY-User-Key-File-2[^\n]*\n"
)
_PLACEHOLDER = re.compile(
    r"(?:pass|password|passwd|pwd|pw|secret|token|api_?key|key|x+|\*+|\.+|\[.*|\$.*|%.*|<.*|.*>|your.*|my_?.*|changeme)",
    re.IGNORECASE,
)
_IN_ADDRESS = re.compile(r"://[^\s/]*$")
_ENDINGS = frozenset(
    (
        *("com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "app", "dev", "xyz"),
        *("online", "site", "tech", "store", "blog", "cloud", "email", "museum"),
    )
)
_NO_HOSTS = frozenset(
    ("example", "domain", "yourdomain", "mydomain", "company", "yourcompany", "localhost", "test", "invalid")
)
_DIGIT_SIGNS = "0123456789.-/_="
_TEST_CARDS = frozenset(
    (
        *("4111111111111111", "4242424242424242", "5555555555554444", "5105105105105100", "378282246310005"),
        *("371449635398431", "4012888888881881", "4000056655665556", "4222222222222"),
    )
)
"""Numbers that makers of cards publish for tests."""
_CARD_WORDS = re.compile(r"\b(?:card|visa|master ?card|amex|american express|credit|debit|payment)", re.IGNORECASE)
_IP_WORDS = re.compile(
    r"\b(?:ip|address|host|server|client|login|logged in|connection|ping|ssh|from)\b[^.\n]{0,30}$", re.IGNORECASE
)
