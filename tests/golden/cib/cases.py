"""CIB's golden cases. Names, accounts and numbers are invented."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial

from adapters.bank.cib import DIALECT, dialect
from gateway.domain.ids import Serial
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import (
    BalanceQuestion,
    PayOrder,
    SignOn,
    SignOnQuestion,
    StatementQuestion,
    StatusQuestion,
)
from gateway.ports.bank_batch import (
    BatchKind,
    BatchLine,
    BatchOrder,
    BatchStatusQuestion,
    HistoryQuestion,
    OverviewQuestion,
    ReceiptQuestion,
)
from gateway.ports.bank_confirm import ConfirmOrder, ConfirmQuestion
from gateway.ports.bank_receipts import ReceiptFilesQuestion, ReceiptOrder
from tests.golden.kinds import Case
from tests.records import replace

SIGN_ON = SignOn(
    customer="9900000001",
    operator="erpmaker",
    password="Demo-Pass-1",
    at=datetime(2026, 3, 2, 9, 15),  # noqa: DTZ001 - bank-local time as the message carries it
)
PAYER = Party(
    name="示例制造有限公司",
    account=Account(number="900010100100000011", agent=Agent(name="兴业银行", city="福州")),
)
OWN = PayOrder(
    debtor=PAYER,
    creditor=Party(name="样本物流有限公司", account=Account(number="900010100100000099")),
    amount=Money(120050, CNY),
    purpose="运费",
    memo="PO-2026-0001",
    own_bank=True,
    local=True,
)
OTHER = PayOrder(
    debtor=PAYER,
    creditor=Party(
        name="样本钢铁（上海）有限公司",
        account=Account(
            number="6200000000001234567",
            agent=Agent(name="中国样本银行上海分行", cnaps="102290000001", city="上海"),
        ),
    ),
    amount=Money(3500000, CNY),
    purpose="货款麤",
    memo="PO-2026-0001",
    own_bank=False,
    local=False,
)
BATCH = BatchOrder(
    kind=BatchKind.PAYMENT,
    debtor=PAYER,
    lines=tuple(
        BatchLine(
            line=number,
            creditor=order.creditor,
            amount=order.amount,
            purpose=order.purpose,
            memo=order.memo,
            own_bank=order.own_bank,
            local=order.local,
        )
        for number, order in enumerate((OWN, OTHER), 1)
    ),
    purpose="三月货款",
)
PAYROLL = BatchOrder(
    kind=BatchKind.PAYROLL,
    debtor=PAYER,
    lines=tuple(
        BatchLine(
            line=number,
            creditor=Party(name=name, account=Account(number=f"99000000000000000{number}")),
            amount=Money(1010, CNY),
            purpose="",
        )
        for number, name in enumerate(("张三", "李四"), 1)
    ),
    purpose="二月工资",
    payroll_purpose="salary",
)
BATCHED, PAID_OFF = Serial("20260302BT01"), Serial("20260302PR01")
P1, P2, P3 = Serial("20260302P0001"), Serial("20260302P0002"), Serial("20260302P0003")
ASKED = StatusQuestion(original=P2, order=OTHER)
BALANCE = BalanceQuestion(account="900010100100000011")
STATEMENT = StatementQuestion(
    account="900010100100000011", start=date(2026, 3, 1), end=date(2026, 3, 1)
)
HISTORY = HistoryQuestion(
    account="900010100100000011", start=date(2026, 2, 28), end=date(2026, 3, 1)
)
OLDER = dialect(statement_version="")


def case(name, operation, question, serial, *, sent=True, content_type="application/x-fox"):
    return Case(
        name=name,
        encode=partial(operation.encode, question, SIGN_ON, serial) if sent else None,
        decode=partial(operation.decode, question, serial),
        explain=DIALECT.explain,
        content_type=content_type,
    )


def paid(name, order, serial, **changes):
    return case(f"payment.{name}", DIALECT.pay, order, serial, **changes)


def status(name, serial, **changes):
    return case(f"payment_status.{name}", DIALECT.payment_status, ASKED, Serial(serial), **changes)


def core(name, serial, **changes):
    return case(f"core_result.{name}", DIALECT.core_result, ASKED, Serial(serial), **changes)


def batch(name, **changes):
    return case(f"batch.{name}", DIALECT.batch, BATCH, BATCHED, **changes)


def batch_status(name, **changes):
    question = BatchStatusQuestion(original=BATCHED, order=BATCH)
    serial = Serial("20260302Q0004")
    return case(f"batch_status.{name}", DIALECT.batch_status, question, serial, **changes)


def payroll(name, order=PAYROLL, **changes):
    return case(f"payroll.{name}", DIALECT.payroll, order, PAID_OFF, **changes)


def payroll_status(name, **changes):
    question = BatchStatusQuestion(original=PAID_OFF, order=PAYROLL)
    serial = Serial("20260302Q0004")
    return case(f"payroll_status.{name}", DIALECT.payroll_status, question, serial, **changes)


def past(name, question, serial, **changes):
    operation = getattr(DIALECT, name.partition(".")[0])
    return case(name, operation, question, Serial(serial), **changes)


def notice(name):
    return Case(name=f"notice.{name}", encode=None, decode=DIALECT.notice, explain=DIALECT.explain)


ORDERED = Serial("20260302ER01")
RECEIPT_ORDER = ReceiptOrder(account="900010100100000011", day=date(2026, 3, 1))
RECEIPT_FILES = ReceiptFilesQuestion(original=ORDERED, account="900010100100000011")
CONFIRMED = Serial("20260302BC01")
CONFIRM = ConfirmOrder(account="900010100100000011", month=date(2026, 2, 1))
CONFIRM_RESULT = ConfirmQuestion(
    original=CONFIRMED, account="900010100100000011", month=date(2026, 2, 1)
)
RECEIPT = ReceiptQuestion(original=BATCHED, kind=BatchKind.PAYMENT)
CASES = (
    case("signon.ok", DIALECT.sign_on, SignOnQuestion(), Serial("")),
    case("signon.refused", DIALECT.sign_on, SignOnQuestion(), Serial(""), sent=False),
    case("signon.unknown_code", DIALECT.sign_on, SignOnQuestion(), Serial(""), sent=False),
    paid("own_bank", OWN, P1),
    paid("other_bank_pending", OTHER, P2),
    paid("name_mismatch", OWN, P3),
    paid("super", replace(OTHER, urgency=Urgency.URGENT), P2),
    paid("due", replace(OWN, due=date(2026, 3, 6), memo=""), P1),
    paid("same_city", replace(OTHER, local=True), P2),
    paid("core_refused", OWN, P1, sent=False),
    paid("refused_but_paid", OWN, P1, sent=False),
    paid("doubt", OWN, P1, sent=False),
    paid("netbank_approval", OWN, P1, sent=False),
    paid("digits_for_a_state", OWN, P1, sent=False),
    paid("corrected_interbank", OWN, P1, sent=False),
    paid("other_amount", OWN, P1, sent=False),
    paid("other_serial", OWN, P1, sent=False),
    paid("utf8_undeclared", OWN, P1, sent=False),
    paid("gb2312_and_instruction", OTHER, P2, sent=False),
    paid("signon_refused", OWN, P1, sent=False),
    status("settled", "20260302Q0001"),
    status("not_found_2020", "20260302Q0002", sent=False),
    status("not_found_2000", "20260302Q0002", sent=False),
    status("not_found_list", "20260302Q0002", sent=False),
    status("refused", "20260302Q0002", sent=False),
    status("several", "20260302Q0002", sent=False),
    core("settled", "20260302Q0003"),
    core("invalid", "20260302Q0003", sent=False),
    core("none", "20260302Q0003", sent=False),
    core("written_off", "20260302Q0003", sent=False),
    case("balance.one", DIALECT.balance, BALANCE, Serial("20260302B001")),
    case("balance.refused", DIALECT.balance, BALANCE, Serial("20260302B001"), sent=False),
    case("statement.v1", OLDER.statement, STATEMENT, Serial("20260302S001")),
    case("statement.v2", DIALECT.statement, STATEMENT, Serial("20260302S001")),
    case("statement.empty", DIALECT.statement, STATEMENT, Serial("20260302S001"), sent=False),
    batch("paid"),
    batch("paid_in_part", sent=False),
    batch("refused_naming_lines", sent=False),
    batch("refused_naming_none", sent=False),
    batch("refused_in_unknown_words", sent=False),
    batch("waiting_for_approval", sent=False),
    batch("other_amount", sent=False),
    batch("line_missing", sent=False),
    batch("paid_with_a_failed_line", sent=False),
    batch_status("settled"),
    batch_status("not_found", sent=False),
    payroll("paid"),
    payroll("bonus_due", replace(PAYROLL, payroll_purpose="bonus", due=date(2026, 3, 6))),
    payroll("one_failed", sent=False),
    payroll("paid_with_a_failed_line", sent=False),
    payroll("running", sent=False),
    payroll("unclear_line", sent=False),
    payroll_status("one_failed"),
    payroll_status("not_found", sent=False),
    payroll_status("without_lines", sent=False),
    past("refunds.one", STATEMENT, "20260302S001"),
    past("refunds.none", STATEMENT, "20260302S001", sent=False),
    past("history.two_days", HISTORY, "20260302H001"),
    past("history.too_far_back", HISTORY, "20260302H001", sent=False),
    past("overview.one_page", OverviewQuestion(day=date(2026, 3, 1)), "20260302V001"),
    past("overview.not_ready", OverviewQuestion(day=date(2026, 3, 1)), "20260302V001", sent=False),
    past("receipt.batch", RECEIPT, "20260302Q0005"),
    past("receipt.none", RECEIPT, "20260302Q0005", sent=False),
    past("receipt_order.taken", RECEIPT_ORDER, ORDERED),
    past("receipt_order.exists", RECEIPT_ORDER, ORDERED, sent=False),
    past("receipt_order.refused", RECEIPT_ORDER, ORDERED, sent=False),
    past("receipt_order.other_account", RECEIPT_ORDER, ORDERED, sent=False),
    past("receipt_order.other_number", RECEIPT_ORDER, ORDERED, sent=False),
    past("receipt_files.done", RECEIPT_FILES, "20260302ER02"),
    past("receipt_files.running", RECEIPT_FILES, "20260302ER02", sent=False),
    past("receipt_files.second_page", replace(RECEIPT_FILES, page=2), "20260302ER02"),
    past("receipt_files.none", RECEIPT_FILES, "20260302ER02", sent=False),
    past("receipt_files.unknown_state", RECEIPT_FILES, "20260302ER02", sent=False),
    past("receipt_files.place_twice", RECEIPT_FILES, "20260302ER02", sent=False),
    past("confirm.running", CONFIRM, CONFIRMED),
    *(
        past(f"confirm.{name}", CONFIRM, CONFIRMED, sent=False)
        for name in ("done", "failed", "unknown_word", "other_month", "refused", "unknown_refusal")
    ),
    past("confirm_result.agreed", CONFIRM_RESULT, "20260302BC02"),
    *(
        past(f"confirm_result.{name}", CONFIRM_RESULT, "20260302BC02", sent=False)
        for name in ("nothing_due", "other_words", "absent", "twice", "other_month")
    ),
    *(
        past(f"confirm_result.{name}", CONFIRM_RESULT, "20260302BC02", sent=False)
        for name in ("table_tag", "too_early", "refused")
    ),
    *(notice(name) for name in ("digits", "chinese", "day_alone", "no_direction", "no_day")),
)
