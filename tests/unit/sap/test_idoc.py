"""Payment IDocs: read by paths that settings may replace, answered by the status of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.erp.sap import DIALECT as PLAIN
from adapters.erp.sap import DIALECTS, describe
from adapters.erp.sap.idoc_places import OPTIONS, PLACES
from gateway.domain.errors import Corrupt, Fault, Refused, WireError
from gateway.domain.instruction import State
from gateway.ports.erp import RefusedFile
from gateway.ports.erp_told import ToldKind
from gateway.wire.xml import Profile, parse
from tests.unit.formats.samples import FACTS, NOW
from tests.unit.iso20022.samples import status_line, status_of
from tests.unit.iso20022.test_told import told

DIALECT = DIALECTS["pexr2002"]
DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "sap"
SAMPLE = (DATA / "own-pexr2002.xml").read_text(encoding="utf-8")


def parts(data, dialect=DIALECT):
    head, *drafts, end = dialect.read([data.encode()])
    return head, drafts, end


def statuses(document):
    root = parse(document, Profile.MESSAGE)
    return [
        {child.name: child.text() for child in segment.children()}
        for segment in root.one("IDOC").each("E1STATS")
    ]


def test_each_idoc_is_a_payment():
    head, [first, second], end = parts(SAMPLE)
    assert (head.message_id, end.count) == ("0000000000410021", 2)
    assert first.erp_reference == "ERPCLNT100/10002000000123"
    assert (first.amount, first.currency, first.execution_date) == ("1234.50", "CNY", "2026-09-16")
    assert first.debtor_account == "117010100100000001"
    assert first.creditor_account == "6200000000001234567"
    assert first.creditor_name == "样本钢铁（上海）有限公司"
    assert first.creditor_agent_cnaps == "102290002916"
    assert first.purpose == "INV-2026-001 INV-2026-002"
    assert first.at["creditor_account"] == "/PEXR2002/IDOC[1]/E1IDB02[FIIQUALI=BF]/FIIKONTO"
    assert second.at["amount"] == "/PEXR2002/IDOC[2]/E1IDKU5/MOABETR"
    assert second.source["idoc"] == "0000000000410022"
    assert second.execution_date == second.purpose == ""


def test_sniffing():
    assert DIALECT.sniff(SAMPLE.encode()[:500])
    assert not DIALECT.sniff(b"<FINSTA01>PEXR2002</FINSTA01>")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<PEXR2002>", "<FINSTA01>", "malformed"),
        ("PEXR2002>", "FINSTA01>", "root"),
        ("<DOCNUM>0000000000410022</DOCNUM>", "", "missing"),
        ("<DOCNUM>0000000000410022</DOCNUM>", f"<DOCNUM>{'1' * 36}</DOCNUM>", "missing"),
        ("<BGMREF>10002000000124", "<BGMREF>1</BGMREF><BGMREF>2", "surplus"),
        ("<IDOC BEGIN", "<X><IDOC BEGIN", "malformed"),
    ],
)
def test_a_broken_idoc_is_refused(old, new, reason):
    with pytest.raises(WireError) as error:
        parts(SAMPLE.replace(old, new))
    assert error.value.reason == reason


def test_a_file_without_idocs_is_refused():
    with pytest.raises(WireError):
        parts("<PEXR2002/>")


def test_two_segments_of_one_qualifier_are_never_chosen_from():
    twice = SAMPLE.replace("<FIIQUALI>OR</FIIQUALI>", "<FIIQUALI>BF</FIIQUALI>")
    with pytest.raises(WireError) as error:
        parts(twice)
    assert error.value.reason == "surplus"


def test_settings_replace_paths():
    text = SAMPLE.replace("<FIIQUALI>BF", "<FIIQUALI>ZZ").replace("MOABETR", "BETRAG")
    shaped = DIALECT.with_options(
        {
            "at_creditor_account": "E1IDB02[FIIQUALI=ZZ]/FIIKONTO",
            "at_amount": "E1IDKU5/MOABETR|E1IDKU5/BETRAG",
        }
    )
    _, [first, _], _ = parts(text, shaped)
    assert (first.creditor_account, first.amount) == ("6200000000001234567", "1234.50")


@pytest.mark.parametrize(
    "path", ["/a", "a[b]", "a[b=]", "a[b='c']", "a|", "*", "a/" * 9 + "b", "汉"]
)
def test_what_is_no_path_is_a_fault_of_the_settings(path):
    with pytest.raises(Refused) as refused:
        DIALECT.with_options({"at_amount": path})
    assert [fault.path for fault in refused.value.faults] == ["at_amount"]
    assert OPTIONS == {f"at_{name}" for name in PLACES} < DIALECT.options


@pytest.mark.parametrize("state", State)
def test_only_what_failed_for_certain_is_negative(state):
    [one] = statuses(b"".join(DIALECT.report(status_of(status_line(state.value)))))
    negative = {State.REJECTED, State.CANCELLED, State.EXPIRED}
    assert (one["STATUS"] == "17") == (state in negative)
    paid = {State.SETTLED, State.RETURNED, State.PAID_ELSEWHERE}
    assert (one["STATUS"] == "16") == (state in paid)


def test_statuses_name_the_idoc():
    source = {"idoc": "0000000000410021", "end_to_end_id": "10002000000123"}
    record = told(1, "REJECTED", source=source, code="E1", text="账号户名不符\n", at=NOW)
    [one] = statuses(b"".join(DIALECT.files[ToldKind.STATUS].write((record,), FACTS)))
    assert one["DOCNUM"] == "0000000000410021"
    assert (one["LOGDAT"], one["LOGTIM"]) == ("20260915", "100000")
    assert one["STATXT"] == "E1 账号户名不符"


def test_a_refused_file_and_a_refused_line():
    fault = Fault(path="/PEXR2002/IDOC[1]", code="amount", zh="金额有误", en="no amount", line=7)
    refused = RefusedFile(report_id="R", created=NOW, faults=(fault,), message_id="41")
    whole, one = statuses(b"".join(DIALECT.refuse(refused)))
    assert whole["STATUS"] == one["STATUS"] == "15"
    assert "nothing will be paid" in whole["STATXT"]
    assert "第7行 line 7 /PEXR2002/IDOC[1]: 金额有误 / no amount" in one["STATXT"]
    line = status_line("REFUSED", faults=(fault,))
    assert statuses(b"".join(DIALECT.report(status_of(line))))[0]["STATUS"] == "17"


def test_a_payment_that_came_before_is_not_told_as_failed():
    fault = Fault(path="/x", code="already_accepted", zh="已受理", en="accepted before")
    refused = RefusedFile(report_id="R", created=NOW, faults=(fault,), message_id="41")
    assert {it["DOCNUM"] for it in statuses(b"".join(DIALECT.refuse(refused)))} == {""}
    line = status_line("REFUSED", faults=(fault,))
    [one] = statuses(b"".join(DIALECT.report(status_of(line))))
    assert one["STATUS"] == "22"
    assert "accepted before" in one["STATXT"]


def test_a_status_is_described_and_so_is_the_standard():
    report = b"".join(DIALECT.report(status_of(status_line("SETTLED", 1), status_line("REJECTED"))))
    [found] = describe([report[:40], report[40:]])
    assert [it["status"] for it in found["transactions"]] == ["16", "17"]
    [plain] = describe(PLAIN.report(status_of(status_line("SETTLED"))))
    assert plain["format"] == "pain.002.001.03"


def test_a_state_that_nobody_knows_is_never_written():
    with pytest.raises(Corrupt):
        b"".join(DIALECT.report(status_of(status_line("PERHAPS"))))
