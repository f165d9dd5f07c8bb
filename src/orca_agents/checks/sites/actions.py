"""Errands on a web site: what their writer hands in, and how they are shown; the visit itself is a dialogue."""

from __future__ import annotations

from orca_agents.checks.api import AnswerFormat, ItemParts
from orca_agents.checks.lists import unmarked
from orca_agents.checks.sites.criteria import read_criteria
from orca_agents.config import Leaf
from orca_agents.dialogues.web.conditions import read_condition
from orca_agents.dialogues.web.dialogue import WebDialogue, task
from orca_agents.dialogues.web.goals import PAGE, read_goal, unknown_names
from orca_agents.dialogues.web.reading import SiteError, read_site
from orca_agents.errors import UnparsableError
from orca_agents.harvest import Field, Product
from orca_agents.records import AnswerForm, Instruction

GIVEN, ASK_FIRST, NONE = "given", "ask first", "none"
"""What the user allows that cannot be taken back."""
_HIDDEN = ("withheld", "missing", "criteria", "consent", "element_ids")


class ActionsFormat(AnswerFormat):
    """An errand that an agent does on a site; its key is the goal, a condition a line."""

    name: AnswerForm = "actions"
    is_whole_reply = True
    dialogue = WebDialogue()

    def item_fields(self, leaf: Leaf) -> tuple[Field, ...]:
        fields = [
            Field(
                "facts",
                "what the user gives along with the errand, each as `name: value` (name, address, date, wording); "
                "none where it needs none",
                many=True,
                max_chars=600,
                max_items=8,
                optional=True,
            ),
            Field(
                "goal",
                "what must be so at the end, one condition a line, in the names of the site's notation: what inputs "
                "and buttons set (`delivery == express`, `wrap is empty` for a box that is off), what was put together "
                "(`basket == Rye flour; Oats` for just these, `basket has Rye flour`), what was saved "
                "(`language.saved == Gaelic`), the page or the row that is open (`page == hours`, `item == Rye flour`)"
                ", how a list is left (`products.kind == oats`, `products.sort == price up`), what the final answer "
                "says (`answer has 16:30`, `answer lacks 15:00`), what some page showed (`seen has 16:30`)",
                many=True,
                max_chars=200,
                max_items=10,
            ),
        ]
        if leaf.settings.get("withholds"):
            about = "the fact that the errand needs and that the user tells only when asked, as `name: value`"
            fields.append(Field("withheld", about, many=True, max_chars=200, max_items=2))
        if leaf.settings.get("impossible"):
            about = "in one to four words of the site's language: what the site lacks, as an honest answer must name it"
            fields.append(Field("missing", about, max_chars=60))
        if leaf.settings.get("selects"):
            about = (
                "how the rows that are meant follow from a table, for a program: `from: TABLE`, then any of "
                "`where: COLUMN == VALUE` (also !=, >=, <=), `lowest: COLUMN`, `highest: COLUMN`"
            )
            fields.append(Field("criteria", about, many=True, max_chars=200, max_items=6))
        about = (
            "`given` where the user's words ask for the very step that buys, books, sends, publishes or deletes, "
            "`ask first` where they ask to be asked before it, `none` where no such step is wanted"
        )
        fields.append(Field("consent", about, choices=(GIVEN, ASK_FIRST, NONE)))
        about = "`stable`, unless you are told to let the numbers of the elements change"
        fields.append(Field("element_ids", about, choices=("stable", "changing")))
        return tuple(fields)

    def read_item(self, product: Product, leaf: Leaf) -> ItemParts:
        goal = tuple(line.strip().strip("`").strip() for line in unmarked(product["goal"]))
        try:
            read_goal(goal)
            criteria = tuple(line.strip().strip("`").strip() for line in unmarked(product.get("criteria", ())))
            if criteria:
                read_criteria(criteria)
        except ValueError as error:
            raise UnparsableError(str(error)) from None
        hidden = {
            "withheld": tuple(map(str.strip, unmarked(product.get("withheld", ())))),
            "missing": tuple(map(str.strip, product.get("missing", ()))),
            "criteria": criteria,
            "consent": product["consent"],
            "element_ids": product["element_ids"],
        }
        facts = tuple(map(str.strip, unmarked(product["facts"])))
        return ItemParts({"facts": facts}, goal, hidden={name: value for name, value in hidden.items() if value})

    def shown(self, instruction: Instruction, language: str | None) -> str:
        return task(instruction)

    def answer_fields(self, instruction: Instruction) -> tuple[Field, ...]:
        about = "the goal, one condition a line, in the names of the site's notation"
        return (Field("answer", about, many=True, max_chars=200, max_items=10),)

    def read_answer(self, product: Product, instruction: Instruction) -> tuple[str, ...]:
        lines = tuple(line.strip().strip("`").strip() for line in product["answer"])
        try:
            read_goal(lines)
        except ValueError as error:
            raise UnparsableError(f"'answer': {error}") from None
        return lines

    def problems(self, instruction: Instruction) -> list[str]:
        try:
            site = read_site(instruction.content.text)
        except SiteError as error:
            return [f"the site cannot be read: {error}"]
        goal = read_goal(instruction.key)
        found = [
            f"the goal speaks of {name!r}; the site has {', '.join(sorted(site.variables())) or 'no variables'}"
            for name in unknown_names(goal, site)
        ]
        found += [
            f"the goal names the page {c.value!r}; there are {', '.join(site.pages)}"
            for c in goal
            if c.variable == PAGE and c.value not in site.pages
        ]
        for line in (*instruction.parts.get("facts", ()), *instruction.hidden.get("withheld", ())):
            name, colon, value = line.partition(":")
            if not (colon and name.strip() and value.strip()):
                found.append(f"the fact {line[:60]!r} is not of the form `name: value`")
        criteria = instruction.hidden.get("criteria", ())
        if criteria:
            table, conditions, picks = read_criteria(criteria)
            if table not in site.tables:
                found.append(f"the criteria name the table {table!r}; there are {', '.join(site.tables) or 'none'}")
            else:
                columns = site.tables[table].columns
                named = [read_condition(line).variable for line in conditions] + [column for _, column in picks]
                found += [f"{table} has no column {n!r}, only {', '.join(columns)}" for n in named if n not in columns]
        return found

    def same(self, a: tuple[str, ...], b: tuple[str, ...], instruction: Instruction) -> bool:
        """Whether two goals are the same; visits are judged by how they end."""
        return set(read_goal(a)) == set(read_goal(b))

    def final(self, value: tuple[str, ...], instruction: Instruction) -> str:
        """All that decides on a visit: for those who edit the errand."""
        lines = [f"goal: {line}" for line in value]
        lines += [f"{name}: {text}" for name in _HIDDEN for text in instruction.hidden.get(name, ())]
        return "\n".join(lines)
