"""Whose bank, which language, what a message says."""

from __future__ import annotations

import pytest

from adapters.bank.cib import DIALECT
from tests.golden.cib.cases import OTHER, P2, SIGN_ON
from tests.golden.kinds import GOLDEN
from tests.shared_folder import SHARED
from tests.unit.cib.foxes import reply, status

_PART = "<RSBODY><XFERPRCSTS><XFERPRCCODE>PART_PAYOUT</XFERPRCCODE></XFERPRCSTS></RSBODY>"


@pytest.mark.parametrize(
    ("cnaps", "bic", "name", "own"),
    [
        ("309391000011", "", "", True),
        ("", "FJIBCNBA", "", True),
        ("", "FJIBCNBA550", "", True),
        ("", "fjibcnbaxxx", "", True),
        ("", "", "兴业银行福州分行", True),
        ("309391000011", "FJIBCNBA", "兴业银行", True),
        ("309391000011", "", "Industrial Bank Co., Ltd.", True),
        ("102290000001", "", "", False),
        ("", "ICBKCNBJ", "", False),
        ("", "", "中国工商银行", False),
        ("", "", "Bank of Samples", False),
        ("102290000001", "ICBKCNBJ", "中国工商银行上海分行", False),
        ("", "", "", None),
    ],
)
def test_signs_of_the_payees_bank(cnaps, bic, name, own):
    assert DIALECT.is_own_bank(cnaps, bic, name) is own


@pytest.mark.parametrize(
    ("cnaps", "bic", "name"),
    [
        ("309391000011", "ICBKCNBJ", ""),
        ("102290000001", "FJIBCNBA", ""),
        ("102290000001", "", "兴业银行"),
        ("309391000011", "", "中国工商银行"),
        ("", "FJIBCNBA", "农村信用社"),
    ],
)
def test_contradicting_signs_are_not_decided(cnaps, bic, name):
    with pytest.raises(ValueError, match="contradict"):
        DIALECT.is_own_bank(cnaps, bic, name)


@pytest.mark.parametrize(
    ("head", "seen"),
    [
        (b'<?xml version="1.0" encoding="GBK"?>\n<FOX><SIGNON', True),
        (b"\xef\xbb\xbf<FOX>", True),
        (b"<?FOX FOXHEADER='100'?><FOX>", True),
        (b"<BALANCECHANGENOTICE>", True),
        (b"<FOXTROT>", False),
        (b"<Document>FOX</Document>", False),
        (b" " * 600 + b"<FOX>", False),
        (b"", False),
    ],
)
def test_the_language_is_seen_early(head, seen):
    assert DIALECT.sniff(head) is seen


def test_a_view_names_fields_by_path_without_secrets():
    view = DIALECT.explain(DIALECT.pay.encode(OTHER, SIGN_ON, P2).body())
    assert (view.direction, view.operation, view.outcome) == ("request", "payment", "")
    base = "/FOX/SECURITIES_MSGSRQV1/XFERTRNRQ"
    assert view.fields[f"{base}/TRNUID"] == P2
    assert view.fields[f"{base}/XFERRQ/XFERINFO/ACCTTO/@INTERBANK"] == "N"
    assert view.fields[f"{base}/XFERRQ/XFERINFO/PURPOSE"] == "货款麤"
    assert not [path for path in view.fields if "USERPASS" in path]


def test_repeated_elements_are_numbered():
    view = DIALECT.explain((GOLDEN / "cib" / "statement.v1.reply.xml").read_bytes())
    list_ = "/FOX/SECURITIES_MSGSRSV1/SCUSTSTMTTRNRS/SCUSTSTMTRS/TRANLIST"
    assert view.fields[f"{list_}/STMTTRN[2]/TRNAMT"] == "-10.00"
    assert view.fields[f"{list_}/@MORE"] == "Y"


@pytest.mark.parametrize(
    ("tag", "told", "inner", "operation", "outcome"),
    [
        ("RBATCHTRSFRTRNRS", status(), _PART, "batch_payment", "partial"),
        ("RBATCHTRSFRTRNRS", status("2005"), "", "batch_payment", "rejected"),
        ("RBATCHTRSFRTRNRS", status("98765"), "", "batch_payment", "unconfirmed"),
        ("ICTRANSFERINQTRNRS", status("2000", "查无记录"), "", "fast_payment_status", "not_found"),
        ("RPAYOFFTRNRS", status(), "", "payroll", "unconfirmed"),
        ("RBATCHTRSFRTRNRS", status("2020"), "", "batch_payment", "not_found"),
        ("RPAYOFFINQTRNRS", status("2020"), "", "payroll_status", "not_found"),
        ("HISBALQUERYTRNRS", status("6000", "(7537)"), "", "history_balance", "refused"),
        ("TRADEOVERVIEWTRNRS", status("2002", "无记录"), "", "day_overview", "no_data"),
        ("ASYNRECEIPTINFOTRNRS", status("2002", "任务指令不存在"), "", "receipt_poll", "no_data"),
        ("ASYNRECEIPTINFOTRNRS", status("2002", "账户不存在"), "", "receipt_poll", "refused"),
        ("TIMEQUERYTRNRS", status("2100"), "", "time_deposits", "no_data"),
        ("NEWTHINGTRNRS", status(), "", "newthing", "ok"),
    ],
)
def test_operations_not_offered_yet_are_told_too(tag, told, inner, operation, outcome):
    view = DIALECT.explain(reply(tag, "1", told, inner).body)
    assert (view.direction, view.operation, view.outcome) == ("reply", operation, outcome)


@pytest.mark.parametrize(
    ("tag", "operation"),
    [("RBATCHTRSFRTRNRQ", "batch_payment_status"), ("RPAYOFFTRNRQ", "payroll_status")],
)
def test_a_batch_without_a_body_is_a_question(tag, operation):
    sent = DIALECT.sign_on.encode(None, SIGN_ON, "").body()
    asked = f"<SECURITIES_MSGSRQV1><{tag}><TRNUID>1</TRNUID></{tag}></SECURITIES_MSGSRQV1></FOX>"
    view = DIALECT.explain(sent.replace(b"</FOX>", asked.encode()))
    assert (view.direction, view.operation, view.outcome) == ("request", operation, "")


SAMPLES = {
    "01_signon_rq": ("request", "signon", ""),
    "01_signon_rs": ("reply", "signon", "ok"),
    "01_signon_rs_fail": ("reply", "signon", "refused"),
    "02_balance_rs": ("reply", "balance", "ok"),
    "03_transfer_own_rs": ("reply", "payment", "settled"),
    "03_transfer_other_rs_pending": ("reply", "payment", "unconfirmed"),
    "03_transfer_rs_reject": ("reply", "payment", "rejected"),
    "04_inquiry_rs": ("reply", "payment_status", "settled"),
    "04_inquiry_rs_notfound": ("reply", "payment_status", "not_found"),
    "05_inqstate_rs": ("reply", "core_result", "settled"),
    "06_batch_rq": ("request", "batch_payment", ""),
    "06_batch_rs_partial": ("reply", "batch_payment", "partial"),
    "07_asyncbatch_query_rq": ("request", "async_batch", ""),
    "07_asyncbatch_rq": ("request", "async_batch", ""),
    "08_payroll_rq": ("request", "payroll", ""),
    "09_statement_refund_rq": ("request", "statement", ""),
    "09_statement_rq": ("request", "statement", ""),
    "09_statement_v2_rq": ("request", "statement", ""),
    "08_payroll_rs": ("reply", "payroll", "partial"),
    "09_statement_empty_rs": ("reply", "statement", "no_data"),
    "09_statement_p1_rs": ("reply", "statement", "ok"),
    "09_statement_v2_rs": ("reply", "statement", "ok"),
    "10_receipt_order_rq": ("request", "receipt_order", ""),
    "10_receipt_order_rs": ("reply", "receipt_order", "ok"),
    "10_receipt_poll_rs": ("reply", "receipt_poll", "ok"),
    "11_vsa_info_rq": ("request", "sub_accounts", ""),
    "12_timedeposit_rs": ("reply", "time_deposits", "ok"),
    "13_hisbal_rq": ("request", "history_balance", ""),
    "13_hisbal_rs": ("reply", "history_balance", "ok"),
    "14_balance_notice": ("reply", "balance_notice", "ok"),
}


@pytest.mark.skipif(SHARED is None, reason="no samples beside the project")
@pytest.mark.parametrize(("name", "told"), SAMPLES.items(), ids=SAMPLES)
def test_samples_of_every_family_are_explained(name, told):
    body = (SHARED / "specs" / "samples-bank" / f"fox_{name}.gbk.xml").read_bytes()
    assert DIALECT.sniff(body)
    view = DIALECT.explain(body)
    assert (view.direction, view.operation, view.outcome) == told
    assert "Demo-Pass-1" not in repr(view)


READ_BY_THE_BANK = [
    name
    for name, told in SAMPLES.items()
    if told[0] == "request"
    and name[:2] in ("01", "02", "03", "04", "05", "06", "08", "09", "10", "13")
]


@pytest.mark.skipif(SHARED is None, reason="no samples beside the project")
@pytest.mark.parametrize("name", READ_BY_THE_BANK)
def test_the_bank_side_reads_the_samples(name):
    body = (SHARED / "specs" / "samples-bank" / f"fox_{name}.gbk.xml").read_bytes()
    request = DIALECT.bank_side.decode(body)
    assert (request.malformed, request.operation) == ("", SAMPLES[name][1])
