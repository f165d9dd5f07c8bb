"""Checks of words about code: traces, errors and reviews."""

from __future__ import annotations

from orca_agents.checks.code.prose_work import invented_name
from orca_agents.checks.forms import FORMS
from orca_agents.fences import fenced
from orca_agents.records import Answer, Instruction
from tests.checks.code_items import CODE, RUBRIC, SHOWN_CODE, DirectLab, item, leaf, proved, why_not

TRACE = "What does this print?\n\n```python\nrows = [[0]] * 3\nrows[0].append(1)\nprint(len(rows[2]), rows[1])\n```"


def trace_item(key: str = "2 [0, 1]", question: str = TRACE) -> Instruction:
    return item("span", {"answer": key}, question)


TRACED = leaf("span", settings={"runs": "trace", "shows": "python"})


async def test_the_key_of_a_trace_is_what_the_program_prints(lab: DirectLab) -> None:
    assert await why_not("trace_runs", trace_item(), lab, leaf=TRACED) == ""
    assert "prints '2 [0, 1]'" in await why_not("trace_runs", trace_item("1 [0]"), lab, leaf=TRACED)
    unsteady = "What is it?\n\n```python\nimport time\nprint(time.time_ns())\n```"
    assert "each time" in await why_not("trace_runs", trace_item("5", unsteady), lab, leaf=TRACED)
    broken = "What is it?\n\n```python\nprint(1 / 0)\n```"
    assert "ZeroDivisionError" in await why_not("trace_runs", trace_item("5", broken), lab, leaf=TRACED)
    told = "What is it?\n\n```python\nprint('seven boats')\n```"
    assert "only prints" in await why_not("trace_runs", trace_item("seven boats", told), lab, leaf=TRACED)


async def test_an_answer_to_a_trace_is_exact() -> None:
    def said(text: str) -> Answer:
        return Answer(value=(text,), reasoning="All three rows are one list.")

    assert await why_not("trace_answer_exact", trace_item(), code="x", leaf=TRACED, answer=said("2 [0, 1]")) == ""
    assert await why_not("trace_answer_exact", trace_item(), code="x", leaf=TRACED, answer=said("2 [0,1]"))


FAILS = "```python\nprices = {'a': 3}\n\ndef price(name):\n    return prices[name]\n\nprint(price('b'))\n```"
ERROR = leaf("text", settings={"runs": "error", "shows": "faulty"})


async def test_the_error_that_a_task_shows_is_the_one_that_comes(lab: DirectLab) -> None:
    question = f"Why does this fail?\n\n{FAILS}\n\n```\n  File \"main.py\", line 4, in price\nKeyError: 'b'\n```"
    assert await why_not("error_is_real", item("text", RUBRIC, question), lab, leaf=ERROR) == ""
    other = question.replace("KeyError: 'b'", "IndexError: list index out of range")
    assert "KeyError: 'b'" in await why_not("error_is_real", item("text", RUBRIC, other), lab, leaf=ERROR)
    fine = question.replace("price('b')", "price('a')")
    assert "without an error" in await why_not("error_is_real", item("text", RUBRIC, fine), lab, leaf=ERROR)


async def prose_reason(name: str, text: str) -> str:
    answer = Answer(value=(text,), reasoning="The total is what matters here.")
    return await why_not(name, item("text", RUBRIC, SHOWN_CODE), code="x", answer=answer)


async def test_names_in_backticks_stand_in_the_code_or_are_pythons_own() -> None:
    assert (
        await prose_reason(
            "names_exist", "`total` shadows `sum()`; `functools.reduce`, `row.price`, `O(n)`, `rows[0]`."
        )
        == ""
    )
    assert (
        await prose_reason("names_exist", "Use a helper:\n\n```python\ndef add(a): ...\n```\nso that `add` is tested.")
        == ""
    )
    assert "`compute_total`" in await prose_reason("names_exist", "`compute_total` ignores the count.")


async def test_documented_code_is_the_same_program_with_docstrings() -> None:
    good = (
        'def total(rows):\n    """Add up the prices."""\n    sum = 0\n    for row in rows:\n'
        "        sum += row.price\n    return sum\n"
    )
    assert await prose_reason("documented_code_same", fenced(good, "python")) == ""
    assert "was changed" in await prose_reason(
        "documented_code_same", fenced(good.replace("sum = 0", "sum = 0.0"), "python")
    )
    assert "`total` still has no docstring" in await prose_reason("documented_code_same", fenced(CODE, "python"))
    assert "does not show" in await prose_reason("documented_code_same", "I would add a docstring to `total`.")


def test_names_of_the_library_and_quantities_are_no_inventions() -> None:
    question = "Why?\n\n```python\ndef merge(counts):\n    return counts\n```"
    for named in ("defaultdict", "lru_cache", "Counter.most_common()", "deque.appendleft", "n", "os.path.join"):
        assert invented_name(f"Better use `{named}` here.", question) is None
    for invented in ("merge_keys", "normalise()", "counts.normalised"):
        assert invented_name(f"First `{invented}` is called.", question) == invented


async def test_the_output_of_a_program_is_compared_sign_by_sign() -> None:
    made = item("span", {"answer": "['a'] 2"}, settings={"exact": True})
    assert FORMS["span"].shown(made, "en") == made.question
    assert FORMS["span"].same(("['a'] 2",), ("['a'] 2",), made)
    assert not FORMS["span"].same(('["a"] 2',), ("['a'] 2",), made)
    assert not FORMS["span"].same(("['A'] 2",), ("['a'] 2",), made)
    loose = item("span", {"answer": "The Heron"})
    assert FORMS["span"].same(("the heron",), ("The Heron",), loose)


async def test_the_patches_of_a_review_fit_the_code() -> None:
    diff = "```diff\n-    sum = 0\n+    amount = 0\n```"
    assert await prose_reason("patch_applies", f"1. It shadows `sum`.\n\n{diff}") == ""
    assert "does not apply" in await prose_reason("patch_applies", diff.replace("sum = 0", "total = 0"))
    assert "no Python any more" in await prose_reason("patch_applies", diff.replace("amount = 0", "amount = ("))
    assert "no patch" in await prose_reason("patch_applies", "Rename `sum`.")


async def test_points_for_graders_name_what_is_in_the_code() -> None:
    made = item("text", {"rubric": ["It says that `total` ignores `row.count`.", "It says more."]}, SHOWN_CODE)
    assert "`row.count`" not in await why_not("points_name_code", made)  # a name of every list
    odd = item("text", {"rubric": ["It says that `sum_prices` is slow.", "It says more."]}, SHOWN_CODE)
    assert "`sum_prices`" in await why_not("points_name_code", odd)


SUM_TESTS = "from solution import total\n" + "".join(
    f"\n\ndef test_{at}():\n    rows = [type('Row', (), dict(price=p, count=c)) for p, c in {rows!r}]\n"
    f"    assert total(rows) == {found!r}\n"
    for at, (rows, found) in enumerate([([(2, 3)], 6), ([(1, 1), (2, 2)], 5), ([(5, 0)], 0), ([(0, 9)], 0)])
)


async def test_the_patches_of_a_review_make_the_code_pass_tests_that_it_failed(lab: DirectLab) -> None:
    made = proved(item("text", RUBRIC, SHOWN_CODE), "tests", {"tests": SUM_TESTS})
    assert await why_not("tests_sound", made) == ""
    assert await why_not("tests_tell", made, lab) == ""
    diff = "```diff\n-        sum += row.price\n+        sum += row.price * row.count\n```"

    def said(text: str) -> Answer:
        return Answer(value=(text,), reasoning="The count is left out.")

    assert await why_not("patches_mend", made, lab, code="x", answer=said(diff)) == ""
    other = diff.replace("row.price * row.count", "row.price + row.count")
    assert "still does not do" in await why_not("patches_mend", made, lab, code="x", answer=said(other))
    blind = made.model_copy(
        update={
            "proof": {"tests": (SUM_TESTS.replace("== 6", ">= 2").replace("== 5", ">= 3").replace("== 0", ">= 0"),)}
        }
    )
    assert "the code that the task shows passes" in await why_not("tests_tell", blind, lab)
