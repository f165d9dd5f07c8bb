"""Tell which language a text is in, and count its words, whatever its script."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

UNSPACED = (
    "\u3005\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff"
)
"""Inside of a character class: the scripts that put no spaces between words (Han, Kana, Thai, Lao, Burmese, Khmer)."""
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
SPACED_WORD = rf"(?:[^\W_{UNSPACED}]|[{_MARKS}])+"
"""Pattern of a word of the other scripts; vowel signs, which `\\w` leaves out, belong to it."""

CHARACTERS_PER_WORD = 2
"""How many characters of a script without spaces count as one word."""
_SURE = 0.55
"""Share of the probability from which a short text's language is believed; long texts come out near 1."""
_SAMPLE = 4000
"""Characters that are looked at; more make no difference, and time."""


def detect(text: str) -> str | None:
    """The language of a text (ISO 639-1), or `None` where it is too short or mixed to tell. Code does not count."""
    prose = _prose(text)
    scripts = _scripts(prose)
    letters = scripts.total()
    script, most = scripts.most_common(1)[0] if scripts else ("", 0)
    han_and_kana = scripts["han"] + scripts["kana"]
    if han_and_kana > 0.5 * letters and han_and_kana >= 4:
        return "ja" if scripts["kana"] > 0.05 * han_and_kana else "zh"
    if most < 0.7 * letters or letters < 4:
        return None
    if script in _ONE_LANGUAGE:
        return _ONE_LANGUAGE[script]
    # a few Latin words are as good as any language; the other scripts narrow it down
    if letters < (20 if script == "latin" else 8):
        return None
    language, share = _identifier().classify(prose[:_SAMPLE])
    if share < _SURE or language == "zxx" or len(language) != 2:
        return None
    return str(language)


def other_language(text: str, expected: str | None) -> str | None:
    """The language of a text if it is surely not the expected one. Close relatives are not told apart."""
    if expected is None:
        return None
    expected = expected.split("-")[0].lower()
    found = detect(text)
    if found is None or found == expected or any({found, expected} <= close for close in _CLOSE):
        return None
    own = _OWN_SCRIPT.get(expected, "latin")
    scripts = _scripts(_prose(text))
    total = scripts.total()
    if own == "latin" and scripts["latin"] >= 0.7 * total and total < 60:
        # one short sentence full of names is easily taken for a sister language: only a clear case counts
        language, share = _identifier().classify(_prose(text))
        return str(language) if share > 0.95 else None
    return found


def language_name(code: str) -> str:
    """The English name of a language, e.g. `Spanish` for `es`; the code itself where none is known."""
    return _NAMES.get(code.split("-")[0].lower(), code)


def words(text: str) -> list[str]:
    """The words of a text in lower case; in scripts without spaces each character stands for itself."""
    return _WORD.findall(text.lower())


def count_words(text: str) -> int:
    """How long a text is, in words; two characters make one in scripts without spaces."""
    unspaced = len(_UNSPACED_SIGN.findall(text))
    return len(_SPACED.findall(text)) + (unspaced + CHARACTERS_PER_WORD - 1) // CHARACTERS_PER_WORD


_UNSPACED_SIGN = re.compile(f"[{UNSPACED}]")
_SPACED = re.compile(SPACED_WORD)
_WORD = re.compile(rf"[{UNSPACED}]|{SPACED_WORD}")

_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`"  # code
    r"|\$\$.*?\$\$|\$[^$\n]{1,200}\$|\\[a-zA-Z]+"  # formulas
    r"|</?[a-zA-Z][^<>\n]*>|\{[{%].*?[%}]\}"  # markup, templates
    r"|(?:https?://|www\.)\S+|(?<!\S)[^\s@]++@[^\s@]+\.\S+"
    r"|^(?:    |\t)\S[^\n]*[=(){};<>][^\n]*$"  # indented code
    r"|\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b|\b[A-Za-z0-9]+(?:[./][A-Za-z0-9_]+)+\b|\b\w+\(\)",  # names out of code
    re.DOTALL | re.MULTILINE,
)


def _prose(text: str) -> str:
    """The running text, without code, formulas, markup and addresses; a sample of it where it is long."""
    if len(text) > 3 * _SAMPLE:
        third = _SAMPLE // 2
        middle = len(text) // 2
        text = f"{text[:third]}\n{text[middle : middle + third]}\n{text[-third:]}"
    return re.sub(r"\s+", " ", _NOT_PROSE.sub(" ", text)).strip()


_SCRIPTS = {
    "latin": "A-Za-z\u00c0-\u024f\u1e00-\u1eff",
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "kana": "\u3040-\u30ff",
    "hangul": "\uac00-\ud7af\u1100-\u11ff",
    "cyrillic": "\u0400-\u052f",
    "devanagari": "\u0900-\u0963",
    "arabic": "\u0620-\u064a\u0671-\u06d3",
    "greek": "\u0370-\u03ff",
    "hebrew": "\u05d0-\u05ea",
    "thai": "\u0e01-\u0e4e",
    "bengali": "\u0980-\u09ff",
    "gurmukhi": "\u0a00-\u0a7f",
    "gujarati": "\u0a80-\u0aff",
    "odia": "\u0b00-\u0b7f",
    "tamil": "\u0b80-\u0bff",
    "telugu": "\u0c00-\u0c7f",
    "kannada": "\u0c80-\u0cff",
    "malayalam": "\u0d00-\u0d7f",
    "sinhala": "\u0d80-\u0dff",
    "georgian": "\u10a0-\u10ff",
    "armenian": "\u0530-\u058f",
    "ethiopic": "\u1200-\u137f",
    "khmer": "\u1780-\u17ff",
    "lao": "\u0e80-\u0eff",
    "burmese": "\u1000-\u109f",
}
_SCRIPT_SIGNS = {name: re.compile(f"[{signs}]") for name, signs in _SCRIPTS.items()}
_ONE_LANGUAGE = {
    "hangul": "ko", "greek": "el", "hebrew": "he", "thai": "th", "gurmukhi": "pa", "gujarati": "gu", "odia": "or",
    "tamil": "ta", "telugu": "te", "kannada": "kn", "malayalam": "ml", "sinhala": "si", "georgian": "ka",
    "armenian": "hy", "khmer": "km", "lao": "lo", "burmese": "my",
}  # fmt: skip
"""Scripts that (nearly) one language alone is written in."""
_OWN_SCRIPT = (
    {language: script for script, language in _ONE_LANGUAGE.items()}
    | dict.fromkeys(("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "tt", "ba"), "cyrillic")
    | dict.fromkeys(("ar", "fa", "ur", "ps", "ug"), "arabic")
    | dict.fromkeys(("hi", "mr", "ne", "sa"), "devanagari")
    | {"zh": "han", "ja": "han", "bn": "bengali", "as": "bengali", "am": "ethiopic", "yi": "hebrew"}
)
_CLOSE = (
    {"no", "nb", "nn", "da"},
    {"hr", "bs", "sr", "sl"},
    {"id", "ms", "jv"},
    {"cs", "sk"},
    {"es", "gl", "ca", "an", "pt"},
    {"hi", "mr", "ne", "sa"},
    {"fa", "ps", "ur"},
    {"ru", "uk", "be", "bg", "mk"},
    {"af", "nl", "fy"},
    {"ga", "gd"},
    {"az", "tr", "tk"},
    {"fr", "oc", "wa"},
    {"bn", "as"},
    {"am", "ti"},
    {"he", "yi"},
    {"it", "co"},
)
"""Languages that the identifier mixes up on short texts, and that one text rarely switches between."""
_NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani", "be": "Belarusian",
    "bg": "Bulgarian", "bn": "Bengali", "br": "Breton", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech",
    "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "fy": "Frisian",
    "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "ig": "Igbo", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada",
    "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin", "lo": "Lao", "lt": "Lithuanian", "lv": "Latvian",
    "mg": "Malagasy", "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay",
    "mt": "Maltese", "my": "Burmese", "nb": "Norwegian", "ne": "Nepali", "nl": "Dutch", "nn": "Norwegian",
    "no": "Norwegian", "oc": "Occitan", "or": "Odia", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "qu": "Quechua", "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "sa": "Sanskrit",
    "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sr": "Serbian",
    "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai", "tk": "Turkmen",
    "tl": "Tagalog", "tr": "Turkish", "tt": "Tatar", "ug": "Uyghur", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "xh": "Xhosa", "yi": "Yiddish", "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip


def _scripts(text: str) -> Counter[str]:
    """How many letters of each script a text has."""
    sample = text[:_SAMPLE]
    counts = {name: len(signs.findall(sample)) for name, signs in _SCRIPT_SIGNS.items()}
    return Counter({name: count for name, count in counts.items() if count})


@cache
def _identifier() -> Any:
    """The language identifier; loading it takes half a second and 80 MB, so not before it is needed."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
