"""Prices are said, known or unknown; what is asked of the table here has stood unchanged for long."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from genai_prices import Usage as Tokens
from genai_prices import calc_price

from orca_agents.models.prices import FREE, cost_of, is_counted, price_of
from orca_agents.records import Usage
from orca_agents.run_config import ModelConfig, Price

GPT_4O_MINI = Price(prompt=0.15, completion=0.6, cached=0.075)
GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai/"
AZURE = {"endpoint": "https://resource.openai.azure.com", "api_version": "2024-10-21", "deployment": "the-cheap-one"}


@pytest.fixture(autouse=True)
def _no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


def price(model: str, **config: Any) -> Price | None:
    return price_of(ModelConfig.model_validate({"model": model, **config}))


def test_the_price_in_the_config_comes_first() -> None:
    own = Price(prompt=1, completion=2)

    assert price("gpt-4o-mini", price=own) == own
    assert price("local", price=own) == own
    assert price("nobody-knows-it", base_url="http://localhost:8000/v1", price=own) == own


def test_a_model_in_this_process_costs_nothing() -> None:
    assert price("local") == price("models/some.gguf") == FREE == Price(prompt=0, completion=0)


@pytest.mark.parametrize("name", ["gpt-4o-mini", "GPT-4o-mini", "gpt-4o-mini-2024-07-18"])
def test_openai_is_known_by_name_at_its_own_address(name: str) -> None:
    assert price(name) == GPT_4O_MINI
    assert price(name, base_url="https://api.openai.com/v1/") == GPT_4O_MINI


def test_the_address_decides_whose_price_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert price("openai/gpt-4o-mini", base_url="https://openrouter.ai/api/v1") == GPT_4O_MINI
    assert price("openai/gpt-4o-mini") is None  # OpenAI itself has no model of that name

    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    assert price("gpt-4o-mini") is None
    assert price("gpt-4o-mini", base_url="https://api.openai.com/v1") == GPT_4O_MINI


def test_azure_is_known_by_the_model_not_by_the_deployment() -> None:
    assert price("gpt-4o-mini", azure=AZURE) == GPT_4O_MINI
    assert price("the-cheap-one", azure=AZURE) is None


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("gpt-4o-mini", {"base_url": "http://localhost:8000/v1"}),
        ("gpt-4o-mini", {"base_url": "http://[broken"}),
        ("no-such-model", {}),
        ("ft:gpt-4o-mini:acme::x", {}),  # fine-tuned models cost more
        ("sonar", {"base_url": "https://api.perplexity.ai"}),  # charges for each request too
        ("text-embedding-3-small", {}),  # writes nothing
        ("gpt-5-mini", {"extra_body": {"service_tier": "a-tier-of-next-year"}}),
    ],
)
def test_what_is_not_known_is_not_guessed(model: str, config: dict[str, Any]) -> None:
    assert price(model, **config) is None


def test_a_service_tier_has_its_own_price() -> None:
    standard, flex, priority = (
        price("gpt-5-mini", extra_body={"service_tier": tier}) for tier in ("auto", "flex", "priority")
    )

    assert standard == price("gpt-5-mini")
    assert standard
    assert flex
    assert priority
    assert flex.completion < standard.completion < priority.completion


def test_long_prompts_cost_what_their_tier_costs() -> None:
    config = ModelConfig(model="gemini-2.5-pro", base_url=GEMINI)
    short, long = price_of(config), price_of(config, longest_prompt=300_000)

    assert short == Price(prompt=1.25, completion=10, cached=0.125)
    assert long == Price(prompt=2.5, completion=15, cached=0.25)


def test_where_the_hour_matters_the_dearest_one_counts() -> None:
    found = price("deepseek-chat", base_url="https://api.deepseek.com")
    by_hour = {
        calc_price(
            Tokens(input_tokens=1_000_000),
            "deepseek-chat",
            provider_api_url="https://api.deepseek.com",
            genai_request_timestamp=datetime.now(UTC).replace(hour=hour),
        ).total_price
        for hour in range(24)
    }

    assert found
    assert len(by_hour) > 1
    assert found.prompt == float(max(by_hour))


def test_prompts_are_priced_as_if_they_were_written_to_the_cache_where_that_is_not_asked_for() -> None:
    luna = price("gpt-6-luna")
    plain = calc_price(Tokens(input_tokens=100_000), "gpt-6-luna", provider_id="openai").total_price * 10
    claude = {"base_url": "https://api.anthropic.com/v1"}

    assert luna
    assert luna.prompt == pytest.approx(1.25 * float(plain))
    assert luna.cached is not None
    assert luna.cached < float(plain)
    asked = price("claude-3-7-sonnet-latest", **claude, extra_body={"cache_control": {"type": "ephemeral"}})
    unasked = price("claude-3-7-sonnet-latest", **claude)
    assert unasked
    assert asked
    assert (unasked.prompt, asked.prompt) == (3.0, 3.75)


def test_cached_tokens_have_their_own_price_and_reasoning_is_part_of_the_completion() -> None:
    usage = Usage(calls=1, prompt_tokens=1_000, cached_tokens=600, completion_tokens=300, reasoning_tokens=200)

    assert cost_of(Price(prompt=10, completion=100, cached=1), usage) == (400 * 10 + 600 * 1 + 300 * 100) / 1e6
    assert cost_of(Price(prompt=10, completion=100), usage) == (1_000 * 10 + 300 * 100) / 1e6


def test_more_cached_tokens_than_prompt_tokens_never_give_money_back() -> None:
    usage = Usage(calls=1, prompt_tokens=100, cached_tokens=900)

    assert cost_of(Price(prompt=10, completion=0, cached=1), usage) == 100 * 1 / 1e6


def test_a_reply_without_counts_is_told_apart_from_one_that_cost_nothing() -> None:
    assert not is_counted(Usage(calls=1))
    assert is_counted(Usage(calls=1, prompt_tokens=9))
    assert is_counted(Usage())


def test_the_table_is_not_loaded_before_a_price_is_asked_for() -> None:
    code = "import sys, orca_agents.models.prices; sys.exit('genai_prices' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
