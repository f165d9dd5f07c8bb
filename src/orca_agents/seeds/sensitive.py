"""Notice secrets and personal data in a text. The text is kept as it is; the seed carries a flag."""

from __future__ import annotations

import re


def sensitive_flags(text: str) -> tuple[str, ...]:
    """`secrets` (keys, tokens, passwords) and `personal_data` (e-mail, phone, card and account numbers), where seen.

    Meant to err on the side of a flag: a person or a later filter decides what it means.
    """
    flags = []
    if _has_secret(text):
        flags.append("secrets")
    if _has_personal_data(text):
        flags.append("personal_data")
    return tuple(flags)


def _has_secret(text: str) -> bool:
    """What the patterns need is looked for first: most texts hold nothing of it, and looking is quick."""
    if any(mark in text for mark in _SECRET_MARKS) and _SECRET.search(text):
        return True
    return (":" in text or "=" in text) and _ASSIGNED.search(text) is not None


def _has_personal_data(text: str) -> bool:
    if "@" in text and _EMAIL.search(text):
        return True
    # digits of other scripts count too, and are not counted here
    digits = sum(map(text.count, "0123456789")) if text.isascii() else len(text)
    if digits >= 2 and _SHORT_NUMBER.search(text):
        return True
    if digits >= 7 and _NUMBER.search(text):
        return True
    return digits >= 15 and any(_is_card(match[0]) for match in _CARD.finditer(text))


# Every repetition is bounded, so that no text makes these quadratic.
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # AWS
    r"|\bgh[opsur]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{22,255}"
    r"|\bglpat-[A-Za-z0-9_-]{20,64}|\bhf_[A-Za-z0-9]{30,64}\b|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-[A-Za-z0-9_-]{50,255}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,255}"  # Slack
    r"|\bsk-[A-Za-z0-9_-]{20,255}|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}"  # OpenAI, Anthropic, Stripe
    r"|\bAIza[0-9A-Za-z_-]{35}"  # Google
    r"|\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\."  # JSON web token
)
_SECRET_MARKS = (
    *("PRIVATE KEY-----", "AKIA", "ASIA", "gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "hf_"),
    *("npm_", "pypi-", "xox", "sk-", "k_live_", "k_test_", "AIza", "eyJ"),
)
"""One of these is in every match of `_SECRET`."""
_ASSIGNED = re.compile(
    r"(?i)(?:passwo?r?d|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key)"
    r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?=[^\s\"']{0,200}\d)[^\s\"'()\[\]{}<>$]{6,200}"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_SHORT_NUMBER = re.compile(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?\b")  # IBAN in groups
# Of 7 digits or more.
_NUMBER = re.compile(
    r"(?<![\w.+-])\+\d{1,3}[ .-]?(?:\(\d{1,5}\)[ .-]?)?\d(?:[ .-]?\d){5,12}\b"  # phone, with its country's prefix
    r"|(?<![\w(])\(\d{3}\) ?\d{3}[-. ]\d{4}\b|(?<![\w.-])\d{3}[-.]\d{3}[-.]\d{4}(?![\w.-])"  # phone, American
    r"|(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"  # American social security number
    r"|\b[A-Z]{2}\d{2}[A-Z]{4}\d{10,22}\b"  # IBAN
)
_CARD = re.compile(r"(?<![\w.-])[3-6]\d{3}(?:([ -]?)\d{4}(?:\1\d{4}){2}|[ -]?\d{6}[ -]?\d{5})(?![\w.-])")


def _is_card(number: str) -> bool:
    """Whether the last digit is the check digit of the others (Luhn)."""
    digits = [int(digit) for digit in number if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
