from typing import Any

from orca_agents.funnel import Funnel
from orca_agents.outcomes import Failure, Rejection, Skip


def test_the_funnel_counts_instructions_and_what_led_to_none_apart() -> None:
    rejection: dict[str, Any] = {"skill": "s", "seed_id": "x", "reason": "r"}
    failure: dict[str, Any] = {"skill": "s", "seed_id": "x", "path": "p", "message": "m"}
    funnel = Funnel.of(
        [
            Rejection(id="1", leaf="strengthen", stage="instruct", check="well_formed", **rejection),
            Rejection(id="2", leaf="weaken", stage="verify", check="agrees_with_solvers", **rejection),
            Rejection(id="3", leaf=None, stage="transform", check="passage_clean", **rejection),
            Failure(id="4", leaf="weaken", stage="respond", error="TruncatedError", **failure),
            Failure(id="5", leaf=None, stage="transform", error="RefusedError", **failure),
            Skip(id="6", source="f", stage="seeds", reason="empty"),
            Skip(id="7", source="f", seed_id="x", stage="instruct", leaf="flaw", reason="no argument"),
            Skip(id="8", source="f", seed_id="x", stage="transform", reason="no plot"),
        ]
    )
    assert funnel.made == 4
    assert funnel.rejected == {"well_formed": 1, "agrees_with_solvers": 1}
    assert funnel.failed == {"TruncatedError": 1}
    assert funnel.declined == 1
    assert funnel.passages_lost == {"passage_clean": 1, "RefusedError": 1, "declined": 1}
    assert funnel.sources_skipped == 1
    assert funnel.by_leaf["weaken"] == {"rejected": 1, "failed": 1}
    assert funnel.lines()[0] == "     4 instructions made"


def test_counts_are_taken_as_many_times_as_they_say() -> None:
    funnel = Funnel.of_counts(
        [
            ("Example", "", "weaken", "", "", 5),
            ("Rejection", "verify", "weaken", "votes", "", 3),
            ("Rejection", "transform", None, "passage_clean", "", 2),
            ("Failure", "respond", "flaw", "TruncatedError", "", 4),
            ("Failure", "transform", None, "RefusedError", "", 1),
            ("Skip", "seeds", None, "", "", 7),
            ("Skip", "instruct", "flaw", "", "", 6),
            ("Skip", "transform", None, "", "", 8),
        ]
    )
    assert funnel.to_dict() == {
        "made": 18,
        "accepted": 5,
        "rejected": {"votes": 3},
        "failed": {"TruncatedError": 4},
        "declined": 6,
        "passages_lost": {"RefusedError": 1, "declined": 8, "passage_clean": 2},
        "sources_skipped": 7,
        "by_leaf": {"flaw": {"declined": 6, "failed": 4}, "weaken": {"accepted": 5, "rejected": 3}},
    }
