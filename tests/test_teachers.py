"""Who speaks in which stage: addresses that are told, prices, and the first contact."""

import pytest

from orca_agents import ConfigError, ModelConfig, RunConfig
from orca_agents.run_config import Price
from orca_agents.teachers import Teachers
from orca_agents.testing import ScriptedModel


def config(model: ModelConfig, **options: object) -> RunConfig:
    return RunConfig.model_validate({"skill": "s", "seeds": ["x.md"], "model": model, **options})


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://api.example.com/v1", ["https://api.example.com/v1"]),
        ("http://10.0.0.7:8000/v1", ["http://10.0.0.7:8000/v1"]),
        ("http://localhost:8000/v1", []),
        ("http://127.0.0.1:8000/v1", []),
        ("http://[::1]:8000/v1", []),
        ("http://localhost.example.com/v1", ["http://localhost.example.com/v1"]),
    ],
)
def test_it_is_told_where_seeds_go_unless_they_stay_on_this_machine(address: str, told: list[str]) -> None:
    assert Teachers(config(ModelConfig(model="m", base_url=address))).addresses() == told


def test_openai_itself_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert Teachers(config(ModelConfig(model="gpt-5-mini"))).addresses() == ["OpenAI (api.openai.com)"]


def test_each_model_has_its_price_and_teachers_in_this_process_are_free() -> None:
    dear = ModelConfig(model="dear", base_url="http://localhost:1/v1", price=Price(prompt=1, completion=2))
    unknown = ModelConfig(model="unknown", base_url="http://localhost:1/v1")
    own = ModelConfig(model="scripted")
    teachers = Teachers(config(dear, roles={"verify": unknown, "respond": own}), given={"respond": ScriptedModel({})})
    assert teachers.price("instruct") == Price(prompt=1, completion=2)
    assert teachers.price("verify") is None
    assert teachers.price("respond") == Price(prompt=0, completion=0)


def test_a_cap_on_money_wants_every_price_before_anything_is_sent() -> None:
    unknown = ModelConfig(model="my-own", base_url="http://localhost:1/v1")
    with pytest.raises(ConfigError, match=r"my-own.*price"):
        Teachers(config(unknown, max_usd=1.0))


def test_of_one_name_at_two_prices_the_dearer_counts_since_costs_are_kept_by_name() -> None:
    dear = ModelConfig(model="m", base_url="http://localhost:1/v1", price=Price(prompt=1, completion=2))
    cheap = ModelConfig(model="m", base_url="http://localhost:2/v1", price=Price(prompt=0, completion=0))
    unknown = ModelConfig(model="m", base_url="http://localhost:3/v1")
    assert Teachers(config(dear, roles={"verify": cheap})).prices() == {"m": dear.price}
    assert Teachers(config(cheap, roles={"instruct": dear})).prices() == {"m": dear.price}
    assert Teachers(config(dear, roles={"verify": unknown})).prices() == {"m": None}
    chatty = ModelConfig(model="m", base_url="http://localhost:4/v1", price=Price(prompt=3, completion=1, cached=0.5))
    both = {"m": Price(prompt=3, completion=2, cached=1)}  # neither of them is above it, whatever is bought
    assert Teachers(config(dear, roles={"verify": chatty})).prices() == both
    assert Teachers(config(chatty, roles={"verify": dear})).prices() == both
