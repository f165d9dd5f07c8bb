"""Which licences of sources fit which licence of a dataset."""

from __future__ import annotations

from pathlib import Path

import pytest

from orca_agents.dataset.building import build
from orca_agents.dataset.licences import TARGETS, Fit, fit
from orca_agents.dataset.options import BuildOptions
from tests.dataset.runs import dropped_of, example, rows_of, write_run


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("CC0-1.0", "cc0-1.0", "fits"),
        ("CC0-1.0 (US Government work)", "cc0-1.0", "fits"),
        ("Public-Domain (author d. 1936; published 1918-1928)", "cc0-1.0", "fits"),
        ("ODC-PDDL-1.0", "cc0-1.0", "fits"),
        ("CC-BY-4.0", "cc0-1.0", "refused"),
        ("CC-BY-4.0", "cc-by-4.0", "fits"),
        ("CC BY 4.0", "cc-by-4.0", "fits"),
        ("cc_by_3.0", "cc-by-4.0", "fits"),
        ("https://creativecommons.org/licenses/by-sa/4.0/", "cc-by-4.0", "refused"),
        ("CC-BY-SA-4.0", "cc-by-sa-4.0", "fits"),
        ("CC-BY-SA-3.0", "cc-by-sa-4.0", "fits"),
        ("CC-BY-SA-1.0", "cc-by-sa-4.0", "refused"),
        ("CC-BY-SA-4.0", "gpl-3.0", "fits"),
        ("GPL-3.0-or-later", "cc-by-sa-4.0", "refused"),
        ("CC-BY-NC-4.0", "cc-by-4.0", "refused"),
        ("CC-BY-NC-4.0", "cc-by-nc-4.0", "fits"),
        ("CC-BY-NC-SA-4.0", "cc-by-nc-4.0", "refused"),
        ("CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0", "fits"),
        ("MIT", "cc-by-4.0", "fits"),
        ("MIT License", "apache-2.0", "fits"),
        ("Apache-2.0 OR BSD-2-Clause", "cc-by-4.0", "fits"),
        ("GPL-2.0-only OR MIT", "cc-by-4.0", "fits"),
        ("(GPL-2.0-only OR MIT)", "cc-by-4.0", "fits"),
        ("GPL-2.0-only AND MIT", "cc-by-4.0", "refused"),
        ("GPL-3.0-only WITH GCC-exception-3.1", "gpl-3.0", "fits"),
        ("MIT (repo) / Apache-2.0 (api-bank)", "cc-by-4.0", "fits"),
        ("MIT (a/b train) + CC0-1.0 (made for this test set)", "cc-by-4.0", "fits"),
        ("MIT (a/b train) + CC-BY-SA-4.0 (rest)", "cc-by-4.0", "refused"),
        ("MIT AND LicenseRef-ours", "cc-by-4.0", "unknown"),
        ("GPL-3.0-only AND (MIT OR Apache-2.0)", "cc-by-4.0", "refused"),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", "cc-by-4.0", "refused"),
        ("(MIT OR Apache-2.0) AND (CC0-1.0 OR GPL-3.0-only)", "cc-by-4.0", "fits"),
        ("MIT AND (GPL-3.0-only OR (CC0-1.0 AND ISC))", "cc-by-4.0", "fits"),
        ("(MIT AND GPL-3.0-only) OR CC0-1.0", "cc0-1.0", "fits"),
        ("MIT AND (GPL-3.0-only OR", "cc-by-4.0", "unknown"),
        ("ODbL-1.0", "odbl-1.0", "fits"),
        ("ODbL-1.0", "cc-by-sa-4.0", "refused"),
        ("all rights reserved", "cc-by-4.0", "refused"),
        ("ask Jane", "cc-by-4.0", "unknown"),
        ("", "cc-by-4.0", "unknown"),
        (None, "cc0-1.0", "unknown"),
    ],
)
def test_sources_and_targets(source: str | None, target: str, expected: Fit) -> None:
    assert fit(source, target) == expected


@pytest.mark.parametrize("target", TARGETS)
def test_no_derivatives_fits_no_target(target: str) -> None:
    assert fit("CC-BY-ND-4.0", target) == "refused"
    assert fit("CC-BY-NC-ND-4.0", target) == "refused"


def test_a_stated_licence_refuses_what_does_not_fit_and_what_is_not_known(tmp_path: Path) -> None:
    parts = [
        {"id": at, "seed_id": f"s{at}", "source": f"s{at}.md", "licence": name} for at, name in enumerate(("MIT", None))
    ]
    examples = {
        "fits": example("fits"),
        "sharealike": example("sharealike", metadata={"licence": "CC-BY-SA-4.0"}),
        "unstated": example("unstated", metadata={"licence": None}),
        "corpus": example("corpus", metadata={"licence": None, "seed_metadata": {"documents": parts}}),
    }
    run = write_run(tmp_path / "run", examples.values())
    plain = BuildOptions(flags="off", holdout=0, validation=0)
    build([run], tmp_path / "any", plain)
    assert len(rows_of(tmp_path / "any")) == 4

    build([run], tmp_path / "strict", BuildOptions(flags="off", holdout=0, validation=0, licence="CC-BY-4.0"))
    assert [row["id"] for row in rows_of(tmp_path / "strict")] == [examples["fits"].id]
    assert {row["id"]: row["reason"] for row in dropped_of(tmp_path / "strict")} == {
        examples["sharealike"].id: "CC-BY-SA-4.0 does not fit cc-by-4.0",
        examples["unstated"].id: "no licence stated: not known whether that fits cc-by-4.0",
        examples["corpus"].id: "no licence stated and MIT: not known whether that fits cc-by-4.0",
    }

    keep = BuildOptions(flags="off", holdout=0, validation=0, licence="cc-by-4.0", keep_unknown_licences=True)
    done = build([run], tmp_path / "kept", keep)
    assert [row["id"] for row in dropped_of(tmp_path / "kept")] == [examples["sharealike"].id]
    assert any("2 rows are kept though it is not known" in note for note in done.notes)
