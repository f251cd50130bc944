"""Who answers an ERP's question, whatever way it came: one use case for API, files and tables.

Rule kept here: an answer says when the bank was asked for it, and a question that could not be
answered is never told as an answer: what went wrong has a code, and a word on trying again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import (
    Fault,
    GatewayError,
    NotSent,
    Overloaded,
    Refused,
    Unconfirmed,
    WireError,
)

if TYPE_CHECKING:
    from gateway.domain.ids import TenantId
    from gateway.ports.erp_questions import Question
    from gateway.ports.erp_systems import ErpSystem
    from gateway.ports.erp_told import Told

_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: sees what its rights show. ``erp`` is the ERP system a machine speaks for.

    ``aliases`` are account numbers as it writes them, to ours; answers name what was asked for.
    """

    tenant: TenantId
    actor: Actor
    erp: str = ""
    aliases: tuple[tuple[str, str], ...] = ()

    def account(self, written: str) -> str:
        """Our number of an account, as this asker writes it."""
        return dict(self.aliases).get(written, written)

    def written(self, number: str) -> str:
        """An account of ours, as this asker writes it."""
        return next((name for name, ours in self.aliases if ours == number), number)


def asker_of(system: ErpSystem) -> Asker:
    """The ERP system as an asker: of question files and question rows."""
    return Asker(
        tenant=system.tenant,
        actor=Actor(kind=ActorKind.MACHINE, name=system.id),
        erp=system.id,
        aliases=tuple(system.aliases.items()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answer. Put ``told`` into the ERP's outbox, or tell it at once.

    BALANCE, STATEMENT, STATUS and RECEIPT give one record; HISTORY one balance per closed day.
    ``asked_at`` is how fresh it is: when the bank was asked, or, for STATUS, when the
    instruction came to stand so.
    """

    question: Question
    told: tuple[Told, ...]
    asked_at: datetime
    shared: bool = False
    """Somebody else's equal question had the bank asked."""
    enquiry_at: datetime | None = None
    """Of STATUS while the bank owes an answer: when it is asked next (查证). What it says is told
    as every change is; until then nothing is known, which is not a failure."""
    warnings: tuple[str, ...] = ()


class Answers(Protocol):
    """Answers questions. Equal ones share one call to the bank; payments never wait for it."""

    async def answer(self, asker: Asker, question: Question) -> Answered:
        """Ask the bank, or take the answer that an equal question just had.

        Raises Refused with faults (they name the asker's own fields), NotFound for an account
        or instruction that is not the asker's, NotOffered (the text says which bank lacks which
        capability), Overloaded, BankRefused, NotSent, Unconfirmed (no answer came) or WireError
        (the bank's reply cannot be read).
        """
        ...


def worth_again(error: GatewayError) -> bool:
    """Whether the very same question may be answered later: it failed on the way."""
    return isinstance(error, NotSent | Unconfirmed | WireError | Overloaded)


def faults_of(error: GatewayError, question: Question) -> tuple[Fault, ...]:
    """What to tell about a question that has no answer; for ``refuse``, and for result rows."""
    if isinstance(error, Refused) and error.faults:
        return error.faults
    zh, en = error.zh, error.en
    if isinstance(error, WireError):  # its place is inside the bank's reply: not the asker's
        zh, en = "银行应答无法识别，请稍后再查", "the bank's reply cannot be read; ask again later"
    elif worth_again(error):
        zh, en = f"{zh}；请稍后再查", f"{en}; ask again later"
    path = question.at.get("kind", "") or question.id
    return (Fault(path=path, code=error.code, zh=zh[:_TEXT_MAX], en=en[:_TEXT_MAX]),)
