"""Answers that are dialogues with calls of functions: an item is a request, with the plan that carries it out."""

from __future__ import annotations

from collections.abc import Sequence

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.calls.notation import MOST_CALLS, NO_FUNCTION, calls_of, missing_in, read_plan
from orca_agents.checks.calls.wording import asks_for_more, may_mean_same
from orca_agents.config import Leaf
from orca_agents.dialogues.api import Dialogue
from orca_agents.dialogues.calls.dialogue import CallsDialogue
from orca_agents.dialogues.calls.grammar import Call, FromResult, Missing
from orca_agents.dialogues.calls.item import TaskClass, item_of, read_pair
from orca_agents.dialogues.calls.library import Function, LibraryProblem, read_functions, why_not_callable
from orca_agents.dialogues.calls.types import Type
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction


class CallsFormat(AnswerFormat):
    """A request that functions carry out, or that they cannot."""

    name: AnswerForm = "calls"
    is_whole_reply = True
    dialogue: Dialogue | None = CallsDialogue()

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        task = TaskClass.of(leaf)
        fields = [
            Field(
                "calls",
                "the plan: the calls that the request takes, in their order, one a line, as name(parameter=value). "
                "Values stand as the function takes them, texts in double quotes. A value that an earlier call returns "
                "is written $function.field, e.g. $create_order.order_id or $search_rooms.rooms[0].room_id. Leave out "
                "parameters that the request says nothing of, if they have a default"
                + ("; a required value that the request does not say is ?" if task.incomplete else ""),
                many=True,
                max_chars=800,
                max_items=MOST_CALLS,
            )
        ]
        if task.superfluous:
            about = "each detail that no parameter takes, one a line, as name = value, the value word for word"
            fields.append(Field("extras", about, many=True, max_chars=200, max_items=4))
        if task.incomplete:
            about = (
                "what the user knows and has not said: the values for ?, one a line, as parameter = value; none where "
                "the user does not know either"
            )
            fields.append(Field("facts", about, many=True, max_chars=200, max_items=4, optional=True))
        if task.absent:
            about = "the names of the functions that are taken out of the list before the assistant sees it, one a line"
            fields.append(Field("absent", about, many=True, max_chars=80, max_items=4))
        about = (
            "none, unless you were told to: `fault: function: what its error says` for a function whose first call "
            "fails, `withdrawn: parameter = value` for what the user says first and then corrects"
        )
        return (*fields, Field("notes", about, many=True, max_chars=250, max_items=3, optional=True))

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        hidden: dict[str, tuple[str, ...]] = {}
        for field in ("extras", "facts"):
            if lines := product.get(field, ()):
                hidden[field] = tuple(_pair(line, field) for line in lines)
        if names := product.get("absent", ()):
            hidden["absent"] = tuple(dict.fromkeys(name.strip().strip("`-* ").removesuffix("()") for name in names))
        for line in product.get("notes", ()):
            kind, _, rest = line.strip().lstrip("-* ").partition(":")
            if kind.strip() == "fault" and (parts := rest.partition(":"))[2].strip():
                hidden["fault"] = (parts[0].strip(), parts[2].strip())
            elif kind.strip() == "withdrawn":
                hidden["withdrawn"] = (*hidden.get("withdrawn", ()), _pair(rest, "notes"))
            else:
                raise UnparsableError("'notes': a line is `fault: function: message` or `withdrawn: parameter = value`")
        return ItemParts(parts={}, key=read_plan(product["calls"], field="calls"), hidden=hidden)

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        about = (
            "the calls that carry the request out, in their order, one a line, as name(parameter=value), with "
            "$function.field for a value that an earlier call returns, and ? for a required value that the request "
            f'does not say; {NO_FUNCTION}("what it would do") for a step that no function in the list does'
        )
        return (Field("answer", about, many=True, max_chars=800, max_items=MOST_CALLS),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        return read_plan(product["answer"], field="answer", gaps=True)

    def problems(self, instruction: Instruction) -> list[str]:
        """Whether the plan can be carried out with the whole list."""
        try:
            library = read_functions(instruction.content.text)
        except LibraryProblem as error:
            return [f"the list of functions: {error}"]
        found: list[str] = []
        before: list[str] = []
        for call in calls_of(instruction.key):
            function = library.get(call.name)
            if function is None:
                found.append(f"the plan calls {call.name}, which is not in the list")
                continue
            holes = {name for name, value in call.arguments.items() if _has_hole(value)}
            if problem := why_not_callable(function, dict(call.arguments), holes=frozenset(holes)):
                found.append(f"the plan: {problem}")
            for name, value in call.arguments.items():
                if isinstance(value, Missing) and name not in function.required:
                    found.append(f"the plan: {call.name}: {name} has a default, so it is not missing; leave it out")
                for one in _references(value):
                    if one.function not in before:
                        found.append(f"the plan: ${one.function}{one.path} stands before the call of {one.function}")
                    elif (source := library.get(one.function)) and one.field not in _fields_in(source.returns):
                        found.append(f"the plan: {one.function} returns no {one.field}")
            before.append(call.name)
        fault, absent = instruction.hidden.get("fault", ()), instruction.hidden.get("absent", ())
        if fault and (fault[0] not in before or fault[0] in absent):
            found.append(f"the fault is laid on {fault[0]}, which is not called")
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """Whether another reader's plan (`b`, made with the list as shown) comes to the same as the author's (`a`)."""
        gaps, item = any(line.startswith(NO_FUNCTION) for line in b), item_of(instruction)
        if item.absent or gaps:
            return bool(item.absent) and gaps
        own, other = calls_of(a), calls_of(b)
        if {call.name for call in own} != {call.name for call in other} or missing_in(own) != missing_in(other):
            return False
        pairs = [(one, two) for one in own for two in other if one.name == two.name]
        return all(
            _agree(one, two, item.whole.get(one.name))
            for one, two in pairs
            if _is_once(own, one.name) and _is_once(other, one.name)
        )

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        return "\n".join(value)


def _pair(line: str, field: str) -> str:
    pair = read_pair(line)
    if pair is None:
        raise UnparsableError(f"{field!r}: a line is `name = value`, not {line[:60]!r}")
    return f"{pair[0].strip('`')} = {pair[1]}"


def _references(value: object) -> list[FromResult]:
    if isinstance(value, FromResult):
        return [value]
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    return [one for part in inner for one in _references(part)]


def _has_hole(value: object) -> bool:
    return isinstance(value, Missing) or bool(_references(value))


def _fields_in(kind: Type) -> frozenset[str]:
    """The names of all fields of a type, at any depth."""
    inner = frozenset[str]().union(
        *(_fields_in(of) for _, of in kind.fields), _fields_in(kind.item) if kind.item else ()
    )
    return inner | {name for name, _ in kind.fields}


def _agree(one: Call, other: Call, function: Function | None) -> bool:
    """Whether the plain values that both plans say may be the same, and neither has a wish of its own."""
    mine, theirs = one.arguments, other.arguments
    if function is None or asks_for_more(function, mine, theirs) or asks_for_more(function, theirs, mine):
        return False
    both = ((mine[name], theirs[name]) for name in mine.keys() & theirs.keys())
    plain = ((a, b) for a, b in both if isinstance(a, str | int | float) and isinstance(b, str | int | float))
    return all(may_mean_same(a, b) for a, b in plain)


def _is_once(plan: Sequence[Call], name: str) -> bool:
    return sum(call.name == name for call in plan) == 1
