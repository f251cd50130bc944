"""SAP: the standard in the versions that it reads, recognised by its own numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.erp.sap import DIALECT
from gateway.domain.errors import Refused
from gateway.domain.instruction import State
from gateway.ports.erp_told import ToldKind
from tests.unit.formats.samples import FACTS, entry, statement
from tests.unit.iso20022 import samples as standard
from tests.unit.iso20022.test_told import told

DATA = Path(__file__).resolve().parents[2] / "data" / "erp"
OWN = (DATA / "sap" / "own-sap-pain001-cn.xml").read_bytes()


def test_its_file_is_read():
    head, draft, end = DIALECT.read([OWN])
    assert (head.format, head.message_id) == ("pain.001.001.03", "1025348326")
    assert draft.erp_reference == "1025348326/1025348427/10002000000123202600001"
    assert (draft.amount, draft.creditor_agent_cnaps) == ("3734.56", "102290002916")
    assert end.faults == ()


def test_sniffing():
    assert DIALECT.sniff(OWN[:4096])
    for path in (DATA / "iso20022").glob("[tolo]*.xml"):
        assert not DIALECT.sniff(path.read_bytes()[:4096]), path.name
    assert not DIALECT.sniff(b"<MsgId>1025348326</MsgId><PmtInfId>1025348427</PmtInfId>")


@pytest.mark.parametrize("original", ["pain.001.001.03", "pain.001.001.09"])
def test_it_reads_version_03_unless_settings_say_otherwise(original):
    status = standard.status_of(standard.status_line("SETTLED"), original=original)
    assert b"pain.002.001.03" in b"".join(DIALECT.report(status))
    record = told(batch_format=original)
    write = DIALECT.files[ToldKind.STATUS].write
    assert b"pain.002.001.03" in b"".join(write((record,), FACTS))
    shaped = DIALECT.with_options({"status": "pain.002.001.10"})
    assert b"pain.002.001.10" in b"".join(shaped.report(status))
    assert b"pain.002.001.10" in b"".join(shaped.files[ToldKind.STATUS].write((record,), FACTS))


def test_statements_in_its_code_page():
    shaped = DIALECT.with_options({"statement": "mt940-gbk"})
    data = b"".join(shaped.files[ToldKind.STATEMENT].write((statement(entry()),), FACTS))
    assert "上海".encode("gb18030") in data


def test_every_state_has_a_code_and_no_open_one_is_a_rejection():
    for table in DIALECT.codes.values():
        assert set(table) == {state.value for state in State}
        rejected = {state for state, code in table.items() if code in {"RJCT", "CANC"}}
        assert rejected == {"REJECTED", "CANCELLED", "EXPIRED"}


def test_a_wrong_option_is_told():
    with pytest.raises(Refused):
        DIALECT.with_options({"statement": "mt942"})
