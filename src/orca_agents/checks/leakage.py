"""Find what does not belong to an item: words of its prompts, chat control tokens, refusals, placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from orca_agents.checks.terms import sequences
from orca_agents.language import words

SEQUENCE = 8
"""So many words in a row that are those of a prompt were copied from it."""


def leak(text: str, prompts: Sequence[str] = (), allowed: str = "") -> str | None:
    """What leaked into a text, in words that continue "it ...", or `None`. What stands in `allowed` is no leak."""
    known = allowed.casefold()
    for pattern, what in _LEAKS:
        for match in pattern.finditer(text):
            if match[0].strip().casefold() not in known:
                return f"holds {match[0].strip()[:60]!r}, {what}"
    return _prompt_words(text, tuple(prompts), allowed)


def preamble(text: str) -> str | None:
    """The opening line in which a model speaks of what it is about to hand in, or `None`."""
    first = text.strip().split("\n", 1)[0][:200]
    return first if any(pattern.match(first) for pattern in _PREAMBLES) else None


def control_token(text: str) -> str | None:
    """A control token of a chat template, or `None`."""
    match = _CONTROL.search(text)
    return match[0] if match else None


def _prompt_words(text: str, prompts: tuple[str, ...], allowed: str) -> str | None:
    told = _told(prompts)
    if not told:
        return None
    copied = [run for run in _runs(text) if run in told]
    copied = [run for run in copied if run not in sequences(allowed, SEQUENCE)] if copied else []
    return f"holds words of your instructions: {' '.join(copied[0])!r}" if copied else None


def _runs(text: str) -> Iterable[tuple[str, ...]]:
    tokens = words(text)
    return zip(*(tokens[at:] for at in range(SEQUENCE)), strict=False)


@lru_cache(maxsize=64)
def _told(prompts: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """The word sequences of the prompts. What they put in quotes are wordings to be used, and free."""
    told: set[tuple[str, ...]] = set()
    for prompt in prompts:
        for part in re.split(r"\"[^\"]*\"|\u201c[^\u201d]*\u201d|\{[{%].*?[%}]\}|(?<!\w)'[^'\n]*'(?!\w)", prompt):
            told.update(run for run in _runs(part) if len(set(run) - _STOCK_WORDS) >= 3)
    return frozenset(told)


_STOCK_WORDS = frozenset(
    words(
        "a an the of to in on at by for from with and or as is are was be it its this that these which what who when "
        "where why how if not one most best true false following passage author text argument conclusion statement "
        "option answer question strengthens weakens supports would does must main point purpose word phrase blank"
    )
)
_CONTROL = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>|<(?:pad|unk|bos|eos)>|</?think(?:ing)?>"
    "|<\uff5c[^<>\uff5c]{1,40}\uff5c>"
)
_FIELDS = (
    "passage|question|answer|answers|options?|key|evidence|reasoning|suggestions?|unsuitable|suitable|why_not|rubric"
    "|events|left|right|calculation|true_statement|false_statement|missing|answerable|text|instruction|response"
    "|output"
)
_LEAKS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), what)
    for pattern, what in (
        (_CONTROL.pattern, "a control token of a chat"),
        (
            r"^\s*+(?:#+ *)?(?:\*\*)?(?:user|assistant|system|human|chatbot|ai|model)(?:\*\*)? ?:(?=\s|$)",
            "the mark of a chat role",
        ),
        (
            r"^#{1,4} ?(?:(?:assistant|user|system|human|response)\b ?:?|(?:instructions?|input|output|task)\b ?:)\s*$",
            "the mark of a chat role",
        ),
        (
            r"\b(?:as an|i am an|i'm an|i am just an) (?:AI|artificial intelligence)(?: (?:language )?(?:model"
            r"|assistant))?\b"
            r"|\b(?:as|i am|i'm) a (?:large )?language model\b",
            "talk about being a model",
        ),
        (
            r"como (?:un )?modelo de (?:lenguaje|linguagem)|como (?:una )?(?:IA|inteligencia artificial)\b"
            r"|en tant que (?:modèle de langage|modèle d'IA|IA\b)|als (?:KI|künstliche Intelligenz)\b"
            r"|als (?:ein )?(?:großes )?Sprachmodell|jako model językowy|jako (?:sztuczna inteligencja|AI\b)"
            "|作为(?:一个|一款)?(?:AI|人工智能|大?语言模型)"
            "|言語モデルとして|AIとして"
            "|как языковая модель"
            "|एक (?:एआई|AI) (?:भाषा )?मॉडल",
            "talk about being a model",
        ),
        (
            # at the start of a line, since the people of a dialogue refuse things too
            r"^[*_>\s]*+I(?:'m| am) (?:sorry|afraid),? (?:but )?I (?:can't|cannot|can not|am (?:unable|not able) to"
            r"|won't) (?:help|assist|fulfil|fulfill|comply|generate|provide|create|write|answer|complete"
            r"|do that|continue)"
            r"|^[*_>\s]*+I (?:can't|cannot|am unable to|am not able to) (?:assist|help you|fulfil|fulfill|comply"
            r"|generate|provide)\b",
            "a refusal",
        ),
        (
            r"\bas an? (?:question|item|test|essay) (?:writer|author|setter)\b"
            r"|\bI (?:will|'ll|shall) (?:now )?(?:write|ask|create|generate) (?:\w+ ){1,4}(?:question|item|passage)\b",
            "talk about the task",
        ),
        (rf"</?(?:{_FIELDS})>", "a tag of the output form"),
        (
            rf"[{{,]\s*[\"'](?:{_FIELDS})[\"']\s*:|^\s*+[\"'](?:{_FIELDS})[\"']\s*:|\bwhy_not\b"
            r"|\b(?:true|false)_statement\b|\A\s*[{\[]\s*\"",
            "a piece of the output form",
        ),
        (r"<<<\s*(?:SOURCE|PASSAGE|SEED|TEXT)|(?:SOURCE|PASSAGE|SEED|TEXT)\s*>>>", "a mark of your instructions"),
        (r"\{\{.{0,60}?\}\}|\{%.{0,60}?%\}", "a template that nobody filled"),
        (
            r"\[(?:insert|enter|fill in|put|add|describe|write|name of|your [a-z]+|question|answer|passage|topic|title"
            r"|option [a-z0-9]|options?|correct answer|blank|date|name|location)\b[^\]\n]{0,60}\](?!\()"
            r"|<(?:insert|your|enter)\b[^>\n]{0,60}>",
            "a placeholder",
        ),
        (
            r"\boption [a-f1-6] (?:text|here|goes here)\b|\blorem ipsum\b"
            r"|\b(?:question|answer|text|passage) goes here\b"
            r"|\byour (?:question|answer|text|passage) here\b|\bplaceholder\b",
            "a placeholder",
        ),
    )
)
_THING = (
    "passage|text|question|story|poem|argument|debate|dialogue|conversation|transcript|version|rewrite|answer"
    "|response"
    "|essay|article|example|item|options?|summary|report|guide|instructions?|satire|piece"
)
_PREAMBLES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\W*(?:sure|certainly|of course|absolutely|okay|ok|great|no problem)\b[,.!:]*\s*"
        r"(?:here(?:'s| is| are)|below (?:is|are)|the following (?:is|are)"
        r"|(?:I'll|I will|let me) (?:re)?(?:write|create))"
        r"\b",
        rf"\W*(?:here(?:'s| is| are)|below (?:is|are)|the following (?:is|are)) (?:\S+ ){{0,6}}?(?:{_THING})\b"
        r"(?:[^.!?]{0,120}:|.{0,80}\b(?:based on the|rewritten|as requested|you asked|for you)\b.*)\W*$",
        r"\W*here(?:'s| is) (?:\S+ ){0,5}?(?:question|answer)\b[^.?!]{0,60}:",
        rf"\W*this is (?:\S+ ){{0,6}}?(?:{_THING})\b[^.!?]{{0,120}}:\W*$",
        rf"\W*(?:rewritten|revised|new|edited) (?:{_THING})\W*$",
        r"\W*(?:passage|question|text|answer|rewritten [a-z]+)\W*:\W*(?:$|\S)",
        r"\W*i (?:have|'ve) (?:re)?written\b",
        r"\W*(?:claro|por supuesto)\W+aquí|\W*aquí (?:está|tienes|tiene|te dejo)\b[^.]*:\W*$",
        r"\W*(?:bien sûr|certainement)\W+voici|\W*voici (?:le|la|un|une) (?:texte|passage|question|réécriture"
        r"|poème|version)[^.]*:\W*$",
        r"\W*hier (?:ist|sind) (?:der|die|das|ein|eine) [^.]*:\W*$",
        r"\W*oto (?:tekst|pytanie|fragment|wiersz)[^.]*:\W*$",
        "\\W*(?:好的|当然)[\uff0c,\u3002!\uff01]|\\W*(?:以下|下面|这)是[^\u3002]*(?:\uff1a|:)\\W*$",
        "\\W*以下(?:は|に)[^\u3002]*(?:です[:\uff1a\u3002]|[:\uff1a])\\W*$",
        "\\W*यहाँ [^।]*:\\W*$",
    )
)
