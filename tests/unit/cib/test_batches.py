"""Batches and payrolls, code by code: what each line's own word proves."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.bank.cib import DIALECT, codes
from gateway.domain.errors import WireError
from gateway.domain.money import CNY, Money, currency
from gateway.domain.outcome import Stage, Verdict
from gateway.ports.bank_batch import BatchKind, BatchStatusQuestion
from tests.golden.cib.cases import BATCH, BATCHED, PAID_OFF, PAYROLL, SIGN_ON
from tests.records import replace
from tests.unit.cib.foxes import reply, status

RUNNING = Verdict.PROCESSING
LOST = Verdict.UNCONFIRMED
PAID = Verdict.SETTLED
REFUSED = Verdict.REJECTED


def result(code):
    return f"<XFERPRCSTS><XFERPRCCODE>{code}</XFERPRCCODE></XFERPRCSTS>" if code else ""


def payment_lines(*states, amounts=("1200.50", "35000.00"), texts=("", "")):
    accounts = ("900010100100000099", "6200000000001234567")
    return "".join(
        f"<XFERINFO><INDX>{number}</INDX><ACCTTO><ACCTID>{account}</ACCTID></ACCTTO>"
        f"<TRNAMT>{amount}</TRNAMT><STATUS>{state}</STATUS><ERRMSG>{text}</ERRMSG></XFERINFO>"
        for number, (account, state, amount, text) in enumerate(
            zip(accounts, states, amounts, texts, strict=False), 1
        )
    )


def batched(whole, *states, told=None, head="", **changes):
    body = f"<RSBODY>{head}{payment_lines(*states, **changes)}{result(whole)}</RSBODY>"
    answer = reply("RBATCHTRSFRTRNRS", BATCHED, told or status(severity="INFO"), body)
    return DIALECT.batch.decode(BATCH, BATCHED, answer)


def paid_off(whole, *states, told=None, texts=("", "")):
    lines = "".join(
        f"<RPAYOFF><INDX>{number}</INDX><ACCTID>99000000000000000{number}</ACCTID>"
        f"<TRNAMT>10.10</TRNAMT><STATUS>{state}</STATUS><ERRMSG>{text}</ERRMSG></RPAYOFF>"
        for number, (state, text) in enumerate(zip(states, texts, strict=True), 1)
    )
    body = (
        f"<RPAYOFFRS><RPAYOFFINFO><RPAYOFFLIST>{lines}</RPAYOFFLIST></RPAYOFFINFO>"
        f"{result(whole)}</RPAYOFFRS>"
    )
    answer = reply("RPAYOFFTRNRS", PAID_OFF, told or status(severity="INFO"), body)
    return DIALECT.payroll.decode(PAYROLL, PAID_OFF, answer)


def fates(outcome):
    return [line.verdict for line in outcome.lines]


# ── batches of payments ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("whole", "states", "verdict", "expected"),
    [
        ("PAYOUT", ("PAYOUT", "PAYOUT"), PAID, [PAID, PAID]),
        ("PAYOUT", ("", ""), PAID, [PAID, PAID]),
        ("PAYOUT", ("PAYOUT", "FAIL"), RUNNING, [PAID, LOST]),
        ("PAYOUT", ("PAYOUT", "PENDING"), RUNNING, [PAID, LOST]),
        ("FAIL", ("FAIL", ""), REFUSED, [REFUSED, REFUSED]),
        ("FAIL", ("FAIL", "PAYOUT"), RUNNING, [REFUSED, LOST]),
        ("PART_PAYOUT", ("PAYOUT", "FAIL"), RUNNING, [PAID, REFUSED]),
        ("PART_PAYOUT", ("PAYOUT", "PENDING"), RUNNING, [PAID, LOST]),
        ("PART_PAYOUT", ("PAYOUT", "PROCESSING"), RUNNING, [PAID, RUNNING]),
        ("PART_PAYOUT", ("PAYOUT", ""), RUNNING, [PAID, LOST]),
        ("PART_PAYOUT", ("PAYOUT", "7"), RUNNING, [PAID, LOST]),
        ("PROCESSING", ("PAYOUT", "PROCESSING"), RUNNING, [PAID, RUNNING]),
        ("PROCESSING", ("", ""), RUNNING, [RUNNING, RUNNING]),
        ("PENDING", ("PAYOUT", "PENDING"), LOST, [LOST, LOST]),
        ("2005", ("PAYOUT", "PAYOUT"), LOST, [LOST, LOST]),
        ("CANCEL", ("", ""), Verdict.CANCELLED, [Verdict.CANCELLED] * 2),
        ("EXPIRED", ("EXPIRED", ""), Verdict.EXPIRED, [Verdict.EXPIRED] * 2),
        ("AUDITING", ("AUDITING", ""), Verdict.BANK_APPROVAL, [Verdict.BANK_APPROVAL] * 2),
        ("AUDITING", ("PAYOUT", "PAYOUT"), LOST, [LOST, LOST]),
    ],
)
def test_a_line_is_believed_as_far_as_the_whole_allows(whole, states, verdict, expected):
    outcome = batched(whole, *states)
    assert (outcome.verdict, fates(outcome)) == (verdict, expected)
    assert (outcome.stage, outcome.known_reject) == (Stage.EXECUTION, False)


@pytest.mark.parametrize("state", ["PAYOUT", "FAIL"])
def test_paid_in_part_and_yet_all_alike_is_a_contradiction(state):
    outcome = batched("PART_PAYOUT", state, state)
    assert (outcome.verdict, outcome.reason, outcome.lines) == (LOST, "contradiction", ())


def test_lines_of_different_fates_say_so():
    assert batched("PART_PAYOUT", "PAYOUT", "FAIL").reason == "by_line"
    assert batched("AUDITING", "", "").reason == "client_netbank"


@pytest.mark.parametrize("whole", ["PAYOUT", "FAIL", "EXPIRED"])
def test_a_final_result_without_lines_proves_nothing(whole):
    assert batched(whole).reason == "echo_missing"


def test_an_interim_result_may_come_without_lines():
    assert batched("SUBMIT_SUCC").verdict is RUNNING
    totals = "<TOTALCOUNT>2</TOTALCOUNT><TOTALAMOUNT>{}</TOTALAMOUNT>"
    assert batched("SUBMIT_SUCC", head=totals.format("36200.50")).verdict is RUNNING
    assert batched("SUBMIT_SUCC", head=totals.format("36200.51")).reason == "echo_mismatch"
    count = "<TOTALCOUNT>3</TOTALCOUNT>"
    assert batched("SUBMIT_SUCC", head=count).reason == "echo_mismatch"


@pytest.mark.parametrize(
    "head",
    [
        "<ACCTFROM><ACCTID>900010100100000012</ACCTID></ACCTFROM>",
        "<PURPOSE>别的</PURPOSE>",
        "<CURSYM>USD</CURSYM>",
    ],
)
def test_another_head_is_another_batch(head):
    assert batched("PAYOUT", "PAYOUT", "PAYOUT", head=head).reason == "echo_mismatch"


def test_a_line_told_twice_or_without_a_number_is_another_batch():
    double = payment_lines("PAYOUT", "PAYOUT") + payment_lines("PAYOUT")
    body = f"<RSBODY>{double}{result('PAYOUT')}</RSBODY>"
    broken = [body.replace("<INDX>2<", f"<INDX>{text}<") for text in ("", "A", "9" * 5000)]
    for told in (body, *broken):
        answer = reply("RBATCHTRSFRTRNRS", BATCHED, status(), told)
        assert DIALECT.batch.decode(BATCH, BATCHED, answer).reason == "echo_mismatch"


def test_an_amount_that_is_none_is_no_echo():
    with pytest.raises(WireError, match="amount"):
        batched("PAYOUT", "PAYOUT", "PAYOUT", amounts=("1200.50", "many"))


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        ("2000", "转账明细内容有误", REFUSED),
        ("2000", "总金额不符", REFUSED),
        ("2000", "总笔数不符", REFUSED),
        ("2000", "明细笔数超过限制", REFUSED),
        ("2002", "用途必填不可为空", REFUSED),
        ("2000", "前置机需设置启用签名", REFUSED),
        ("60010", "", REFUSED),
        ("6352", "", REFUSED),
        ("51027", "总金额与明细不符", REFUSED),
        ("51027", "", LOST),
        ("2005", "", REFUSED),
        ("2000", "系统繁忙", LOST),
        ("2020", "指令不存在", LOST),
        ("2000", "系统存在多条记录", LOST),
        ("6000", "转账明细内容有误", LOST),
        ("98765", "转账明细内容有误", LOST),
    ],
)
def test_a_whole_batch_is_refused_only_in_known_words(code, text, verdict):
    answer = reply("RBATCHTRSFRTRNRS", BATCHED, status(code, text))
    outcome = DIALECT.batch.decode(BATCH, BATCHED, answer)
    assert (outcome.verdict, outcome.known_reject) == (verdict, verdict is REFUSED)
    assert (outcome.stage, outcome.lines) == (Stage.VALIDATION, ())


def test_the_words_of_batches_refuse_no_single_payment():
    assert codes.meaning(codes.Layer.PAYMENT, "2000", "转账明细内容有误") is None


def test_a_refusal_names_the_lines_with_a_text_of_their_own():
    told = status("2000", "转账明细内容有误")
    outcome = batched("", "", "", told=told, texts=("", "户名不符"))
    assert (outcome.verdict, outcome.stage) == (REFUSED, Stage.VALIDATION)
    assert [(line.line, line.verdict, line.text) for line in outcome.lines] == [
        (2, REFUSED, "户名不符")
    ]
    # Only the faulty line is echoed: enough, but it must be ours.
    assert batched("", "", told=told, texts=("户名不符",)).lines[0].line == 1
    other = batched("", "", told=told, texts=("户名不符",), amounts=("1.00",))
    assert other.reason == "echo_mismatch"


@pytest.mark.parametrize("state", ["PAYOUT", "PROCESSING", "AUDITING", "7"])
def test_a_refusal_with_a_living_line_is_a_contradiction(state):
    outcome = batched("", "FAIL", state, told=status("2000", "转账明细内容有误"))
    assert (outcome.verdict, outcome.reason) == (LOST, "contradiction")


@pytest.mark.parametrize(("whole", "verdict"), [("FAIL", REFUSED), ("PART_PAYOUT", LOST)])
def test_beside_a_refusal_only_a_failure_of_all_is_believed(whole, verdict):
    told = status("75320", "可用余额不足")
    outcome = batched(whole, "FAIL", "FAIL", told=told)
    assert outcome.verdict is verdict
    assert set(fates(outcome)) == {verdict}
    if whole == "PART_PAYOUT":
        assert fates(batched(whole, "PAYOUT", "FAIL", told=told)) == [LOST, LOST]


def test_an_answer_without_a_body_is_no_result():
    answer = reply("RBATCHTRSFRTRNRS", BATCHED, status(severity="INFO"))
    assert DIALECT.batch.decode(BATCH, BATCHED, answer).reason == "no_result"


def test_an_enquiry_is_answered_under_the_original_serial():
    question = BatchStatusQuestion(original=BATCHED, order=BATCH)
    body = f"<RSBODY>{payment_lines('PAYOUT', 'PAYOUT')}{result('PAYOUT')}</RSBODY>"
    answer = reply("RBATCHTRSFRTRNRS", BATCHED, status(), body)
    assert DIALECT.batch_status.decode(question, "Q9", answer).verdict is PAID
    with pytest.raises(WireError, match="serial"):
        DIALECT.batch_status.decode(question, "Q9", reply("RBATCHTRSFRTRNRS", "Q9", status()))


# ── payroll ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("23", PAID),
        *((str(code), REFUSED) for code in range(40, 60)),
        *((code, RUNNING) for code in ("-1", "60", "90")),
        *((code, LOST) for code in ("3885", "39", "61", "0", "PAYOUT", "２３")),
    ],
)
def test_a_payroll_lines_own_digits(code, verdict):
    other = "49" if verdict is PAID else "23"
    assert fates(paid_off("PART_PAYOUT", other, code))[1] is verdict


@pytest.mark.parametrize(
    ("whole", "states", "verdict", "expected"),
    [
        ("PAYOUT", ("23", "23"), PAID, [PAID, PAID]),
        ("PAYOUT", ("23", "49"), RUNNING, [PAID, REFUSED]),
        ("PAYOUT", ("23", "-1"), RUNNING, [PAID, RUNNING]),
        ("FAIL", ("49", "-1"), REFUSED, [REFUSED, REFUSED]),
        ("FAIL", ("23", "49"), RUNNING, [LOST, REFUSED]),
        ("AUDITING", ("-1", "60"), Verdict.BANK_APPROVAL, [Verdict.BANK_APPROVAL] * 2),
        ("AUDITING", ("23", "60"), RUNNING, [LOST, Verdict.BANK_APPROVAL]),
        ("CANCEL", ("-1", "-1"), Verdict.CANCELLED, [Verdict.CANCELLED] * 2),
        ("PROCESSING", ("90", "90"), RUNNING, [RUNNING, RUNNING]),
        ("PENDING", ("3885", "23"), LOST, [LOST, LOST]),
    ],
)
def test_payroll_lines_decide(whole, states, verdict, expected):
    outcome = paid_off(whole, *states)
    assert (outcome.verdict, fates(outcome)) == (verdict, expected)


def test_a_refused_payroll_names_its_faulty_lines():
    told = status("2000", "转账明细内容有误")
    outcome = paid_off("", "60", "49", told=told, texts=("检查通过", "户名不符"))
    assert [(line.line, line.code) for line in outcome.lines] == [(2, "49")]
    assert paid_off("", "23", "49", told=told).reason == "contradiction"


def test_another_payroll_is_never_taken_for_this_one():
    question = BatchStatusQuestion(original=PAID_OFF, order=PAYROLL)
    body = f"<RPAYOFFRS><CLIENTREF>OTHER</CLIENTREF>{result('PAYOUT')}</RPAYOFFRS>"
    with pytest.raises(WireError, match="serial"):
        DIALECT.payroll_status.decode(
            question, "Q9", reply("RPAYOFFINQTRNRS", "Q9", status(), body)
        )
    body = f"<RPAYOFFRS>{result('AUDITING')}</RPAYOFFRS>"
    answer = reply("RPAYOFFINQTRNRS", "Q9", status(), body)
    assert DIALECT.payroll_status.decode(question, "Q9", answer).reason == "echo_missing"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("salary", "006"),
        ("bonus", "022"),
        ("welfare", "047"),
        ("expense", "048"),
        ("other", "048"),
    ],
)
def test_every_kind_of_pay_has_a_code(ours, theirs):
    order = replace(PAYROLL, payroll_purpose=ours)
    assert DIALECT.payroll.check(order) == ()
    sent = DIALECT.payroll.encode(order, SIGN_ON, PAID_OFF).body()
    assert f"<DESCRIPTION>{theirs}</DESCRIPTION>".encode() in sent


def test_a_kind_of_pay_without_a_code_never_leaves():
    order = replace(PAYROLL, payroll_purpose="gift")
    assert [problem.name for problem in DIALECT.payroll.check(order)] == ["payroll_purpose"]
    with pytest.raises(WireError, match="payroll_purpose"):
        DIALECT.payroll.encode(order, SIGN_ON, PAID_OFF)


# ── checks ──────────────────────────────────────────────────────────────────────────────────


def second(order, **changes):
    first, line = order.lines
    return replace(order, lines=(first, replace(line, **changes)))


def creditor(order, **changes):
    return replace(order.lines[1].creditor, **changes)


def account(order, number):
    kept = order.lines[1].creditor
    return replace(kept, account=replace(kept.account, number=number))


@pytest.mark.parametrize(
    ("order", "name", "code"),
    [
        (second(BATCH, creditor=creditor(BATCH, name="样" * 31)), "creditor_name", "too_long"),
        (second(BATCH, creditor=creditor(BATCH, name="甲|乙")), "creditor_name", "characters"),
        (second(BATCH, creditor=account(BATCH, "1" * 33)), "creditor_account", "too_long"),
        (second(BATCH, creditor=account(BATCH, "1 2")), "creditor_account", "format"),
        (second(BATCH, purpose="用" * 31), "purpose", "too_long"),
        (second(BATCH, memo="注" * 26), "memo", "too_long"),
        (second(BATCH, amount=Money(0, CNY)), "amount", "range"),
        (second(BATCH, amount=Money(5, currency("USD"))), "currency", "currency"),
        (second(PAYROLL, creditor=creditor(PAYROLL, name="样" * 11)), "creditor_name", "too_long"),
        (second(PAYROLL, creditor=account(PAYROLL, "1" * 19)), "creditor_account", "too_long"),
        (second(PAYROLL, own_bank=False), "own_bank", "own_bank"),
    ],
)
def test_a_fault_of_a_line_is_named(order, name, code):
    operation = DIALECT.batch if order.kind is BatchKind.PAYMENT else DIALECT.payroll
    found = {(problem.name, problem.code) for problem in operation.check(order)}
    assert (f"lines[2].{name}", code) in found


@pytest.mark.parametrize(
    ("order", "name"),
    [
        (replace(BATCH, purpose=""), "purpose"),
        (replace(BATCH, purpose="用" * 31), "purpose"),
        (replace(PAYROLL, purpose="用" * 16), "purpose"),
        (replace(BATCH, lines=()), "lines"),
        (second(BATCH, line=100_000), "lines"),
        (second(BATCH, line=1), "lines"),
        (replace(BATCH, kind=BatchKind.PAYROLL), "kind"),
    ],
)
def test_a_fault_of_the_whole_is_named(order, name):
    operation = DIALECT.payroll if order.purpose == "用" * 16 else DIALECT.batch
    assert name in {problem.name for problem in operation.check(order)}


def test_a_total_beyond_the_banks_field_is_a_fault_of_the_whole():
    half = Money(10**17 // 2, CNY)
    order = replace(BATCH, lines=tuple(replace(line, amount=half) for line in BATCH.lines))
    assert [problem.name for problem in DIALECT.batch.check(order)] == ["lines"]


def test_a_foreign_line_needs_its_bank_and_place():
    line = BATCH.lines[1]
    bare = replace(
        line,
        creditor=replace(
            line.creditor,
            account=replace(line.creditor.account, agent=PAYROLL.lines[0].creditor.account.agent),
        ),
    )
    found = {problem.name for problem in DIALECT.batch.check(replace(BATCH, lines=(bare,)))}
    assert found == {"lines[2].creditor_agent_name", "lines[2].creditor_city"}


def test_the_banks_own_due_day_is_carried():
    due = date(2026, 3, 6)
    for operation, order in ((DIALECT.batch, BATCH), (DIALECT.payroll, PAYROLL)):
        sent = operation.encode(replace(order, due=due), SIGN_ON, BATCHED)
        assert DIALECT.bank_side.decode(sent.body()).body.order.due == due
