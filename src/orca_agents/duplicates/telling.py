"""Words that tell two questions apart, and words that never do, in the languages that are met most."""

from __future__ import annotations


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


NUMBERS = _words(
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million",
    "twice thrice half",
    "zwei drei vier fünf sechs sieben acht neun zehn",
    "deux trois quatre cinq sept huit neuf dix",
    "dos tres cuatro cinco seis siete ocho nueve diez",
    "due tre quattro cinque",
    "два три четыре пять шесть семь",
    "二 两 三 四 五 六 七 八 九 十",
)
"""Numbers in words. Not one: it is an article in most of these."""
NEGATIONS = _words(
    "not no nor never cannot neither none nothing nobody except without",
    "nicht kein keine keinen nie niemals außer ohne niet geen nooit zonder",
    "ne pas jamais sauf sans nunca excepto sin não exceto sem non mai senza eccetto",
    "не нет никогда кроме без لا ليس नहीं 不 没 沒 非 未 无 無",
)
LITTLE = _words(
    "about also been being between both could does each every from have here into just like many much must only other",
    "over please same should some such than that their them then there these they this those upon very were what when",
    "where which while whom whose will with within would your",
)
"""Little words of English that are as long as others. None that has an opposite, as most and least, before and after.
"""
