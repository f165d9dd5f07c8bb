"""Every kind of answer by its name."""

from __future__ import annotations

from orca_agents.checks.answerability import AnswerabilityFormat
from orca_agents.checks.api import AnswerFormat
from orca_agents.checks.blank import BlankFormat
from orca_agents.checks.choice import ChoiceFormat
from orca_agents.checks.essay import EssayFormat
from orca_agents.checks.families import FAMILIES
from orca_agents.checks.items import SetFormat
from orca_agents.checks.mapping import MappingFormat
from orca_agents.checks.number import NumberFormat
from orca_agents.checks.order import OrderFormat
from orca_agents.checks.span import SpanFormat
from orca_agents.checks.truth import TruthFormat
from orca_agents.records import AnswerForm

_FORMATS: tuple[AnswerFormat, ...] = (
    SpanFormat(),
    SetFormat(),
    NumberFormat(),
    ChoiceFormat(),
    TruthFormat(),
    OrderFormat(),
    MappingFormat(),
    BlankFormat(),
    EssayFormat(),
    AnswerabilityFormat(),
)
FORMS: dict[AnswerForm, AnswerFormat] = {
    form.name: form for form in (*_FORMATS, *(form for family in FAMILIES for form in family.FORMATS))
}
"""What `answer:` of a taxonomy leaf may name."""
