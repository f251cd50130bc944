"""AqBanking, a bank program that nobody here wrote, reads our MT940."""

from __future__ import annotations

import os
import re
import subprocess
from urllib.parse import unquote

import pytest

from gateway.formats import mt940
from tests.unit.formats.samples import FACTS, entry, statement

pytestmark = pytest.mark.needs("aqbanking-cli")
NAME = re.compile(r'^\s*char (\w+)="([^"]*)"$', re.MULTILINE)


@pytest.fixture
def read(tmp_path):
    """What it makes of a file: balances, and transactions as names and texts."""

    def run(data):
        file, context = tmp_path / "in.sta", tmp_path / "context"
        file.write_bytes(data)
        subprocess.run(
            [
                *("aqbanking-cli", "-D", str(tmp_path / "settings"), "import"),
                *("--importer=swift", "--profile=SWIFT-MT940"),
                *(f"--infile={file}", f"--ctxfile={context}"),
            ],
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            check=True,
            timeout=60,
        )
        text = context.read_text()
        blocks = {
            kind: [
                {name: unquote(value) for name, value in NAME.findall(block)}
                for block in re.findall(rf"(?ms)^\s*{kind} {{$(.*?)#{kind}$", text)
            ]
            for kind in ("balance", "transaction")
        }
        return blocks["balance"], blocks["transaction"]

    return run


def chinese(text):
    """It takes every byte for a character of its own."""
    return text.encode("latin-1").decode()


def test_it_reads_balances_amounts_days_and_references(read):
    told = statement(
        entry(1, amount="-3734.56"),
        entry(2, amount="2500.00"),
        entry(3, amount="99999999.99", reversal=True),
    )
    balances, found = read(b"".join(mt940.writer()((told,), FACTS)))
    assert [it["value"] for it in balances] == ["9876544/100:CNY"]
    assert [it["value"] for it in found] == [
        "-373456/100:CNY",
        "250000/100:CNY",
        "9999999999/100:CNY",
    ]
    assert {it["date"] for it in found} == {"20260914"}
    assert {it["localAccountNumber"] for it in found} == {"117010100100000001"}
    assert [it["customerReference"] for it in found] == ["E-1", "E-2", "E-3"]
    assert [it["bankReference"] for it in found] == [f"BK{number:08}" for number in (1, 2, 3)]
    purpose = chinese(found[0]["purpose"]).replace("\n", "")
    assert "/NAME/上海测试贸易有限公司/" in purpose
    assert purpose.endswith("/REMI/货款 INV-2026-001")


def test_it_reads_many_statements_of_one_file(read):
    told = tuple(
        statement(*(entry(number) for number in range(1, 51)), sequence=place)
        for place in (1, 2, 3)
    )
    _, found = read(b"".join(mt940.writer()(told, FACTS)))
    assert len(found) == 150
