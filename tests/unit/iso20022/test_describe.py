"""The JSON that `gateway read` prints."""

from __future__ import annotations

import json
import re

import pytest

from adapters.erp.iso20022 import describe, sniff
from gateway.domain.errors import WireError
from tests.shared_folder import SHARED
from tests.unit.iso20022.samples import file, line, sample


def test_one_object_per_batch():
    first, second = describe([sample("local.pain.001.001.03.ch.02.xml")])
    assert (first["kind"], first["format"], first["message_id"], first["debtor_account"]) == (
        "instructions",
        "pain.001.001.03.ch.02",
        "CH-1",
        "CH9300762011623852957",
    )
    assert first["instructions"][1] == {
        "erp_reference": None,
        "end_to_end_id": None,
        "amount": "20",
        "currency": "CHF",
        "execution_date": "2026-09-16",
        "creditor_name": "Beat",
        "creditor_account": "CH5604835012345678009",
        "creditor_agent": None,
        "remittance": "part one part two",
    }
    assert first["warnings"] == []
    assert second["instructions"][0]["amount"] is None
    assert second["instructions"][0]["creditor_agent"] == "BBBBUS33"
    assert len(second["warnings"]) == 3


def test_batches_with_the_same_id_stay_apart():
    data = file(line(1), line(2, urgent=True)).replace(b"M-1-2", b"M-1-1")
    assert [len(batch["instructions"]) for batch in describe([data])] == [1, 1]


def test_faults_of_the_file_are_warnings():
    [batch] = describe([file(line()).replace(b"<NbOfTxs>1<", b"<NbOfTxs>9<")])
    assert len(batch["warnings"]) == 2
    assert batch["instructions"][0]["creditor_agent"] == "102290002916"


def test_a_status_report_is_one_object():
    [found] = describe([sample("status.pain.002.001.03.xml")])
    assert found["kind"] == "status_report"
    assert found["original_message_id"] == "1025348326"
    assert found["group_status"] == "ACSP"
    assert found["transactions"] == [
        {
            "original_payment_info_id": "1025348427",
            "original_instruction_id": "1000-2000000123-2026",
            "original_end_to_end_id": "10002000000123202600001",
            "status": "PDNG",
            "reason": "UNKNOWN",
            "text": "bank result not confirmed, do not resend",
            "amount": None,
            "currency": None,
            "bank_reference": "BK20261122000981",
        }
    ]


@pytest.mark.parametrize("lack", [b"GrpHdr", b"OrgnlGrpInfAndSts"])
def test_a_status_report_without_its_head_is_refused(lack):
    data = sample("status.pain.002.001.03.xml")
    start, end = data.index(b"<" + lack), data.index(b"</" + lack + b">") + len(lack) + 3
    with pytest.raises(WireError, match="missing"):
        list(describe([data[:start] + data[end:]]))


def test_direct_debits_are_named_as_unsupported():
    data = (
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.008.002.02'>"
        b"<CstmrDrctDbtInitn><GrpHdr/></CstmrDrctDbtInitn></Document>"
    )
    with pytest.raises(WireError) as caught:
        list(describe([data]))
    assert caught.value.reason == "unsupported"
    assert "pain.008.002.02" in caught.value.path


# ── what other people's files look like ─────────────────────────────────────────────────────


def plain() -> bytes:
    return file(line())


def instructions(data: bytes) -> object:
    [batch] = describe([data])
    return batch["instructions"]


def test_a_message_without_a_namespace_is_told_by_its_element():
    bare = re.sub(rb' xmlns="[^"]*"', b"", plain())
    [batch] = describe([bare])
    assert (batch["format"], len(batch["warnings"])) == ("pain.001", 1)
    assert batch["instructions"] == instructions(plain())
    status = re.sub(rb' xmlns="[^"]*"', b"", sample("status.pain.002.001.03.xml"))
    [found] = describe([status])
    assert (found["format"], len(found["warnings"])) == ("pain.002", 1)
    assert found["transactions"]


@pytest.mark.parametrize("version", ["01", "02"])
def test_the_first_versions_call_the_message_after_themselves(version):
    name = b"pain.001.001." + version.encode()
    old = plain().replace(b"CstmrCdtTrfInitn", name)
    old = re.sub(rb'xsd:pain[0-9.]*"', b"xsd:" + name + b'"', old)
    [batch] = describe([old])
    assert batch["format"] == name.decode()
    assert batch["instructions"] == instructions(plain())


def test_an_old_status_report():
    name = b"pain.002.001.02"
    old = sample("status.pain.002.001.03.xml").replace(b"CstmrPmtStsRpt", name)
    [found] = describe([re.sub(rb'xsd:pain[0-9.]*"', b"xsd:" + name + b'"', old)])
    assert (found["format"], found["group_status"]) == (name.decode(), "ACSP")


def test_what_stands_around_a_document_is_passed_over():
    root = plain()[plain().index(b"<Document") :]
    wrapped = b"<E><AppHdr><BizMsgIdr>B</BizMsgIdr></AppHdr><D>" + root + b"</D><GrpHdr/></E>"
    assert instructions(wrapped) == instructions(plain())
    assert reason_of(b"<E><CstmrCdtTrfInitn/></E>") == "root"
    assert reason_of(wrapped.removesuffix(b"</E>")) == "malformed"


@pytest.mark.parametrize("label", ["ISO-8859-1", "latin1", "Windows-1252"])
def test_an_encoding_of_one_byte_that_is_declared(label):
    root = plain()[plain().index(b"<Document") :].decode()
    name = re.search(r"<Cdtr>\s*<Nm>([^<]*)", root)[1]
    text = f'<?xml version="1.0" encoding="{label}"?>\n{root.replace(name, "Café É")}'
    data = "".join(it if ord(it) < 256 else "x" for it in text).encode("latin-1")
    # Byte by byte: no answer depends on how a file arrives.
    [batch] = describe(data[at : at + 1] for at in range(len(data)))
    assert batch["instructions"][0]["creditor_name"] == "Café É"


def test_blanks_before_the_declaration():
    root = plain()[plain().index(b"<Document") :]
    data = b'\r\n \t<?xml version="1.0" encoding="UTF-8"?>\n' + root
    assert instructions(data) == instructions(plain())


@pytest.mark.parametrize("zone", ["Z", "+08:00", "-05:00"])
def test_a_date_with_a_zone_is_that_day(zone):
    [found] = instructions(plain())
    day = found["execution_date"]
    [zoned] = instructions(plain().replace(day.encode(), f"{day}{zone}".encode()))
    assert zoned["execution_date"] == day


# ── files of other people ───────────────────────────────────────────────────────────────────

FOLDERS = ["pain.*", "nons.CstmrCdtTrfInitn", "nons.CstmrPmtStsRpt", "nons.CstmrDrctDbtInitn"]
FOREIGN = (
    sorted(
        path
        for pattern in FOLDERS
        for folder in (SHARED / "corpus").glob(pattern)
        for path in folder.iterdir()
    )
    if SHARED
    else []
)


REFUSED = {
    "iso20022__invalid_file2": "malformed",
    "iso20022__pain008-musterfile.xml": "unsupported",
    "sepa_king__pain.008.002.02.xml": "unsupported",
    "sepa_king__pain.008.003.02.xml": "unsupported",
}


def reason_of(data: bytes) -> str:
    with pytest.raises(WireError) as caught:
        list(describe([data]))
    assert caught.value.line
    return caught.value.reason


@pytest.mark.skipif(not FOREIGN, reason="the collection of foreign files is not here")
@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.name)
def test_the_collection_of_foreign_files_is_read_or_refused_by_name(path):
    data = path.read_bytes()
    assert sniff(data[:4096])
    if path.name in REFUSED:
        assert reason_of(data) == REFUSED[path.name]
        return
    found = list(describe([data]))
    assert json.loads(json.dumps(found)) == found
    assert {batch["message_id"] for batch in found} != {None}
    for batch in found:
        if batch["kind"] == "status_report":
            assert batch["original_message_id"]
        else:
            assert batch["debtor_account"]
            assert all(made["creditor_account"] for made in batch["instructions"])


@pytest.mark.skipif(not FOREIGN, reason="the collection of foreign files is not here")
def test_the_collection_of_foreign_files_is_read_whole():
    texts = [path.read_bytes() for path in FOREIGN if path.name not in REFUSED]
    made = [
        line
        for text in texts
        for batch in describe([text])
        for line in batch.get("instructions", [])
    ]
    assert len(made) == sum(text.count(b"<CdtTrfTxInf>") for text in texts) > 20
    assert sum(line["amount"] is None for line in made) == 1  # the one EqvtAmt
