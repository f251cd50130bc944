"""`gateway read`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from adapters.bank.cib import DIALECT as CIB
from adapters.erp.iso20022 import DIALECT as ISO
from adapters.erp.iso20022 import describe
from gateway.cli.read import Languages, run
from gateway.domain.errors import WireError
from tests.shared_folder import SHARED

REPLY = """<?xml version="1.0" encoding="GBK" standalone="yes"?>
<FOX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>
<DTSERVER>2026-09-15 10:00:01</DTSERVER></SONRS></SIGNONMSGSRSV1></FOX>""".encode("gbk")
REQUEST = """<?xml version="1.0" encoding="GBK"?>
<FOX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>2026-09-15 10:00:00</DTCLIENT><CID>9900000001</CID>
<USERID>maker</USERID><USERPASS>Secret-1</USERPASS><GENUSERKEY>N</GENUSERKEY></SONRQ>
</SIGNONMSGSRQV1></FOX>""".encode("gbk")
PAIN = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-09-15T09:00:00</CreDtTm><NbOfTxs>2</NbOfTxs></GrpHdr>
<PmtInf><PmtInfId>P1</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-09-15</Dt></ReqdExctnDt>
<Dbtr><Nm>甲公司</Nm></Dbtr><DbtrAcct><Id><Othr><Id>117010100100000011</Id></Othr></Id></DbtrAcct>
<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">10.00</InstdAmt>
</Amt><Cdtr><Nm>乙&#x9b;31m公司</Nm></Cdtr></CdtTrfTxInf></PmtInf>
<PmtInf><PmtInfId>P2</PmtInfId><PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-09-15</Dt></ReqdExctnDt>
<Dbtr><Nm>甲公司</Nm></Dbtr><DbtrAcct><Id><Othr><Id>117010100100000022</Id></Othr></Id></DbtrAcct>
<CdtTrfTxInf><PmtId><EndToEndId>E2</EndToEndId></PmtId><Amt><InstdAmt Ccy="CNY">20.00</InstdAmt>
</Amt><Cdtr><Nm>丙公司</Nm></Cdtr></CdtTrfTxInf></PmtInf>
</CstmrCdtTrfInitn></Document>""".encode()
DEBIT = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02">'
    b"<CstmrDrctDbtInitn><GrpHdr/></CstmrDrctDbtInitn></Document>"
)


def read(path: str, *, as_json: bool = True, stdin: bytes = b"") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run(
        path,
        as_json=as_json,
        out=out,
        err=err,
        languages=Languages(banks=[CIB], erps=[ISO], readers={"iso20022": describe}),
        stdin=io.BytesIO(stdin),
    )
    return code, out.getvalue(), err.getvalue()


def objects(path: Path) -> list[dict[str, object]]:
    code, out, err = read(str(path))
    assert (code, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def file(tmp_path):
    def write(content: bytes) -> Path:
        path = tmp_path / "file.xml"
        path.write_bytes(content)
        return path

    return write


def test_a_bank_reply(file):
    (found,) = objects(file(REPLY))
    assert found["kind"] == "bank_message"
    assert (found["dialect"], found["direction"], str(found["operation"])[:4]) == (
        "cib",
        "reply",
        "sign",
    )
    assert found["outcome"] == "ok"
    assert found["fields"]["/FOX/SIGNONMSGSRSV1/SONRS/STATUS/CODE"] == "0"


def test_a_bank_request_without_its_password(file):
    (found,) = objects(file(REQUEST))
    assert (found["direction"], found["outcome"]) == ("request", None)
    assert "Secret-1" not in json.dumps(found)


def test_one_object_per_payment_batch(file):
    first, second = objects(file(PAIN))
    assert (first["kind"], first["format"]) == ("instructions", "pain.001.001.09")
    assert first["message_id"] == "M1"
    assert first["debtor_account"] == "117010100100000011"
    assert [line["end_to_end_id"] for line in second["instructions"]] == ["E2"]
    assert second["instructions"][0]["amount"] == "20.00"


def test_standard_input():
    code, out, err = read("-", stdin=PAIN)
    assert (code, len(out.splitlines()), err) == (0, 2, "")
    code, out, err = read("-", stdin=b"")
    assert (code, out) == (2, "")
    assert err == "标准输入 standard input: 文件为空 / the file is empty\n"


def test_text_for_people_cannot_steer_the_terminal(file):
    code, out, _ = read(str(file(PAIN)), as_json=False)
    assert code == 0
    assert "kind: instructions" in out
    assert "end_to_end_id=E1  amount=10.00" in out
    assert "\x9b" not in out
    assert "乙\\u009b31m公司" in out
    assert "/FOX/SIGNONMSGSRSV1/SONRS/STATUS/CODE: 0" in read("-", as_json=False, stdin=REPLY)[1]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (DEBIT, ["pain.008.001.02", "不受支持", "not supported"]),
        (b"", ["文件为空", "empty"]),
        (b" \n", ["文件为空", "empty"]),
        (b"hello", ["无法识别", "not a format"]),
        (b"<html><body/></html>", ["/html", "无法识别", "not a format", "line 1"]),
        (PAIN.decode().encode("utf-16"), ["编码", "encoding", "line 1"]),
        (b"<!DOCTYPE x><x/>", ["DOCTYPE", "document types"]),
        (PAIN[:-30], ["格式良好", "well-formed", "line 12"]),
        (PAIN.replace("乙".encode(), b"\xff"), ["编码", "encoding", "line 7"]),
        (REPLY[:-8], ["格式良好", "well-formed"]),
        (b"<FOX>" + b" " * (9 << 20), ["大小", "larger"]),
        (b"<FOX><A><!-- x --></A></FOX>", ["/FOX/A", "注释", "comment"]),
    ],
)
def test_what_cannot_be_read_exits_2_with_one_line(file, content, parts):
    path = file(content)
    code, _, err = read(str(path))
    assert code == 2
    assert err.count("\n") == 1
    for part in [str(path), *parts]:
        assert part in err


def test_what_came_before_a_fault_is_printed(file):
    code, out, _ = read(str(file(PAIN[:-30])))
    assert code == 2
    assert all(json.loads(line)["kind"] == "instructions" for line in out.splitlines())


def test_files_that_are_not_there(tmp_path):
    for path in (tmp_path / "absent.xml", tmp_path):
        code, out, err = read(str(path))
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "无法打开" in err


def test_a_reason_without_a_text_stands_for_itself():
    err = io.StringIO()

    def broken(_chunks):
        raise WireError("novel", "/A", line=3)
        yield {}

    code = run(
        "-",
        as_json=True,
        out=io.StringIO(),
        err=err,
        languages=Languages(banks=[], erps=[ISO], readers={"iso20022": broken}),
        stdin=io.BytesIO(PAIN),
    )
    assert code == 2
    assert "第3行 line 3 /A: 报文格式错误 novel" in err.getvalue()


@pytest.mark.skipif(SHARED is None, reason="no further samples beside the project")
def test_samples_of_the_bank():
    paths = [
        path
        for number in ("01", "02", "03", "04", "05", "09")
        for path in sorted((SHARED / "specs" / "samples-bank").glob(f"fox_{number}*"))
    ]
    assert paths
    for path in paths:
        (found,) = objects(path)
        assert found["dialect"] == "cib"
        assert found["direction"] == ("request" if "_rq" in path.name else "reply")


@pytest.mark.skipif(SHARED is None, reason="no further samples beside the project")
def test_corpus():
    folders = sorted((SHARED / "corpus").glob("pain.00[12]*"))
    assert folders
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        kind = "instructions" if folder_kind(path) == "pain.001" else "status_report"
        assert {found["kind"] for found in objects(path)} == {kind}
    for path in (
        path for folder in (SHARED / "corpus").glob("pain.008*") for path in folder.iterdir()
    ):
        code, out, err = read(str(path))
        assert (code, out) == (2, "")
        assert "pain.008" in err


def folder_kind(path: Path) -> str:
    return path.parent.name[:8]
