"""pain.002 and camt.054: valid, exact, and never saying more than is known."""

from __future__ import annotations

import pytest
from lxml import etree

from adapters.erp.iso20022 import codes, describe, report, reporter, return_notice
from adapters.erp.iso20022.codes import PAIN_002_03, PAIN_002_10
from gateway.domain.errors import Corrupt, Fault
from gateway.domain.instruction import State
from tests.unit.iso20022.samples import NOW, assert_valid, status_line, status_of

BOTH = [PAIN_002_03, PAIN_002_10]
EVERY = [
    status_line(state.value, number, f"P-{number // 5}", text="账号户名不符", reason_code="EC1")
    for number, state in enumerate(State)
]


def written(version, *lines):
    return b"".join(reporter(version)(status_of(*lines)))


def statuses(document):
    [found] = describe([document])
    return found


def check_schema(document, version):
    if version == PAIN_002_10:
        # No schema of .10 is to be had; what we write is common to .10 and .12.
        document = document.replace(b"pain.002.001.10", b"pain.002.001.12")
        version = "pain.002.001.12"
    assert_valid(document, "pain001", f"pain002/schemas/{version}.xsd")


TEN = {
    "Document": ["CstmrPmtStsRpt"],
    "CstmrPmtStsRpt": ["GrpHdr", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts"],
    "GrpHdr": ["MsgId", "CreDtTm"],
    "OrgnlGrpInfAndSts": [
        "OrgnlMsgId",
        "OrgnlMsgNmId",
        "OrgnlNbOfTxs",
        "GrpSts",
        "StsRsnInf",
        "NbOfTxsPerSts",
    ],
    "NbOfTxsPerSts": ["DtldNbOfTxs", "DtldSts"],
    "OrgnlPmtInfAndSts": ["OrgnlPmtInfId", "PmtInfSts", "StsRsnInf", "TxInfAndSts"],
    "TxInfAndSts": [
        "OrgnlInstrId",
        "OrgnlEndToEndId",
        "TxSts",
        "StsRsnInf",
        "AcctSvcrRef",
        "OrgnlTxRef",
    ],
    "StsRsnInf": ["Rsn", "AddtlInf"],
    "Rsn": ["Cd", "Prtry"],
    "OrgnlTxRef": ["Amt", "IntrBkSttlmDt", "RmtInf"],
    "Amt": ["InstdAmt"],
}


def test_version_10_has_its_elements_in_their_order():
    root = etree.fromstring(written(PAIN_002_10, *EVERY))
    for element in root.iter():
        name = etree.QName(element)
        assert name.namespace == "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
        order = TEN.get(name.localname, [])
        places = [order.index(etree.QName(child).localname) for child in element]
        assert places == sorted(places)
        assert len(element) or (element.text or "").strip()


@pytest.mark.parametrize("version", BOTH)
def test_every_state_gives_a_valid_report(version):
    check_schema(written(version, *EVERY), version)
    for line in EVERY:
        check_schema(written(version, line), version)


@pytest.mark.parametrize("version", BOTH)
def test_a_budget_item_comes_back_with_its_line(version):
    plain = status_line("SETTLED")
    source = {**plain.source, "budget_item": "A01"}
    document = written(version, status_line("SETTLED", source=source), plain)
    told = b"<RmtInf><Strd><AddtlRmtInf>/BUDGET/A01</AddtlRmtInf></Strd></RmtInf></OrgnlTxRef>"
    assert document.count(told) == document.count(b"<Strd>") == 1
    check_schema(document, version)
    for unfit in ("x" * 133, "a\x00b"):
        source = {**plain.source, "budget_item": unfit}
        assert written(version, status_line("SETTLED", source=source)) == written(version, plain)


@pytest.mark.parametrize("version", BOTH)
def test_a_report_without_lines_is_valid(version):
    check_schema(written(version), version)


@pytest.mark.parametrize(
    ("original", "version"),
    [
        ("pain.001.001.03", PAIN_002_03),
        ("pain.001.001.08", PAIN_002_03),
        ("pain.001.003.03", PAIN_002_03),
        ("pain.001.001.03.ch.02", PAIN_002_03),
        ("pain.001", PAIN_002_03),
        ("pain.001.001.09", PAIN_002_10),
        ("pain.001.001.13", PAIN_002_10),
    ],
)
def test_the_version_of_the_reply_follows_the_original(original, version):
    document = b"".join(report(status_of(status_line("SETTLED"), original=original)))
    assert f'xsd:{version}"'.encode() in document


def test_a_version_without_a_table_is_not_offered():
    with pytest.raises(KeyError):
        reporter("pain.002.001.99")


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    ("state", "status", "reason"),
    [
        ("HELD", "PDNG", "HELD"),
        ("SCHEDULED", "PDNG", "SCHEDULED"),
        ("UNCONFIRMED", "PDNG", "UNCONFIRMED"),
        ("QUEUED", "ACCP", None),
        ("SENDING", "ACCP", None),
        ("BANK_APPROVAL", "ACSP", "BANK_APPROVAL"),
        ("SETTLED", "ACSC", None),
        ("RETURNED", "ACSC", None),
        ("PAID_ELSEWHERE", "ACSC", "PAID_ELSEWHERE"),
        ("REJECTED", "RJCT", "MS03"),
        ("EXPIRED", "RJCT", "EXPIRED"),
    ],
)
def test_states(version, state, status, reason):
    [found] = statuses(written(version, status_line(state)))["transactions"]
    assert (found["status"], found["reason"]) == (status, reason)


def test_the_versions_differ_where_the_older_has_no_word():
    received, cancelled = status_line("RECEIVED"), status_line("CANCELLED")
    old = statuses(written(PAIN_002_03, received, cancelled))["transactions"]
    new = statuses(written(PAIN_002_10, received, cancelled))["transactions"]
    assert [line["status"] for line in old] == ["ACTC", "RJCT"]
    assert [line["status"] for line in new] == ["RCVD", "CANC"]
    assert old[1]["reason"] == new[1]["reason"] == "CANCELLED"


def test_a_banks_code_never_turns_a_pending_line_into_a_verdict():
    line = status_line("UNCONFIRMED", reason_code="AC01", text="账号有误")
    found = statuses(written(PAIN_002_03, line))
    [transaction] = found["transactions"]
    assert (transaction["status"], transaction["reason"]) == ("PDNG", "UNCONFIRMED")
    assert transaction["text"] == "AC01 账号有误"
    assert (found["group_status"], found["group_reason"]) == ("PDNG", "UNCONFIRMED")


@pytest.mark.parametrize(
    ("code", "reason"),
    [("AC01", "AC01"), ("EBLN0001", "EBLN0001"), ("", "NARR"), ("X" * 36, "NARR")],
)
def test_a_rejection_says_why(code, reason):
    line = status_line("REJECTED", reason_code=code, text="余额不足")
    document = written(PAIN_002_03, line)
    check_schema(document, PAIN_002_03)
    [found] = statuses(document)["transactions"]
    assert found["reason"] == reason
    assert found["text"].endswith("余额不足")
    assert (b"<Cd>" in document) == (len(reason) == 4)


@pytest.mark.parametrize(
    ("states", "group"),
    [
        (["SETTLED", "SETTLED"], "ACSC"),
        (["SETTLED", "PROCESSING", "QUEUED"], "ACCP"),
        (["SETTLED", "REJECTED"], "PART"),
        (["SETTLED", "UNCONFIRMED"], "PART"),
        (["HELD", "UNCONFIRMED"], "PDNG"),
        (["REJECTED", "UNCONFIRMED"], "PART"),
        (["REJECTED", "CANCELLED", "EXPIRED"], "RJCT"),
    ],
)
@pytest.mark.parametrize("version", BOTH)
def test_group_status(version, states, group):
    lines = [status_line(state, number) for number, state in enumerate(states)]
    document = written(version, *lines)
    check_schema(document, version)
    found = statuses(document)
    assert found["group_status"] == group
    assert found["payment_infos"][0]["status"] == group


def test_lines_are_grouped_by_their_batch_in_order():
    lines = [
        status_line("SETTLED", 1, "A"),
        status_line("REJECTED", 2, "B"),
        status_line("HELD", 3, "B"),
    ]
    found = statuses(written(PAIN_002_03, *lines))
    assert [(b["original_payment_info_id"], b["status"]) for b in found["payment_infos"]] == [
        ("A", "ACSC"),
        ("B", "PART"),
    ]
    assert [t["original_end_to_end_id"] for t in found["transactions"]] == ["E-1", "E-2", "E-3"]


def test_a_refused_line_lists_its_faults():
    faults = (
        Fault(
            path="/PmtInf[1]/Cdtr/Nm", code="missing", zh="缺少收款人名称", en="creditor missing"
        ),
        Fault(path="/PmtInf[1]/Amt", code="format", zh="金额格式错误", en="amount unreadable"),
    )
    line = status_line("REFUSED", faults=faults, amount="1e9", currency="cny")
    document = written(PAIN_002_03, line)
    check_schema(document, PAIN_002_03)
    [found] = statuses(document)["transactions"]
    assert (found["status"], found["reason"], found["amount"]) == ("RJCT", "missing format", None)
    assert "缺少收款人名称" in found["text"]


def test_texts_are_wrapped_not_cut_and_cleaned_of_what_xml_cannot_hold():
    text = "第一行\x07\x00" + "字" * 300
    document = written(PAIN_002_03, status_line("REJECTED", text=text, bank_reference="B\x01"))
    check_schema(document, PAIN_002_03)
    [found] = statuses(document)["transactions"]
    assert found["text"].replace(" ", "") == "第一行" + "字" * 300
    assert found["bank_reference"] is None


def test_ids_that_do_not_fit_are_left_out():
    line = status_line("SETTLED", source={"payment_info_id": "P" * 36, "end_to_end_id": "E" * 36})
    document = written(PAIN_002_03, line)
    check_schema(document, PAIN_002_03)
    assert b"E" * 36 not in document


def test_amounts_and_days_are_written_exactly():
    line = status_line("SETTLED", amount="0.10", settled_at=NOW, bank_reference="B-1")
    document = written(PAIN_002_03, line)
    assert b'<InstdAmt Ccy="CNY">0.10</InstdAmt>' in document
    assert b"<IntrBkSttlmDt>2026-09-15</IntrBkSttlmDt>" in document
    assert b"<CreDtTm>2026-09-15T10:00:00+08:00</CreDtTm>" in document


def test_an_unknown_state_is_our_own_fault():
    with pytest.raises(Corrupt):
        written(PAIN_002_03, status_line("GONE"))


def test_lines_that_change_between_the_walks_are_noticed():
    walks = iter([[status_line("SETTLED")], [status_line("REJECTED")]])
    status = status_of(status_line("SETTLED"))
    moving = type(status)(
        **{name: getattr(status, name) for name in status.__slots__ if name != "lines"},
        lines=lambda: next(walks),
    )
    with pytest.raises(Corrupt):
        list(report(moving))


def test_a_long_report_comes_in_pieces():
    lines = [status_line("SETTLED", number, f"P-{number // 100}") for number in range(2000)]
    pieces = list(report(status_of(*lines)))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < 128 * 1024
    check_schema(b"".join(pieces), PAIN_002_03)
    assert len(statuses(b"".join(pieces))["transactions"]) == 2000


# ── returns ─────────────────────────────────────────────────────────────────────────────────


def test_a_return_is_told_as_a_credit_with_its_reason():
    lines = [
        status_line("SETTLED", 1),
        status_line("RETURNED", 2, reason_code="AC04", text="账户已销户", settled_at=NOW),
        status_line("RETURNED", 3, reason_code="退票"),
    ]
    root = etree.fromstring(b"".join(return_notice(status_of(*lines))))
    space = {"c": f"urn:iso:std:iso:20022:tech:xsd:{codes.CAMT_054_04}"}
    assert len(root.findall(".//c:Ntfctn", space)) == 1
    first, second = root.findall(".//c:Ntry", space)
    assert first.findtext("c:CdtDbtInd", namespaces=space) == "CRDT"
    assert first.findtext(".//c:InstrId", namespaces=space) == "I-2"
    assert first.findtext(".//c:RtrInf/c:Rsn/c:Cd", namespaces=space) == "AC04"
    assert first.findtext(".//c:RtrInf/c:AddtlInf", namespaces=space) == "账户已销户"
    assert first.findtext("c:ValDt/c:Dt", namespaces=space) == "2026-09-15"
    assert second.findtext(".//c:RtrInf/c:Rsn/c:Prtry", namespaces=space) == "退票"
    assert [etree.QName(child).localname for child in first] == [
        "Amt",
        "CdtDbtInd",
        "Sts",
        "BookgDt",
        "ValDt",
        "BkTxCd",
        "NtryDtls",
    ]


def test_without_returns_there_is_no_notice():
    assert list(return_notice(status_of(status_line("SETTLED")))) == []
