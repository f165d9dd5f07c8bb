"""Checks of what an agent does on a web site, played through in a model of that site."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, Check, Probe, Proof
from orca_agents.checks.sites import errand, notation, refining, visits
from orca_agents.checks.sites.actions import ActionsFormat

FORMATS: tuple[AnswerFormat, ...] = (ActionsFormat(),)
CHECKS: tuple[Check, ...] = (
    Check("site_readable", "content", notation.why_unreadable, "the site is in its notation, line by line"),
    Check("site_holds_together", "content", notation.why_broken,
          "every link leads somewhere, every page can be reached, every name is filled in"),
    Check("site_substantial", "content", notation.why_thin, "there are pages and things to use"),
    Check("site_clean", "content", notation.why_unclean, "a visitor reads one language, and nothing of the task"),
    Check("errand_in_users_words", "instruction", errand.why_unnatural,
          "the errand says what is wanted, not how, and does not give its answer away"),
    Check("errand_not_done_at_start", "instruction", errand.why_done, "something has to be done on the site"),
    Check("errand_has_a_way", "instruction", errand.why_no_way, "a search over the site's actions reaches the goal"),
    Check("errand_is_impossible", "instruction", errand.why_possible, "it is proved that no action reaches the goal"),
    Check("errand_says_what_it_needs", "instruction", errand.why_data_missing,
          "what has to be typed or picked is told by the user or shown by the site"),
    Check("errand_withholds_one_fact", "instruction", errand.why_withholds_badly,
          "what the user keeps back is needed, and nobody can guess it"),
    Check("errand_selects_rightly", "instruction", errand.why_chosen_wrongly,
          "the rows that the criteria choose are those of the goal"),
    Check("errand_of_its_kind", "instruction", errand.why_not_of_leaf, "the way has what this kind of errand is about"),
    Check("errand_refined_as_asked", "instruction", refining.why_not_as_asked, "the edit does what its goal asks"),
    Check("errand_done", "draft", visits.why_not_done, "at the end the goal is reached, or rightly given up"),
    Check("errand_in_few_steps", "draft", visits.why_too_long,
          "at most twice the shortest way (or 4 steps more), no circles"),
    Check("errand_with_consent", "draft", visits.why_without_consent,
          "nothing that cannot be taken back without the user's word"),
    Check("errand_asks_when_needed", "draft", visits.why_asked_wrongly, "the user is asked where it must be"),
    Check("errand_answer_grounded", "draft", visits.why_ungrounded, "the answer says what was seen"),
    Check("errand_met_a_hurdle", "draft", visits.why_no_hurdle, "an example of recovery met something to recover from"),
    Check("thoughts_clean", "draft", visits.why_unclean, "the thoughts speak of what is seen"),
)  # fmt: skip
PROOFS: tuple[Proof, ...] = ()
PROBES: tuple[Probe, ...] = ()
