"""Tell a question or an instruction from a statement, by the words and signs of its language."""

from __future__ import annotations

import re

from orca_agents.language import count_words


def asks_or_tells(text: str, language: str | None, *, stem: bool = False) -> bool:
    """Whether a text asks something or tells its reader to do something.

    `stem`: whether the beginning of a sentence will do, for the options complete it.
    """
    code = (language or "en").split("-")[0].lower()
    sentences = [part for piece in _SENTENCE.split(text) if (part := piece.strip(" \"'*_-"))]
    if stem and text.rstrip().endswith("?"):
        return True  # a few words will do over a list of options: `The tone of the poem?`
    if code == "en":
        return any(map(_asks_in_english, sentences)) or (stem and _is_stem(text))
    if any(sign in text for sign in "?\uff1f\u061f\u037e\u055e\u1367"):
        return count_words(text) >= 3
    words = _WORDS.get(code)
    if stem and _is_open(text):
        return True
    # of a language whose words we do not know, only a plain statement could be told, and that not surely
    return words is None or any(words.search(part) for part in sentences)


def _asks_in_english(sentence: str) -> bool:
    if "?" in sentence and _ASKING.search(sentence):
        return True
    return bool(_TELLING.match(sentence))


def _is_stem(text: str) -> bool:
    """The beginning of a sentence as tests put it: `The author mentions the owl in order to`."""
    return _is_open(text) or bool(re.search(rf"\b(?:{_STEM_ENDS})\s*$", text.strip(), re.IGNORECASE))


def _is_open(text: str) -> bool:
    return text.strip().endswith(
        (":", "\uff1a", "\u2014", "...", "\u2026", "__", "\uff08\u3000\uff09", "\uff08\uff09", "()")
    )


_SENTENCE = re.compile(r"(?<=[.!?:;\u0964])\s+|(?<=[\u3002\uff01\uff1f\uff1a])|\n+")
_ASKING = re.compile(
    r"\b(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should"
    r"|shall|may"
    r"|might|must|has|have|had|if|to what extent|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|can't|couldn't)\b",
    re.IGNORECASE,
)
_VERBS = (
    "analy[sz]e|answer|argue|arrange|assess|calculate|categori[sz]e|characteri[sz]e|choose|cite|classify"
    "|comment|compare|complete"
    "|compute|conclude|connect|consider|construct|contrast|count|critique|critici[sz]e|decide|deduce|define"
    "|demonstrate"
    "|describe|determine|differentiate|discuss|distinguish|draw|estimate|evaluate|examine|explain|explore|fill"
    "|find|give"
    "|group|identify|illustrate|imagine|indicate|infer|interpret|judge|justify|label|link|list|locate|mark|match"
    "|mention|name|order"
    "|outline|pair|paraphrase|pick|place|point|predict|propose|provide|put|quote|rank|rate|read|rearrange|reconstruct"
    "|reflect|relate|rephrase|restate|rewrite|say|select|sequence|show|sort|specify|state|suggest|sum up|summari[sz]e"
    "|support"
    "|suppose|tell|tick|trace|underline|use|verify|weigh|work|write"
)
_GIVEN = (
    "based on|using|from|according to|drawing on|with reference to|referring to|for each|of|given|after|in|considering"
)
_TELLING = re.compile(
    rf"(?:(?:please|carefully|briefly|now|first|then|and)[,;:]?\s++|(?:{_GIVEN}) [^,]+,\s++)*"
    rf"(?:(?:{_GIVEN}) [^,]+?\s++)?"
    rf"(?:critically\s+|briefly\s+)?(?:{_VERBS})\b(?=[\s,:])",
    re.IGNORECASE,
)
_STEM_ENDS = (
    "as|to|that|by|because|is|are|was|were|would|of|for|in|with|on|from|be|being|been|when|if|whether|which"
    "|about|between"
    "|than|like|it|they|he|she|primarily|mainly|mostly|chiefly|most likely|probably|an?|the"
)
_WORDS = {
    code: re.compile(pattern, re.IGNORECASE)
    for code, pattern in {
        "es": r"\b(?:qué|quién(?:es)?|cuál(?:es)?|cuándo|dónde|cómo|cuánt[oa]s?)\b"
        r"|^(?:analiza|argumenta|asocia|busca|calcula|cita|clasifica|coloca|compara|completa|contesta|decide|describe"
        r"|determina|di|elige|empareja|enumera|escoge|escribe|evalúa|examina|explica|expresa|identifica|indica"
        r"|interpreta"
        r"|justifica|marca|menciona|nombra|ordena|pon|propone|propón|relaciona|responde|resume|selecciona|señala|une"
        r"|valora)(?:r|d)?\b|^según ",
        "fr": r"\b(?:qui|quoi|quel(?:le)?s?|quand|où|comment|pourquoi|combien|lequel|laquelle)\b"
        r"|^\w+(?:ez|ons)\b|^(?:analyser|associer|choisir|citer|classer|comparer|compléter|décrire|expliquer|indiquer"
        r"|mettre|relier|remettre|résumer|explique|décris|indique|choisis|complète|relie|classe|compare)\b",
        "de": r"\b(?:wer|wen|wem|wessen|was|welche[rsnm]?|wann|wo|woher|wohin|warum|weshalb|wieso|wie|womit"
        "|wozu|wodurch)\b"
        r"|^\w+en sie\b|^(?:analysiere|begründe|benenne|berechne|beschreibe|bestimme|beurteile|bewerte|bringe|ordne"
        r"|entscheide|ergänze|erkläre|erläutere|finde|fülle|gib|nenne|schreibe|setze|stelle|verbinde"
        r"|vergleiche|vervollständige|wähle|zeige|zitiere|fasse|untersuche)\b",
        "pl": r"\b(?:kto|kogo|komu|co|czego|czemu|któr\w+|kiedy|gdzie|dlaczego|jak|jaki\w*|jaka|jakie|ile|czy)\b"
        r"|^(?:analizuj|dopasuj|określ|oceń|oblicz|opisz|podaj|porównaj|połącz|przedstaw|rozstrzygnij|ułóż"
        r"|uporządkuj|uzasadnij|uzupełnij|wskaż|wybierz|wyjaśnij|wymień|zaznacz|napisz|przeanalizuj)\b",
        "it": r"\b(?:chi|che cosa|cosa|quale|quali|quando|dove|come|perché|quanto|quanti|quante)\b"
        r"|^(?:abbina|analizza|calcola|cita|completa|confronta|descrivi|elenca|indica|individua|metti|ordina"
        r"|scegli|scrivi"
        r"|spiega|valuta|riassumi|collega)\b",
        "pt": r"\b(?:quem|que|qual|quais|quando|onde|como|por que|quanto|quantos|quantas)\b"
        r"|^(?:analise|associe|calcule|cite|compare|complete|descreva|escolha|escreva|explique|identifique"
        r"|indique|ordene"
        r"|relacione|resuma|selecione|avalie|justifique|aponte)\b",
        "nl": r"\b(?:wie|wat|welke?|wanneer|waar|waarom|hoe|hoeveel)\b"
        r"|^(?:beschrijf|geef|leg|kies|noem|vergelijk|verklaar|zet|koppel|vul|bereken|beoordeel|bepaal)\b",
        "ru": "\\b(?:кто|кого|что|чего|как\\w*|когда|где"
        "|почему|зачем|сколько|котор\\w+|чем)\\b|^\\w+(?:ите|йте|ьте)\\b",
        "zh": "请|請|哪|什么|什麼|为何|為何|为什|為什|谁|誰|吗|嗎|呢|如何"
        "|怎样|怎樣|怎么|怎麼|多少|几|幾|何时|是否|判断|判斷|选择|選擇|选出|排列|排序"
        "|匹配|配对|连线|填空|填入|分析|评价|評價|说明|說明|解释|解釋|概括"
        "|比较|比較|计算|計算|列出|列举|指出|论述|論述|简述|找出|写出|按|将",
        "ja": "か(?:\u3002|$|\\s)|ください|下さい|なさい|せよ|しろ|何|なぜ|どの|どれ|どう"
        "|誰|いつ|どこ|いくつ|選べ|選び|述べよ|答えよ|並べ",
        "ko": "무엇|누구|언제|어디|왜|어떻|어느|몇|시오|세요|라\\.|까",
        "hi": "क्या|कौन|कहा|कब|क्यो|कैस|कितन|किस|किन|इए|ाएँ|ाओ|िए|ीजिए|ें\\s*(?:।|$)|रो\\b",
        "ar": "ما|من|متى|أين|لماذا|كيف|كم|أي|هل|اشرح|اذكر|رتب|اختر",
    }.items()
}
