"""How many calls at once, and how fast: what the answers, refusals and silences of an endpoint teach.

Nothing is sent and nobody waits here: this is the rule, `limits.py` is the gate that keeps it. Where it comes from:

- *Grow by one, cut by a factor* (AIMD: Chiu & Jain 1989): of all simple rules, the one with which strangers that share
  an endpoint come to share it fairly. One cut per burst, as TCP has one per round trip: calls that were sent before
  the cut cannot have known of it.
- *Start fast* (TCP's slow start): the limit doubles until the first sign of trouble.
- *Growth must pay* (BBR's start-up, Cardwell et al. 2016; .NET's hill climbing): a server that queues and never
  refuses shows its capacity by this, that more calls at once bring no more tokens per second. By Little's law (calls
  in flight = rate x latency) each of them just takes longer then.
- *A pace*, where the endpoint counts requests and not calls in flight: what it accepted when it began to refuse.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

FIRST_LIMIT = 8
"""Calls in flight at the start."""
CUT_LIMIT = 0.7
CUT_PACE = 0.85
"""What a burst of refusals leaves of the limit, and of the rate that was accepted."""
PACE_GROWTH = 0.01
ROUGH_PACE_GROWTH = 0.2
"""By how much the pace grows per second in which it holds calls back; faster until the second burst, if it was guessed
from less than `ROUGH_CALLS` accepted calls or less than a second, and so may be far too low."""
QUIET_S = 60.0
"""After so long without a refusal the pace grows twice as fast, after three times as long ten times."""
LEAST_PACE = 1 / 30
"""Requests per second. Without a floor, a bad hour leaves a pace that takes days to grow again."""
ROUGH_CALLS = 5
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""Least pause after a burst; it doubles with each burst that no answer separates."""
TRIAL_S = 1.0
"""After a burst in which nothing was accepted, one call goes alone: the rest follows when it is answered, or was not
refused for this long."""
RECENT = 20
TIMEOUTS = 3
"""So many time-outs among so many calls cut the limit. Two would do so now and then where 2% of the calls just hang."""
ROUND_PAYS = 1.25
"""While the limit doubles: by what factor the throughput has to grow. Two rounds without end the doubling."""
TRIAL_GROWTH = 1.4
"""Later: by what factor the limit must have grown before its growth is judged; less drowns in noise."""
PAYS = 0.3
"""What part of the growth of the limit must be seen in the throughput: servers that compute calls together gain less
and less from more of them, and too few calls at once cost more than too many."""
HEADROOM = 1.2
"""The fast start measures roughly: what it finds is taken with so much more."""
WINDOW_CALLS = 100
"""A throughput is taken over at least so many calls, and at least four for each call in flight."""
HOLD_S = 60.0
LONGEST_HOLD_S = 1800.0
"""How long the limit stays after growth that did not pay; twice as long each time."""


@dataclass
class _Window:
    """Answers that came while the gate was full."""

    began: float
    calls: int
    """How many to count."""
    counted: int = 0
    work: float = 0.0
    """Completion tokens, or replies where tokens are not told."""
    limits: float = 0.0
    """Sum of the limit at each answer."""


@dataclass
class _Burst:
    """Calls up to a cut: how many were sent, and how many of them came back refused."""

    sent: int
    seconds: float
    sent_last_second: int
    pace: float | None
    """Before the cut."""
    refused: int = 0


@dataclass
class Congestion:
    """The rule. Times are seconds of one clock; an epoch is the number of cuts before a call was sent."""

    most: int
    """The limit never grows beyond it."""
    tell: Callable[[str], None]
    """Called with each change that is worth a line in the log."""
    rng: Random = field(default_factory=Random)
    limit: float = 0.0
    """Calls in flight; its fraction is growth on the way."""
    pace: float | None = None
    """Requests per second; `None` until the endpoint refuses while it accepts others."""
    epoch: int = 0
    closed_until: float = 0.0
    """Nothing may be sent before."""
    refusals: int = 0
    answers: int = 0
    refused_since: float | None = None
    """When the first refusal came after the latest answer."""

    _starting: bool = True
    _alone: bool = False
    """Whether the next call goes alone, to see whether the endpoint accepts anything."""
    _on_trial: bool = False
    """Whether the gate is closed for the sake of such a call."""
    _bursts: int = 0
    """Since the last answer to a call that was sent after a cut."""
    _burst: _Burst | None = None
    _sent: int = 0
    _sent_since: float | None = None
    _last_second: deque[float] = field(default_factory=deque)
    """When calls were sent lately."""
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=RECENT))
    """Whether they timed out."""
    _window: _Window | None = None
    _paid: tuple[float, float] | None = None
    """The limit that paid last, and its throughput."""
    _strikes: int = 0
    _best_rate: float = 0.0
    _hold_until: float = 0.0
    _hold_s: float = HOLD_S
    _pace_growth: float = PACE_GROWTH
    _pace_grown: float = 0.0
    _refused_at: float = 0.0

    def __post_init__(self) -> None:
        self.limit = float(min(self.most, FIRST_LIMIT))

    def sent(self, now: float) -> int:
        """Note that a call leaves; its epoch."""
        if self._sent_since is None:
            self._sent_since = now
        self._sent += 1
        sends = self._last_second
        sends.append(now)
        while sends[0] < now - 1.0:
            sends.popleft()
        if self._alone:
            self._alone, self._on_trial = False, True
            self.closed_until = now + TRIAL_S
        return self.epoch

    def held_back(self, now: float) -> None:
        """A call leaves that only the pace had held back: the pace grows."""
        if self.pace is not None:
            # where calls are many seconds apart, growth by call alone would take days
            held_s = min(max(1.0, 0.3 / self.pace), max(0.0, now - self._pace_grown))
            # the longer nothing was refused, the faster (CUBIC, Ha et al. 2008: slow near the last refusal, then bold)
            quiet = min(10.0, 1 + ((now - self._refused_at) / QUIET_S) ** 2)
            self.pace *= 1 + self._pace_growth * quiet * held_s
            self._pace_grown = now

    def answered(self, epoch: int, completion_tokens: int, now: float, *, full: bool) -> None:
        """A reply came. `full`: others wait, and only the limit holds them back."""
        self.answers += 1
        self.refused_since = None
        self._recent.append(False)
        if epoch == self.epoch:
            self._bursts = 0
            if self._on_trial:
                self._on_trial, self.closed_until = False, now
        if not full:
            self._window = None  # what is not full shows no throughput, and needs no more room
            return
        if now >= self._hold_until:
            self.limit = min(float(self.most), self.limit + (1.0 if self._starting else 1.0 / self.limit))
        self._measure(completion_tokens or 1, now)

    def failed(self) -> None:
        """A call ended in a fault that says nothing about load."""
        self._recent.append(False)

    def timed_out(self, epoch: int, now: float) -> None:
        """No reply came in time. One may hang for any reason; several are a server that has too much to do."""
        self._recent.append(True)
        if epoch == self.epoch and sum(self._recent) >= TIMEOUTS:
            self._cut(now, f"{sum(self._recent)} of the last {len(self._recent)} calls timed out")
            self._recent.clear()

    def refused(self, epoch: int, asked_s: float | None, now: float, *, alone: bool) -> None:
        """The endpoint said that this is too much, and perhaps for how long. `alone`: no other call is in flight."""
        self.refusals += 1
        self._refused_at = now
        self._recent.append(False)
        if self.refused_since is None:
            self.refused_since = now
        if epoch == self.epoch:
            since = now if self._sent_since is None else self._sent_since
            lately = sum(1 for sent in self._last_second if sent > now - 1.0)
            self._burst = _Burst(self._sent, now - since, min(lately, self._sent), self.pace)
            pause = self._pause(asked_s)
            self._bursts += 1
            self.closed_until = now + pause
            if self._on_trial and alone:  # it takes nothing at all: that is no reason to go slower later
                self._alone, self._on_trial, self._burst = True, False, None
                self._forget_rate(now)
                self.tell(f"refused again; nothing is sent for {pause:.1f} s")
            else:
                self._on_trial = False
                self._cut(now, f"refused; nothing is sent for {pause:.1f} s")
        elif asked_s:
            self.closed_until = max(self.closed_until, now + asked_s)
        if self._burst is not None and epoch >= self.epoch - 1:
            self._burst.refused += 1
            self._slow_down(self._burst)

    def _pause(self, asked_s: float | None) -> float:
        pause = self.rng.uniform(0.5, 1) * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._bursts, 9))
        # a little more than was asked for: others who were told the same do not come at the same time
        return max(pause, (asked_s or 0.0) * self.rng.uniform(1, 1.05))

    def _cut(self, now: float, why: str) -> None:
        before, self.limit = self.limit, max(1.0, self.limit * CUT_LIMIT)
        self._starting = False
        self._window = None
        if self._paid is not None and self._paid[0] > self.limit:
            self._paid = None
        self._forget_rate(now)
        self.tell(f"{why}; at most {int(self.limit)} calls at once (were {int(before)})")

    def _forget_rate(self, now: float) -> None:
        self.epoch += 1
        self._sent, self._sent_since = 0, now
        self._pace_grown = now

    def _slow_down(self, burst: _Burst) -> None:
        """Set the pace by what was accepted. Each further refusal of the same burst makes that less."""
        calls = burst.sent - burst.refused
        accepted = max(calls / max(1.0, burst.seconds), float(burst.sent_last_second - burst.refused))
        rough = burst.pace is None and (calls < ROUGH_CALLS or burst.seconds < 1.0)
        self._pace_growth = ROUGH_PACE_GROWTH if rough else PACE_GROWTH
        self._alone = accepted <= 0  # nothing was accepted: that tells no rate, perhaps the server only starts
        if burst.pace is not None:
            lowest = burst.pace / 2  # few calls were sent since the last cut: their rate is a rough guess
            self.pace = max(lowest, CUT_PACE * min(burst.pace, accepted)) if accepted > 0 else burst.pace
        else:
            self.pace = CUT_PACE * accepted if accepted > 0 else None
        if self.pace is not None:
            self.pace = max(self.pace, LEAST_PACE)

    def _measure(self, work: float, now: float) -> None:
        window = self._window
        if window is None:
            calls = int(self.limit) if self._starting else max(WINDOW_CALLS, 4 * int(self.limit))
            self._window = _Window(now, calls)
            return
        window.counted += 1
        window.work += work
        window.limits += self.limit
        if window.counted < window.calls or now <= window.began:
            return
        self._window = None
        rate = window.work / (now - window.began)
        if self._starting:
            self._judge_round(float(window.calls), rate, now)
        else:
            self._judge(window.limits / window.counted, rate, now)

    def _judge_round(self, level: float, rate: float, now: float) -> None:
        """One round of the fast start: the answers to `level` calls in flight came at this rate."""
        self._best_rate = max(self._best_rate, rate)
        if self._paid is None or rate >= ROUND_PAYS * self._paid[1]:
            self._paid, self._strikes = (level, rate), 0
        elif level >= 1.5 * self._paid[0]:
            self._strikes += 1
        if self._strikes >= 2:
            self._go_back(self._best_rate, now)
        elif level >= self.most and self._strikes == 0:
            self._starting = False

    def _judge(self, level: float, rate: float, now: float) -> None:
        """Compare a throughput with that of the limit that paid last."""
        if self._paid is None or level < self._paid[0]:
            self._paid = (level, rate)
            return
        known, known_rate = self._paid
        growth = level / known
        if growth < 1.05:
            self._paid = (known, (known_rate + rate) / 2)  # the same limit, measured again
        elif growth >= TRIAL_GROWTH:
            if rate >= known_rate * (1 + PAYS * (growth - 1)):
                self._paid, self._hold_s = (level, rate), HOLD_S
                self.tell(f"{int(level)} calls at once pay: {rate / known_rate:.2f} times what {int(known)} brought")
            else:
                self._go_back(rate, now)

    def _go_back(self, rate: float, now: float) -> None:
        """Return to the limit that paid, or to where its queue began: limit x rate / rate at that limit."""
        assert self._paid is not None
        known, known_rate = self._paid
        gain = rate / known_rate
        tried = self.limit
        capacity = known * gain if gain > 1.1 else known
        self.limit = min(tried, capacity * HEADROOM if self._starting else capacity)
        self._paid = (self.limit, max(rate, known_rate))
        self._starting = False
        self._window = None
        self._hold_until = now + self._hold_s
        self.tell(
            f"{int(tried)} calls at once bring only {gain:.2f} times what {int(known)} brought; "
            f"at most {int(self.limit)} for the next {self._hold_s:.0f} s"
        )
        self._hold_s = min(LONGEST_HOLD_S, 2 * self._hold_s)
