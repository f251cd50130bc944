"""A return becomes a fact: the payment is RETURNED, or people are called. Whoever saw it.

Rule kept here: the same return told by the bank's query and by a statement line is one. What
returned a payment stands in its reason, so whatever is told later is compared with that.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select

from gateway.domain.evidence import Evidence
from gateway.domain.instruction import FATE_OPEN, Cause, State
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict
from gateway.lifecycle.apply import apply, open_case, open_loose_case
from gateway.lifecycle.rows import standing
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

SUSPECTED: Final = "refund_suspected"
UNLINKED: Final = "refund_unlinked"
EARLY: Final = "refund_early"
REPEATED: Final = "refund_repeated"
REVERSED: Final = "refund_reversed"
_CONTRADICTION: Final = "contradiction"
_ACTOR: Final = "statements"
_KEY_MAX: Final = 40
_c = tables.case
_KNOWN: Final = prepare(
    select(_c.c.id).where(
        _c.c.tenant == bindparam("of_tenant"),
        _c.c.instruction == bindparam("of_instruction"),
        _c.c.kind == bindparam("of_kind"),
    )
)
_KNOWN_LOOSE: Final = prepare(
    select(_c.c.id).where(
        _c.c.tenant == bindparam("of_tenant"),
        _c.c.kind == UNLINKED,
        among(_c.c.evidence, "of_keys"),
    )
)
_BOOKED: Final = re.compile(
    r"refund booked(?: ([0-9]{4}-[0-9]{2}-[0-9]{2}))?(?: (?!line )(\S+))?(?: line (\S+))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A return as it was told: by the bank's query, or (``ref``) by a kept statement line."""

    amount: str
    day: str
    bank_key: str
    reference: str
    text: str
    code: str = ""
    """The bank's code of why it came back."""
    ref: str = ""

    @property
    def words(self) -> str:
        """How it is named in the reason of what it returned."""
        line = f"line {self.ref}" if self.ref else ""
        key = "_".join(self.bank_key.split())
        return " ".join(filter(None, ("refund booked", self.day, key, line)))

    def is_told_in(self, reason: str) -> bool | None:
        """Whether a reason names this very return; None where it names none."""
        found = _BOOKED.fullmatch(reason)
        if found is None:
            return None
        day, key, ref = (it or "" for it in found.groups())
        if self.ref and ref:
            return self.ref == ref
        mine = "_".join(self.bank_key.split())
        return mine == key if mine and key else self.day == day


def give_back(uow: Uow, ids: Ids, row: Any, told: Return, at: datetime) -> bool:  # noqa: ANN401 - a row
    """A return whose payment is certain. False where it is to be looked at again.

    ``row`` has all columns of the instruction, locked. Before the payment is proven to be paid
    nothing moves: a case tells people, and it is looked at again.
    """
    state = State(row.state)
    if state is State.RETURNED:
        same = told.is_told_in(row.reason)
        if same is False:
            call(uow, ids, row, (REPEATED, f"{told.words} is another return of it"), at)
        elif same is None and row.grade < Grade.STATEMENT:
            apply(uow, ids, [standing(row)], _evidence(row, told, at))
        return True
    if state in FATE_OPEN:
        call(uow, ids, row, (EARLY, f"{told.words}, and it is not known to be paid"), at)
        return False
    # Of a state that a return denies it makes a contradiction: once is enough.
    if state is State.SETTLED or not _known(uow, row, _CONTRADICTION):
        apply(uow, ids, [standing(row)], _evidence(row, told, at))
    return True


def call(uow: Uow, ids: Ids, row: Any, what: tuple[str, str], at: datetime) -> None:  # noqa: ANN401 - a row
    """Have people look at a payment, once for each kind of case. ``what``: kind, detail."""
    if _known(uow, row, what[0]):
        return
    evidence = Evidence(cause=Cause.STATEMENT, target=None, actor=_ACTOR, at=at, reason=what[1])
    open_case(uow, ids, standing(row), what[0], evidence)


def call_for_none(uow: Uow, ids: Ids, tenant: str, what: tuple[Return, str], at: datetime) -> None:
    """Have people look at a return that is nobody's, once. ``what``: the return, why."""
    told, why = what
    keys = [_short(it) for it in (told.bank_key, told.reference, told.ref) if it]
    if uow.first(_KNOWN_LOOSE, {"of_tenant": tenant, "of_keys": keys}) is None:
        detail = f"refund of {told.amount}: {why}"
        key = keys[0] if keys else ""
        open_loose_case(uow, ids, tenant=tenant, key=key, kind=UNLINKED, detail=detail, at=at)


def _short(key: str) -> str:
    """A key as it fits where cases keep what called for them."""
    return key if len(key) <= _KEY_MAX else hashlib.sha256(key.encode()).hexdigest()[:_KEY_MAX]


def _known(uow: Uow, row: Any, kind: str) -> bool:  # noqa: ANN401 - a row
    values = {"of_tenant": row.tenant, "of_instruction": row.id, "of_kind": kind}
    return uow.first(_KNOWN, values) is not None


def _evidence(row: Any, told: Return, at: datetime) -> Evidence:  # noqa: ANN401 - a row
    """The booking as evidence that a payment came back."""
    return Evidence(
        cause=Cause.STATEMENT,
        target=State.RETURNED,
        grade=Grade.STATEMENT,
        actor=_ACTOR,
        at=at,
        outcome=Outcome(
            verdict=Verdict.RETURNED,
            stage=Stage.EXECUTION,
            code=told.code,
            text=told.text,
            reason="refund",
            # The return may have a number of its own; the payment keeps that of its payment.
            bank_reference=row.bank_reference or told.reference,
        ),
        reason=told.words,
    )
