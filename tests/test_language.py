"""Tell languages apart, and count words, in scripts of all kinds."""

import pytest

from orca_agents.language import count_words, detect, language_name, other_language, words

SENTENCES = {
    "en": "The baker opened the shop before the sun was up.",
    "es": "La panadera abrió la tienda antes de que saliera el sol.",
    "fr": "La boulangère a ouvert la boutique avant le lever du soleil.",
    "de": "Die Bäckerin öffnete den Laden, bevor die Sonne aufging.",
    "pl": "Piekarka otworzyła sklep, zanim wzeszło słońce.",
    "ru": "Пекарь открыл лавку ещё до восхода солнца.",
    "zh": "面包师在日出之前就打开了店门。",
    "ja": "パン屋は日の出前に店を開けました。",
    "ko": "빵집 주인은 해가 뜨기 전에 가게를 열었다.",
    "hi": "बेकर ने सूरज निकलने से पहले दुकान खोली।",
    "ar": "فتح الخباز المتجر قبل شروق الشمس.",
    "el": "Ο φούρναρης άνοιξε το μαγαζί πριν βγει ο ήλιος.",
}


@pytest.mark.parametrize(("code", "text"), SENTENCES.items())
def test_a_sentence_is_enough(code: str, text: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize(
    "text", ["", "   \n", "42 + 17 = 59", "Ada Lovelace", "```python\nfor item in items:\n    print(item)\n```"]
)
def test_what_is_too_short_or_no_prose_has_no_language(text: str) -> None:
    assert detect(text) is None


def test_code_and_addresses_do_not_hide_the_language_around_them() -> None:
    code = "```js\nexport default function whenever(value) { return value.length }\n```"
    assert detect(f"{SENTENCES['zh']}\n\n{code}\n{SENTENCES['zh']}") == "zh"
    assert detect(f"{SENTENCES['es']} https://example.org/the/quick/brown/fox `list.sort()`") == "es"


@pytest.mark.parametrize("code", SENTENCES)
def test_its_own_language_is_never_another_one(code: str) -> None:
    assert other_language(SENTENCES[code], code) is None
    assert other_language(SENTENCES[code], None) is None


def test_english_is_noticed_where_another_language_was_asked_for() -> None:
    assert [other_language(SENTENCES["en"], code) for code in ("es", "zh", "hi")] == ["en", "en", "en"]
    assert other_language(SENTENCES["zh"], "en") == "zh"


def test_short_texts_full_of_names_are_given_the_benefit_of_the_doubt() -> None:
    assert other_language("Homebrew, Kubernetes, Google Analytics", "hi") is None
    assert other_language("Isla Munro", "es") is None


def test_words_are_counted_in_any_script() -> None:
    assert count_words("The baker's shop, 24 years old.") == 7
    assert count_words("बेकर ने दुकान खोली।") == 4
    assert count_words("面包师打开店门") == 4
    assert words("Café 茶馆") == ["café", "茶", "馆"]


def test_languages_have_english_names() -> None:
    assert (language_name("pl"), language_name("zh-CN"), language_name("tlh")) == ("Polish", "Chinese", "tlh")
