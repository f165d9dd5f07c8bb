"""Arithmetic with units is exact, and says what is wrong with what it refuses."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_agents.arithmetic import ArithmeticProblem, evaluate
from orca_agents.units import calculate


def load_calculator() -> Callable[[str], str]:
    path = Path(__file__).parents[1] / "tools" / "calculator.py"
    spec = importlib.util.spec_from_file_location("calculator_under_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[str], str] = module.calculator
    return found


calculator = load_calculator()


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("3 km / 20 min to km/h", "9 km/h"),
        ("90 min in h", "1.5 h"),
        ("min(90 min, 2 h) in h", "1.5 h"),
        ("60 km/h in km/min", "1 km/min"),
        ("12 L/s to L/min", "720 L/min"),
        ("min(3, 4) in to cm", "7.62 cm"),
        ("5ft11in to cm", "180.34 cm"),
        ("2h30min to h", "2.5 h"),
        ("60 km/h / (10 m/s)", "about 1.66666666667 (exactly 5/3)"),
        ("3 m^3 / (2 mL)", "1500000"),
        ("1 KB in B", "1000 B"),
        ("50 Nm to J", "50 J"),
        ("5 ft 11 in in cm", "180.34 cm"),
        ("2 kg * 9.81 m/s^2 in N", "19.62 N"),
        ("100 cm in in", "about 39.3700787402 (exactly 5000/127) in"),
        ("5 in in in", "5 in"),
        ("50 lbf in in J", "5.649241451380835 J"),
        ("6'2\" to cm", "187.96 cm"),
        ("5 1/2 in to mm", "139.7 mm"),
        ("1/4 mile to m", "402.336 m"),
        ("60 km/h * 30 min", "30 km"),
        ("1 J / 2 kg K", "0.5 J/(kg*K)"),
        ("10 m2 + 1 sq m + 1 m² + 1 square meter", "13 m^2"),
        ("10 km per 2 hours", "5 km/h"),
        ("1.5 GB / 20 Mbps to min", "10 min"),
        ("1 GiB to bytes", "1073741824 B"),
        ("1 kilowatt h to MJ", "3.6 MJ"),
        ("12 min", "12 min"),
        ("3 h 20 min to min", "200 min"),
        ("-5 ft 6 in to ft", "-5.5 ft"),
        ("2 x 3 km", "6 km"),
        ("1,250 km + 3 m", "1250.003 km"),
        ("1 km % 300 m", "0.1 km"),
        ("1 mi // 1 km", "1"),
        ("max(3 ft, 1 m)", "1 m"),
        ("sqrt(16 m^2)", "4 m"),
        ("round(5 miles to km, 1)", "8 km"),
        ("sum(1 m, 2 cm)", "1.02 m"),
        ("15% of 80 kg", "12 kg"),
        ("80 kg * 15%", "12 kg"),
        ("1 km⁻¹ to 1/m", "0.001 1/m"),
        ("4 kg / 2 kg", "2"),
        ("5 mi / h / s", "5 mi/(h*s)"),
    ],
)
def test_quantities_are_computed_and_converted(expression: str, answer: str) -> None:
    assert calculator(expression) == answer


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("100 degC to degF", "212 °F"),
        ("-40 °F in °C", "-40 °C"),
        ("98.6 degrees Fahrenheit to Celsius", "37 °C"),
        ("0 K to degC", "-273.15 °C"),
        ("20 °C - 15 °C", "5 K"),
        ("20 °C + 5 K", "25 °C"),
        ("9 delta_degF to delta_degC", "5 delta_degC"),
    ],
)
def test_temperatures_are_converted_exactly(expression: str, answer: str) -> None:
    assert calculator(expression) == answer


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("3 km + 2 kg", "km (m) and kg cannot be added: different kinds"),
        ("3 km + 2", "a number without a unit"),
        ("5 m to kg", "cannot be converted"),
        ("20 USD to EUR", "money"),
        ("$5 * 3 kg", "money"),
        ("5 foo", "'foo' is no unit that is known here"),
        ("5 tons to kg", "short_ton"),
        ("3 kt", "knot or kilotonne"),
        ("180 deg to rad", "no exact multiple"),
        ("20 °C + 15 °C", "points on a scale"),
        ("20 °C * 2", "cannot be multiplied"),
        ("100 F to C", "write degF and degC"),
        ("1 m / 0 s", "division by zero"),
        ("1/0 m", "division by zero"),
        ("sqrt(2 m)", "no square root"),
        ("2 ^ (1 m)", "without a unit"),
        ("3 ft 2", "no operator"),
        ("5 m (", "is missing"),
        ("5 kg to g + 1", "after 'to' write a unit and nothing else"),
        ("m + ", "missing"),
        ("min(1,234 m)", "may be one number or several"),
        ("", "empty"),
    ],
)
def test_what_has_no_value_is_an_error_that_says_why(expression: str, why: str) -> None:
    answer = calculator(expression)
    assert answer.startswith("error: ")
    assert why in answer


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9 m", "2 m ^ 99", "(10 m)^9999999",
        "(" + "9" * 400 + " m) ** 9", "1e999 m * 1e999 m", "(" * 200 + "m" + ")" * 200,
        "2**" * 100 + "2 m", "m " * 200, "1 m " * 200,
        "__import__('os').system('id')", "lambda: 1 m", "[m for m in ()]",
        "m.__class__", "1 m; 2 m", "0x10 m",
    ],
)  # fmt: skip
def test_huge_deep_and_foreign_texts_are_refused_at_once(expression: str) -> None:
    assert calculator(expression).startswith("error: ")


@given(st.text(alphabet="0123456789 .,+-*/%^()[]'\"°kmshgtoinCFKper²⁻", max_size=40))
def test_any_text_has_a_value_or_a_problem(text: str) -> None:
    assert calculator(text)


@given(st.text(alphabet="0123456789 .,+-*/%()", max_size=25))
def test_arithmetic_without_units_gives_what_it_gave_before(text: str) -> None:
    try:
        value = evaluate(text)
    except ArithmeticProblem as problem:
        expected = f"error: {problem}"
    else:
        if value.denominator != 1 or abs(value) >= 10**30:
            return
        expected = str(value)
    assert calculator(text) == expected


@given(st.fractions(max_denominator=1000), st.sampled_from(["mi", "lb", "kWh", "psi", "gal", "degF", "mph", "GiB"]))
def test_there_and_back_is_the_same_number(number: Fraction, unit: str) -> None:
    there = calculate(f"({number.numerator} / {number.denominator}) {unit}")
    assert there.to(calculate(f"1 {unit}")).value == number
