"""A nursery's web site, an errand on it, a visit, and what a check says of them."""

from __future__ import annotations

from typing import Any

from orca_agents.checks import CHECKS
from orca_agents.checks.api import Case
from orca_agents.config import Leaf
from orca_agents.records import Content, Draft, Instruction, Seed

SITE = """
site: Fern Nursery
start: home
begin mails = weekly

table ferns: name | light | price
- Hart's tongue | shade | £6.50
- Royal fern | sun | £12
- Lady fern | shade | £5.20
- Ostrich fern | shade | £9
- Male fern | shade | £4.80

page home: Fern Nursery
  text: Open on Thursdays.
  link Our ferns -> ferns
  link Basket -> basket
  link Account -> account

page ferns: All ferns
  list ferns -> fern
    show price
    search
    filter light
    sort price
    size 3

page fern: {name}
  text: {name} likes {light} and costs {price}.
  button Add to basket
    add {name} to basket
  link Basket -> basket

page basket: Basket
  items basket
  textbox Name = buyer
  textbox E-mail = mail
  select Collect on = day: Thursday | Friday
  button Reserve -> done
    needs basket is not empty: The basket is empty.
    needs buyer is not empty: Please give a name.
    needs mail is email: This is no e-mail address.
    needs day != Friday: There is nobody here on Fridays.
    needs day is not empty: Please choose a day.
    set reserved = yes
    commits

page done: Reserved
  text: {basket} is kept for {buyer}.

page account: Account
  select Mails = mails: daily | weekly | never
  checkbox Catalogue by post = post
  button Save
    save mails, post

popup news on ferns: Our spring list is out.
  button Close
"""
RESERVED = ("reserved == yes", "basket == Lady fern", "buyer == Ruth Ames", "day == Thursday")
FACTS = ("name: Ruth Ames", "e-mail: ruth@example.org")
LEAF = Leaf(name="errand", description="any errand", answer="actions")


def item(
    question: str = "Please reserve a lady fern for me, to be collected on Thursday, and do reserve it.",
    goal: tuple[str, ...] = RESERVED,
    facts: tuple[str, ...] = FACTS,
    site: str = SITE,
    **hidden: Any,
) -> Instruction:
    """An errand on the nursery's site."""
    kept: dict[str, tuple[str, ...]] = {"consent": ("given",), "element_ids": ("stable",)}
    kept |= {name: value if isinstance(value, tuple) else (value,) for name, value in hidden.items()}
    content = Content(id="c", seed_id="s", text=site, transformer="shop_site_builder")
    return Instruction(
        id="i",
        seed_id="s",
        content=content,
        leaf="errand",
        form="actions",
        question=question,
        parts={"facts": facts},
        key=goal,
        hidden=kept,
    )


def why(check: str, instruction: Instruction, made: Draft | None = None, leaf: Leaf = LEAF, **more: Any) -> str | None:
    """What a check says of an errand or a visit."""
    case = Case(
        Seed(text="Ferns are sold here."),
        instruction.content,
        "en",
        leaf=leaf,
        instruction=instruction,
        draft=made,
        **more,
    )
    reason = CHECKS[check].why_not(case)
    assert reason is None or isinstance(reason, str)
    return reason


def leaf(**settings: Any) -> Leaf:
    """A leaf with these settings."""
    return LEAF.model_copy(update={"settings": settings})
