"""`orca-agents stats` and `orca-agents report`: what they print, write and refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orca_agents.cli.report import report_command
from orca_agents.cli.stats import stats_command
from orca_agents.errors import ConfigError, DatasetError
from tests.dataset.runs import example, write_run
from tests.report.mill_runs import HOSTILE, mill_run


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mill_run(tmp_path_factory.mktemp("mills"))


def write_report(path: Path, *sources: Path, against: Path | None = None, seed: int = 0, examples: int = 10) -> str:
    report_command(sources, path, against, seed=seed, examples=examples, title=None)
    return path.read_text(encoding="utf-8")


def test_stats_tell_of_a_run_in_plain_lines(mills: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stats_command(mills, None)
    told = capsys.readouterr().out
    summary = json.loads((mills / "summary.json").read_bytes())["funnel"]
    assert told.isascii()
    assert f"{summary['made']:>5}  instructions made" in told
    for check, number in summary["rejected"].items():
        assert re.search(rf"-{number}  rejected by {check}  [\d.]+%", told)
    for heading in ("Funnel", "By skill", "Lengths", "Diversity", "Difficulty", "Balance", "Cost", "Copies"):
        assert re.search(rf"^{heading}", told, re.MULTILINE)
    assert max(map(len, told.splitlines())) < 140
    assert len(told.splitlines()) < 60


def test_stats_put_two_side_by_side(mills: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write_run(tmp_path / "other", [example(n) for n in range(10)])
    stats_command(mills, other)
    told = capsys.readouterr().out
    rows = len((mills / "examples.jsonl").read_text(encoding="utf-8").splitlines())
    assert re.search(rf"^  examples +{rows} +10 +\+{(rows - 10) * 10}%$", told, re.MULTILINE)
    assert re.search(r"^  facts +100%", told, re.MULTILINE)
    assert re.search(r"^  mills +\d+%", told, re.MULTILINE)


def test_names_from_the_data_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[31mred\x1b]0;title\x07\r"
    run = write_run(tmp_path / "run", [example(1, leaf=evil, metadata={"licence": evil, "language": HOSTILE})])
    stats_command(run, None)
    told = capsys.readouterr().out
    assert "red" in told
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told)


def test_the_same_run_gives_the_same_page_and_another_seed_draws_others(mills: Path, tmp_path: Path) -> None:
    first = write_report(tmp_path / "a.html", mills)
    assert first == write_report(tmp_path / "b.html", mills)
    other = write_report(tmp_path / "c.html", mills, seed=1)
    drawn = [set(re.findall(r'<span class="id">(\w+)</span>', page)) for page in (first, other)]
    assert len(drawn[0]) == len(drawn[1]) == 10
    assert drawn[0] != drawn[1]


def test_a_page_shows_the_tree_and_the_chats_of_each_example(mills: Path, tmp_path: Path) -> None:
    page = write_report(tmp_path / "a.html", mills)
    rows = {row["id"]: row for row in map(json.loads, (mills / "examples.jsonl").read_text().splitlines())}
    articles = page.split('<article class="example"')[1:]
    assert len(articles) == 10
    refined = 0
    for article in articles:
        row = rows[re.findall(r'<span class="id">(\w+)</span>', article)[0]]
        data = row["metadata"]
        steps = re.findall(r'<span class="what">(\w+)</span>', article)
        assert steps[:2] == ["Seed", "Passage"]
        assert steps[-3:] == ["Instruction", "Key", "Verification"]
        assert ("Suggestion" in steps) == (data["goal"] is not None)
        refined += data["goal"] is not None
        assert data["source"] in article
        assert data["reference"][0] in article
        assert article.count('<details class="chat">') == len(data["chats"])
        votes = [vote for vote in data["verification"]["votes"] if vote["passage"] == "this"]
        assert len(re.findall(r'class="(?:yes|no)">(?:agrees|differs)', article)) == len(votes)
        if data["parent_id"] in rows:
            assert rows[data["parent_id"]]["metadata"]["question"] in article
    assert refined


def test_two_are_compared_in_one_page(mills: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", [example(n) for n in range(10)])
    page = write_report(tmp_path / "a.html", mills, against=other)
    assert 'id="compared"' in page
    assert "Compared with other" in page
    assert re.search(r'<th scope="row">examples</th><td class="n">\d+</td><td class="n was">10</td>', page)


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(n) for n in range(3)])
    page = write_report(tmp_path / "file.html", run / "examples.jsonl")
    for part in ('id="funnel"', 'id="cost"', 'id="compared"'):
        assert part not in page
    assert "does not tell what was left out" in page
    empty = write_report(tmp_path / "empty.html", write_run(tmp_path / "none", []))
    assert "There is not one example here" in empty
    assert 'id="examples"' not in empty


def test_several_runs_make_one_page(mills: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", [example(n) for n in range(10)])
    page = write_report(tmp_path / "a.html", mills, other)
    assert "<h1>run, other</h1>" in page


def test_a_page_is_not_written_where_it_cannot_be(mills: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder: give a file"):
        write_report(tmp_path, mills)
    with pytest.raises(ConfigError, match=r"there is no folder"):
        write_report(tmp_path / "no" / "where.html", mills)
    with pytest.raises(DatasetError, match="is not there"):
        write_report(tmp_path / "a.html", tmp_path / "nothing")
    assert not list(tmp_path.glob("*.html"))


def test_a_page_is_not_written_over_what_it_is_about(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [example(1)])
    rows = run / "examples.jsonl"
    before = rows.read_bytes()
    for path in (rows, run):
        with pytest.raises(ConfigError, match="holds what is to be reported on"):
            report_command([path], rows, None, seed=0, examples=0, title=None)
    other = write_run(tmp_path / "other", [example(2)])
    with pytest.raises(ConfigError, match="holds what is to be reported on"):
        report_command([other], rows, run, seed=0, examples=0, title=None)
    assert rows.read_bytes() == before
