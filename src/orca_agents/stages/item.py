"""What is known about one item while it is being made, and what can become of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from orca_agents.checks.api import judged_by
from orca_agents.config import Goal
from orca_agents.errors import PASSING, ChatError
from orca_agents.harvest import DeclinedError
from orca_agents.outcomes import Example, ExampleMetadata, Failure, Outcome, Rejection, Skip
from orca_agents.records import (
    CheckResult,
    Content,
    Draft,
    Instruction,
    Message,
    Seed,
    Transcript,
    Usage,
    Verification,
    Vote,
)
from orca_agents.screening import text_of
from orca_agents.stages.respond import training_messages
from orca_agents.stages.siblings import Siblings
from orca_agents.stages.studio import Authored, Studio
from orca_agents.stages.verify import Ballot


@dataclass
class Item:
    """One item on its way: where it stands, and every chat that it took so far."""

    studio: Studio
    seed: Seed
    path: str
    leaf: str | None
    kept: dict[str, Transcript]
    """All transcripts of the seed, by id; shared by its items."""
    content_repairs: tuple[str, ...] = ()
    goal: Goal | None = None
    parent: Instruction | None = None
    old_ballot: Ballot | None = None
    """The votes on the parent, where there were any."""
    made: Authored[Instruction] | None = None
    """The instruction as it is now, repaired or not."""
    ballot: Ballot | None = None
    """The votes on that instruction, once they are held."""
    proof: Authored[Instruction] | None = None
    """The instruction with its proof, where its leaf has one."""
    tags: tuple[str, ...] = ()
    """What probes have shown of it."""
    siblings: Siblings | None = None
    """The seed instructions about the same content; a refined one has none."""
    place: int = 0
    """Its own place among them."""
    notes: tuple[str, ...] = ()
    """What else is to be told of it by a tag."""
    chats: list[str] = field(default_factory=list)
    """Ids of the chats behind it, in the order in which they began."""

    @property
    def id(self) -> str:
        """The id of whatever becomes of it."""
        return self.studio.id_of(self.seed, self.path)

    async def screened(self, made: Authored[Instruction]) -> Authored[Instruction]:
        """The instruction; failed, where it is not worth an answer."""
        screen = self.studio.screen
        if screen is None or made.failed is not None:
            return made
        text = text_of(made.record, passage_shown=not self.studio.skill.config.respond.hides_passage)
        siblings = await self.siblings.before(self.place) if self.siblings is not None else []
        found = await screen.look(text, f"{self.path}{'.2' if made.repairs else ''}", siblings)
        if found is not None:
            return replace(made, results=(*made.results, CheckResult(name=found.check, ok=False, reason=found.reason)))
        if self.siblings is not None:
            self.siblings.declare(self.place, text)
        return made

    def took(self, *chats: str) -> None:
        """Note chats that belong to it."""
        self.chats += [chat for chat in chats if chat not in self.chats]

    def example(
        self, instruction: Authored[Instruction], draft: Authored[Draft], votes: tuple[Vote, ...], tags: tuple[str, ...]
    ) -> Example:
        """The item as a training example, with all that is known about it."""
        studio, seed, record = self.studio, self.seed, instruction.record
        chats = tuple(self.chats)
        proof = {"grades": ", graders", "votes": ", votes", "programs": ""}[judged_by(record.form)]
        responder = studio.skill.config.respond.agents[0]
        messages = training_messages(studio, seed, draft.record)
        return Example(
            id=self.id,
            skill=studio.skill.name,
            leaf=record.leaf,
            messages=messages,
            tools=draft.record.tools,
            metadata=ExampleMetadata(
                seed_ids=(seed.id,),
                source=seed.source,
                source_span=(seed.start, seed.end),
                licence=seed.licence,
                language=studio.language_of(seed),
                seed_flags=seed.flags,
                seed_metadata=seed.metadata,
                transformer=record.content.transformer,
                passage=record.content.text,
                passage_shown=_shows(messages, record.content.text),
                question=record.question,
                parts=record.parts,
                form=record.form,
                reference=record.key,
                hidden=draft.record.instruction.hidden,
                proof=draft.record.instruction.proof,
                facts=draft.record.facts,
                answerable=record.answerable,
                evidence=draft.record.evidence,
                parent_id=record.parent_id,
                goal=record.goal,
                suggestion=record.suggestion,
                round=record.round,
                teacher_system=studio.agent(responder).system_message.strip(),
                models={name: role.config.model for name, role in studio.roles.items()},
                chats=chats,
                usage=sum((self.kept[chat].usage for chat in chats if chat in self.kept), Usage()),
                verification=self._verification(f"programs{proof}", True, votes, instruction, draft),
                tags=tags,
                demo=any(role.teacher.is_demo for role in studio.roles.values()),
            ),
        )

    def failed_check(
        self,
        stage: str,
        made: Authored[Content] | Authored[Instruction] | Authored[Draft],
        instruction: Authored[Instruction] | None = None,
    ) -> Rejection:
        """The item, stopped by a check that a record fails, also after its repair."""
        assert made.failed is not None
        record = made.record
        draft = made if isinstance(record, Draft) else None
        about = record.instruction if isinstance(record, Draft) else record
        self.took(*record.chats)
        return Rejection(
            id=self.id,
            skill=self.studio.skill.name,
            seed_id=self.seed.id,
            leaf=self.leaf,
            stage=stage,
            check=made.failed.name,
            reason=made.failed.reason,
            content=about if isinstance(about, Content) else None,
            instruction=about if isinstance(about, Instruction) else None,
            answer=record.answer if isinstance(record, Draft) else None,
            verification=self._verification("programs", False, (), instruction or made, draft),
            chats=tuple(self.chats),
        )

    def voted_down(
        self,
        instruction: Authored[Instruction],
        draft: Authored[Draft],
        votes: tuple[Vote, ...],
        check: str,
        reason: str,
    ) -> Rejection:
        """The item, sound by all programs, whose key the readers did not confirm."""
        return Rejection(
            id=self.id,
            skill=self.studio.skill.name,
            seed_id=self.seed.id,
            leaf=self.leaf,
            stage="verify",
            check=check,
            reason=reason,
            instruction=instruction.record,
            answer=draft.record.answer,
            verification=self._verification("programs, votes", False, votes, instruction, draft),
            chats=tuple(self.chats),
        )

    def declined(self, error: DeclinedError) -> Skip:
        """The item, not made because an agent found its material unsuited."""
        return Skip(
            id=self.id,
            source=self.seed.source,
            seed_id=self.seed.id,
            stage=error.stage,
            leaf=self.leaf,
            reason=str(error),
        )

    def failure(self, error: Exception) -> Failure:
        """The item, ended by an error in one of its chats; the error's own type is kept."""
        chat = error if isinstance(error, ChatError) else ChatError(str(error))
        self.took(*([chat.chat] if chat.chat else []))
        return Failure(
            id=self.id,
            skill=self.studio.skill.name,
            seed_id=self.seed.id,
            leaf=self.leaf,
            stage=chat.stage or "(no chat)",
            path=chat.path or self.path,
            error=_name_of(error),
            message=str(error),
            chats=tuple(self.chats),
        )

    def _verification(
        self,
        method: str,
        accepted: bool,
        votes: tuple[Vote, ...],
        instruction: Authored[Content] | Authored[Instruction] | Authored[Draft],
        draft: Authored[Content] | Authored[Instruction] | Authored[Draft] | None,
    ) -> Verification:
        first = "content" if isinstance(instruction.record, Content) else "instruction"
        later = draft if draft is not None and draft is not instruction else None
        proof = self.proof if instruction is not self.proof else None
        return Verification(
            method=method,
            verdict="accepted" if accepted else "rejected",
            checks=(
                *instruction.results,
                *(proof.results if proof else ()),
                *(later.results if later else ()),
            ),
            votes=votes,
            repairs=(
                *(f"content: {check}" for check in self.content_repairs),
                *(f"{first}: {check}" for check in instruction.repairs),
                *(f"proof: {check}" for check in (proof.repairs if proof else ())),
                *(f"draft: {check}" for check in (later.repairs if later else ())),
            ),
        )


@dataclass(frozen=True)
class Settled:
    """What became of an item, and what refinement may go on from."""

    outcome: Outcome
    instruction: Instruction
    sound: bool
    """Whether it passed the checks of its own stage."""
    ballot: Ballot | None
    """The votes on it, if it came to a vote."""


def _shows(messages: Sequence[Message], passage: str) -> bool:
    """Whether the student sees a passage."""
    text = passage.strip()
    return bool(text) and any(message.role != "assistant" and text in message.content for message in messages)


def _name_of(error: Exception) -> str:
    """The type of an error, or of what caused it; that of one that a resumed run tries again stays as it is."""
    return type(error if isinstance(error, PASSING) else error.__cause__ or error).__name__
