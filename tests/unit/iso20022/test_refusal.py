"""A file of which nothing was taken is answered in the sender's own language."""

from __future__ import annotations

import pytest
from lxml import etree

from adapters.erp.iso20022 import DIALECT, describe
from adapters.erp.iso20022.refusal import FAULTS_MAX, refuser
from gateway.domain.errors import Fault
from gateway.ports.erp import RefusedFile
from tests.unit.iso20022.samples import NOW, assert_valid

SCHEMA = ("pain001", "pain002/schemas/pain.002.001.03.xsd")


def fault(number=1, **other):
    values = {
        "path": f"/Document/CstmrCdtTrfInitn/PmtInf[1]/CdtTrfTxInf[{number}]/Amt",
        "code": "amount",
        "zh": "金额格式错误，请更正后重新提交",
        "en": "this is no amount: correct it",
        "line": number,
    }
    return Fault(**(values | other))


def refused(*faults, **other):
    values = {
        "report_id": "R-1",
        "created": NOW,
        "faults": faults or (fault(),),
        "file_name": "pay.xml",
        "message_id": "M-1",
        "format": "pain.001.001.03",
    }
    return b"".join(DIALECT.refuse(RefusedFile(**(values | other))))


def texts(document, name):
    return [it.text for it in etree.fromstring(document).iter(f"{{*}}{name}")]


def test_it_rejects_the_group_and_names_every_fault():
    document = refused(fault(7), fault(10_001))
    assert_valid(document, *SCHEMA)
    [found] = describe([document])
    assert found["group_status"] == "RJCT"
    assert found["original_message_id"] == "M-1"
    said = " ".join(texts(document, "AddtlInf"))
    for wanted in ("line 7 ", "第10001行", "金额格式错误", "this is no amount", "pay.xml"):
        assert wanted in said
    assert "任何一笔都未付款" in said
    assert "nothing will be paid" in said


@pytest.mark.parametrize("code", ["reused_reference", "already_accepted", "repeated_reference"])
def test_what_was_accepted_before_is_not_rejected_with_it(code):
    document = refused(fault(), fault(2, code=code))
    assert_valid(document, *SCHEMA)
    assert texts(document, "OrgnlMsgId") == ["NOTPROVIDED"]
    said = " ".join(texts(document, "AddtlInf"))
    assert "goes on" in said
    assert "nothing will be paid" not in said


@pytest.mark.parametrize("message_id", ["", "x" * 36, "a\x00b", "M\n1"])
def test_a_file_that_has_no_usable_name_is_answered_too(message_id):
    document = refused(message_id=message_id, format="", file_name="\x00../<x>.xml")
    assert_valid(document, *SCHEMA)
    assert texts(document, "OrgnlMsgId") == ["NOTPROVIDED"]


def test_the_answer_follows_the_version_unless_it_is_fixed():
    assert b"pain.002.001.10" in refused(format="pain.001.001.09")
    facts = RefusedFile(report_id="R", created=NOW, faults=(fault(),), format="pain.001.001.09")
    assert b"pain.002.001.03" in b"".join(refuser("pain.002.001.03")(facts))
    with pytest.raises(KeyError):
        refuser("pain.002.001.99")


def test_long_texts_are_wrapped_and_codes_that_do_not_fit_become_a_narrative():
    document = refused(fault(code="x" * 40, zh="错" * 300))
    assert_valid(document, *SCHEMA)
    assert "".join(it for it in texts(document, "AddtlInf") if set(it) == {"错"}) == "错" * 300
    assert "NARR" in texts(document, "Cd")


def test_more_faults_than_help_anybody_are_counted():
    document = refused(*(fault(number) for number in range(FAULTS_MAX + 5)))
    assert_valid(document, *SCHEMA)
    assert document.count(b"<StsRsnInf>") == 1 + FAULTS_MAX + 1
    assert "5 more faults" in texts(document, "AddtlInf")[-1]
