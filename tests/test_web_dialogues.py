"""Visits to a site: what is seen, what may be done, and how a dialogue over it ends."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from orca_agents.config import Leaf
from orca_agents.dialogues.api import Ask, Ended, Taken
from orca_agents.dialogues.web.actions import GRAMMAR, Action, ActionError, read_action
from orca_agents.dialogues.web.dialogue import SYSTEM, WebDialogue
from orca_agents.dialogues.web.reading import read_site
from orca_agents.dialogues.web.visit import SCREEN, Visit
from orca_agents.errors import UnparsableError
from orca_agents.library import builtin_folder
from orca_agents.records import Content, Instruction

SITE = """
site: Ferry Office
start: home
page home: Ferry Office
  link Timetable -> times
  link Tickets -> tickets
page times: Timetable
  text: The last boat leaves at 19:40.
page tickets: Tickets
  textbox Passenger = who
  select Crossing = way: there | back
  checkbox Bicycle = bike
  textarea Remarks = remarks
  button Buy -> done
    needs who is not empty: Please give a name.
    set bought = {way}
    commits
page done: Thank you
  text: {who} can go {way}.
popup tide on tickets: High tide today.
  button Understood
"""
LEAF = Leaf(name="errand", description="any errand", answer="actions")


def errand(site: str = SITE, **hidden: tuple[str, ...]) -> Instruction:
    """Buying a ticket."""
    return Instruction(
        id="errand-1",
        seed_id="s",
        content=Content(id="c", seed_id="s", text=site, transformer="t"),
        leaf="errand",
        form="actions",
        question="Buy me a ticket back, please.",
        parts={"facts": ("name: Olav Moe",)},
        key=("bought == back", "who == Olav Moe"),
        hidden={"consent": ("given",), "element_ids": ("stable",)} | hidden,
    )


def play(instruction: Instruction, actions: list[str], replies: tuple[str, ...] = ()) -> Ask | Ended:
    """Go through a dialogue as `play` of the stages does, with every turn read."""
    dialogue, told = WebDialogue(), list(replies)
    taken: list[Taken] = []
    for action in actions:
        turn = dialogue.next(instruction, LEAF, taken)
        assert isinstance(turn, Ask)
        assert turn.part == "assistant"
        taken.append(Taken("assistant", turn.read({"thought": ("I go on.",), "action": (action,)})))
        after = dialogue.next(instruction, LEAF, taken)
        if isinstance(after, Ask) and after.part == "user":
            taken.append(Taken("user", after.read({"reply": (told.pop(0),)})))
    return dialogue.next(instruction, LEAF, taken)


BUY = ["click(3)", "click(1)", 'type(2, "Olav Moe")', 'select(3, "back")', "click(6)"]


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("click(3)", Action("click", 3)),
        (" click([12]) ", Action("click", 12)),
        ("`back()`", Action("back")),
        ('type(4, "a \\"b\\" c")', Action("type", 4, 'a "b" c')),
        ("type(4, 'x, y (z)')", Action("type", 4, "x, y (z)")),
        ("select(4, \u201cFast\u201d)", Action("select", 4, "Fast")),
        ("SCROLL(Down)", Action("scroll", text="down")),
        ('goto("/times")', Action("goto", text="/times")),
        ('stop("It is done.\\nAll of it.")', Action("stop", text="It is done.\nAll of it.")),
        ('ask("Which day?")', Action("ask", text="Which day?")),
    ],
)
def test_actions_are_read_as_agents_write_them(written: str, action: Action) -> None:
    assert read_action(written) == action
    assert read_action(str(action)) == action


@pytest.mark.parametrize(
    "written",
    ["", "click", "click()", "click(Tickets)", "type(3)", "scroll(left)", "stop()", "back(1)", "hover(2)",
     "click(1) click(2)", "I click(1)", 'stop("' + "x" * 5000 + '")'],
)  # fmt: skip
def test_what_is_no_action_is_told(written: str) -> None:
    with pytest.raises(ActionError):
        read_action(written)


def test_the_agents_prompt_names_the_actions_that_the_program_reads() -> None:
    told = yaml.safe_load((builtin_folder() / "agents" / "web_agent" / "browser.yaml").read_text(encoding="utf-8"))
    prompt = " ".join(told["system_message"].split())
    assert all(" ".join(line.split()) in prompt for line in GRAMMAR.splitlines())
    assert GRAMMAR in SYSTEM


def test_a_ticket_is_bought_and_the_goal_reached() -> None:
    ended = play(errand(), [*BUY, 'stop("A ticket back is bought for Olav Moe.")'])
    assert isinstance(ended, Ended)
    assert (ended.facts["ended"], ended.facts["unmet"], ended.facts["committed"]) == ("stop", [], ["Buy"])
    assert (ended.facts["steps"], ended.facts["shortest"], ended.facts["most_steps"]) == (5, 5, 10)
    assert [message.role for message in ended.messages] == ["system", "user"] + ["assistant", "user"] * 5 + [
        "assistant"
    ]
    assert ended.messages[1].content.startswith("Buy me a ticket back, please.\n\nname: Olav Moe\n\nPage: Ferry Office")
    assert ended.messages[-1].content == 'I go on.\nstop("A ticket back is bought for Olav Moe.")'


def test_what_is_not_reached_is_noted() -> None:
    ended = play(errand(), ["click(2)", 'stop("Done.")'])
    assert isinstance(ended, Ended)
    assert ended.facts["unmet"] == ["bought == back", "who == Olav Moe"]


def test_a_dialog_covers_the_page_until_it_is_closed() -> None:
    turn = play(errand(), ["click(3)"])
    assert isinstance(turn, Ask)
    assert 'dialog "High tide today."\n[1] button "Understood"' in turn.says
    assert "Passenger" not in turn.says
    with pytest.raises(UnparsableError, match=r"no \[2\]"):
        turn.read({"thought": ("x",), "action": ('type(2, "Olav Moe")',)})


@pytest.mark.parametrize(
    ("action", "says_so"),
    [
        ("click(9)", r"no \[9\] in the latest observation"),
        ('type(3, "back")', "is a combobox; nothing can be typed"),
        ('select(2, "back")', "is a textbox; it has no options"),
        ('select(3, "around")', "none of its options: there | back"),
        ("click(3)", "use select"),
        ('type(2, "Kari Moe")', "nobody told you 'Kari Moe'"),
        ('goto("/done")', "have not seen the address"),
        ("scroll(down)", "nothing below"),
        ("press(2)", "is no action"),
    ],
)
def test_what_cannot_be_done_now_is_told(action: str, says_so: str) -> None:
    turn = play(errand(), BUY[:2])
    assert isinstance(turn, Ask)
    with pytest.raises(UnparsableError, match=says_so.replace("|", r"\|")):
        turn.read({"thought": ("x",), "action": (action,)})


def test_own_words_may_be_typed_where_they_are_asked_for() -> None:
    turn = play(errand(), [*BUY[:2], 'type(5, "Window seat, if there is one.")'])
    assert isinstance(turn, Ask)
    assert '[5] textarea "Remarks" = "Window seat, if there is one."' in turn.says


def test_the_site_says_what_is_missing() -> None:
    ended = play(errand(), ["click(3)", "click(1)", "click(6)", 'stop("Done.")'])
    assert isinstance(ended, Ended)
    assert 'status "Please give a name."' in ended.messages[-2].content
    assert (ended.facts["refused_by_site"], ended.facts["committed"], ended.facts["dialogs"]) == (1, [], 1)


def test_the_user_answers_in_between_and_then_may_be_believed() -> None:
    actions = ["click(3)", "click(1)", 'ask("In whose name?")', 'type(2, "Kari Moe")', 'select(3, "back")', "click(6)"]
    ended = play(errand(), [*actions, 'stop("Done.")'], ("In the name of Kari Moe.",))
    assert isinstance(ended, Ended)
    assert ended.messages[7].content.startswith('The user answers: "In the name of Kari Moe."\n\nPage: Tickets')
    assert (ended.facts["questions"], ended.facts["asked_before_commit"]) == (1, True)


def test_a_visit_that_leads_nowhere_ends() -> None:
    ended = play(errand(), ["click(2)", "back()"] * 5 + ["click(2)"])
    assert isinstance(ended, Ended)
    assert (ended.facts["ended"], ended.facts["steps"]) == ("too many steps", 11)


def test_giving_up_is_known_by_its_first_word() -> None:
    ended = play(errand(missing=("return ticket",)), ["click(2)", 'stop("Impossible: no return ticket is sold")'])
    assert isinstance(ended, Ended)
    assert ended.facts["ended"] == "gave up"


def test_numbers_change_with_each_observation_and_the_same_way_again() -> None:
    def looks(salt: str) -> list[str]:
        visit = Visit(read_site(SITE), salt, True, ["x"])
        first = visit.observation()
        timetable = int(first.split('] link "Timetable"')[0].rsplit("[", 1)[1])
        visit.do(Action("click", timetable))
        visit.do(Action("back"))
        return [first, visit.observation()]

    one, other = looks("a"), looks("a")
    assert one == other
    assert one[0] != one[1]
    assert looks("b")[0] != one[0]


def test_a_long_page_is_seen_in_parts() -> None:
    rows = "\n".join(f"- Boat {at} | {at}" for at in range(40))
    pages = "page a: A\nlist boats -> b\nsize 50\npage b: {name}\ntext: x"
    site = f"site: Boats\nstart: a\ntable boats: name | seats\n{rows}\n{pages}"
    visit = Visit(read_site(site), "x", False, ["x"])
    assert f"({41 - SCREEN} lines below; scroll(down))" in visit.observation()
    assert "Boat 39" not in visit.observation()
    assert "no [40]" in (visit.why_not(Action("click", 40)) or "")
    visit.do(Action("scroll", text="down"))
    assert "Boat 39" in visit.observation()
    assert visit.why_not(Action("click", 40)) is None
    assert "no [2]" in (visit.why_not(Action("click", 2)) or "")


def test_search_filter_order_and_pages_are_done_by_the_program() -> None:
    site = (
        "site: Boats\nstart: a\ntable boats: name | harbour | seats\n"
        "- Ada | North | 9\n- Bo | South | 40\n- Cy | North | 30\n"
        "- Di | North | 100\npage a: A\nlist boats -> b\nshow seats\nsearch\nfilter harbour\nsort seats\nsize 2\n"
        "page b: {name}\ntext: {name} lies in {harbour}."
    )
    visit = Visit(read_site(site), "x", False, ["x"])

    def act(action: str) -> str:
        read = read_action(action)
        assert visit.why_not(read) is None
        visit.do(read)
        return visit.observation()

    assert "Page 1 of 2" in visit.observation()
    shown = act('select(5, "seats down")')
    assert shown.index('"Di"') < shown.index('"Bo"')
    shown = act('select(4, "North")')
    assert '"Bo"' not in shown
    assert "Page 1 of 2" in shown
    assert "Ada" in act("click(8)")
    assert "No results." in act('type(2, "south cy")') or "No results." in act("click(3)")
    assert "No results." in visit.observation()


def test_agent_and_user_see_only_what_they_may() -> None:
    item = errand(withheld=("deck: upper",))
    dialogue = WebDialogue()
    assert dialogue.knows("assistant", item, LEAF) == {"question": "Buy me a ticket back, please.\n\nname: Olav Moe"}
    known: dict[str, Any] = dialogue.knows("user", item, LEAF)
    assert known["brief"] == "name: Olav Moe\ndeck: upper"
    assert "passage" not in known


def test_a_word_of_the_errand_is_no_address() -> None:
    word = errand().model_copy(update={"question": "Buy me a ticket back and get it done, please."})
    with pytest.raises(UnparsableError, match="have not seen the address"):
        play(word, ['goto("done")'])
    told = errand().model_copy(update={"question": "Look at /times and tell me when the last boat leaves."})
    assert isinstance(play(told, ['goto("/times")']), Ask)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("Olav Moe", True),
        ("Moe, Olav", True),  # each word was told
        ("olav.moe", True),
        ("lav Mo", False),  # parts of words are not
        ("Olav Berg", False),
        ("Vmoe", False),
    ],
)
def test_only_what_was_told_or_seen_is_typed(text: str, may: bool) -> None:
    action = f'type(2, "{text}")'
    if may:
        assert isinstance(play(errand(), ["click(3)", "click(1)", action]), Ask)
    else:
        with pytest.raises(UnparsableError, match="nobody told you"):
            play(errand(), ["click(3)", "click(1)", action])


@pytest.mark.parametrize(
    ("agent", "may_see"),
    [
        ("web_agent/browser", {"question", "language"}),
        ("web_agent/site_visitor", {"question", "brief", "language"}),
        ("conversation/assistant", {"passage", "language"}),
        ("conversation/user_player", {"question", "brief", "language"}),
    ],
)
def test_the_prompts_of_a_dialogue_show_nothing_of_leaf_and_key(agent: str, may_see: set[str]) -> None:
    told = yaml.safe_load((builtin_folder() / "agents" / f"{agent}.yaml").read_text(encoding="utf-8"))
    tags = re.findall(r"\{[{%](.*?)[%}]\}", told["system_message"] + told["task"])
    assert set(re.findall(r"[a-z_]+", " ".join(tags))) - {"if", "endif", "else"} <= may_see


def test_nothing_that_is_withheld_or_wanted_is_told_to_the_agent() -> None:
    item = errand(withheld=("seat: by the window",), missing=("sleeping car",), criteria=("from: boats",))
    taken: list[Taken] = []
    for action in BUY:
        turn = WebDialogue().next(item, LEAF, taken)
        assert isinstance(turn, Ask)
        for secret in ("window", "sleeping", "criteria", "==", "bought", "given"):
            assert secret not in turn.says
        taken.append(Taken("assistant", turn.read({"thought": ("I go on.",), "action": (action,)})))
