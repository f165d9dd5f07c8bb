"""Say what a schema alone does not tell its reader, in the languages that we can say it in."""

from __future__ import annotations

from orca_agents.checks.extraction.schema import Group, Items, Node, values_of


def hints_in(language: str | None) -> dict[str, str] | None:
    """The sentences in a language; `None` where we do not speak it, so that the JSON schema has to do."""
    return _HINTS.get((language or "en").split("-")[0])


def rules(schema: Node, told: dict[str, str]) -> str:
    """How values are written, what null means, which numbers are sums."""
    values = [value for _, value in values_of(schema)]
    kinds = {value.kind for value in values}
    found = [told[kind] for kind in ("text", "date", "time") if kind in kinds]
    if kinds & {"number", "integer"}:
        found.append(told["number"])
    if any(value.nullable for value in values):
        found.append(told["null"])
    found += [told["sum"].format(path, value.total_of) for path, value in values_of(schema) if value.total_of]
    if _any_ordered(schema):
        found.append(told["order"])
    return told["join"].join([*found, told["alone"]])


def _any_ordered(node: Node) -> bool:
    if isinstance(node, Items):
        return node.ordered or _any_ordered(node.of)
    return isinstance(node, Group) and any(_any_ordered(inner) for inner in node.fields.values())


_HINTS: dict[str, dict[str, str]] = {
    "en": {
        "shape": "Reply with JSON of this shape:",
        "schema": "Reply with JSON that fits this JSON Schema:",
        "text": "Copy texts from the document exactly as they stand there.",
        "date": "Write dates as YYYY-MM-DD; where the document gives less, as YYYY-MM or YYYY.",
        "time": "Write times on the 24-hour clock, as HH:MM.",
        "number": "Write numbers in full, in digits and without separators (2.5 million is 2500000).",
        "null": "Use null where the document does not say.",
        "sum": "{} is the sum of {}.",
        "order": "Keep the order that is asked for.",
        "alone": "Give the JSON alone.",
        "join": " ",
    },
    "es": {
        "schema": "Responde con JSON que se ajuste a este JSON Schema:",
        "text": "Copia los textos del documento exactamente como aparecen.",
        "date": "Escribe las fechas como AAAA-MM-DD; si el documento da menos, como AAAA-MM o AAAA.",
        "time": "Escribe las horas en formato de 24 horas, como HH:MM.",
        "number": "Escribe los números completos, en cifras y sin separadores de miles, con punto decimal.",
        "null": "Usa null donde el documento no lo diga.",
        "sum": "{} es la suma de {}.",
        "order": "Respeta el orden que se pide.",
        "alone": "Da solo el JSON.",
        "join": " ",
    },
    "fr": {
        "schema": "Réponds par du JSON conforme à ce JSON Schema :",
        "text": "Recopie les textes du document exactement tels qu'ils y figurent.",
        "date": "Écris les dates sous la forme AAAA-MM-JJ ; si le document en dit moins, AAAA-MM ou AAAA.",
        "time": "Écris les heures sur 24 heures, sous la forme HH:MM.",
        "number": "Écris les nombres en entier, en chiffres, sans séparateur de milliers et avec un point décimal.",
        "null": "Mets null là où le document ne dit rien.",
        "sum": "{} est la somme de {}.",
        "order": "Respecte l'ordre demandé.",
        "alone": "Donne seulement le JSON.",
        "join": " ",
    },
    "de": {
        "schema": "Antworte mit JSON, das zu diesem JSON Schema passt:",
        "text": "Übernimm Texte aus dem Dokument genau so, wie sie dort stehen.",
        "date": "Schreibe Daten als JJJJ-MM-TT; wo das Dokument weniger angibt, als JJJJ-MM oder JJJJ.",
        "time": "Schreibe Uhrzeiten im 24-Stunden-Format als HH:MM.",
        "number": "Schreibe Zahlen vollständig, in Ziffern, ohne Tausendertrennzeichen und mit Dezimalpunkt.",
        "null": "Verwende null, wo das Dokument nichts sagt.",
        "sum": "{} ist die Summe von {}.",
        "order": "Halte die verlangte Reihenfolge ein.",
        "alone": "Gib nur das JSON an.",
        "join": " ",
    },
    "pl": {
        "schema": "Odpowiedz w formacie JSON zgodnym z tym JSON Schema:",
        "text": "Teksty przepisz z dokumentu dokładnie tak, jak w nim stoją.",
        "date": "Daty zapisz jako RRRR-MM-DD; gdy dokument podaje mniej, jako RRRR-MM lub RRRR.",
        "time": "Godziny zapisz w systemie 24-godzinnym, jako HH:MM.",
        "number": "Liczby zapisz w całości, cyframi, bez separatorów tysięcy i z kropką dziesiętną.",
        "null": "Wpisz null tam, gdzie dokument tego nie podaje.",
        "sum": "{} to suma {}.",
        "order": "Zachowaj żądaną kolejność.",
        "alone": "Podaj sam JSON.",
        "join": " ",
    },
    "zh": {
        "schema": "请用符合以下 JSON Schema 的 JSON 回答：",
        "text": "文本须按文档原文逐字抄录。",
        "date": "日期写作 YYYY-MM-DD；文档给出的信息较少时，写作 YYYY-MM 或 YYYY。",
        "time": "时间用 24 小时制，写作 HH:MM。",
        "number": "数字用阿拉伯数字完整写出，不加分隔符。",
        "null": "文档未说明之处填 null。",
        "sum": "{} 是 {} 的总和。",
        "order": "保持所要求的顺序。",
        "alone": "只给出 JSON。",
        "join": "",
    },
}
"""What is said, by language. Only English says `shape`: the words in the places of an example's values are English."""
