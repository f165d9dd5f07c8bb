"""What a build is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from orca_agents.dataset.licences import check_target
from orca_agents.errors import ConfigError, did_you_mean
from orca_agents.models import shown_address

Balance = Literal["skill", "leaf", "letter", "length"]
Flagging = Literal["auto", "report", "drop", "off"]
DocumentIs = Literal["source", "row"]


@dataclass(frozen=True)
class Embedding:
    """The endpoint whose embeddings tell which questions mean the same."""

    model: str
    base_url: str | None = None
    """OpenAI's own (or $OPENAI_BASE_URL) unless given."""
    api_key_env: str = "OPENAI_API_KEY"


@dataclass(frozen=True)
class BuildOptions:
    """Every choice of a build; the same choices over the same runs give the same rows."""

    seed: int = 0
    """Decides every draw; another number makes other draws."""
    with_demo: bool = False
    """Keep what the embedded demonstration model made."""
    with_unverified: bool = False
    with_empty: bool = False
    """Keep rows that have nothing in a message, or nothing to answer."""
    near: float | None = 0.7
    """How like each other two items are that count as copies; with `None` only exact copies do."""
    semantic: float | None = None
    """The cosine from which two questions mean the same; not compared unless given."""
    embedding: Embedding | None = None
    benchmarks: Path | None = None
    """The index of benchmarks; nothing is compared unless given."""
    flags: Flagging = "auto"
    """What is done about secrets and personal data; `auto` reports them if the extra [filters] is there, and says so if
    it is not."""
    licence: str | None = None
    """The licence that the dataset is to have; sources of any licence go in unless given."""
    keep_unknown_licences: bool = False
    balance: frozenset[Balance] = frozenset()
    mix: str | Mapping[str, float] | None = None
    """`even`, `released`, or skill -> its part of the whole."""
    rows: int | None = None
    """Most rows of all."""
    most_per_skill: int | None = None
    most_per_leaf: int | None = None
    unanswerable: float | None = None
    """Most of a skill's rows, as a part, whose answer is that there is none, or that the task cannot be done."""
    document: DocumentIs = "source"
    """What counts as one document where the rows of a table or of JSONL name a source of their own: all rows of that
    source, or each row by itself."""
    validation: float = 0.05
    """The part of the rows for validation."""
    holdout: int = 100
    """Rows of each skill that are held out for evaluation."""

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for the manifest; without the path of a file or what may be a key in an address."""
        plain = asdict(self)
        plain["balance"] = sorted(self.balance)
        if self.embedding is not None and self.embedding.base_url is not None:
            plain["embedding"]["base_url"] = shown_address(self.embedding.base_url)
        plain["benchmarks"] = self.benchmarks.name if self.benchmarks else None
        return plain


def check_options(options: BuildOptions) -> None:
    """Raise `ConfigError` for choices that contradict each other or mean nothing."""
    if unknown := sorted(set(options.balance) - set(get_args(Balance))):
        known = ", ".join(get_args(Balance))
        raise ConfigError(
            f"--balance {unknown[0]}: what can be balanced is {known}{did_you_mean(unknown[0], get_args(Balance))}"
        )
    if options.flags not in get_args(Flagging):
        raise ConfigError(f"--flags {options.flags}: write auto, report, drop or off")
    if options.near is not None and not 0.5 <= options.near <= 1:
        raise ConfigError(f"--near {options.near}: give a number from 0.5 to 1")
    for name, share in (("semantic", options.semantic), ("unanswerable", options.unanswerable)):
        if share is not None and not 0 <= share <= 1:
            raise ConfigError(f"--{name} {share}: give a number from 0 to 1")
    if options.document not in get_args(DocumentIs):
        raise ConfigError(f"--document {options.document}: write source or row")
    if not 0 <= options.validation <= 0.5:
        raise ConfigError(f"--validation {options.validation}: give a part of the rows from 0 to 0.5")
    if (options.semantic is None) != (options.embedding is None):
        raise ConfigError(
            "--semantic needs the model that embeds, and the other way round: "
            "give --semantic 0.95 --embedding-model NAME (and --base-url, if it is not OpenAI's)"
        )
    if options.licence is not None:
        check_target(options.licence)
    if "skill" in options.balance and options.mix not in (None, "even"):
        raise ConfigError("--balance skill is --mix even: give only one of --balance skill and --mix")
    if isinstance(options.mix, Mapping) and not any(share > 0 for share in options.mix.values()):
        raise ConfigError("--mix: no skill has a part above 0")
    if options.keep_unknown_licences and options.licence is None:
        raise ConfigError("--licence-unknown keep is for a build with a --licence: without one, nothing is refused")
