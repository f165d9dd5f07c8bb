"""Refuse the rows whose sources do not fit the licence that the dataset is to have."""

from __future__ import annotations

from orca_agents.dataset.licences import check_target, fit
from orca_agents.dataset.options import BuildOptions
from orca_agents.dataset.work import Work

STEP = "licences"


def refuse_unfit(work: Work, options: BuildOptions) -> list[str]:
    """Drop the rows with a source that does not fit, or, unless these are kept, whose licence is not known."""
    if options.licence is None:
        return []
    target = check_target(options.licence)
    kept = 0
    for number, sources in work.licences().items():
        told = " and ".join(name or "no licence stated" for name in sources)
        fits = {fit(source, target) for source in sources}
        if "refused" in fits:
            work.drop_where(STEP, f"{told} does not fit {target}", "licences = ?", (number,))
        elif "unknown" in fits and not options.keep_unknown_licences:
            work.drop_where(STEP, f"{told}: not known whether that fits {target}", "licences = ?", (number,))
        elif "unknown" in fits:
            (rows,) = work.sql.execute(
                "SELECT count(*) FROM rows WHERE step IS NULL AND licences = ?", (number,)
            ).fetchone()
            kept += rows
    return [f"licences: {kept:,} rows are kept though it is not known whether they fit {target}"] if kept else []
