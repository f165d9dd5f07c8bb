"""`orca-agents estimate`: a pilot that is a part of its run, and what it says of the rest."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orca_agents.cli.estimating import draw_pilot, pilot_config, sample_seeds
from orca_agents.errors import SeedError
from orca_agents.execution import execute
from orca_agents.records import Seed
from orca_agents.run_config import RunConfig
from orca_agents.run_folder import End
from orca_agents.run_setup import hash_of, read_skills, seed_options
from orca_agents.seeds import read_seeds
from orca_agents.store import Store
from orca_agents.testing import ScriptedModel
from tests.command import Command, bought_again, finish, kill_all, wait_for_calls
from tests.mills import answer, write_inputs
from tests.stand_in import StandIn

SEEDS = 12
PILOT = 5
PRICE = {"price": {"prompt": 10, "completion": 20}}


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    yield
    kill_all()


def config_of(folder: Path, seeds: int = SEEDS, **settings: Any) -> RunConfig:
    write_inputs(folder, seeds)
    data = {"skill": str(folder / "mills.yaml"), "seeds": str(folder / "mills.jsonl"), "model": "m", **settings}
    return RunConfig.model_validate(data)


def drawn_ids(config: RunConfig, size: int) -> set[str]:
    drawn = draw_pilot([Path(seed) for seed in config.seeds], seed_options(config, read_skills(config)), config, size)
    return set(drawn.units)


def all_ids(config: RunConfig) -> list[str]:
    seeds = read_seeds([Path(seed) for seed in config.seeds], seed_options(config, read_skills(config)))
    return [seed.id for seed in seeds if isinstance(seed, Seed)]


def test_a_pilot_is_drawn_from_all_chunks_the_same_each_time(tmp_path: Path) -> None:
    config = config_of(tmp_path, seeds=100)
    ids = all_ids(config)
    drawn = drawn_ids(config, 10)
    assert drawn == drawn_ids(config, 10)
    assert len(drawn) == 10
    assert drawn < drawn_ids(config, 20), "a larger pilot goes on with the smaller one"
    places = sorted(ids.index(id) for id in drawn)
    assert places[0] < 33
    assert places[-1] > 66
    assert drawn != drawn_ids(config.model_copy(update={"random_seed": 1}), 10)


def test_a_limit_of_the_run_limits_the_chunks_that_a_pilot_is_drawn_from(tmp_path: Path) -> None:
    config = config_of(tmp_path, seeds=100, limit=30)
    assert drawn_ids(config, 10) < set(all_ids(config)[:30])
    sources = [Path(seed) for seed in config.seeds]
    assert draw_pilot(sources, seed_options(config, read_skills(config)), config, 10).total == 30
    assert drawn_ids(config, 50) == set(all_ids(config)[:30])


def test_where_there_is_no_chunk_it_says_why(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    (tmp_path / "mills.jsonl").write_text(json.dumps({"text": "too short", "source": "a note"}) + "\n")
    with pytest.raises(SeedError, match=r"no chunk to work on\n.*a note.*too short"):
        drawn_ids(config, 3)


def test_a_pilot_has_the_config_of_its_run_unless_a_number_of_examples_is_asked_for(tmp_path: Path) -> None:
    config = config_of(tmp_path, max_usd=3)
    skill = read_skills(config)
    assert hash_of(pilot_config(config, 5), skill) == hash_of(config, skill)
    assert (pilot_config(config, 5).limit, pilot_config(config, 5).max_usd) == (5, 3)
    for asked in ({"accept": 10}, {"quotas": {"cause": 4}}):
        wanting = config_of(tmp_path, **asked)
        assert hash_of(pilot_config(wanting, 5), skill) != hash_of(wanting, skill)
    assert pilot_config(config_of(tmp_path, quotas={"cause": 4}), 5).leaves == ("cause",)


async def test_each_sample_is_what_its_chunk_took_under_this_config_alone(tmp_path: Path) -> None:
    def say(request: Any) -> str:
        spoken = answer(request.body())
        assert spoken is not None
        return spoken.text

    async def sample(config: RunConfig) -> tuple[list[Any], int, int]:
        sources = [Path(seed) for seed in config.seeds]
        drawn = draw_pilot(sources, seed_options(config, read_skills(config)), config, PILOT)

        def read(store: Store, end: End) -> tuple[list[Any], int, int]:
            return (
                list(sample_seeds(store, config, end.config_hash, drawn.units)),
                end.funnel.accepted,
                store.usage().calls,
            )

        teacher = ScriptedModel(say, name="m", latency_s=0.001)
        return await execute(
            config, sources, out=tmp_path / "out", read=read, shared=teacher, pick=lambda seed: seed.id in drawn.units
        )

    settings: dict[str, Any] = {"model": {"model": "m", **PRICE}}
    samples, accepted, calls = await sample(config_of(tmp_path, **settings))
    assert len(samples) == PILOT
    assert sum(it.calls for it in samples) == calls > 0
    assert sum(it.accepted for it in samples) == accepted > 0
    for it in samples:
        assert it.usd == pytest.approx((10 * it.prompt_tokens + 20 * it.completion_tokens) / 1e6)
        assert it.seconds == pytest.approx(0.001 * it.calls)
    # the same chunks with other draws, in the same folder: what was bought before is none of its cost
    others, _, all_calls = await sample(config_of(tmp_path, **settings, random_seed=0, goals=0))
    assert sum(it.calls for it in others) < sum(it.calls for it in samples) <= all_calls
    unpriced, _, _ = await sample(config_of(tmp_path))
    assert {it.usd for it in unpriced} == {None}


def test_the_pilot_is_a_part_of_the_run_and_bought_once(server: StandIn, tmp_path: Path) -> None:
    server.reset()
    command = Command(tmp_path / "piloted", server, SEEDS, model=PRICE)
    tried = command.other("estimate", "-c", "run.yaml", "--out", "out", "--pilot", str(PILOT))
    assert tried.code == 0, tried.err
    assert f"{SEEDS} chunks in all; {PILOT} of them are worked on" in tried.err
    assert tried.out.startswith(f"pilot: {PILOT} seeds, ")
    assert tried.out.rstrip().endswith(
        "`orca-agents resume out` starts the whole run; until then its files show the pilot alone"
    )
    written = json.loads((command.out / "estimate.json").read_text())
    assert (written["pilot"]["seeds"], written["available_seeds"]) == (PILOT, SEEDS)
    assert written["pilot"]["accepted"] == len(command.rows("examples.jsonl"))
    assert 0 < written["pilot"]["usd"] < written["usd"]["value"]
    pilot_calls = len([entry for entry in server.log() if entry.is_bought])
    run = command.other("resume", "out")
    assert run.code == 0, run.err
    assert bought_again(server.log()) == 0
    bought = len([entry for entry in server.log() if entry.is_bought])
    assert bought > pilot_calls
    plain = Command(tmp_path / "plain", server, SEEDS, model=PRICE)
    assert plain.run().code == 0
    assert plain.files() == command.files(), "a run with a pilot comes to the same as one without"


def test_with_a_number_of_examples_it_says_that_the_draws_differ_and_the_run_is_as_without(
    server: StandIn, tmp_path: Path
) -> None:
    server.reset()
    command = Command(tmp_path / "piloted", server, SEEDS, model=PRICE, settings={"accept": 12})
    tried = command.other("estimate", "-c", "run.yaml", "--out", "out", "--pilot", str(PILOT))
    assert tried.code == 0, tried.err
    assert "12 accepted examples, pilot included" in tried.out
    assert "a run for a number of examples draws the emptiest first" in tried.out
    assert yaml.safe_load((command.out / "run.yaml").read_text())["accept"] == 12
    assert command.other("resume", "out").code == 0
    assert len(command.rows("examples.jsonl")) == 12
    plain = Command(tmp_path / "plain", server, SEEDS, model=PRICE, settings={"accept": 12})
    assert plain.run().code == 0
    assert plain.rows("examples.jsonl") == command.rows("examples.jsonl")


def test_a_cap_that_stops_the_pilot_is_exit_code_5(server: StandIn, tmp_path: Path) -> None:
    server.reset()
    command = Command(tmp_path, server, SEEDS, model=PRICE)
    words = ("estimate", "-c", "run.yaml", "--out", "out", "--pilot", str(PILOT), "--max-tokens", "9000")
    tried = command.other(*words)
    assert tried.code == 5, tried.err
    assert "note: a cap stopped the pilot after " in tried.out
    assert "the same command with a higher cap goes on with the pilot" in tried.out


def test_ctrl_c_ends_the_pilot_in_order_and_the_same_command_goes_on(server: StandIn, tmp_path: Path) -> None:
    server.reset(latency_s=0.02)
    command = Command(tmp_path, server, SEEDS, model={**PRICE, "concurrency": 1}, settings={"window": 1})
    words = ("estimate", "-c", "run.yaml", "--out", "out", "--pilot", str(PILOT))
    process = command.start_other(*words)
    wait_for_calls(server, process, 8)
    process.send_signal(signal.SIGINT)
    stopped = finish(process)
    assert stopped.code == 130, stopped.err
    assert "the same command goes on with the pilot" in stopped.out
    assert "Traceback" not in stopped.err
    tried = command.other(*words)
    assert tried.code == 0, tried.err
    assert bought_again(server.log()) == 0


def test_what_can_be_read_only_once_is_refused(server: StandIn, tmp_path: Path) -> None:
    server.reset()
    command = Command(tmp_path, server, SEEDS)
    words = ("estimate", "mills.yaml", "-", "--model", "m", "--base-url", server.address)
    tried = command.other(*words)
    assert tried.code == 2
    assert "can be read only once" in tried.err
    assert not [entry for entry in server.log() if entry.is_call]
