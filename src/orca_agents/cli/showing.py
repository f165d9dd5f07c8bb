"""`orca-agents show`: the tree of one item, from its seed to its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from orca_agents.checks import FORMS
from orca_agents.errors import ConfigError
from orca_agents.outcomes import Example, Failure, Outcome, Rejection, Skip
from orca_agents.records import Answer, Instruction, ToolCall, Transcript, Vote
from orca_agents.store import Store
from orca_agents.team import MODERATOR

SHORT = 600
"""Longest text that is shown without --full, in characters."""


def show_command(id: str, folder: Path | None, *, full: bool) -> None:
    """Print the tree of the item whose id begins with `id`; without a folder, from the latest run that has it."""
    places = [folder] if folder else _runs()
    for place in places:
        with Store.open(place, create=False, read_only=True) as store:
            found = store.find(id)
            if len({item.outcome.id for item in found}) > 1:
                many = ", ".join(sorted({item.outcome.id for item in found}))
                raise ConfigError(f"{id!r} stands for several in {place}: {many}; give more digits")
            if found:
                config_hash, outcome = found[0].config_hash, found[0].outcome
                chats = {chat.id: chat for chat in store.chats(config_hash, _chats_of(outcome))}
                tree = _tree(outcome, chats, None if full else SHORT)
                Console(highlight=False, emoji=False).print(tree)
                return
    looked = ", ".join(map(str, places))
    raise ConfigError(f"no id begins with {id!r} in {looked}; the ids stand in the .jsonl files of a run folder")


def _runs() -> list[Path]:
    """The run folders under runs/, the latest first."""
    stores = sorted(Path("runs").rglob("store.sqlite"), key=lambda path: path.stat().st_mtime, reverse=True)
    if not stores:
        raise ConfigError("no run under runs/; say which with --run FOLDER")
    return [store.parent for store in stores]


def _chats_of(outcome: Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Example):
        return outcome.metadata.chats
    return () if isinstance(outcome, Skip) else outcome.chats


def _tree(outcome: Outcome, chats: dict[str, Transcript], most: int | None) -> Tree:
    tree = Tree(f"[bold]{type(outcome).__name__}[/bold] {outcome.id}")
    if isinstance(outcome, Example):
        meta = outcome.metadata
        tree.add(
            f"{outcome.skill} / {outcome.leaf}"
            + (f" / refined: {meta.goal}, from {meta.parent_id}" if meta.goal else "")
        )
        tree.add(f"seed {meta.seed_ids[0]}: {escape(meta.source)} {list(meta.source_span)}, language {meta.language}")
    elif isinstance(outcome, Rejection | Failure):
        tree.add(f"{outcome.skill} / {outcome.leaf or 'no leaf yet'} / seed {outcome.seed_id}")
    elif isinstance(outcome, Skip):
        tree.add(escape(f"{outcome.source}: {outcome.reason}"))
    for chat in chats.values():
        _add_chat(tree, chat, most)
    match outcome:
        case Example():
            example = tree.add("[bold]example[/bold]")
            for message in outcome.messages:
                calls = "".join(f"\n{call.function.name} {call.function.arguments}" for call in message.tool_calls)
                example.add(f"[cyan]{message.role}[/cyan]\n{_cut((message.content + calls).strip(), most)}")
            _add_hidden(example, {**outcome.metadata.hidden, **outcome.metadata.proof}, most)
            for span in outcome.metadata.evidence:
                example.add(f"evidence [{span.start}:{span.end}] {_cut(span.text, most)}")
            _add_verdict(tree, outcome.metadata.verification.votes, "accepted")
            for check in outcome.metadata.verification.checks:
                tree.add(f"check {check.name}: {'passed' if check.ok else escape(check.reason)}")
        case Rejection():
            if outcome.instruction is not None:
                _add_item(tree, outcome.instruction, outcome.answer, most)
            _add_verdict(
                tree,
                outcome.verification.votes if outcome.verification else (),
                f"rejected at {outcome.stage} by {outcome.check}: {outcome.reason}",
            )
        case Failure():
            tree.add(f"[red]failed at {outcome.stage}[/red] {escape(outcome.error)}: {escape(outcome.message)}")
        case Skip():
            pass
    return tree


def _add_chat(tree: Tree, chat: Transcript, most: int | None) -> None:
    usage = chat.usage
    branch = tree.add(
        f"[bold]{chat.stage}[/bold] {chat.path}  ({usage.calls} call{'s' if usage.calls != 1 else ''}, "
        f"{usage.prompt_tokens} + {usage.completion_tokens} tokens)"
    )
    for turn in chat.turns:
        colour = "dim" if turn.agent == MODERATOR else "cyan"
        seconds = "" if turn.agent == MODERATOR else f" {turn.latency_s:.1f} s"
        said = branch.add(f"[{colour}]{turn.agent}[/{colour}]{seconds}\n{_cut(turn.text, most)}".rstrip())
        for call in turn.tool_calls:
            _add_call(said, call, most)
    if most is None:
        for agent, system in chat.system_messages.items():
            branch.add(f"[dim]system message of {agent}[/dim]\n{escape(system)}")
    if chat.error:
        branch.add(f"[red]{escape(chat.error)}[/red]")


def _add_call(tree: Tree, call: ToolCall, most: int | None) -> None:
    given = call.arguments
    written = given if isinstance(given, str) else ", ".join(f"{name}={value!r}" for name, value in given.items())
    colour = "red" if call.is_error else "green"
    tree.add(
        f"[{colour}]{escape(call.name)}[/{colour}]({_cut(written, most)}) {call.duration_s:.1f} s\n"
        f"{_cut(call.result, most)}"
    )


def _add_item(tree: Tree, instruction: Instruction, answer: Answer | None, most: int | None) -> None:
    form = FORMS[instruction.form]
    item = tree.add(f"[bold]item[/bold] {instruction.leaf}")
    item.add(_cut(form.shown(instruction, None), most))
    if instruction.key or not instruction.answerable:
        item.add(f"key: {_cut(form.final(instruction.key, instruction) if instruction.key else 'unanswerable', most)}")
    _add_hidden(item, {**instruction.hidden, **instruction.proof}, most)
    if answer is not None:
        item.add(f"answer: {_cut(' | '.join(answer.value) if answer.answerable else 'unanswerable', most)}")


def _add_hidden(tree: Tree, parts: Mapping[str, Sequence[str]], most: int | None) -> None:
    """What the student does not see: what an answer is checked with."""
    for name, texts in parts.items():
        tree.add(f"[dim]{escape(name)}[/dim] {_cut(chr(10).join(texts), most)}")


def _add_verdict(tree: Tree, votes: Iterable[Vote], verdict: str) -> None:
    branch = tree.add(f"[bold]verdict[/bold] {escape(verdict)}")
    for vote in votes:
        said = " | ".join(vote.answer.value) if vote.answer.answerable else "unanswerable"
        passage = "" if vote.passage == "this" else f" ({vote.passage} passage)"
        branch.add(f"{vote.voter}{passage}: {escape(said[:200])} {'agrees' if vote.agrees else 'differs'}")


def _cut(text: str, most: int | None) -> str:
    if most is not None and len(text) > most:
        text = f"{text[:most]} ... ({len(text) - most} characters more, --full shows them)"
    return escape(text)
