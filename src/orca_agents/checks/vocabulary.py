"""The word lists behind the comparison of texts: articles, prepositions, negations, units, telling words."""

from __future__ import annotations


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


ARTICLES = _listed("a an the")
LEADING_ARTICLES = _listed(
    "der die das ein eine le la les l un une el los las il lo gli het een una unos unas uma al au aux"
)
"""Articles of other languages; they are taken off the front only, since they are words elsewhere."""
ARTICLES_OR_NAMES = _listed("una uma al les das lo")
"""Those that, with a capital, may also be what somebody is called."""

PLACES = _listed("in at on")
LEADS = PLACES | _listed("of to by for from with during as because that mr mrs ms miss dr prof professor")
"""First words that an answer may have or lack."""

NEGATIONS = _listed(
    """not no never none nor neither without non nothing nobody nowhere hardly
    nicht kein keine keinen keiner keinem nie niemals ohne nichts ne pas jamais aucun aucune sans rien
    sin nunca ning\u00fan ninguno ninguna nada n\u00e3o sem senza mai niet geen nooit zonder bez
    \u043d\u0435 \u043d\u0435\u0442 \u0431\u0435\u0437 \u043d\u0438\u043a\u043e\u0433\u0434\u0430
    \u4e0d \u6ca1 \u6c92 \u672a \u975e \u65e0 \u7121 \u5426 \u522b \u52ff \u306a \u305a \u306c"""
)
"""Words (and, in scripts without spaces, characters) that turn a statement round."""

TURNING = _listed(
    """vice former ex half semi anti almost nearly only except but before after until since over under above below
    between least most more less fewer all some any every few many too if unless may might could would should
    grand great step deputy assistant acting alleged allegedly supposed claimed fake false wrong opposite north
    south east west left right old new upper lower latter square cubic per 1st last next previous un re dis mis
    other another his her their its my your our 's / < > = + # & ^ unlike instead rather than so
    once twice thrice double triple son daughter wife husband brother sister father mother widow
    \u4e00 \u4e8c \u4e09 \u56db \u4e94 \u516d \u4e03 \u516b \u4e5d \u5341 \u767e \u5343 \u4e07 \u842c \u4ebf
    \u5104 \u534a \u524d \u540e \u5f8c \u526f"""
)
"""Words that an answer may not have more of than the other: with them it names something else."""

REVERSING = _listed(
    """refus fail forbid forbad avoid prevent deny ceas stop lack ban pretend cancel unabl
    say believ think claim want try plan promis threaten intend hop seem"""
)
"""Base forms (as `paraphrase.base` makes them) of verbs that turn a clause round, or make it a mere claim or wish."""

HARMLESS = _listed("about approximately roughly around circa ca exactly total altogether year")
"""Words that may stand beside a number without changing it."""

FUNCTION_WORDS = ARTICLES | _listed(
    """of to in on at by for from with and or as is are was were be been being it its this that these those
    do does did has have had which what who whom whose when where why how if than then so not no into about
    's / his her their they he she we you i"""
)
"""Words that carry no matter of their own."""

ORDINALS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th",
    "eighth": "8th", "ninth": "9th", "tenth": "10th", "eleventh": "11th", "twelfth": "12th",
}  # fmt: skip
UNITS = {
    "kilometre": "km", "kilometer": "km", "metre": "m", "meter": "m", "centimetre": "cm", "centimeter": "cm",
    "millimetre": "mm", "millimeter": "mm", "kilogram": "kg", "kilogramme": "kg", "gram": "g", "gramme": "g",
    "litre": "l", "liter": "l", "hour": "h", "hr": "h", "minute": "min", "sec": "2nd", "percent": "%",
    "dollar": "$", "euro": "\u20ac", "pound": "\u00a3",
}  # fmt: skip
"""One spelling for each unit. A second is an ordinal too, and both are told by the words around them."""
CURRENCIES = ("$", "\u20ac", "\u00a3", "\u00a5")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
ROMANCE_ARTICLES = _listed("un una uno une el la los las le les il lo gli uma")
NAME_PARTICLES = _listed("of the de del da di la le van von der den al bin ibn y and du des")
"""Small words inside names."""
BE = _listed("be is are was were been being am")
PARTICLES = _listed("off up out down away back")
"""Particles that stand before or behind the object of their verb."""
PRONOUNS = _listed("it them")
INDEFINITE = _listed("something anything everything somebody anybody everybody one")
IRREGULAR = {
    "agreed": "agree", "evening": "evening", "freed": "free",
    "began": "begin", "begun": "begin", "brought": "bring", "built": "build", "bought": "buy", "came": "come",
    "caught": "catch", "chose": "choose", "chosen": "choose", "done": "do", "drew": "draw", "drawn": "draw",
    "drove": "drive", "driven": "drive", "ate": "eat", "eaten": "eat", "fallen": "fall", "felt": "feel",
    "fed": "feed", "fought": "fight", "flew": "fly", "flown": "fly", "forgot": "forget", "forgotten": "forget",
    "gave": "give", "given": "give", "went": "go", "gone": "go", "grew": "grow", "grown": "grow", "heard": "hear",
    "held": "hold", "kept": "keep", "knew": "know", "known": "know", "led": "lead", "lent": "lend", "lost": "lose",
    "made": "make", "meant": "mean", "met": "meet", "paid": "pay", "ran": "run", "risen": "rise", "said": "say",
    "sent": "send", "sold": "sell", "spent": "spend", "spoke": "speak", "spoken": "speak", "stood": "stand",
    "stolen": "steal", "stole": "steal", "swam": "swim", "swum": "swim", "taken": "take", "took": "take",
    "taught": "teach", "told": "tell", "thought": "think", "threw": "throw", "thrown": "throw", "won": "win",
    "wore": "wear", "worn": "wear", "wrote": "write", "written": "write",
}  # fmt: skip
"""Past forms of frequent verbs, and words that only look like verb forms.

Without those that are other words too, such as left, saw, found and fell.
"""
