"""Web sites in their notation: what is read, searched and said of them, and what stops a broken one."""

from __future__ import annotations

import pytest
import yaml

from orca_agents.checks import CHECKS
from orca_agents.checks.api import Case
from orca_agents.dialogues.web.conditions import holds, read_condition
from orca_agents.dialogues.web.goals import GoalError, read_goal
from orca_agents.dialogues.web.limits import why_unreachable
from orca_agents.dialogues.web.reading import SiteError, read_site
from orca_agents.dialogues.web.search import search
from orca_agents.dialogues.web.site import number
from orca_agents.dialogues.words import says
from orca_agents.library import builtin_folder
from orca_agents.records import Content, Seed
from tests.checks.site_items import RESERVED, SITE, item, why


@pytest.mark.parametrize(
    ("broken", "says_so"),
    [
        ("site: X\nstart: home\n", "there is no page"),
        ("start: home\npage home: Home\ntext: hello", "`site: NAME` is missing"),
        ("site: X\nstart: home\npage home: Home\nmenu: a, b", "line 4"),
        ("site: X\nstart: home\npage home: A\ntext: a\npage home: B", "a second page 'home'"),
        ("site: X\nstart: home\ntable t: a | b\n- 1 | 2 | 3", "3 cells"),
        ("site: X\nstart: home\npage home: A\nlink Further", "leads somewhere"),
        ("site: X\nstart: home\npage home: A\nselect Day = day: Monday", "two or more"),
        ("site: X\nstart: home\npage home: A\ntext: a\nneeds b: c", "under a button or a link"),
        ("site: X\nstart: home\npage home: A\nbutton B\nneeds b is nice: c", "behind `is` belongs"),
        ("```\nsite: X", "line 1"),
        ("site: " + "x" * 600, "606 characters"),
    ],
)
def test_a_broken_line_of_the_notation_is_named(broken: str, says_so: str) -> None:
    with pytest.raises(SiteError, match=says_so.replace("(", r"\(")):
        read_site(broken)


def test_indents_quotes_around_labels_and_arrows_make_no_difference() -> None:
    flat = "\n".join(line.strip() for line in SITE.splitlines()).replace("link Basket ->", 'link "Basket" \u2192')
    assert [e.label for e in read_site(flat).elements()] == [e.label for e in read_site(SITE).elements()]


@pytest.mark.parametrize(
    ("condition", "values", "so"),
    [
        ("a == Rye Flour", {"a": "rye  flour"}, True),
        ("a == x; y", {"a": "y; x"}, True),
        ("a == x", {"a": "y; x"}, False),
        ("a has x", {"a": "y; X"}, True),
        ("a has fern", {"a": "Lady fern"}, False),
        ("a lacks x", {}, True),
        ("a >= 3", {"a": "£4.50"}, True),
        ("a <= 3", {"a": "cheap"}, False),
        ("a is empty", {}, True),
        ("a", {"a": "x"}, True),
        ("a is email", {"a": "ruth@example.org"}, True),
        ("a is email", {"a": "ruth at example"}, False),
        ("a is date", {"a": "14 May 2030"}, True),
        ("a is not number", {"a": "12"}, False),
        ("a != Friday", {"a": "Thursday"}, True),
        ("a == 18:30", {"a": "18:30"}, True),
    ],
)
def test_conditions_hold_or_not(condition: str, values: dict[str, str], so: bool) -> None:
    assert holds(read_condition(condition), values) is so


@pytest.mark.parametrize(
    "line", ["answer == 5", "seen lacks 5", "page has x", "a is lovely", "a >= many", "nothing but words"]
)
def test_a_goal_that_no_program_can_look_at_is_refused(line: str) -> None:
    with pytest.raises(GoalError):
        read_goal((line,))


def test_words_and_numbers_are_found_whatever_their_typography() -> None:
    assert says("It costs \u00a34.20 \u2013 cheap", "£4.20")
    assert not says("It costs £14.20", "4.20")
    assert number("€ 1,250.50 a month") == 1250.5
    assert number("about 3") is None


def test_the_shortest_way_is_found_with_what_the_user_told() -> None:
    found = search(SITE, RESERVED, ("Ruth Ames", "ruth@example.org"))
    assert found.path is not None
    assert [str(way) for way in found.path] == [
        'click("Our ferns")',
        'click("Close")',
        'click("Lady fern")',
        'click("Add to basket")',
        'click("Basket")',
        'type("Name", "Ruth Ames")',
        'type("E-mail", "ruth@example.org")',
        'select("Collect on", "Thursday")',
        'click("Reserve")',
    ]


def test_a_goal_that_is_put_together_from_inputs_tells_what_they_must_hold() -> None:
    site = SITE.replace("set reserved = yes", "set reserved = {basket} on {day}")
    found = search(site, ("reserved == Royal fern on Thursday",), ("Ruth Ames", "ruth@example.org"))
    assert found.path is not None
    assert 'select("Collect on", "Thursday")' in map(str, found.path)
    assert len(found.path) == 9


def test_a_basket_of_many_things_and_a_long_form_are_searched_in_few_states() -> None:
    rows = "\n".join(f"- Thing {letter} | {at}.50" for at, letter in enumerate("ABCDEFGHIJKLMN"))
    inputs = "\n".join(f"textbox Field {at} = field{at}" for at in range(6))
    needs = "\n".join(f"needs field{at} is not empty: Field {at} is missing." for at in range(6))
    site = (
        f"site: X\nstart: shop\ntable things: name | price\n{rows}\npage shop: Shop\n"
        "list things -> thing\nsize 4\nsort price\n"
        "link Basket -> basket\npage thing: {name}\nbutton Add\nadd {name} to basket\nlink Basket -> basket\n"
        f"page basket: Basket\nitems basket\n{inputs}\nbutton Order -> done\n{needs}\n"
        "set order = placed\npage done: Done\ntext: Done."
    )
    found = search(site, ("order == placed", "basket == Thing A; Thing F; Thing N"), ("anything",))
    assert found.path is not None
    assert len(found.path) == 20
    assert found.states < 1000


def test_without_an_address_the_reservation_cannot_go_through() -> None:
    found = search(SITE, RESERVED, ("Ruth Ames",))
    assert (found.path, found.is_complete) == (None, True)


@pytest.mark.parametrize(
    ("goal", "impossible"),
    [
        ("basket has Tree fern", True),
        ("day == Saturday", True),
        ("answer has parking", True),
        ("page == done", False),
        ("buyer == anybody at all", False),
        ("mails.saved == never", False),
        ("post.saved == no", False),
        ("item == Royal fern", False),
    ],
)
def test_what_can_never_be_is_proved(goal: str, impossible: bool) -> None:
    assert (why_unreachable(SITE, (goal,)) is not None) is impossible


def test_a_box_that_is_off_is_no_and_empty_alike() -> None:
    begun = SITE.replace("begin mails = weekly", "begin mails = weekly\nbegin post = yes")
    for line in ("post.saved == no", "post.saved is empty", "post.saved != yes"):
        path = search(begun, (line,), ()).path
        assert path is not None
        assert len(path) == 3


@pytest.mark.parametrize(
    ("change", "says_so"),
    [
        (("link Account -> account", "link Account -> profile"), "no page"),
        (("  link Account -> account\n", ""), "no link or button leads to account"),
        (("costs {price}", "costs {cost}"), "'cost'"),
        (("needs day != Friday", "needs slot != Friday"), "'slot'"),
        (("filter light", "filter colour"), "no column 'colour'"),
        (("start: home", "start: front"), "no page"),
        (("on ferns: Our", "on shelf: Our"), "no page"),
        (("  button Close\n", ""), "no button that closes it"),
        (("- Male fern |", "- Lady fern |"), "same name"),
        (("textbox E-mail = mail", "textbox Name = mail"), "same label"),
        (("button Save\n    save mails, post", "button Save"), "does nothing"),
        (("needs day != Friday", "needs day == Monday"), "the options are"),
    ],
)
def test_a_site_that_does_not_hold_together_is_told_where(change: tuple[str, str], says_so: str) -> None:
    assert why("site_holds_together", item()) is None
    broken = SITE.replace(*change)
    assert broken != SITE
    assert says_so in (why("site_holds_together", item(site=broken)) or "")


def test_a_site_has_pages_and_things_to_use() -> None:
    assert why("site_substantial", item()) is None
    thin = "site: X\nstart: a\npage a: A\nlink B -> b\npage b: B\ntext: nothing"
    assert "only 1 things" in (why("site_substantial", item(site=thin)) or "")
    assert "cannot be read" not in (why("site_readable", item()) or "")
    assert why("site_readable", item(site="just prose")) is not None


def test_a_site_speaks_one_language_and_not_of_its_making() -> None:
    assert why("site_clean", item()) is None
    german = SITE.replace(
        "Open on Thursdays.", "Wir haben donnerstags von neun bis zwölf Uhr geöffnet und freuen uns auf Sie."
    )
    german = german.replace("Our ferns", "Alle unsere Farne für den Garten").replace("Account", "Das Konto der Kundin")
    assert why("site_clean", item(site=german)) is not None
    assert "placeholder" in (why("site_clean", item(site=SITE.replace("Open on Thursdays.", "[insert hours]"))) or "")


CORNERS = """
site: Corners
start: home
begin weekly = yes
begin lang = English
begin held = 5 a; 10 b
table goods: name | price
- Oats {lang} | 1
- Rye | 2
page home: Corners
  select Suffix = suffix: s | es
  button Name it
    set made = Oat{suffix}
  button Take out
    remove 5 a from held
  list goods -> good
  link Account -> account
page good: {name}
  button Add
    add {name} to basket
page account: Account
  select Language = lang: English | Gaelic
  checkbox Weekly = weekly
  textbox Code = code
  button Save
    needs code == 1234: That is not the code.
    save lang, weekly
"""


@pytest.mark.parametrize(
    ("goal", "impossible"),
    [
        ("made == Oat", False),  # nothing is chosen yet when the button is pressed
        ("lang.saved == English", False),  # it is so before anything is saved
        ("weekly.saved is empty", False),
        ("basket has Oats {lang}", False),  # braces in a cell are words like others
        ("held >= 10", False),  # after the first thing was taken out
        ("seen has Removed", False),  # words of ours on its pages
        ("seen has Page 3", True),  # two rows fill one page
        ("lang.saved == Welsh", True),
        ("basket has Barley", True),
        ("answer has barley", True),
    ],
)
def test_what_could_ever_be_so_is_never_said_to_be_impossible(goal: str, impossible: bool) -> None:
    assert (why_unreachable(CORNERS, (goal,)) is not None) is impossible


MILL = """
site: 磨坊
start: home
table goods: name | price
- 黑麦面粉 | 12元
- 燕麦 | 9元
page home: 磨坊商店
  text: 咖啡馆营业到十五点。
  list goods -> good
    search
page good: {name}
  text: {name}的价格是{price}。
  button 购买
    add {name} to basket
"""


def test_words_are_found_where_nothing_stands_between_them() -> None:
    assert why_unreachable(MILL, ("answer has 十五点",)) is None
    assert why_unreachable(MILL, ("answer has 大麦",)) is not None
    found = search(MILL, ("basket has 黑麦面粉", "answer has 12元"))
    assert found.path is not None
    assert [way.does for way in found.path] == ["click", "click"]


@pytest.mark.parametrize(
    ("text", "words", "so"),
    [
        ("It costs £4.20.", "4.20", True),
        ("It costs £4.20.", "4", False),
        ("at 16:30", "16:30", True),
        ("at 16:30", "30", False),
        ("1,200 m high", "200", False),
        ("in 11, 12 and 13", "12", True),
        ("room 4: 12 seats", "4", True),
        ("the café", "cafe", False),
        ("价格是12元", "12", True),
        ("오트밀을 사다", "오트밀", True),
    ],
)
def test_words_and_numbers_are_found_whole(text: str, words: str, so: bool) -> None:
    assert says(text, words) is so


def test_the_notation_that_builders_are_given_is_the_one_that_is_read() -> None:
    skill = yaml.safe_load((builtin_folder() / "skills" / "web_agent.yaml").read_text(encoding="utf-8"))
    reference, _, example = skill["transform"]["about"].rpartition("than yours:\n")
    site = read_site(example)
    assert set(site.pages) == {"home", "tools", "tool", "done"}
    for name in ("site_holds_together", "site_substantial"):
        content = Content(id="c", seed_id="s", text=example, transformer="shop_site_builder")
        assert CHECKS[name].why_not(Case(Seed(text="tools"), content, "en")) is None
    found = search(example, ("reserved == Block plane", "week == first", "member == 4711"), ("4711",))
    assert found.path is not None
    for word in ("popup", "textarea", "checkbox", "items", "needs", "remove", "save", "commits", "filter", "when"):
        assert f"\n  {word} " in reference or f"\n  {word}\n" in reference, word
