"""Every kind of constraint by its name."""

from __future__ import annotations

from orca_agents.constraints.counts import COUNTS
from orca_agents.constraints.dates import DATES
from orca_agents.constraints.edits import EDITS
from orca_agents.constraints.kind import Kind
from orca_agents.constraints.languages import LANGUAGES
from orca_agents.constraints.layouts import LAYOUTS
from orca_agents.constraints.letters import LETTERS
from orca_agents.constraints.markup import MARKUP
from orca_agents.constraints.notes import NOTES
from orca_agents.constraints.verse import VERSE
from orca_agents.constraints.wording import WORDING

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (*COUNTS, *WORDING, *LETTERS, *MARKUP, *EDITS, *NOTES, *DATES, *VERSE, *LAYOUTS, *LANGUAGES)
}
"""What may stand before the colon."""
GENERAL = (
    "max_words",
    "min_words",
    "words",
    "max_chars",
    "sentences",
    "max_sentences",
    "lines",
    "paragraphs",
    "bullets",
    "contains",
    "forbids",
    "starts_with",
    "ends_with",
)
"""The kinds that suit any text: what is told to a writer of whom nothing more is known."""
