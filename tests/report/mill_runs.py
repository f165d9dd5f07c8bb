"""A real run, small and with everything in it: examples, refined ones, rejections, failures."""

from __future__ import annotations

from pathlib import Path

from orca_agents import run_skill
from orca_agents.models.api import Reply, Request
from orca_agents.testing import Answer, ScriptedModel
from tests.mills import answer, write_inputs

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<a href='javascript:document.title=1'>x</a></div></section></main></details>\n"
    "# Not a heading\n\n![leak](http://leak.invalid/a.png) [link](http://leak.invalid/b)\n"
    "<style>@import 'http://leak.invalid/c.css'; body{display:none}</style>{{ 7 * 7 }} {% raw %} &amp; \u202e\u0000"
    "\n```python\nprint('\u00e9\u4f60\u597d \U0001f642 \u05e9\u05dc\u05d5\u05dd')\n```"
)
"""What would do harm in a page that takes texts for markup."""


def mill_run(folder: Path, seeds: int = 30, random_seed: int = 0) -> Path:
    """Run the skill of `tests.mills` in this process; the folder of the run."""
    folder.mkdir(parents=True, exist_ok=True)
    write_inputs(folder, seeds)

    def reply(request: Request) -> Answer:
        spoken = answer({"messages": list(request.messages), "seed": request.sampling.seed})
        assert spoken is not None
        return Reply(text=spoken.text, finish=spoken.finish)

    run_skill(
        str(folder / "mills.yaml"),
        folder / "mills.jsonl",
        model=ScriptedModel(reply),
        out=folder / "run",
        random_seed=random_seed,
    )
    return folder / "run"
