"""Show a labelling task: the request, the classes with their definitions, what is classified, and how to answer."""

from __future__ import annotations

import random

from orca_agents.checks.labels.classes import definitions_of
from orca_agents.records import Instruction, short_hash

_HOW: dict[str, dict[str, str]] = {
    "en": {
        "one": "Answer with the name of the class alone.",
        "reason": "Give the name of the class on the first line, and on the second one sentence that says why.",
        "several": "Give every class that applies, one per line, and nothing else.",
        "batch": "Give one class per line, in the order of the texts, and nothing else.",
    },
    "es": {
        "one": "Responde solo con el nombre de la clase.",
        "reason": "Da el nombre de la clase en la primera línea y, en la segunda, una frase que diga por qué.",
        "several": "Da todas las clases que correspondan, una por línea, y nada más.",
        "batch": "Da una clase por línea, en el orden de los textos, y nada más.",
    },
    "fr": {
        "one": "Réponds seulement par le nom de la classe.",
        "reason": "Donne le nom de la classe à la première ligne et, à la deuxième, une phrase qui dit pourquoi.",
        "several": "Donne toutes les classes qui conviennent, une par ligne, et rien d'autre.",
        "batch": "Donne une classe par ligne, dans l'ordre des textes, et rien d'autre.",
    },
    "de": {
        "one": "Antworte nur mit dem Namen der Klasse.",
        "reason": "Gib in der ersten Zeile den Namen der Klasse an und in der zweiten einen Satz, der sagt, warum.",
        "several": "Nenne alle Klassen, die zutreffen, eine je Zeile, und sonst nichts.",
        "batch": "Nenne je Zeile eine Klasse, in der Reihenfolge der Texte, und sonst nichts.",
    },
    "pl": {
        "one": "Odpowiedz samą nazwą klasy.",
        "reason": "W pierwszym wierszu podaj nazwę klasy, a w drugim jedno zdanie, które mówi, dlaczego.",
        "several": "Podaj wszystkie pasujące klasy, po jednej w wierszu, i nic więcej.",
        "batch": "Podaj po jednej klasie w wierszu, w kolejności tekstów, i nic więcej.",
    },
    "zh": {
        "one": "只回答类别名称。",
        "reason": "第一行给出类别名称，第二行用一句话说明理由。",
        "several": "列出所有适用的类别，每行一个，不要写其他内容。",
        "batch": "按文本顺序每行给出一个类别，不要写其他内容。",
    },
}
"""How to answer, in the languages that we can say it in; elsewhere the request has to do."""
ASKS_REASONS: frozenset[str] = frozenset(_HOW)
"""The languages in which a reason can be asked for."""
_RULE = ("---\n", "\n---")
_WRAPS = (
    ('"""\n', '\n"""'),
    ("<text>\n", "\n</text>"),
    ("```\n", "\n```"),
    _RULE,
)


def show(instruction: Instruction, language: str | None) -> str:
    """The whole task as a student sees it."""
    draw = random.Random(short_hash("show", instruction.question, *instruction.parts["labels"]))
    in_english = language in (None, "en")
    mode = instruction.hidden["mode"][0]
    bullet, bold = draw.choice(("- ", "* ", "")), draw.choice(("", "", "**"))
    classes = "\n".join(f"{bullet}{bold}{name}{bold}: {told}" for name, told in definitions_of(instruction).items())
    heading = draw.choice(("Classes:\n", "Labels:\n", "Choose from:\n", "")) if in_english else ""
    material = _material(instruction, draw, in_english=in_english)
    way = "reason" if instruction.hidden["style"] == ("reason",) else mode
    hints = _HOW.get((language or "en").split("-")[0], {})
    # a reason that is not asked for in words would only look like one line too many
    how = hints.get(way, _HOW["en"]["reason"] if way == "reason" else "")
    if draw.random() < 0.3:  # the material first
        blocks = (material, instruction.question, heading + classes, how)
    elif draw.random() < 0.5:
        blocks = (instruction.question, heading + classes, how, material)
    else:
        blocks = (instruction.question, heading + classes, material, how)
    return "\n\n".join(block for block in blocks if block)


def _material(instruction: Instruction, draw: random.Random, *, in_english: bool) -> str:
    texts = instruction.parts.get("texts", ())
    fit = [wrap for wrap in _WRAPS if not _clashes(wrap[1], instruction)]
    before, after = draw.choice(fit or [_RULE])
    if instruction.hidden["mode"] == ("batch",):
        return "\n\n".join(f"[{number}] {text}" for number, text in enumerate(texts, 1))
    if not texts:
        return f"{before}{instruction.content.text}{after}"
    if instruction.hidden.get("over") == ("passage",):
        if in_english:
            return f"Text:\n{before}{instruction.content.text}{after}\n\nStatement: {texts[0]}"
        return f"{before}{instruction.content.text}{after}\n\n> {texts[0]}"
    return f"{before}{texts[0]}{after}"


def _clashes(mark: str, instruction: Instruction) -> bool:
    """Whether the material holds the mark that would close it: a rule counts where it has a line of its own."""
    texts = (instruction.content.text, *instruction.parts.get("texts", ()))
    if mark == _RULE[1]:
        return any(line.strip() == mark.strip() for text in texts for line in text.splitlines())
    return any(mark.strip() in text for text in texts)
