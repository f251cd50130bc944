"""A bank's language as a frozen record of pure functions, client side and bank side.

``encode`` and ``decode`` do no I/O and read no clock: the time, serial and credentials are
arguments, so the same input gives the same bytes. Capabilities follow from which fields
are filled; they are not declared a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

from gateway.domain.ids import Serial
from gateway.domain.instruction import Urgency
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import Money
from gateway.domain.outcome import Outcome
from gateway.domain.party import Party
from gateway.domain.statement import Balance, StatementPage
from gateway.ports.bank_batch import (
    BatchOrder,
    BatchRequest,
    BatchStatusQuestion,
    BatchStatusRequest,
    DayBalance,
    HistoryQuestion,
    HistoryRequest,
    InstructionReceipt,
    OverviewPage,
    OverviewQuestion,
    OverviewRequest,
    ReceiptQuestion,
    ReceiptRequest,
    StoredBatch,
)
from gateway.ports.bank_confirm import (
    BalanceNotice,
    ConfirmOrder,
    ConfirmOutcome,
    ConfirmQuestion,
    ConfirmRequest,
    ConfirmResult,
    ConfirmResultRequest,
    StoredConfirmation,
)
from gateway.ports.bank_receipts import (
    ReceiptFilesPage,
    ReceiptFilesQuestion,
    ReceiptFilesRequest,
    ReceiptOrder,
    ReceiptOrdered,
    ReceiptOrderRequest,
    StoredReceiptTask,
)
from gateway.ports.bank_words import BankState as BankState
from gateway.ports.bank_words import Reason as Reason

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """Who calls the bank, and when (bank-local time, whole seconds). ``password`` is secret."""

    customer: str
    operator: str
    password: str = field(repr=False)
    at: datetime


# ── questions ────────────────────────────────────────────────────────────────────────────


class PayOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One payment as the bank must be asked for it."""

    debtor: Party
    creditor: Party
    amount: Money
    purpose: str
    memo: str = ""
    own_bank: bool
    local: bool
    urgency: Urgency = Urgency.NORMAL
    due: date | None = None
    """The bank's own due date; None means now."""


class StatusQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an earlier payment message? ``order`` is what was sent, for the echo check."""

    original: Serial
    order: PayOrder


class BalanceQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What stands on our account now?"""

    account: str


class EntryKind(StrEnum):
    """Which entries of a statement are asked for."""

    ALL = "all"
    REFUNDS = "refunds"
    """Only returned payments (退汇), as credits."""


class StatementQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page (from 1) of the entries of ``start``…``end``; today must be asked for alone."""

    account: str
    start: date
    end: date
    page: int = 1
    kind: EntryKind = EntryKind.ALL


class SignOnQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Only sign on: is the front-end alive, are the credentials right?"""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, A]):
    """One operation.

    ``decode`` raises WireError for a reply that is not of the promised form, and BankRefused
    where a query (not a payment) is refused.
    """

    encode: Callable[[Q, SignOn, Serial], WireMessage]
    decode: Callable[[Q, Serial, WireReply], A]
    check: Callable[[Q], tuple[FieldProblem, ...]] | None = None
    """Faults that the bank would refuse (length, characters), found before a serial is spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """A field the dialect cannot carry. ``name`` is our field name, e.g. ``creditor_name``."""

    name: str
    code: str
    zh: str
    en: str


class Dedupe(StrEnum):
    """What the bank promises about a serial that comes twice."""

    GUARANTEED = "guaranteed"
    WINDOW = "window"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When it is fair to ask, and when a resend is safe."""

    quiet: timedelta
    """No enquiry and no resend earlier than this after the last send."""
    dedupe: Dedupe
    dedupe_window: timedelta | None = None
    query_interval: timedelta = timedelta(seconds=5)
    """The same question (balance, statement, receipt) is not asked again within this time. Ours
    where the bank's document prints none; a connection may be set otherwise."""


# ── what every message is, for people who read the archive ─────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A bank message explained: direction ``request`` or ``reply``, our operation name, its fields.

    ``outcome`` is the decoded verdict of a reply, '' where there is none. ``fields`` maps
    the bank's element paths to text; secrets are left out.
    """

    direction: str
    operation: str
    outcome: str
    fields: Mapping[str, str]


# ── the bank side, so that the sandbox speaks every dialect over one ledger ─────────────────


class CoreResult(StrEnum):
    """What the bank's core system says when asked directly."""

    NONE = "none"
    VALID = "valid"
    INVALID = "invalid"


class PayRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A payment is asked for; ``super_channel`` is the inter-bank system for urgent ones."""

    order: PayOrder
    super_channel: bool = False


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of the payment with the serial ``original``?"""

    original: str


class CoreRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Core enquiry by our serial or by the bank's reference (exactly one is filled)."""

    original: str = ""
    bank_reference: str = ""


class BalanceRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What stands on the account?"""

    account: str


class StatementRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page (from 1) of the entries of an account, in one version of the statement."""

    account: str
    start: date | None
    end: date | None
    page: int
    version: str = ""
    direction: str = "both"
    kind: EntryKind = EntryKind.ALL
    """``debit``, ``credit`` or ``both``. ``start`` None asks for balances only."""


class SignOnRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Nothing but the sign-on itself."""


BankBody = (
    PayRequest
    | StatusRequest
    | CoreRequest
    | BalanceRequest
    | StatementRequest
    | SignOnRequest
    | BatchRequest
    | BatchStatusRequest
    | HistoryRequest
    | OverviewRequest
    | ReceiptRequest
    | ReceiptOrderRequest
    | ReceiptFilesRequest
    | ConfirmRequest
    | ConfirmResultRequest
)


class BankRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request as the bank understands it.

    ``malformed`` names what broke the bank's rules (element order, missing field); the sandbox
    then refuses it with Reason.MALFORMED.
    """

    signon: SignOn
    serial: str
    operation: str
    body: BankBody
    malformed: str = ""


class StoredPayment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An instruction as the bank stores it, for answers and replays."""

    serial: str
    bank_reference: str
    order: PayOrder
    state: BankState
    processed_at: datetime
    reason: Reason = Reason.OK
    core: CoreResult = CoreResult.NONE
    core_status: str = ""
    """Inter-bank clearing status when ``core`` is VALID.

    One of accepted, checked, sent, suspended, settled, failed.
    """


class BankAnswer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The bank's answer before it is put into the dialect's words."""

    at: datetime
    signon: Reason = Reason.OK
    message: Reason = Reason.OK
    detail: str = ""
    """Free text for the human part of the answer; '' lets the dialect choose."""
    payment: StoredPayment | None = None
    balance: Balance | None = None
    page: StatementPage | None = None
    batch: StoredBatch | None = None
    faulty: tuple[int, ...] = ()
    """Lines the bank names when it refuses a whole batch; empty when it names none."""
    days: tuple[DayBalance, ...] = ()
    overview: OverviewPage | None = None
    receipts: StoredReceiptTask | None = None
    confirmation: StoredConfirmation | None = None
    unknown_code: bool = False
    """Fault: answer with a code that stands in no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSide:
    """The bank's half of the dialect. ``decode`` raises WireError for bytes it cannot read."""

    decode: Callable[[bytes], BankRequest]
    encode: Callable[[BankRequest, BankAnswer], WireReply]
    notice: Callable[[BalanceNotice], WireReply] | None = None
    """What the bank posts by itself about one booking; None where it sends no notices."""


# ── the dialect ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class BankDialect:
    """A bank's language. A filled operation is an offered one."""

    code: str
    name_zh: str
    name_en: str
    version: str
    serial_length_max: int
    timing: Timing
    bank_side: BankSide
    sniff: Callable[[bytes], bool]
    """Whether these bytes look like this bank's language (cheap; used by ``gateway read``)."""
    explain: Callable[[bytes], MessageView]
    is_own_bank: Callable[[str, str, str], bool | None]
    """(cnaps, bic, bank name) → own bank, other bank, or None when there is no sign.
    Raises ValueError when signs contradict each other."""
    bank_codes: frozenset[str]
    """The bank's own category codes (行别代码) in the clearing system: the first three digits of
    its offices' numbers."""
    sign_on: Operation[SignOnQuestion, Outcome] | None = None
    pay: Operation[PayOrder, Outcome] | None = None
    payment_status: Operation[StatusQuestion, Outcome] | None = None
    core_result: Operation[StatusQuestion, Outcome] | None = None
    balance: Operation[BalanceQuestion, Balance] | None = None
    statement: Operation[StatementQuestion, StatementPage] | None = None
    batch: Operation[BatchOrder, Outcome] | None = None
    batch_status: Operation[BatchStatusQuestion, Outcome] | None = None
    batch_lines_max: int = 0
    payroll: Operation[BatchOrder, Outcome] | None = None
    payroll_status: Operation[BatchStatusQuestion, Outcome] | None = None
    payroll_lines_max: int = 0
    refunds: Operation[StatementQuestion, StatementPage] | None = None
    history: Operation[HistoryQuestion, tuple[DayBalance, ...]] | None = None
    overview: Operation[OverviewQuestion, OverviewPage] | None = None
    receipt: Operation[ReceiptQuestion, InstructionReceipt] | None = None
    receipt_order: Operation[ReceiptOrder, ReceiptOrdered] | None = None
    receipt_files: Operation[ReceiptFilesQuestion, ReceiptFilesPage] | None = None
    confirm: Operation[ConfirmOrder, ConfirmOutcome] | None = None
    confirm_result: Operation[ConfirmQuestion, ConfirmResult] | None = None
    notice: Callable[[WireReply], BalanceNotice] | None = None
    """Reads what the bank posts by itself about one booking; raises WireError for anything else."""
    denies: Callable[[str, str], bool] | None = None
    """(code, text) of a refused query → whether the operator lacks a right at the bank; None
    where the bank's words do not tell."""

    def capabilities(self) -> tuple[str, ...]:
        """Names of the offered operations."""
        return tuple(
            it.name for it in fields(self) if isinstance(getattr(self, it.name), Operation)
        )
