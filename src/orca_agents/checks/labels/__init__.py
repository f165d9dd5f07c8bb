"""Checks of labelling tasks: declared classes with definitions, drawn texts, edits that move what they should."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.labels import item
from orca_agents.checks.labels.label import LabelFormat, LabelsFormat

FORMATS: tuple[AnswerFormat, ...] = (LabelFormat(), LabelsFormat())
CHECKS: tuple[Check, ...] = (
    Check("label_not_announced", "instruction", item.why_announced, "no text says which class it is of"),
    Check("one_text_per_class", "instruction", item.why_not_one_each,
          "each class has one text, as long as the others, so that the drawn one may be of any class"),
    Check("definitions_decide", "instruction", item.why_indefinite, "definitions say more than names, and no quotes"),
    Check("labels_refined", "instruction", item.why_not_refined, "the edit does what its goal asks"),
    Check("label_reason_sound", "draft", item.why_bad_reason, "where a reason is asked for, it is one clean sentence"),
)  # fmt: skip
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
