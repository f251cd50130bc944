"""BAI2: an independent reader agrees with every figure, its control totals checked."""

from __future__ import annotations

import pytest
from bai2 import bai2 as reader

from gateway.domain.errors import Corrupt, Refused
from gateway.formats import bai2
from tests.unit.formats.samples import FACTS, ODD, PLAIN, balance, entry, statement


def written(*told, **names):
    return b"".join(bai2.writer(**names)(told, FACTS)).decode()


def read(*told):
    return reader.parse_from_string(written(*told))


def details(*entries):
    [group] = read(statement(*entries)).children
    [account] = group.children
    return account.children


def test_totals_counts_and_structure_hold():
    file = read(statement(*ODD), statement(entry(2), account="2"), statement(account="3"))
    assert [len(group.children) for group in file.children] == [3]
    assert [account.header.customer_account_number for account in file.children[0].children] == [
        "117010100100000001",
        "2",
        "3",
    ]
    usd = statement(entry(currency="USD"), currency="USD")
    assert len(read(statement(entry()), usd).children) == 2


def test_amounts_are_minor_units_with_their_direction():
    out, into = details(entry(1, amount="-3734.56"), entry(2, amount="0.01"))
    assert (out.type_code.code, out.amount) == ("495", 373456)
    assert (into.type_code.code, into.amount) == ("195", 1)
    assert (out.bank_reference, out.customer_reference) == ("BK00000001", "E-1")
    assert "上海测试贸易有限公司" in out.text


def test_balances():
    [account] = (
        read(statement(opening="-10.00", closing="5.00", available="1.00")).children[0].children
    )
    assert [(it.type_code.code, it.amount) for it in account.header.summary_items] == [
        ("010", -1000),
        ("015", 500),
        ("045", 100),
    ]


@pytest.mark.parametrize("reference", ["a,b", "a/b"])
def test_a_reference_that_would_break_the_record_stands_in_the_text(reference):
    [one] = details(entry(reference=reference, end_to_end_id=reference))
    assert not one.bank_reference
    assert not one.customer_reference
    assert one.text.count(reference) == 2


@pytest.mark.parametrize("text", ["x/" * 100, "/", "a" * 79 + "/b", "", "结束/"])
def test_no_text_ends_a_record_early(text):
    told = statement(entry(remittance=text), entry(2))
    lines = written(told).splitlines()
    assert len(details(entry(remittance=text), entry(2))) == 2
    for line in lines:
        if line.startswith(("16", "88")) and not line.endswith(",/"):
            assert not line.endswith("/")


def test_a_line_is_never_broken_behind_a_slash():
    text = "a" * 79 + "/" + "b" * 79 + "/c"
    lines = written(statement(entry(**PLAIN | {"remittance": text}))).splitlines()
    pieces = [line.partition(",")[2] for line in lines if line.startswith("88")]
    first = next(line for line in lines if line.startswith("16"))
    assert first.endswith("a" * 79)
    assert "".join(["a" * 79, *pieces]) == text


def test_decimals_that_differ_are_refused():
    with pytest.raises(Refused) as refused:
        written(statement(entry(amount="1.234")))
    assert refused.value.zh


@pytest.mark.parametrize("name", ["a,b", "a/b", "汉", "", "x" * 41])
def test_names_that_would_break_the_header_are_refused(name):
    with pytest.raises(Refused):
        bai2.writer(sender=name)
    with pytest.raises(Refused):
        bai2.writer(receiver=name)


def test_names_stand_in_the_header():
    assert written(statement(), sender="CIB", receiver="ORA").startswith("01,CIB,ORA,260915,1000,1")


def test_other_records_are_none_of_it():
    with pytest.raises(Corrupt):
        written(balance())


def test_it_is_written_in_pieces():
    told = (statement(*(entry(number) for number in range(1, 2001))),)
    pieces = list(bai2.writer()(told, FACTS))
    assert len(pieces) > 2
    file = reader.parse_from_string(b"".join(pieces).decode())
    assert len(file.children[0].children[0].children) == 2000
