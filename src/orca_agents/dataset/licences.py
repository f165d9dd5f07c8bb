"""Which licences of sources fit a dataset under a stated licence. A table of what is commonly held, not legal advice.

The reasoning, by the family of a source's licence:

- *Dedicated to the public* (CC0, PDDL, Unlicense, public domain, 0BSD, MIT-0): asks for nothing, fits every target.
- *Attribution* (CC BY, ODC-BY, CDLA-Permissive, MIT, BSD, ISC, Apache-2.0, ...): asks that names and notices go along.
  They do: each row keeps its source and licence, and the card lists them. So it fits each target that does not give
  that up, which CC0 and PDDL do. Apache-2.0 and CC BY 4.0 may be given on under other terms as long as theirs are kept
  (Apache-2.0, section 4; CC BY 4.0, sections 2(a)(5) and 3(a)).
- *Share-alike*: CC BY-SA asks for itself (2.0 to 4.0 also allow a later version of itself; CC BY-SA 4.0 also allows
  GPL-3.0, but not the other way round), ODbL for itself, the GPL for itself. So each fits few targets.
- *Non-commercial* (CC BY-NC): fits non-commercial targets; CC BY-NC-SA only itself.
- *No derivatives* (CC BY-ND): rewritten text is a derivative, so it fits none.
- Anything else, or nothing, is unknown: refused, unless it is said to be kept.

In an SPDX expression `A OR B` fits where one of them does, `A AND B` where both do; AND binds closer than OR, brackets
closer than both. `/`, `,`, `;` and `+` between two licences stand for AND. What is in brackets behind a name is a
remark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from orca_agents.errors import ConfigError, did_you_mean

Family = Literal["public", "attribution", "cc-by-sa", "odbl", "gpl", "weak-copyleft", "nc", "nc-sa", "none"]
Fit = Literal["fits", "refused", "unknown"]

TARGETS: Mapping[str, frozenset[Family]] = MappingProxyType(
    {
        "cc0-1.0": frozenset(("public",)),
        "pddl-1.0": frozenset(("public",)),
        "cc-by-4.0": frozenset(("public", "attribution")),
        "odc-by-1.0": frozenset(("public", "attribution")),
        "cdla-permissive-2.0": frozenset(("public", "attribution")),
        "apache-2.0": frozenset(("public", "attribution")),
        "mit": frozenset(("public", "attribution")),
        "cc-by-sa-4.0": frozenset(("public", "attribution", "cc-by-sa")),
        "odbl-1.0": frozenset(("public", "attribution", "odbl")),
        "gpl-3.0": frozenset(("public", "attribution", "cc-by-sa", "gpl", "weak-copyleft")),
        "cc-by-nc-4.0": frozenset(("public", "attribution", "nc")),
        "cc-by-nc-sa-4.0": frozenset(("public", "attribution", "nc", "nc-sa")),
    }
)
"""Licence of a dataset -> the families of the sources that fit it."""

_EXACT: Mapping[str, Family] = MappingProxyType(
    {
        **dict.fromkeys(("cc0", "cc0-1.0", "pddl-1.0", "odc-pddl-1.0", "unlicense", "0bsd", "mit-0"), "public"),
        **dict.fromkeys(("public-domain", "publicdomain", "pd", "cc-pddc", "us-government-work", "wtfpl"), "public"),
        **dict.fromkeys(
            ("mit", "mit-license", "isc", "zlib", "bsl-1.0", "ncsa", "postgresql", "psf-2.0"), "attribution"
        ),
        **dict.fromkeys(("python-2.0", "unicode-3.0", "unicode-dfs-2016", "x11", "upl-1.0", "afl-3.0"), "attribution"),
        **dict.fromkeys(("apache-2.0", "apache-license-2.0", "apache2", "apache-2"), "attribution"),
        **dict.fromkeys(
            ("odc-by", "odc-by-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "ogl-uk-3.0"), "attribution"
        ),
        **dict.fromkeys(("bsd", "bsd-2-clause", "bsd-3-clause", "bsd-4-clause", "blueoak-1.0.0"), "attribution"),
        **dict.fromkeys(("odbl", "odbl-1.0"), "odbl"),
        **dict.fromkeys(("gpl-3.0", "gpl-3.0-only", "gpl-3.0-or-later", "gpl-2.0-or-later", "gplv3"), "gpl"),
        **dict.fromkeys(("lgpl-2.1-or-later", "lgpl-3.0", "lgpl-3.0-only", "lgpl-3.0-or-later"), "weak-copyleft"),
        **dict.fromkeys(("lgpl-2.1", "lgpl-2.1-only", "mpl-2.0"), "weak-copyleft"),
        # known, and fit for none of the targets: other conditions, or for GPL-2.0 alone, no later version
        **dict.fromkeys(("gpl-2.0", "gpl-2.0-only", "agpl-3.0", "agpl-3.0-only", "agpl-3.0-or-later"), "none"),
        **dict.fromkeys(("gfdl-1.2", "gfdl-1.3", "gfdl", "epl-1.0", "epl-2.0", "cddl-1.0", "cc-by-sa-1.0"), "none"),
        **dict.fromkeys(("proprietary", "all-rights-reserved", "noassertion", "none"), "none"),
    }
)
_CC = re.compile(r"cc-by(?P<kind>(?:-(?:nc|sa|nd))*)(?:-(?P<version>[1-4]\.\d))?(?:-[a-z]{2,4})?")
_CC_FAMILIES: Mapping[str, Family] = MappingProxyType(
    {"": "attribution", "-sa": "cc-by-sa", "-nc": "nc", "-nc-sa": "nc-sa"}
)


def check_target(licence: str) -> str:
    """The licence as the table has it; raises `ConfigError` for one that is not there."""
    name = licence.strip().lower().replace("_", "-").replace(" ", "-")
    if name not in TARGETS:
        known = ", ".join(TARGETS)
        raise ConfigError(
            f"--licence {licence}: what fits it is not known here{did_you_mean(name, TARGETS)}; known are {known}"
        )
    return name


def fit(source: str | None, target: str) -> Fit:
    """Whether material under the licence of a source may be in a dataset under the target licence."""
    if source is None or not source.strip():
        return "unknown"
    return _fit_any(_without_remarks(source), target)


def family(name: str) -> Family | None:
    """The family of one licence by its name; `None` where it is not known."""
    plain = re.sub(r"[\s_]+", "-", name.strip().strip("().").lower())
    plain = re.sub(r"^(?:the|spdx:)-?", "", plain)
    plain = re.sub(r"-with-.*exception.*$|-licen[cs]e$", "", plain)
    plain = re.sub(r"^creative-commons-", "cc-", plain)
    plain = re.sub(r"^https?://creativecommons\.org/licenses/([a-z-]+)/(\d\.\d).*$", r"cc-\1-\2", plain)
    plain = re.sub(r"^https?://creativecommons\.org/publicdomain/.*$", "cc0-1.0", plain)
    plain = re.sub(r"^ccby", "cc-by", plain)
    if plain in _EXACT:
        return _EXACT[plain]
    if match := _CC.fullmatch(plain):
        kinds = match["kind"]
        if "nd" in kinds:
            return "none"
        return _CC_FAMILIES.get(kinds) if (kinds, match["version"]) != ("-nc-sa", "1.0") else "none"
    return None


def _fit_any(text: str, target: str) -> Fit:
    """One of the licences with OR between them has to fit."""
    results = [_fit_all(part, target) for part in _parted(text, _OR)]
    if "fits" in results:
        return "fits"
    return "unknown" if "unknown" in results else "refused"


def _fit_all(text: str, target: str) -> Fit:
    """All of the licences with AND between them have to fit."""
    results = [_fit_one(part.strip(), target) for part in _parted(text, _AND) if part.strip()]
    if "refused" in results:
        return "refused"
    return "fits" if results and "unknown" not in results else "unknown"


def _fit_one(text: str, target: str) -> Fit:
    """A licence, or an expression in brackets."""
    if _is_wrapped(text):
        return _fit_any(text[1:-1], target)
    found = family(text)
    if found is None:
        return "unknown"
    return "fits" if found in TARGETS[target] else "refused"


def _parted(text: str, joint: re.Pattern[str]) -> list[str]:
    """The parts of a text between joints that stand in no brackets."""
    parts, start = [], 0
    for match in joint.finditer(text):
        before = text[: match.start()]
        if before.count("(") <= before.count(")"):
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _is_wrapped(text: str) -> bool:
    """Whether a text is a pair of brackets with all the rest inside."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return sign == ")" and at == len(text) - 1
    return False


_OR = re.compile(r"\s+(?:OR|or|Or)\s+")
_AND = re.compile(r"\s+(?:AND|and|And)\s+|\s*[/,;]\s+|\s+[/+]\s+|\s*;\s*")


def _without_remarks(text: str) -> str:
    """`CC0-1.0 (US Government work)` without what is in the brackets; brackets of an expression stay."""
    return re.sub(r"\((?![^()]*\b(?:OR|AND)\b)[^()]*\)", "", text)
