"""The lines of a batch: compared with what was sent, then judged one by one.

Rules kept here: a line is known by INDX, our own line number, and must carry the account and
amount that were sent under it; a line that is missing, surplus or changed makes the whole
answer UNCONFIRMED. A batch is SETTLED only if every line is; where lines differ, the verdict
is PROCESSING with the reason ``by_line`` and the lines decide.

Source: CIB interface document V4.0.4, §RBATCHTRSFR and §RPAYOFF.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from adapters.bank.cib import codes, judgement
from adapters.bank.cib.codes import Layer
from adapters.bank.cib.envelope import Status
from adapters.bank.cib.fields import AMOUNT_LIMIT_MINOR
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import LineOutcome, Outcome, Stage, Verdict
from gateway.ports.bank_batch import BatchOrder
from gateway.wire.leaves import Leaves
from gateway.wire.xml import Node

BY_LINE: Final = "by_line"
"""Reason of an outcome whose lines have different fates."""
INDEX_LENGTH: Final = 10
"""Longest INDX of any of the bank's batches."""
_FINAL: Final = frozenset(
    {Verdict.SETTLED, Verdict.REJECTED, Verdict.CANCELLED, Verdict.EXPIRED, Verdict.RETURNED}
)
_DECIDING: Final = frozenset({codes.PART_PAYOUT, "PROCESSING", "SUBMIT_SUCC"})


def line_number(text: str) -> int | None:
    """INDX as a number, None when it is none."""
    plain = text.isascii() and text.isdigit() and len(text) <= INDEX_LENGTH
    return int(text) if plain else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWords:
    """How one product words the STATUS of a line."""

    verdicts: Mapping[str, Verdict]
    idle: frozenset[str] = frozenset()
    """Words of a line not begun: it shares the fate of the whole."""
    deciding: frozenset[str] = _DECIDING
    """Results of the whole under which a line's own word counts. Under any other it must agree."""


PAYMENT_WORDS: Final = LineWords(verdicts=codes.LINE_RESULTS)
# How the bank words a whole payroll with one failed line is not documented: PAYOUT or
# PART_PAYOUT, the digits of the line say what became of it.
PAYROLL_WORDS: Final = LineWords(
    verdicts=codes.PAYROLL_RESULTS,
    idle=codes.PAYROLL_IDLE,
    deciding=_DECIDING | {codes.PAYOUT},
)


LINE_LEAVES: Final = ("INDX", "TRNAMT", "STATUS", "ERRMSG")
"""What every line of an answer has, of either product."""


class ToldLine(msgspec.Struct, frozen=True):
    """One line of an answer.

    ``number`` is our line number, 0 when what stands there is none; ``account`` as echoed;
    ``code`` is the bank's word for the line ('' when it has none), ``text`` that for people.
    ``amount`` is the echo's text, '' where only ``node`` can tell.
    """

    node: Node
    number: int
    account: str
    code: str
    text: str
    amount: str = ""


def told_line(node: Node, leaves: Leaves, account: Callable[[Node], str]) -> ToldLine:
    """A line as its element tells it; ``leaves`` end with the account (``LINE_LEAVES``, account).

    ``account`` reads it where a line is not of the usual form, or raises the right WireError.
    """
    texts = leaves.of(node)
    if texts is not None:
        index, amount, code, text, number = texts
        return ToldLine(node, line_number(index) or 0, number, code, text, amount)
    return ToldLine(
        node,
        line_number(node.child_text("INDX")) or 0,
        account(node),
        node.child_text("STATUS"),
        node.child_text("ERRMSG"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an answer says of a batch: the whole's result, its head (echo) and its lines."""

    outcome: Outcome
    words: LineWords
    head: Node | None = None
    purpose_name: str = ""
    lines: tuple[ToldLine, ...] = ()


def whole(status: Status, process: Node | None, bank_reference: str) -> Outcome:
    """The result of the whole: its XFERPRCSTS, else what the second layer's word proves."""
    if process is None and not status.ok:
        return judgement.refused(status, Layer.BATCH)
    return judgement.result(status, process, bank_reference)


# ── what the answer means ─────────────────────────────────────────────────────────────────


def checked(order: BatchOrder, told: Told, *, needed: bool) -> Outcome:
    """The outcome with its lines, if the echo speaks about what was sent; else UNCONFIRMED.

    ``needed`` demands the lines where nothing else ties the answer to the batch; a final
    result always needs them. Raises WireError("amount") for an echo that is no amount.
    """
    outcome = told.outcome
    if not told.lines and outcome.verdict in (Verdict.UNCONFIRMED, Verdict.NOT_FOUND):
        return outcome
    if fault := _echo_fault(order, told, needed=needed):
        return Outcome.unconfirmed(fault, code=outcome.code, text=outcome.text)
    return judged(told)


def judged(told: Told) -> Outcome:
    """The outcome with its lines, before anything is compared with what was sent.

    A refusal of the whole names the lines at fault, where the bank names any: the others
    are not in ``lines``, and nothing was executed for them either.
    """
    outcome = told.outcome
    if not told.lines:
        return outcome
    if _refusal(outcome):
        return _refused(told)
    if outcome.stage is not Stage.EXECUTION:
        return outcome
    # Few words stand at many lines: what each means is found once.
    fates = {code: _fate(told, code) for code in {line.code for line in told.lines}}
    lines = tuple(
        [
            LineOutcome(line=line.number, verdict=fates[line.code], code=line.code, text=line.text)
            for line in told.lines
        ]
    )
    verdicts = set(fates.values())
    if len(verdicts) > 1:
        return replace(outcome, verdict=Verdict.PROCESSING, reason=BY_LINE, lines=lines)
    verdict = verdicts.pop()
    if outcome.code == codes.PART_PAYOUT and verdict in _FINAL:
        # "In part", and yet all lines alike: one of the two is wrong.
        return Outcome.unconfirmed("contradiction", code=outcome.code, text=outcome.text)
    reason = outcome.reason if verdict is outcome.verdict else ""
    return replace(outcome, verdict=verdict, reason=reason, lines=lines)


def _refusal(outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.REJECTED and outcome.stage is Stage.VALIDATION


def _fate(told: Told, code: str) -> Verdict:
    """What became of a line, by its own word and the result of the whole."""
    overall, words = told.outcome, told.words
    own = words.verdicts.get(code, Verdict.UNCONFIRMED) if code else None
    if overall.code in words.deciding and overall.reason != "contradiction":
        return overall.verdict if own is None else own
    if own is None or own is overall.verdict or code in words.idle:
        return overall.verdict
    return Verdict.UNCONFIRMED


def _refused(told: Told) -> Outcome:
    """The whole was refused: the lines at fault are those with a refusal or a text of their own."""
    outcome, words = told.outcome, told.words
    faulty = []
    for line in told.lines:
        own = words.verdicts.get(line.code, Verdict.UNCONFIRMED)
        if line.code and line.code not in words.idle and own is not Verdict.REJECTED:
            # Refused, and yet this line is said to live: nothing is proven.
            return Outcome.unconfirmed("contradiction", code=outcome.code, text=outcome.text)
        if own is Verdict.REJECTED or (not line.code and line.text):
            faulty.append(
                LineOutcome(
                    line=line.number,
                    verdict=Verdict.REJECTED,
                    code=line.code or outcome.code,
                    text=line.text,
                )
            )
    return replace(outcome, lines=tuple(faulty))


# ── the echo ──────────────────────────────────────────────────────────────────────────────


def _echo_fault(order: BatchOrder, told: Told, *, needed: bool) -> str:
    if not _same_head(order, told):
        return "echo_mismatch"
    if told.lines:
        return "" if _same_lines(order, told) else "echo_mismatch"
    outcome = told.outcome
    final = outcome.verdict in _FINAL and not _refusal(outcome)
    return "echo_missing" if needed or final else ""


def _same_head(order: BatchOrder, told: Told) -> bool:
    head = told.head
    if head is None:
        return True
    payer = head.maybe("ACCTFROM")
    account = payer.child_text("ACCTID") if payer is not None else ""
    purpose = head.child_text(told.purpose_name)
    if account and account != order.debtor.account.number:
        return False
    if purpose and purpose != order.purpose.strip():
        return False
    if codes.CURRENCIES.get(head.child_text("CURSYM")) != CNY:
        return False
    # With lines the totals say nothing new, and a payroll's may leave failed lines out.
    return bool(told.lines) or _same_totals(order, head)


def _same_totals(order: BatchOrder, head: Node) -> bool:
    count, total = head.child_text("TOTALCOUNT"), head.maybe("TOTALAMOUNT")
    if count and count != str(len(order.lines)):
        return False
    return total is None or not total.text() or total.money(CNY) == order.total()


def _same_lines(order: BatchOrder, told: Told) -> bool:
    sent = {line.line: line for line in order.lines}
    seen: set[int] = set()
    for line in told.lines:
        ours = sent.get(line.number)
        if ours is None or line.number in seen:
            return False
        seen.add(line.number)
        if line.account != ours.creditor.account.number:
            return False
        if not _same_amount(line, ours.amount):
            return False
    return _refusal(told.outcome) or len(seen) == len(sent)


def _same_amount(line: ToldLine, ours: Money) -> bool:
    """Whether the echo is what was sent. Raises WireError("amount") when it is no amount."""
    # The same text is the same amount; only another one has to be understood.
    if line.amount == ours.text() and ours.currency == CNY and 0 < ours.minor < AMOUNT_LIMIT_MINOR:
        return True
    return line.node.one("TRNAMT").money(CNY) == ours
