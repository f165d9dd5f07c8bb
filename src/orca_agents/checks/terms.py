"""The content words of a text: what two texts must share if one is about the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from orca_agents.language import SPACED_WORD, UNSPACED, words

GENERIC_STEM = 5
"""Letters that are kept of a word where we do not know how its language inflects."""
ENGLISH_STEM = 7


def terms(text: str, language: str | None) -> frozenset[str]:
    """The content words of a text, stemmed; pairs of characters in scripts without spaces. Numbers count."""
    return frozenset(_counted(text, _is_english(language)))


def frequent_terms(text: str, language: str | None, most: int) -> frozenset[str]:
    """The content words that a text uses most often: what it is about."""
    counts = _counted(text, _is_english(language))
    return frozenset(term for term, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def subject_terms(text: str, language: str | None) -> frozenset[str]:
    """Content words without those that questions about any text have in common (`author`, `main idea`, `best`)."""
    stock = _STOCK if _is_english(language) else _STOCK_ELSEWHERE
    return terms(text, language) - stock


def share(part: frozenset[str], whole: frozenset[str]) -> float:
    """Which share of `part` is in `whole`; 1 where there is nothing to ask for."""
    return len(part & whole) / len(part) if part else 1.0


def copied_share(text: str, source: str, size: int = 5) -> float:
    """Which share of the word sequences of `text` stands in `source` too; 0 for texts shorter than a sequence."""
    own = sequences(text, size)
    return len(own & sequences(source, size)) / len(own) if own else 0.0


@lru_cache(maxsize=64)
def sequences(text: str, size: int) -> frozenset[tuple[str, ...]]:
    """The sequences of `size` words (characters in scripts without spaces) of a text."""
    tokens = words(text)
    return frozenset(zip(*(tokens[at:] for at in range(size)), strict=False))


def contains(text: str, part: str) -> bool:
    """Whether the words of `part` stand in `text` side by side, whatever the signs and spaces between them."""
    piece = words(part)
    return bool(piece) and f"\x1f{_joined(part)}\x1f" in f"\x1f{_joined(text)}\x1f"


def occurrences(text: str, part: str) -> int:
    """How often the words of `part` stand in `text`."""
    if not words(part):
        return 0
    return len(re.findall(f"(?<=\x1f){re.escape(_joined(part))}(?=\x1f)", f"\x1f{_joined(text)}\x1f"))


@lru_cache(maxsize=64)
def _joined(text: str) -> str:
    return "\x1f".join(words(text))


def _is_english(language: str | None) -> bool:
    return language is None or language.startswith("en")


_GROUPED = re.compile("(?<=[0-9])[,\u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_RUN = re.compile(rf"[{UNSPACED}]+|{SPACED_WORD}")


@lru_cache(maxsize=256)
def _counted(text: str, english: bool) -> Counter[str]:
    return Counter(_terms_of(text, english))


def _terms_of(text: str, english: bool) -> Iterator[str]:
    text = _GROUPED.sub("", text.lower().replace("\u2019", "'"))
    text = re.sub(r"'(?:s|t|re|ve|ll|d|m)\b", "", text)
    for run in _RUN.findall(text):
        if re.match(f"[{UNSPACED}]", run):
            if len(run) == 1 and run not in _FUNCTION_SIGNS:
                yield run
            for pair in pairwise(run):
                if not _FUNCTION_SIGNS.intersection(pair):
                    yield "".join(pair)
        elif run[0].isdigit():
            yield run
        elif len(run) > 1 and run not in _FUNCTION_WORDS:
            yield _stem(run) if english and run.isascii() else run[:GENERIC_STEM]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """An English word without its ending: rough, but the same for `argue`, `argues`, `argued`, `arguing`."""
    if len(word) > 4:
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)] + instead
                break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    if len(word) > 3 and word[-1] in "ey":
        word = word[:-1]
    return word[:ENGLISH_STEM]


_ENDINGS = (
    ("ations", "at"), ("ation", "at"), ("ators", "at"), ("ator", "at"), ("ating", "at"), ("ated", "at"),
    ("ates", "at"), ("ate", "at"), ("ments", "ment"), ("nesses", ""), ("ness", ""), ("iness", ""),
    ("ingly", ""), ("edly", ""), ("ings", ""), ("ing", ""), ("ies", "y"), ("ied", "y"), ("ily", "y"),
    ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("ss", "ss"), ("us", "us"), ("es", ""),
    ("ed", ""), ("ly", ""), ("ers", ""), ("er", ""), ("ors", ""), ("or", ""), ("s", ""),
)  # fmt: skip

_FUNCTION_SIGNS = frozenset(
    "的了是在和也有不这這那我你他她它们們"
    "之与與及或就都而被把对對为為以于於着"
    "著吗嗎呢吧过過个個一哪什么麼很到说說"
    "のはがをにでともたてしるれすまいから"
    "なだこそあようっんくけりさま"
)


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FUNCTION_WORDS = _listed(
    # English, with the words that any text may have
    "a an the of to in on at by for from with and or as is are was were be been being am it its itself this that "
    "these those do does did done doing has have had having which what who whom whose when where why how if than then "
    "so not no nor into onto about over under up down out off again further once only own same such too very can will "
    "just should now would could may might must shall he him his she her hers they them their theirs we us our ours "
    "you your yours i me my mine one ones also any all some both each every either neither few more most much many "
    "other others another even still yet because while although though however therefore thus hence upon within "
    "without through during before after above below between among against across along around since until unless "
    "whether like per via else ever never always often perhaps rather quite well way ways thing things something "
    "nothing anything everything someone make makes made making get gets got take takes took taken go goes went gone "
    "come comes came say says said see seen saw know known give gives gave given put let use used using uses need "
    "needs want wants good new first last two three there here yes "
    # Spanish, Portuguese, Italian
    "el la los las lo un una unos unas de del al en y o u e que qué quién cuál cuáles cuándo "
    "cómo dónde cuánto cuántos cuántas por porque para con sin sobre entre como cuando donde "
    "se su sus es son fue fueron era ser está están hay ha han no sí ni más pero si ya le les me "
    "te nos este esta estos estas ese esa eso esto muy también todo todos toda todas cada según o os as um "
    "uma do da dos das no na nos nas em ao com não mais mas seu sua il lo gli i un uno di del della dei delle "
    "nel nella con per che chi cosa come perché quale quali è sono non più "
    # French
    "le les des du au aux et ou mais donc ni car ce cet cette ces qui que quoi quel quelle quels quelles quand "
    "comment pourquoi combien dans par pour avec sans sur sous est sont était a ont être avoir il elle ils "
    "elles on nous vous je tu leur leurs son sa ses ne pas plus très aussi tout tous toute toutes selon à "
    # German, Dutch
    "der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine in im an am auf aus bei "
    "mit nach von vom zu zum zur für über unter durch um als wie was wer wem wen wann wo warum welche "
    "welcher welches welchen ist sind war waren sein wird werden wurde wurden hat haben hatte er sie es wir ihr ich "
    "sich auch noch nur dass wenn weil man sehr laut het een van voor met niet zijn naar ook dat deze "
    # Polish, Czech
    "i w z na do nie się jest są był była było że to co kto który która "
    "które jak jaki jaka jakie dlaczego kiedy gdzie ile czy dla od po przez przy oraz lub ale tego tej ten ta te "
    # Russian
    "и в во не на я с со как а "
    "то все он она они но да "
    "к у же за бы по от из о чт"
    "о кто это для где когд"
    "а почему "
    # Hindi
    "का के की को में से पर और "
    "है हैं था थे थी यह वह ने "
    "कर ही भी तो नहीं क्या "
    "कौन क्यों कैसे कब इस "
    "उस एक लिए या जो हो"
)

_STOCK = frozenset(
    _stem(word)
    for word in _listed(
        "passage passages text texts author authors writer writers speaker speakers narrator article excerpt poem "
        "case better make "
        "story dialogue conversation essay paragraph paragraphs"
        "sentence sentences statement statements word words phrase "
        "phrases term line lines stanza option options answer answers question questions following main idea ideas "
        "point points purpose primary primarily central theme topic best better likely mostly mainly chief chiefly "
        "describe describes described describing explain explains explained according argument arguments argue argues "
        "conclusion conclusions conclude meaning mean means true false correct incorrect order match matching fill "
        "blank infer inferred inference suggest suggests suggested imply implies implied support supports supported "
        "strengthen strengthens weaken weakens assume assumes assumption assumptions flaw flawed flaws reasoning "
        "reason reasons title summary summarise summarize summarizes tone attitude discuss discusses discussed mention "
        "mentions mentioned state states stated example examples choose select identify list name complete based "
        "evidence opinion fact facts analyse analyze evaluate claim claims view views viewpoint perspective role "
        "function principle method pattern structure organization organisation paradox discrepancy resolve explain "
        "correctly accurately exactly expressed express expresses information context important importance effective "
        "effectively discuss overall different difference relationship events event sequence chronological item items "
        "cause effect result show shows shown provide provides provided"
    )
)
_STOCK_ELSEWHERE = frozenset(
    word[:GENERIC_STEM]
    for word in _listed(
        "texto pasaje autor autora idea principal según pregunta respuesta opción afirmación siguiente "
        "siguientes mejor explica describe párrafo oración frase palabra verdadera falsa texte passage "
        "auteur idée principale question réponse affirmation suivante suivantes expliquez décrivez "
        "phrase mot vraie fausse autor autors abschnitt textes hauptgedanke frage antwort aussage folgende folgenden "
        "erkläre beschreibe wort satz richtig falsch tekst autor tekstu fragment główna myśl "
        "pytanie odpowiedź zdanie trecho autora testo brano autore текст "
        "автор लेखक अनुच्छेद "
        "पाठ अनुसार प्रश्न"
    )
) | _listed(
    "作者 文章 短文 文段 原文 段落 句子 下列 "
    "以下 选项 根据 主要 中心 思想 观点 问题 "
    "答案 正确 错误 说法 解释 描述 请根 筆者 "
    "本文 文中 筆者 主旨 概括 大意 一项 哪一 哪项 最能 原因 含义 符合"
)
