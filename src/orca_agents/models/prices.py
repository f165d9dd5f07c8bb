"""What a model costs: said by its config, known from a table of providers' prices, or unknown; never guessed."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orca_agents.models.addresses import OPENAI_ADDRESS
from orca_agents.models.secrets import shown_address
from orca_agents.records import Usage
from orca_agents.run_config import ModelConfig, Price

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, PriceCalculation

FREE = Price(prompt=0, completion=0)
LONGEST_PROMPT = 100_000
"""Prompts are taken to be no longer than this, in tokens: some models cost more from 128,000 or 200,000 on."""


def price_of(config: ModelConfig, longest_prompt: int = LONGEST_PROMPT) -> Price | None:
    """What a model costs, in US dollars per million tokens; `None` where that is not known.

    The config's own price comes first. A model in this process costs nothing. Others are looked up in the table that
    the package genai-prices brings along (no network), by the endpoint's address and the model's name: the same model
    on a server of one's own has no known price. Where the table's price depends on more than the tokens, the dearest
    one counts, so that a cap holds: the tier of prompts of `longest_prompt` tokens, the dearest hour of the day, and
    writing to the prompt cache where the endpoint does that unasked. A model that also charges for each request, or
    reasoning apart, has no price here.
    """
    if config.price is not None:
        return config.price
    if config.is_local:
        return FREE
    address = _address(config)
    return _from_table(config, address, longest_prompt) if address else None


def dearest(one: Price, other: Price) -> Price:
    """A price that neither of two is above, whatever is bought."""
    prompt, completion = max(one.prompt, other.prompt), max(one.completion, other.completion)
    cached = max(price.prompt if price.cached is None else price.cached for price in (one, other))
    return Price(prompt=prompt, completion=completion, cached=None if cached == prompt else cached)


def cost_of(price: Price, usage: Usage) -> float:
    """What a usage costs, in US dollars. Reasoning is part of the completion; cached tokens may have their own price.

    0 for a usage without counts: ask `is_counted` whether that is the truth.
    """
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    cached_price = price.prompt if price.cached is None else price.cached
    cost = (usage.prompt_tokens - cached) * price.prompt + cached * cached_price
    return (cost + usage.completion_tokens * price.completion) / 1_000_000


def is_counted(usage: Usage) -> bool:
    """Whether the endpoint told how many tokens it took: no answered call has a prompt of none."""
    return usage.calls == 0 or usage.prompt_tokens + usage.completion_tokens > 0


_STANDARD_TIERS = ("auto", "default", "standard")


def _address(config: ModelConfig) -> str | None:
    if config.azure:
        address = config.azure.endpoint
    else:
        address = config.base_url or os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_ADDRESS
    try:
        return shown_address(address).lower()
    except ValueError:  # it is no address: the teacher says so, with what to do
        return None


def _from_table(config: ModelConfig, address: str, longest_prompt: int) -> Price | None:
    from genai_prices import Usage as Tokens  # 0.2 s: only where a price is asked for
    from genai_prices import calc_price

    tier = config.extra_body.get("service_tier")
    context = {"service_tier": str(tier)} if tier and tier not in _STANDARD_TIERS else None
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def ask(hour: int, **tokens: int) -> PriceCalculation:
        """Of one call: the table's tiers depend on the whole prompt, so a price per token is its share."""
        return calc_price(
            Tokens(**tokens),
            config.model,
            provider_api_url=address,
            genai_request_timestamp=midnight.replace(hour=hour),
            price_context=context,
        )

    try:
        found = ask(0, input_tokens=1)
    except LookupError:
        return None
    if not _is_by_token(found) or (context and not _has_tier(found.model, context)):
        return None
    writes_cache = _writes_cache_unasked(config) and found.model_price.cache_write_mtok is not None
    million = 1_000_000 / longest_prompt
    prompts, cached, completions = [], [], []
    for hour in range(24):
        prompt = ask(hour, input_tokens=longest_prompt)
        read = ask(hour, input_tokens=longest_prompt, cache_read_tokens=longest_prompt)
        both = ask(hour, input_tokens=longest_prompt, output_tokens=longest_prompt)
        prompts.append(prompt.total_price)
        if writes_cache:
            written = ask(hour, input_tokens=longest_prompt, cache_write_tokens=longest_prompt)
            prompts.append(written.total_price)
        cached.append(read.total_price)
        completions.append(both.output_price)
    return Price(
        prompt=_per_million(float(max(prompts)) * million),
        completion=_per_million(float(max(completions)) * million),
        cached=_per_million(float(max(cached)) * million),
    )


def _is_by_token(found: PriceCalculation) -> bool:
    """Whether tokens in and out are all that is paid for. An entry without numbers may be free, or not known."""
    price = found.model_price
    apart = (price.requests_kcount, price.output_reasoning_mtok, price.output_citation_mtok)
    return price.input_mtok is not None and price.output_mtok is not None and all(part is None for part in apart)


def _has_tier(model: ModelInfo, context: dict[str, str]) -> bool:
    """Whether the table knows this service tier; it would answer with the standard price otherwise."""
    return any(variant.when == context for variant in model.price_variants or ())


def _writes_cache_unasked(config: ModelConfig) -> bool:
    """OpenAI's models from GPT-5.6 on charge 1.25 times the price for prompts that they put into their cache, by
    themselves. Claude does so only where a request says `cache_control`."""
    return "claude" not in config.model.lower() or "cache_control" in json.dumps(config.extra_body, default=str)


def _per_million(price: float) -> float:
    """Without the last bits that the division left."""
    return round(price, 9)
