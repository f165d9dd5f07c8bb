"""The notebooks are run as a reader would run them: every cell, in order, in a kernel of this interpreter."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ipykernel", reason="notebooks need a kernel: pip install 'orca-agents[notebook]'")
nbformat = pytest.importorskip("nbformat", reason="notebooks need nbformat: pip install 'orca-agents[notebook]'")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # jupyter's own, while it is imported
    nbclient = pytest.importorskip("nbclient", reason="notebooks need nbclient: pip install 'orca-agents[notebook]'")

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
JUPYTER = "(jupyter_client|jupyter_core|nbclient|nbformat|traitlets|zmq)"
# our own warnings stay errors, and those of the kernel are its own affair
pytestmark = [pytest.mark.filterwarnings(f"ignore::DeprecationWarning:{JUPYTER}")]


@pytest.fixture(autouse=True)
def a_jupyter_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No kernel that the machine's user has set up is started, and none of the user's settings is read."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.delenv("ORCA_NOTEBOOK_LOCAL", raising=False)
    monkeypatch.delenv("ORCA_MODEL", raising=False)
    source = FOLDER.parent / "src"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(p for p in (str(source), os.environ.get("PYTHONPATH", "")) if p))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def outputs(notebook: Any) -> dict[str, str]:
    """What each cell printed, by the cell's id."""
    return {
        cell["id"]: "".join(output.get("text", "") for output in cell["outputs"])
        for cell in notebook.cells
        if cell["cell_type"] == "code"
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_outputs_and_with_cell_ids(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_the_first_notebook_runs_with_no_key_and_keeps_four_examples(tmp_path: Path) -> None:
    notebook = read(FOLDER / "01_first_skill.ipynb")
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # raises CellExecutionError, with the traceback, for a cell that fails
    printed = outputs(notebook)
    assert "4 instructions made" in printed["funnel"]
    assert "4 accepted" in printed["funnel"]
    assert "Answer: " in printed["example"]
    assert "solver_2" in printed["verdict"]
    assert printed["evidence"].count("[") >= 1
    for goal in ("seed instruction", "unanswerable", "alter_answer", "complicate"):
        assert goal in printed["refinement"]
    assert "== transform" in printed["transcript"]
    assert "agrees_with_solvers" in printed["rejections"]
    assert "left out" in printed["embedded"]
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_the_second_notebook_builds_a_skill_in_yaml_alone(tmp_path: Path) -> None:
    notebook = read(FOLDER / "02_your_own_skill.ipynb")
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    printed = outputs(notebook)
    assert "checked 1 skill: no problems" in printed["skill"]
    assert "did you mean 'numbers_recomputed'" in printed["mistake"]
    assert "there are only 3 votes" in printed["mistake"]
    assert "recipe_scaling: 2 of 2 cases go as they say" in printed["cases"]
    assert "Answer: 250 g" in printed["cases"]
    assert "left out" in printed["run"]


def test_the_third_notebook_goes_from_documents_to_rows_that_load(tmp_path: Path) -> None:
    notebook = read(FOLDER / "03_whole_dataset.ipynb")
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    printed = outputs(notebook)
    assert "copies            20 ->  18  {'near copy': 2}" in printed["build"]
    assert "report.html" in printed["look"]
    assert "Answer: " in printed["load"]
