"""Keep a run under its caps: room for a call is reserved before it leaves, and settled when it is back."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from pydantic_core import to_json

from orca_agents.config import Sampling
from orca_agents.errors import BudgetError, ConfigError
from orca_agents.models.api import Request
from orca_agents.models.limits import TURN
from orca_agents.models.prices import cost_of, is_counted
from orca_agents.records import Usage
from orca_agents.run_config import ModelConfig, Price

UNBOUNDED_REPLY_TOKENS = 4096
"""What is reserved for a reply whose request sets no limit: replies of ours are far shorter, and one that is longer
can pass a cap by the rest of it at most."""


class Budget:
    """What was spent in a run folder, what calls in flight may still cost, and the caps. For one event loop.

    The cap can be passed only by calls that were in flight and cost more than was reserved for them.
    """

    def __init__(
        self,
        max_usd: float | None = None,
        max_tokens: int | None = None,
        spent_usd: float = 0.0,
        spent_tokens: int = 0,
    ) -> None:
        self.max_usd = max_usd
        self.max_tokens = max_tokens
        self.spent_usd = spent_usd
        """In US dollars, earlier runs in the folder included; models without a known price count nothing."""
        self.spent_tokens = spent_tokens
        self.reserved_usd = 0.0
        self.reserved_tokens = 0
        self.in_flight = 0
        self._waiting: list[tuple[int, int, _Waiter]] = []
        """A heap: by TURN, so that room goes to early seeds first, then by the order of arrival."""
        self._arrivals = 0
        self._exhausted: str | None = None
        self._seen: dict[str, _Seen] = {}

    @property
    def is_capped(self) -> bool:
        """Whether there is a cap at all."""
        return self.max_usd is not None or self.max_tokens is not None

    def take_over(self, usage: Usage, usd: float) -> None:
        """Count what was bought without room reserved for it: by earlier runs, or before the first call."""
        self.spent_tokens += usage.prompt_tokens + usage.completion_tokens
        self.spent_usd += usd

    @property
    def waiting(self) -> int:
        """How many calls wait for room."""
        return sum(not waiter.granted.done() for *_, waiter in self._waiting)

    async def reserve(
        self, price: Price | None, prompt_tokens: int, completion_tokens: int, model: str = ""
    ) -> Reservation:
        """Room for one call of at most so many tokens, as soon as the caps leave it; early seeds first.

        While calls are in flight it waits, because they may cost less than was reserved for them. Raises `BudgetError`
        when none is in flight any more and there still is no room: from then on, for every call. With the model's name
        given, estimates of its prompts are corrected by what its earlier prompts really had.
        """
        if not self.is_capped:
            return self._grant(Reservation(self, price, model, prompt_tokens, prompt_tokens + completion_tokens, 0.0))
        if self._exhausted:
            raise BudgetError(self._exhausted)
        if price is None and self.max_usd is not None:
            raise ConfigError(_unpriced([model or "a model"]))
        expected = round(prompt_tokens * self._correction(model))
        usd = (
            cost_of(price, Usage(prompt_tokens=expected, completion_tokens=completion_tokens))
            if price is not None
            else 0.0
        )
        reservation = Reservation(self, price, model, prompt_tokens, expected + completion_tokens, usd)
        if not self._waiting and self._fits(reservation):
            return self._grant(reservation)
        waiter = _Waiter(reservation, asyncio.get_running_loop().create_future())
        self._arrivals += 1
        heapq.heappush(self._waiting, (TURN.get(), self._arrivals, waiter))
        self._serve()  # with nothing in flight, nobody else would
        try:
            granted = await waiter.granted
        except asyncio.CancelledError:
            if waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.result():
                reservation.settle(None)  # the room was given, and nobody is left to use it
            self._serve()  # the one that stopped waiting may have been all that held up the others
            raise
        if not granted:
            raise BudgetError(self._exhausted)
        return reservation

    def _fits(self, reservation: Reservation) -> bool:
        tokens = self.spent_tokens + self.reserved_tokens + reservation.tokens
        if self.max_tokens is not None and tokens > self.max_tokens:
            return False
        return self.max_usd is None or self.spent_usd + self.reserved_usd + reservation.usd <= self.max_usd

    def _grant(self, reservation: Reservation) -> Reservation:
        self.in_flight += 1
        self.reserved_tokens += reservation.tokens
        self.reserved_usd += reservation.usd
        return reservation

    def _settle(self, reservation: Reservation, usage: Usage | None) -> None:
        self.in_flight -= 1
        self.reserved_tokens -= reservation.tokens
        # sums of fractions drift: with nothing in flight the reserved sum is 0 by definition
        self.reserved_usd = self.reserved_usd - reservation.usd if self.in_flight else 0.0
        if usage is not None and is_counted(usage):
            self.spent_tokens += usage.prompt_tokens + usage.completion_tokens
            self.spent_usd += cost_of(reservation.price, usage) if reservation.price is not None else 0.0
            if self.is_capped and reservation.model and usage.prompt_tokens:
                self._seen.setdefault(reservation.model, _Seen()).add(usage.prompt_tokens, reservation.estimate)
        elif usage is not None:
            self.spent_tokens += reservation.tokens
            self.spent_usd += reservation.usd
        if self._waiting:
            self._serve()

    def _serve(self) -> None:
        """Give room to those that wait, in their order, as far as it goes; or tell them that there is none left."""
        while self._waiting:
            waiter = self._waiting[0][-1]
            if not waiter.granted.done():
                if self._exhausted:
                    waiter.granted.set_result(False)
                elif self._fits(waiter.reservation):
                    self._grant(waiter.reservation)
                    waiter.granted.set_result(True)
                elif self.in_flight:
                    return
                else:
                    self._exhausted = self._why(waiter.reservation)
                    continue
            heapq.heappop(self._waiting)

    def _why(self, reservation: Reservation) -> str:
        left: list[str] = []
        if self.max_usd is not None and self.spent_usd + reservation.usd > self.max_usd:
            left.append(
                f"${self.spent_usd:.4f} of --max-usd {self.max_usd:g} are spent, and it may cost ${reservation.usd:.4f}"
            )
        if self.max_tokens is not None and self.spent_tokens + reservation.tokens > self.max_tokens:
            left.append(
                f"{self.spent_tokens:,} of --max-tokens {self.max_tokens:,} are bought, and it may take "
                f"{reservation.tokens:,}"
            )
        return (
            f"the budget leaves no room for another call: {'; '.join(left)}. Everything that was bought is kept: "
            "raise the cap and run the same command again, and it goes on from here"
        )

    def _correction(self, model: str) -> float:
        seen = self._seen.get(model)
        return seen.factor() if seen else 1.0


class Reservation:
    """Room for one call. As a context manager it is given back at the end, unless it was settled."""

    __slots__ = ("_budget", "_open", "estimate", "model", "price", "tokens", "usd")

    def __init__(self, budget: Budget, price: Price | None, model: str, estimate: int, tokens: int, usd: float) -> None:
        self._budget = budget
        self._open = True
        self.price = price
        self.model = model
        self.estimate = estimate
        """Tokens of the prompt, as estimated before any correction."""
        self.tokens = tokens
        """Most tokens that the call is expected to take, prompt and reply together."""
        self.usd = usd
        """What that costs; 0 without a cap."""

    def settle(self, usage: Usage | None) -> None:
        """The call is over: count what it used, and give back the rest. `None` if it ended without a reply.

        A reply whose endpoint tells no counts is taken to have used all that was reserved. Only the first call counts.
        """
        if self._open:
            self._open = False
            self._budget._settle(self, usage)

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settle(None)


def taken_of(body: Mapping[str, Any]) -> Usage:
    """What the call of a request on record is taken to have used whose reply came without counts: all that was reserved
    for it. Nothing for the questions of the start, whose requests are not kept."""
    if "messages" not in body:
        return Usage()
    request = Request(
        body["model"],
        tuple(body["messages"]),
        body["schema"],
        Sampling.model_validate(body["sampling"]),
        body["extra_body"],
        tuple(body.get("tools", ())),
    )
    return Usage(prompt_tokens=estimate_prompt_tokens(request), completion_tokens=completion_tokens_of(request))


def completion_tokens_of(request: Request) -> int:
    """Most tokens that a request lets its reply have; `UNBOUNDED_REPLY_TOKENS` where it sets no limit."""
    own = [request.extra_body.get(name) for name in ("max_tokens", "max_completion_tokens")]
    limits = [limit for limit in own if isinstance(limit, int) and not isinstance(limit, bool)]
    # what stands in extra_body is sent in place of the rest
    return max(limits, default=request.sampling.max_tokens or UNBOUNDED_REPLY_TOKENS)


def estimate_prompt_tokens(request: Request) -> int:
    """How many tokens a prompt has at most, more or less, told from its letters alone: no tokenizer is needed.

    English comes out 1.2 to 1.9 times too high, other languages and code nearer to the truth, since vocabularies
    differ most there.
    """
    tokens = _REPLY_FRAME_TOKENS + sum(
        _MESSAGE_FRAME_TOKENS + _estimate(message["content"]) for message in request.messages
    )
    calls = [message["tool_calls"] for message in request.messages if "tool_calls" in message]
    for data in (request.schema, request.extra_body, request.tools, calls):
        if data:
            tokens += _estimate(to_json(data, fallback=str).decode())
    return tokens


def require_prices(max_usd: float | None, prices: list[tuple[ModelConfig, Price | None]]) -> None:
    """Raise `ConfigError`, before anything is bought, if there is a cap on money and a model has no known price."""
    unknown = list(dict.fromkeys(config.model for config, price in prices if price is None))
    if max_usd is not None and unknown:
        raise ConfigError(_unpriced(unknown))


_MESSAGE_FRAME_TOKENS = 8
_REPLY_FRAME_TOKENS = 8
_LETTERS = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1)) + b" \n"


def _estimate(text: str) -> int:
    """Three letters to a token; each digit and sign is one; of other scripts five bytes are three tokens.

    Byte for byte Chinese, Japanese, Russian, Arabic and Hindi come out alike: about 1.8 tokens for a Chinese character
    and 1.2 for a Cyrillic letter, which is what a small English vocabulary makes of them; large ones need less.
    """
    data = text.encode("utf-8", "surrogatepass")
    others = len(data.translate(None, _LETTERS))
    beyond = 0 if text.isascii() else len(data) - len(text.encode("ascii", "ignore"))
    signs = others - beyond
    return (len(data) - others) // 3 + signs + beyond * 3 // 5 + 1


def _unpriced(models: list[str]) -> str:
    return (
        f"--max-usd needs to know what the models cost, and this is not known for {', '.join(models)}. Say it in the "
        "run file, in US dollars per million tokens, e.g. `model: {model: NAME, price: {prompt: 0.25, completion: 2}}` "
        "(0 for a server of your own), or set --max-tokens instead"
    )


@dataclass(frozen=True, slots=True)
class _Waiter:
    reservation: Reservation
    granted: asyncio.Future[bool]
    """False: there is no room, for good."""


@dataclass(slots=True)
class _Seen:
    """How many tokens the prompts of one model had, and how many they were thought to have."""

    calls: int = 0
    real: int = 0
    estimated: int = 0

    def add(self, real: int, estimated: int) -> None:
        self.calls += 1
        self.real += real
        self.estimated += estimated

    def factor(self) -> float:
        """What to multiply an estimate by: after 20 replies, a tenth more than the truth was, within reason."""
        if self.calls < _ENOUGH or not self.estimated:
            return 1.0
        return min(max(self.real / self.estimated * 1.1, 0.25), 4.0)


_ENOUGH = 20
