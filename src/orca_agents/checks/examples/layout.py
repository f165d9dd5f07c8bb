"""Show a few-shot task: all in one message, in one of several notations, or as earlier turns of a conversation."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from orca_agents.checks.examples.shots import Shot, is_on, query_of, shots_of
from orca_agents.records import Instruction, Message, short_hash

Layout = Literal["message", "explained", "turns"]
"""Examples and query in one message; the same, with the rule to be said before the output; one turn per example."""
_SHARES: tuple[tuple[Layout, float], ...] = (("message", 0.4), ("explained", 0.25), ("turns", 0.35))
EXPLAIN = {
    "en": "Say briefly how the outputs come about. Then give the output for the last input on a line of its own.",
    "es": "Di brevemente cómo se obtienen las salidas. Da después, en una línea aparte, la salida de la última "
    "entrada.",
    "fr": "Dis brièvement comment les sorties sont obtenues. Donne ensuite, sur une ligne à part, la sortie de la "
    "dernière entrée.",
    "de": "Sage kurz, wie die Ausgaben zustande kommen. Gib dann in einer eigenen Zeile die Ausgabe zur letzten "
    "Eingabe an.",
    "pl": "Powiedz krótko, jak powstają wyniki. Potem w osobnym wierszu podaj wynik dla ostatniego wejścia.",
    "zh": "请简要说明输出是如何得出的，然后另起一行给出最后一个输入的输出。",
}
ODD = {
    "en": "One of the examples breaks the rule that all others follow. Give its number, and the output for the last "
    "input by that rule, in the form `number | output`.",
    "es": "Uno de los ejemplos no cumple la regla que siguen los demás. Da su número y la salida que corresponde a la "
    "última entrada según esa regla, en la forma `número | salida`.",
    "fr": "Un des exemples ne suit pas la règle de tous les autres. Donne son numéro et la sortie de la dernière "
    "entrée selon cette règle, sous la forme `numéro | sortie`.",
    "de": "Eines der Beispiele verletzt die Regel, der alle anderen folgen. Gib seine Nummer an und die Ausgabe zur "
    "letzten Eingabe nach dieser Regel, in der Form `Nummer | Ausgabe`.",
    "pl": "Jeden z przykładów łamie regułę, której trzymają się pozostałe. Podaj jego numer i wynik dla ostatniego "
    "wejścia według tej reguły, w postaci `numer | wynik`.",
    "zh": "其中一个例子违反了其他例子都遵循的规则。请给出它的编号，"
    "以及按该规则最后一个输入的输出，格式为 `编号 | 输出`。",
}
CODE = {
    "en": "Write a Python function `f` that does this for all such arguments. Give the code alone.",
    "es": "Escribe una función `f` en Python que haga esto con todos los argumentos de este tipo. Da solo el código.",
    "fr": "Écris une fonction Python `f` qui fait cela pour tous les arguments de ce genre. Donne seulement le code.",
    "de": "Schreibe eine Python-Funktion `f`, die das für alle solchen Argumente leistet. Gib nur den Code an.",
    "pl": "Napisz w Pythonie funkcję `f`, która robi to dla wszystkich takich argumentów. Podaj sam kod.",
    "zh": "请编写一个 Python 函数 `f`，对所有此类参数完成同样的计算。只给出代码。",
}
"""What is asked for, where the examples alone cannot tell; in English where we cannot say it in another language."""
_WRAPS = (
    "Input: {given}\nOutput: {made}",
    "Q: {given}\nA: {made}",
    "<in>{given}</in>\n<out>{made}</out>",
    "{given}\n=> {made}",
    "{given} -> {made}",
    "[{given}] : {made}",
)
_WRAPS_LINES = (
    "Input:\n{given}\nOutput:\n{made}",
    "<in>\n{given}\n</in>\n<out>\n{made}\n</out>",
    "```\n{given}\n```\n```\n{made}\n```",
    "{given}\n---\n{made}",
)


def draw_layout(settings: Sequence[str], shots: Sequence[Shot]) -> Layout:
    """How an item is laid out. Worked steps explain themselves."""
    if "code" in settings or "odd" in settings:
        return "message"
    draw = random.Random(short_hash("layout", *sorted(f"{shot.input}\x1f{shot.output}" for shot in shots))).random()
    for layout, share in _SHARES:
        if draw < share:
            return "message" if layout == "explained" and "steps" in settings else layout
        draw -= share
    return "turns"


def layout_of(instruction: Instruction) -> str:
    """How an item is laid out."""
    return instruction.hidden["layout"][0]


def history_of(question: str, shots: Sequence[Shot]) -> tuple[Message, ...]:
    """The examples as earlier turns; the request stands in the first of them."""
    turns: list[Message] = []
    for number, shot in enumerate(shots):
        said = f"{question}\n\n{shot.input}" if number == 0 else shot.input
        turns += [Message(role="user", content=said), Message(role="assistant", content=shot.output)]
    return tuple(turns)


def show(instruction: Instruction, language: str | None) -> str:
    """The message that is to be answered."""
    shots, query = shots_of(instruction), query_of(instruction)
    if layout_of(instruction) == "turns" and instruction.history:
        return query
    if is_on(instruction, "code"):
        lines = "\n".join(f"f({shot.input}) == {shot.output}" for shot in shots)
        return "\n\n".join((instruction.question, lines, _said(CODE, language)))
    wrap = _wrap(instruction, shots, query)
    shown = [wrap.format(given=shot.input, made=shot.output) for shot in shots]
    if is_on(instruction, "odd"):
        shown = [f"({number}) {text}" for number, text in enumerate(shown, 1)]
    # the output is left open, at the place where it would begin
    opened = wrap.partition("{made}")[0].rstrip("\n").format(given=query) if shots else query
    asked = _said(ODD, language) if is_on(instruction, "odd") else ""
    if layout_of(instruction) == "explained":
        asked = _said(EXPLAIN, language)
    return "\n\n".join(block for block in (instruction.question, asked, *shown, opened.rstrip()) if block)


def _said(sentences: dict[str, str], language: str | None) -> str:
    return sentences.get((language or "en").split("-")[0], sentences["en"])


def _wrap(instruction: Instruction, shots: Sequence[Shot], query: str) -> str:
    draw = random.Random(short_hash("wrap", *instruction.parts.get("inputs", ())))
    texts = [*(shot.input for shot in shots), *(shot.output for shot in shots), query]
    if any("\n" in text for text in texts):
        return draw.choice([wrap for wrap in _WRAPS_LINES if not ("```" in wrap and any("```" in t for t in texts))])
    return draw.choice(_WRAPS)
