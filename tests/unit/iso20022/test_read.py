"""What is read from a pain.001, element by element."""

from __future__ import annotations

import pytest

from adapters.erp.iso20022 import DIALECT, read, sniff
from gateway.domain.errors import WireError
from tests.unit.iso20022.samples import file, line, parted, sample

ALL = [
    "sap-cn.pain.001.001.03.xml",
    "tryton.pain.001.001.03.xml",
    "tryton.pain.001.001.05.xml",
    "tryton.pain.001.001.09.xml",
    "local.pain.001.001.03.ch.02.xml",
]


def test_a_chinese_sap_file_is_read_field_by_field():
    head, [draft], end = parted(list(read([sample("sap-cn.pain.001.001.03.xml")])))
    assert (head.format, head.message_id, head.count, head.control_sum) == (
        "pain.001.001.03",
        "1025348326",
        "1",
        "3734.56",
    )
    assert head.created == "2026-11-22T10:00:00"
    assert draft.erp_reference == "1025348326/1025348427/10002000000123202600001"
    assert (draft.amount, draft.currency) == ("3734.56", "CNY")
    assert (draft.debtor_account, draft.debtor_name) == (
        "117010100100000001",
        "示例制造股份有限公司",
    )
    assert (draft.creditor_account, draft.creditor_name) == (
        "6222000012345678",
        "上海测试贸易有限公司",
    )
    assert draft.creditor_agent_cnaps == "102290002916"
    assert draft.creditor_agent_name == "中国工商银行上海某支行"
    assert (draft.purpose, draft.execution_date) == ("货款 INV-2026-001", "2026-11-22")
    assert (draft.urgency, draft.business_type) == ("normal", "payment")
    assert draft.source == {
        "message_id": "1025348326",
        "payment_info_id": "1025348427",
        "instruction_id": "1000-2000000123-2026",
        "end_to_end_id": "10002000000123202600001",
        "debtor_account": "117010100100000001",
    }
    assert draft.line == 6
    assert draft.at["creditor_name"] == (
        "/Document/CstmrCdtTrfInitn/PmtInf[1]/CdtTrfTxInf[1]/Cdtr/Nm"
    )
    assert draft.at["debtor_account"] == (
        "/Document/CstmrCdtTrfInitn/PmtInf[1]/DbtrAcct/Id/Othr/Id"
    )
    assert (end.count, end.faults, end.warnings) == (1, (), ())


@pytest.mark.parametrize("version", ["03", "05", "09"])
def test_tryton_files_of_three_versions_say_the_same(version):
    head, drafts, end = parted(list(read([sample(f"tryton.pain.001.001.{version}.xml")])))
    assert head.format == f"pain.001.001.{version}"
    assert [
        (d.end_to_end_id, d.amount, d.creditor_account, d.creditor_agent_bic, d.execution_date)
        for d in drafts
    ] == [
        ("498", "500.00", "BE07131673267766", "KREDBEBB", "2026-09-16"),
        ("499", "1234.56", "BE85735556927306", "KREDBEBB", "2026-09-16"),
    ]
    assert end.faults == ()


def test_a_local_variant_inherits_overrides_and_falls_back():
    head, drafts, end = parted(list(read([sample("local.pain.001.001.03.ch.02.xml")])))
    assert head.format == "pain.001.001.03.ch.02"
    salary, supplier, foreign = drafts
    assert salary.erp_reference == "CH-1/A/I-1"
    assert salary.at["erp_reference"].endswith("PmtInf[1]/CdtTrfTxInf[1]/PmtId/InstrId")
    assert salary.end_to_end_id == ""
    assert salary.source["end_to_end_id"] == "NOTPROVIDED"
    assert (salary.business_type, salary.urgency) == ("payroll", "urgent")
    assert salary.source["category_purpose"] == "SALA"
    assert salary.purpose == "000000811202609150000000424"
    assert (supplier.business_type, supplier.urgency) == ("payment", "normal")
    assert "category_purpose" not in supplier.source
    assert supplier.purpose == "part one part two"
    assert supplier.erp_reference == ""
    assert supplier.at["erp_reference"].endswith("CdtTrfTxInf[2]/PmtId/EndToEndId")
    assert (foreign.amount, foreign.currency, foreign.debtor_account) == (
        "",
        "",
        "117010100100000001",
    )
    assert foreign.at["amount"].endswith("PmtInf[2]/CdtTrfTxInf[1]/Amt/EqvtAmt")
    assert end.faults == ()
    assert len(end.warnings) == 3


@pytest.mark.parametrize("name", ALL)
def test_the_size_of_chunks_does_not_matter(name):
    data = sample(name)
    whole = list(read([data]))
    assert list(read(data[at : at + 7] for at in range(0, len(data), 7))) == whole


@pytest.mark.parametrize("code", ["SALA", "BONU"])
def test_payroll_is_told_by_category_purpose_or_purpose(code):
    by_category = file(line(category_purpose=code))
    by_purpose = file(line()).replace(
        b"</CdtrAcct>", b"</CdtrAcct><Purp><Cd>%s</Cd></Purp>" % code.encode()
    )
    for data in (by_category, by_purpose):
        _, [draft], _ = parted(list(read([data])))
        assert (draft.business_type, draft.source["category_purpose"]) == ("payroll", code)


@pytest.mark.parametrize(
    ("before", "after", "field", "value"),
    [
        (
            b"<Dt>2026-09-16</Dt>",
            b"<DtTm>2026-09-16T23:30:00-08:00</DtTm>",
            "execution_date",
            "2026-09-16",
        ),
        (b"<Cd>CNAPS</Cd>", b"<Cd>USABA</Cd>", "creditor_agent_cnaps", ""),
        (b"<Cd>CNAPS</Cd>", b"<Prtry>CNAPS</Prtry>", "creditor_agent_cnaps", "102290002916"),
        (b"<ClrSysId><Cd>CNAPS</Cd></ClrSysId>", b"", "creditor_agent_cnaps", "102290002916"),
        (b"<InstrPrty>NORM", b"<InstrPrty>HIGH", "urgency", "urgent"),
        (b"<Cd>NURG</Cd>", b"<Cd>URGP</Cd>", "urgency", "urgent"),
        (
            b"<Cd>NURG</Cd></SvcLvl>",
            b"<Cd>G001</Cd></SvcLvl><SvcLvl><Cd>URGP</Cd></SvcLvl>",
            "urgency",
            "urgent",
        ),
        (b">101.01<".replace(b"101.01", b"100.01"), b">0100.010000<", "amount", "0100.010000"),
        (b"<EndToEndId>E-1<", b"<EndToEndId>" + b"9" * 36 + b"<", "erp_reference", "M-1/M-1-1/I-1"),
        (b"<Nm>\xe4\xb8\x8a", b"<Nm> \n\xe4\xb8\x8a", "creditor_name", "上海测试贸易有限公司"),
    ],
)
def test_spellings(before, after, field, value):
    data = file(line(), version="pain.001.001.09")
    assert before in data
    _, [draft], _ = parted(list(read([data.replace(before, after)])))
    assert getattr(draft, field) == value


def test_a_budget_item_rides_in_a_further_remark_and_is_no_purpose():
    other = b"<Strd><AddtlRmtInf>no code word</AddtlRmtInf></Strd></RmtInf>"
    data = file(line(purpose="", budget_item="A01/\u5dee\u65c5")).replace(b"</RmtInf>", other)
    _, [draft], _ = parted(list(read([data])))
    assert (draft.budget_item, draft.source["budget_item"]) == ("A01/\u5dee\u65c5",) * 2
    assert draft.purpose == ""
    assert draft.at["budget_item"].endswith("CdtTrfTxInf[1]/RmtInf/Strd/AddtlRmtInf")
    _, [without], _ = parted(list(read([file(line())])))
    assert without.budget_item == ""
    assert "budget_item" not in without.source


def test_of_two_budget_items_none_is_chosen():
    second = b"<Strd><AddtlRmtInf>/BUDGET/B</AddtlRmtInf></Strd></RmtInf>"
    data = file(line(budget_item="A")).replace(b"</RmtInf>", second)
    with pytest.raises(WireError) as caught:
        list(read([data]))
    assert caught.value.reason == "surplus"


def test_namespace_prefixes_are_as_good_as_a_default_namespace():
    data = sample("sap-cn.pain.001.001.03.xml")
    plain = list(read([data]))
    prefixed = data.replace(b"<", b"<p:").replace(b"<p:/", b"</p:").replace(b"<p:?", b"<?")
    assert list(read([prefixed.replace(b" xmlns=", b" xmlns:p=")])) == plain


def test_an_unknown_namespace_is_read_by_names_and_remarked():
    data = file(line()).replace(
        b"urn:iso:std:iso:20022:tech:xsd:pain.001.001.03", b"urn:own:payments"
    )
    head, drafts, end = parted(list(read([data])))
    assert head.format == "pain.001"
    assert len(drafts) == 1
    assert len(end.warnings) == 1


# ── totals ──────────────────────────────────────────────────────────────────────────────────

TWO = file(line(1), line(2))


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        (b"<NbOfTxs>2<", b"<NbOfTxs>3<", ["GrpHdr/NbOfTxs", "PmtInf[1]/NbOfTxs"]),
        (b"<NbOfTxs>2<", b"<NbOfTxs>two<", ["GrpHdr/NbOfTxs", "PmtInf[1]/NbOfTxs"]),
        (b"<NbOfTxs>2<", b"<NbOfTxs>002<", []),
        (b"<CtrlSum>200.03<", b"<CtrlSum>200.04<", ["GrpHdr/CtrlSum", "PmtInf[1]/CtrlSum"]),
        (b"<CtrlSum>200.03<", b"<CtrlSum>200.0300<", []),
        (
            b"<CtrlSum>200.03<",
            b"<CtrlSum>200.03000000000000001<",
            ["GrpHdr/CtrlSum", "PmtInf[1]/CtrlSum"],
        ),
        (b"<CtrlSum>200.03<", b"<CtrlSum>2.0003e2<", ["GrpHdr/CtrlSum", "PmtInf[1]/CtrlSum"]),
        (b"<CtrlSum>200.03</CtrlSum>", b"", []),
        (b">100.02<", b">100.2x<", []),
    ],
)
def test_totals_are_compared_exactly(before, after, paths):
    assert before in TWO
    _, drafts, end = parted(list(read([TWO.replace(before, after)])))
    assert len(drafts) == end.count == 2
    assert [fault.path for fault in end.faults] == [
        f"/Document/CstmrCdtTrfInitn/{path}" for path in paths
    ]
    assert all(fault.zh and fault.en and fault.line for fault in end.faults)


def test_a_cheque_is_a_fault_of_the_file():
    _, _, end = parted(list(read([TWO.replace(b"<PmtMtd>TRF<", b"<PmtMtd>CHK<")])))
    assert [fault.code for fault in end.faults] == ["payment_method"]


@pytest.mark.parametrize("before", [b"<MsgId>M-1<", b"<PmtInfId>M-1-1<"])
def test_an_identification_that_no_reply_could_echo_is_a_fault_of_the_file(before):
    name = before.split(b">")[0]
    _, _, end = parted(list(read([TWO.replace(before, name + b">" + b"9" * 36 + b"<")])))
    assert [fault.code for fault in end.faults] == ["identification"]


def test_a_missing_batch_id_leaves_no_reference():
    _, drafts, _ = parted(list(read([TWO.replace(b"<PmtInfId>M-1-1</PmtInfId>", b"")])))
    assert {draft.erp_reference for draft in drafts} == {""}
    assert drafts[0].at["erp_reference"] == "/Document/CstmrCdtTrfInitn/PmtInf[1]/PmtInfId"


# ── refused as a whole ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after", "reason", "where"),
    [
        (
            b"<Amt>",
            b"<Amt><InstdAmt Ccy='CNY'>1</InstdAmt>",
            "surplus",
            "CdtTrfTxInf[1]/Amt/InstdAmt",
        ),
        (b"<Cdtr>", b"<Cdtr><Nm>x</Nm></Cdtr><Cdtr>", "surplus", "CdtTrfTxInf[1]/Cdtr"),
        (
            b"<Id><Othr><Id>6222",
            b"<Id><IBAN>X</IBAN><Othr><Id>6222",
            "surplus",
            "CdtTrfTxInf[1]/CdtrAcct/Id/Othr/Id",
        ),
        (
            b"</InstdAmt></Amt>",
            b"</InstdAmt><EqvtAmt><Amt Ccy='CNY'>1</Amt></EqvtAmt></Amt>",
            "surplus",
            "Amt/EqvtAmt/Amt",
        ),
        (
            b"</PmtInf>",
            b"<ReqdExctnDt>2026-09-20</ReqdExctnDt></PmtInf>",
            "order",
            "PmtInf[1]/ReqdExctnDt",
        ),
        (b"</PmtInf>", b"<PmtMtd>TRF</PmtMtd></PmtInf>", "order", "PmtInf[1]/PmtMtd"),
        (b"<MsgId>M-1</MsgId>", b"", "missing", "GrpHdr/MsgId"),
        (b"<GrpHdr>", b"<GrpHdr/><GrpHdr>", "missing", "GrpHdr/MsgId"),
        (b"</GrpHdr>", b"</GrpHdr><GrpHdr><MsgId>M-2</MsgId></GrpHdr>", "surplus", "GrpHdr"),
        (b"<Nm>\xe4\xb8\x8a", b"<Nm><b/>\xe4\xb8\x8a", "content", "Nm"),
        (b"</Document>", b"", "malformed", ""),
        (b"<Document", b"<!DOCTYPE Document><Document", "doctype", ""),
        (b"</PmtInf>", b"</PmtInf><PmtInf/>", "missing", "PmtInf[2]/CdtTrfTxInf"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(before, after, reason, where):
    data = file(line())
    assert before in data
    with pytest.raises(WireError) as caught:
        list(read([data.replace(before, after, 1)]))
    assert caught.value.reason == reason
    assert caught.value.path.endswith(where)


@pytest.mark.parametrize(
    ("data", "reason", "where"),
    [
        (b"<Document xmlns='urn:x'/>", "missing", "/Document/CstmrCdtTrfInitn"),
        (b"<Other xmlns='urn:x'/>", "root", "/Other"),
        (b"<Document><CstmrCdtTrfInitn/></Document>", "namespace", "/Document"),
        (b"<Document xmlns='urn:x'><CstmrCdtTrfInitn/></Document>", "missing", "GrpHdr"),
        (b"", "malformed", ""),
        (
            b"<Document xmlns='urn:x:pain.008.001.02'><CstmrDrctDbtInitn/></Document>",
            "unsupported",
            "/Document/CstmrDrctDbtInitn (pain.008.001.02)",
        ),
    ],
)
def test_what_is_no_initiation_is_refused_by_name(data, reason, where):
    with pytest.raises(WireError) as caught:
        list(read([data]))
    assert caught.value.reason == reason
    assert caught.value.path.endswith(where)


def test_two_messages_in_one_document_are_refused():
    data = file(line())
    start, end = data.index(b"<CstmrCdtTrfInitn>"), data.index(b"</Document>")
    with pytest.raises(WireError, match="surplus"):
        list(read([data[:end] + data[start:end] + data[end:]]))


def test_lines_are_counted_past_sixteen_bits():
    data = file(line(1), line(2)).replace(b"</GrpHdr>", b"</GrpHdr>" + b"\n" * 70_000)
    _, drafts, _ = parted(list(read([data])))
    assert [draft.line for draft in drafts] == [70_002, 70_002]


# ── recognising ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*ALL, "status.pain.002.001.03.xml"])
def test_pain_files_are_recognised(name):
    assert sniff(sample(name)[:512])
    assert sniff(b"\xef\xbb\xbf" + sample(name)[:512])


@pytest.mark.parametrize("head", [b"", b"{}", b":20:X", b"<FOX/>", b"print('pain.001.001.03')"])
def test_others_are_not(head):
    assert not sniff(head)


def test_the_dialect_offers_both_directions():
    assert DIALECT.name == "iso20022"
    assert DIALECT.read is not None
    assert DIALECT.report is not None
