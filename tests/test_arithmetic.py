from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orca_agents.arithmetic import ArithmeticProblem, evaluate, has_operation, numbers_in, operands
from orca_agents.numerals import written_numbers


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("-3 ** 2", "-9"),
        ("7 // 2 + 7 % 2", "4"),
        ("0.1 + 0.2", "3/10"),
        ("1e3 + 1", "1001"),
        ("007", "7"),
        ("12% * 50", "6"),
        ("50% of 80", "40"),
        ("100% - 12%", "22/25"),
        ("12 % 5", "2"),
        ("2^3", "8"),
        ("3 x 4", "12"),
        ("3 \N{MULTIPLICATION SIGN} 4 \N{DIVISION SIGN} 2 \N{MINUS SIGN} 1", "5"),
        ("1,234 + 1", "1235"),
        ("(1,234,567 - 1,000) * 1", "1233567"),
        ("max(1, 234)", "234"),
        ("sum([1, 2, 3]) + min(4, 5)", "10"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(22 / 7, 2)", "157/50"),
        ("sqrt(9 / 4)", "3/2"),
        ("abs(3 - 10)", "7"),
        ("2 ** -2", "1/4"),
    ],
)
def test_an_expression_has_its_exact_value(expression: str, value: str) -> None:
    assert evaluate(expression) == Fraction(value)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "empty"),
        ("1 +", "well-formed"),
        ("1 / 0", "division by zero"),
        ("5 % 0", "division by zero"),
        ("0 ** -1", "division by zero"),
        ("sqrt(2)", "exact"),
        ("sqrt(-4)", "negative"),
        ("2 ** 0.5", "whole number"),
        ("12 km + 3 km", "'km'"),
        ("__import__('os')", "not arithmetic"),
        ("2(3)", "operator"),
        ("1 2", "well-formed"),
        ("3 = 3", "not arithmetic"),
        ("True", "not arithmetic"),
        ("0x10", "not arithmetic"),
        ("max(1,234)", "one number or several"),
        ("min()", "does not take 0"),
        ("round(1, 0.5)", "whole number of places"),
        ("1 if 2 else 3", "not arithmetic"),
        ("10 ** 10 ** 10", "too large"),
        ("1e999 * 1e999", "too large"),
        ("(" * 90 + "2" + ")" * 90 + "**" + "9" * 9, "too large"),
        ("-" * 400 + "1", "deep"),
        ("9" * 501, "501 characters"),
    ],
)
def test_what_is_no_arithmetic_is_refused_with_its_reason(expression: str, reason: str) -> None:
    with pytest.raises(ArithmeticProblem, match=reason):
        evaluate(expression)


@settings(deadline=None)
@given(st.text(alphabet="0123456789.+-*/%()[]^, eExminasquroundtf=\N{MINUS SIGN}\n", max_size=520))
def test_any_text_is_evaluated_or_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    for function in (evaluate, operands, has_operation):
        with contextlib.suppress(ArithmeticProblem):  # any other error fails the test
            function(text)
    assert time.perf_counter() - started < 2


@settings(deadline=None)
@given(st.text(max_size=200))
def test_numbers_are_found_where_they_are_said_to_stand(text: str) -> None:
    for number in numbers_in(text):
        assert 0 <= number.start < number.end <= len(text)


Tree = tuple[str, Fraction | None]


def _combine(children: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    def join(parts: tuple[Tree, str, Tree]) -> Tree:
        (left, a), sign, (right, b) = parts
        if a is None or b is None or (sign == "/" and b == 0):
            return f"({left} {sign} {right})", None
        results: dict[str, Callable[[], Fraction]] = {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "/": lambda: a / b,
        }
        return f"({left} {sign} {right})", results[sign]()

    return st.tuples(children, st.sampled_from("+-*/"), children).map(join)


_LEAVES = st.decimals(min_value=0, max_value=10**6, places=2).map(lambda number: (str(number), Fraction(number)))


@settings(deadline=None)
@given(st.recursive(_LEAVES, _combine, max_leaves=12))
def test_the_value_is_the_one_that_fractions_give(tree: Tree) -> None:
    expression, value = tree
    if value is None:
        with pytest.raises(ArithmeticProblem, match="division by zero"):
            evaluate(expression)
    else:
        assert evaluate(expression) == value


@settings(deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=8))
def test_operands_are_the_numbers_that_were_written(numbers: list[int]) -> None:
    assert operands(" + ".join(f"{number:,}" for number in numbers)) == numbers


def test_operands_of_a_percentage_and_of_round() -> None:
    assert operands("round(12% * -50, 2)") == [Fraction(12, 100), 50]


@pytest.mark.parametrize(
    ("expression", "computes"), [("42", False), ("-42", False), ("(12%)", False), ("40 + 2", True), ("max(1, 2)", True)]
)
def test_one_number_is_no_operation(expression: str, computes: bool) -> None:
    assert has_operation(expression) is computes


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-five men and three hundred and two women", ["25", "302"]),
        ("a dozen eggs, two dozen more", ["12", "24"]),
        ("fifteen hundred; three million two hundred thousand and one", ["1500", "3200001"]),
        ("5 six seven", ["5", "6", "7"]),
        ("two thirds of 2\N{VULGAR FRACTION ONE HALF} and 3/4", ["2/3", "5/2", "3/4"]),
        ("1,234.50 and 2.5 million", ["2469/2", "2500000"]),
        ("0.5, .25 and 3,5", ["1/2", "1/4", "7/2"]),
        ("from -5 to 10-12", ["-5", "10", "12"]),
        ("In 1990. 5 men", ["1990", "5"]),
        ("v1.2.3, B12 and the 21st", []),
        ("12km, \u7d0412\u516c\u91cc", ["12", "12"]),
        ("someone, tenure, oneself, and a man", []),
    ],
)
def test_written_numbers_are_read_one_per_place(text: str, values: list[str]) -> None:
    assert [number.value for number in written_numbers(text)] == [Fraction(value) for value in values]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12%", "12"),
        ("12%", "12/100"),
        ("12 percent", "12/100"),
        ("3/4", "3"),
        ("3/4", "3/4"),
        ("half of it", "1/2"),
        ("7.2 million", "7.2"),
    ],
)
def test_a_place_may_have_several_readings(text: str, value: str) -> None:
    assert Fraction(value) in {number.value for number in numbers_in(text)}


def test_a_grouped_number_is_not_its_groups() -> None:
    assert [number.value for number in numbers_in("1,234 people")] == [1234]


@pytest.fixture(scope="module")
def calculator() -> Callable[[str], str]:
    path = Path(__file__).parents[1] / "tools" / "calculator.py"
    spec = importlib.util.spec_from_file_location("calculator", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str], str] = module.calculator
    return found


@pytest.mark.parametrize(
    ("expression", "reply"),
    [
        ("10 / 4", "2.5"),
        ("100 + 0", "100"),
        ("-1 / 20", "-0.05"),
        ("1 / 3", "about 0.333333333333 (exactly 1/3)"),
        ("2 ** 200", "about 1.60693804426E+60"),
        ("1 / 0", "error: division by zero"),
    ],
)
def test_the_calculator_replies_in_words_that_a_model_can_use(
    calculator: Callable[[str], str], expression: str, reply: str
) -> None:
    assert calculator(expression) == reply


@pytest.mark.parametrize("text", ["1" * 5000 + ".5 million", "0." + "1" * 5000 + " million", "1" * 100_000])
def test_a_row_of_digits_without_end_is_no_number_and_no_crash(text: str) -> None:
    began = time.process_time()
    assert numbers_in(text) == []
    assert time.process_time() - began < 2
