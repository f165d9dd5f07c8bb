"""Find claims of cause in a text whose reason the data do not hold. English."""

from __future__ import annotations

import re

from orca_agents.checks.figures.data import Data
from orca_agents.checks.terms import share, terms

LEAST_SHARE = 0.6
"""So much of a reason's content words must stand in the data or the request."""
_CAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|owing to|thanks to|on account of|as a (?:result|consequence) of|caused by|driven by"
    r"|attribut(?:ed|able) to|resulting from|result(?:s|ed) from|stem(?:s|med) from|fuell?ed by|spurred by"
    r"|prompted by|boosted by|helped by|hit by|hurt by|triggered by|brought (?:on|about) by|led by the"
    r"|as (?:a )?(?:reaction|response) to|explained by|down to the|on the back of|amid)\s+(?P<reason>[^.;\n]{1,120})",
    re.IGNORECASE,
)
_EFFECT = re.compile(
    r"\b(?:(?:which|this|that|these|it|and) )?(?:led to|resulted in|caused|triggered|prompted|gave rise to"
    r"|contributed to|is (?:likely|probably) (?:because|the result)|reflect(?:s|ed|ing)|suggest(?:s|ed|ing) that"
    r"|indicat(?:es|ed|ing) that|likely (?:because|due|reflects?)|probably (?:because|due|reflects?)|perhaps because"
    r"|may be (?:because|due|linked)|thereby)\s+(?P<reason>[^.;\n]{1,120})",
    re.IGNORECASE,
)
_OWN = frozenset(
    terms(
        "figure figures value values number numbers cell cells row rows column columns missing blank gap gaps "
        "data table record recorded records report reported rise rose fall fell increase decrease growth decline "
        "change changes difference higher lower highest lowest largest smallest more less fewer most least total "
        "totals average mean share percent year years month months week day days quarter first last second "
        "previous next between than half absent available unavailable given listed shown result results drop gain "
        "compare compared comparison estimate one two three four five six seven eight nine ten both each all "
        "other ",
        "en",
    )
)
"""What any report of data may say of them."""


def unfounded_cause(text: str, data: Data, given: str) -> str | None:
    """The first claim of a cause (`because of the strike`) of which the data know nothing, or `None`."""
    known = terms("\n".join((given, data.text, *data.columns)).replace("_", " "), "en") | _OWN
    stems = {term[:5] for term in known if len(term) >= 5}
    for pattern in (_CAUSE, _EFFECT):
        for match in pattern.finditer(text[:40_000]):
            wanted = terms(match["reason"], "en")
            held = frozenset(term for term in wanted if term in known or term[:5] in stems or term[0].isdigit())
            if wanted and share(wanted, held) < LEAST_SHARE:
                return match[0].strip()
    return None
