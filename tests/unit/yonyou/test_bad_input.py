"""One clear fault per mistake: at the sender's own field, in both languages, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.erp.yonyou import DIALECTS
from gateway.cli.erp_try import ground_of, tried
from tests.conformance import erps

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "yonyou"
NC = (DATA / "own-nc-rows.xml").read_text(encoding="utf-8")
BIP = (DATA / "own-yonbip-settlebench.json").read_text(encoding="utf-8")
ENTRY = "/ufinterface/bill[1]/billbody/entry[1]"
DETAIL = "/data/settleBench_b/0"


@pytest.fixture(scope="module")
def ground():
    return ground_of(None, "")


def faults(flavour, text, ground):
    trial = tried(DIALECTS[flavour], iter([text.encode()]), ground)
    return trial, [fault for line in trial.lines for fault in line.faults]


def test_the_samples_themselves_are_taken(ground):
    for flavour, text in (("nc", NC), ("yonbip", BIP)):
        trial, found = faults(flavour, text, ground)
        assert found == []
        assert trial.good == len(trial.lines) > 1


NC_MISTAKES = {
    "unknown currency": ("<c_ccynbr>CNY", "<c_ccynbr>XXX", "/billhead/c_ccynbr", 3),
    "19 digits": ("35000.00", "1234567890123456789", f"{ENTRY}/trsamt", 1),
    "three decimals": ("35000.00", "35000.001", f"{ENTRY}/trsamt", 1),
    "no number": ("35000.00", "1e3", f"{ENTRY}/trsamt", 1),
    "full-width digits": ("35000.00", "３５０００", f"{ENTRY}/trsamt", 1),
    "no amount": ("35000.00", "", f"{ENTRY}/trsamt", 1),
    "cnaps too short": ("102290000001", "10229000000", f"{ENTRY}/crtbranchid", 1),
    "name too long": ("样本物流有限公司", "长" * 141, "/entry[2]/crtaccname", 1),
    "unknown account": (
        "<dbtacc>900010101000000011</dbtacc><c_ccynbr>",
        "<dbtacc>1</dbtacc><c_ccynbr>",
        "/bill[2]/billhead/dbtacc",
        1,
    ),
    "no such day": ("20260916", "20260931", "/billhead/eptdat", 2),
    "number twice": ("YR202609150003", "YR202609150001", "/billhead/yurref", 1),
}


@pytest.mark.parametrize(
    ("old", "new", "path", "lines"), NC_MISTAKES.values(), ids=list(NC_MISTAKES)
)
def test_a_mistake_in_an_nc_message(old, new, path, lines, ground):
    trial, found = faults("nc", NC.replace(old, new), ground)
    assert len(found) == lines
    for fault in found:
        assert path in fault.path
        assert fault.line
        assert fault.zh
        assert fault.en
    assert trial.good == len(trial.lines) - lines, "the other payments are taken"


BIP_MISTAKES = {
    "unknown currency": ("人民币", "金圆券", f"{DETAIL}/originalcurrency_name", 2),
    "19 digits": ("3734.56", "1234567890123456789", f"{DETAIL}/originalcurrencyamt", 1),
    "exponent": ("3734.56", "3.7E3", f"{DETAIL}/originalcurrencyamt", 1),
    "cnaps too short": ("102290000001", "1022", f"{DETAIL}/counterpartybankcode", 1),
    "name too long": (
        '"counterpartyaccname": "样本钢铁（上海）有限公司"',
        f'"counterpartyaccname": "{"长" * 141}"',
        f"{DETAIL}/counterpartyaccname",
        1,
    ),
    "number twice": ("00ST2260915000017_2", "00ST2260915000017_1", "/settleDetailId", 1),
}


@pytest.mark.parametrize(
    ("old", "new", "path", "lines"), BIP_MISTAKES.values(), ids=list(BIP_MISTAKES)
)
def test_a_mistake_in_a_settlement_document(old, new, path, lines, ground):
    trial, found = faults("yonbip", BIP.replace(old, new), ground)
    assert len(found) == lines
    assert path in found[0].path
    assert all(fault.zh and fault.en for fault in found)
    assert trial.good == len(trial.lines) - lines


@pytest.mark.parametrize("flavour", ["nc", "u8", "yonbip"])
def test_the_answer_names_each_mistake_and_the_fate_of_the_rest(flavour):
    source = {"bill": "D51", "detail_number": "D51", "filename": "f.xml"}
    good = erps.standing(1, "RECEIVED", source=source)
    bad = erps.standing(2, "REJECTED", source=source, faults=(erps.FAULT,), instruction="")
    said = b"".join(DIALECTS[flavour].report(erps.report_of(good, bad))).decode()
    for text in (erps.FAULT.path, erps.FAULT.zh, erps.FAULT.en, "10001", "ins_1"):
        assert text in said
    whole = b"".join(DIALECTS[flavour].refuse(erps.refusal())).decode()
    assert "整份未受理" in whole
    assert "nothing was taken" in whole
