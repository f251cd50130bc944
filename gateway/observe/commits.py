"""Every journal record told as an event, once its commit is durable.

Rule kept here: what is told is what the journal holds, no more often and no less; and of a
record only identifiers, codes and counts. Reasons that people and banks wrote stay inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.domain.evidence import Ruling
from gateway.domain.ids import TenantId
from gateway.domain.instruction import FINAL, Cause, State
from gateway.observe.log import EventLog
from gateway.ports import events
from gateway.ports.events import Event, Facts, Log
from gateway.ports.tenancy import Directory
from gateway.store.committed import Committed
from gateway.store.journal import Record
from gateway.store.store import Store

_FINAL: Final = frozenset(state.value for state in FINAL)
_BY_CAUSE: Final[Mapping[str, Event]] = {
    Cause.POLICY.value: events.RELEASED,
    Cause.PERSON.value: events.DECIDED,
    Cause.TWO_PEOPLE.value: events.DECIDED,
    Cause.ERP.value: events.WITHDRAWN,
    Cause.SCHEDULE.value: events.DUE,
    Cause.DISPATCH.value: events.SENDING,
    Cause.NOT_SENT.value: events.NOT_SENT,
    Cause.REFUSED_UNEXECUTED.value: events.REFUSED_UNEXECUTED,
    Cause.BANK_ANSWER.value: events.ANSWERED,
    Cause.DOUBT.value: events.UNCONFIRMED,
    Cause.ENQUIRY.value: events.ENQUIRY_ANSWERED,
    Cause.STATEMENT.value: events.PROVEN,
    Cause.RECEIPT.value: events.PROVEN,
    Cause.REPLAN.value: events.REPLANNED,
}
_BY_KIND: Final[Mapping[str, Event]] = {
    "accepted": events.JOURNALED_ACCEPTANCE,
    "batch_accepted": events.JOURNALED_ACCEPTANCE,
    "vote": events.VOTED,
    "hold_raised": events.HOLD_RAISED,
    "hold_lifted": events.HOLD_LIFTED,
    "attachment_added": events.ATTACHED,
    "resolution_proposed": events.RESOLUTION_PROPOSED,
    "resolution_carried_out": events.RESOLVED,
    "resealed": events.RESEALED,
    "person_disabled": events.IDENTITY_CHANGED,
    "person_enabled": events.IDENTITY_CHANGED,
    "case_opened": events.CASE_OPENED,
    "cases_closed": events.CASES_CLOSED,
    "connection_blocked": events.BLOCKED,
    "connection_unblocked": events.UNBLOCKED,
    "stop_pulled": events.STOP_PULLED,
    "stop_vote": events.STOP_VOTE,
    "stop_lifted": events.STOP_LIFTED,
    "person_logged_in": events.LOGGED_IN,
    "person_logged_out": events.IDENTITY_CHANGED,
    "password_set": events.IDENTITY_CHANGED,
    "factor_added": events.IDENTITY_CHANGED,
    "recovery_codes_made": events.IDENTITY_CHANGED,
    "control_proposed": events.CONTROLS_PROPOSED,
    "control_vote": events.CONTROLS_VOTE,
    "control_in_force": events.CONTROLS_IN_FORCE,
    "control_withdrawn": events.CONTROLS_WITHDRAWN,
    "payee_proposed": events.PAYEES_PROPOSED,
    "payee_approved": events.PAYEES_CHANGED,
    "payee_withdrawn": events.PAYEES_WITHDRAWN,
    "reference_imported": events.REFERENCE_IMPORTED,
    "statement_imported": events.STATEMENT_IMPORTED,
    "statement_quarantined": events.STATEMENT_QUARANTINED,
    "statement_refused": events.STATEMENT_REFUSED,
    "statement_withdrawn": events.STATEMENT_WITHDRAWN,
    "receipts_ordered": events.RECEIPTS_ORDERED,
    "receipts_kept": events.RECEIPTS_KEPT,
    "receipts_compared": events.RECEIPTS_COMPARED,
    "ledger_items_taken": events.LEDGER_TAKEN,
    "ledger_balances_taken": events.LEDGER_TAKEN,
    "reconciled": events.RECONCILED,
    "reconciliation_matched": events.RECONCILIATION_DECIDED,
    "reconciliation_unmatched": events.RECONCILIATION_DECIDED,
    "open_item_written_off": events.RECONCILIATION_DECIDED,
    "open_item_noted": events.RECONCILIATION_DECIDED,
    "match_memory_forgotten": events.RECONCILIATION_DECIDED,
    "match_rules_proposed": events.RECONCILIATION_RULES,
    "match_rules_in_force": events.RECONCILIATION_RULES,
    "match_rules_withdrawn": events.RECONCILIATION_RULES,
    "sheet_prepared": events.SHEET_PREPARED,
    "sheet_reviewed": events.SHEET_REVIEWED,
    "confirmation_prepared": events.CONFIRMATION_DECIDED,
    "confirmation_withdrawn": events.CONFIRMATION_DECIDED,
    "confirmation_signed": events.CONFIRMATION_SIGNED,
    "confirmation_answered": events.CONFIRMATION_ANSWERED,
    "confirmation_in_doubt": events.CONFIRMATION_IN_DOUBT,
    "notice_taken": events.NOTICE_TAKEN,
    "notice_unknown": events.NOTICE_UNKNOWN,
    "refund_unlinked": events.REFUND_UNLINKED,
    "webhook_redelivery": events.WEBHOOK_AGAIN,
    "wire": events.WIRED,
}
_MOVE: Final = Ruling.MOVE.value
_STATES: Final = frozenset({"evidence", "transition"})
_OWN_WORDS: Final = frozenset({Cause.NOT_SENT.value, Cause.DOUBT.value})
"""Causes whose reason is written by our own transport and relay."""

BankOf = Callable[[str, str], str]
"""The bank's code behind (tenant, connection)."""


def _everything(_: Event) -> bool:
    """Until somebody says otherwise."""
    return True


class Reports:
    """Tells the commits of one process."""

    def __init__(
        self,
        log: Log,
        observe: Callable[[str, float], None],
        slow_s: float,
        bank_of: BankOf,
        hears: Callable[[Event], bool] = _everything,
    ) -> None:
        """``hears`` says whether the log does anything with an event."""
        self._log = log
        self._hears = hears
        self._observe = observe
        self._slow_s = slow_s
        self._bank_of = bank_of

    def committed(self, commit: Committed) -> None:
        """Tell a commit: its figures, then what it recorded."""
        self._observe("gateway_commit_seconds", commit.seconds)
        self._observe("gateway_commit_jobs", commit.jobs)
        if commit.seconds >= self._slow_s:
            self._log.tell(
                events.COMMIT_SLOW,
                seconds=commit.seconds,
                jobs=commit.jobs,
                count=len(commit.records),
            )
        for seq, record in enumerate(commit.records, start=commit.seq):
            event = _event_of(record)
            if self._hears(event):
                moved = record.kind in _STATES
                facts = _moved(record) if moved else self._other(record, event)
                facts["lane"], facts["seq"] = commit.lane, seq
                self._log.tell(event, **facts)

    def _other(self, record: Record, event: Event) -> Facts:
        facts = Facts(tenant=record.tenant, kind=record.kind)
        content = record.content
        if event in {events.BLOCKED, events.UNBLOCKED}:
            facts["connection"] = record.subject
            facts["bank"] = self._bank_of(record.tenant, record.subject)
            facts["code"] = _text(content, "code")
        elif event is events.CASE_OPENED:
            facts["instruction"] = record.subject
            facts["kind"] = _text(content, "kind")
        elif event is events.WIRED:
            facts["message"] = record.subject
            facts["purpose"] = _text(content, "purpose")
        else:
            facts["subject"] = record.subject
        return facts


def report_commits(store: Store, log: EventLog, directory: Directory, slow_s: float) -> None:
    """Have every commit of a store told to operators."""

    def bank_of(tenant: str, connection: str) -> str:
        served = directory.tenants.get(TenantId(tenant))
        known = served.connections.get(connection) if served else None
        return known.bank if known else ""

    log.bind(lane=store.lane.id)
    store.report(Reports(log, log.meter.observe, slow_s, bank_of, log.hears).committed)


def _event_of(record: Record) -> Event:
    if record.kind not in _STATES:
        return _BY_KIND.get(record.kind, events.RECORDED)
    event = _BY_CAUSE.get(_text(record.content, "cause"), events.RECORDED)
    if event is events.RELEASED and record.content.get("target") == State.HELD.value:
        return events.HELD
    return event


def _moved(record: Record) -> Facts:
    """A piece of evidence: what it was, and what it did to how many instructions."""
    content = record.content
    cause, target = _text(content, "cause"), _text(content, "target")
    lines = content.get("lines")
    rulings = lines if isinstance(lines, Sequence) else ()
    moved = [line[-1] for line in rulings].count(_MOVE)
    facts = Facts(
        tenant=record.tenant,
        cause=cause,
        actor=_text(content, "actor").partition(":")[0],
        state=target,
        lines=len(rulings),
        moved=moved,
    )
    if record.subject.startswith("msg_"):
        facts["message"] = record.subject
    if len(rulings) == 1:
        facts["instruction"] = str(rulings[0][0])
    if target in _FINAL and moved:
        facts["final"] = True
    if verdict := _text(content, "verdict"):
        facts["verdict"], facts["code"] = verdict, _text(content, "code")
    if cause in _OWN_WORDS:
        facts["why"] = _text(content, "reason")
    return facts


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name, "")
    return value if isinstance(value, str) else ""
