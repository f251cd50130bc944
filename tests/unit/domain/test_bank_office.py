"""Bank offices: check digits, look-up by name, and whose the payee's bank is."""

from __future__ import annotations

import pytest
from stdnum.iso7064 import mod_11_10

from adapters.bank.cib.own_bank import is_own_bank
from gateway.domain.bank_office import (
    BankOffice,
    NameGrade,
    OfficeStatus,
    PayeeBank,
    Sign,
    Whose,
    check_digit,
    number_agrees,
    ranked,
    same_office_name,
    whose_bank,
)

KNOWN = (  # head offices, as the banks print them
    *("102100099996", "103100000026", "104100000004", "105100000017", "301290000007"),
    *("302100011000", "303100000006", "305100000013", "306581000003", "307584007998"),
    *("308584000013", "309391000011", "310290000013", "403100000004"),
)
OFFICES = [
    BankOffice(number="309391000011", name="兴业银行股份有限公司", city="福州"),
    BankOffice(number="309391000020", name="兴业银行股份有限公司福州分行", city="福州市"),
    BankOffice(
        number="309391000038",
        name="兴业银行福州分行",
        city="福州",
        status=OfficeStatus.CLOSED,
    ),
    BankOffice(number="309305000013", name="兴业银行股份有限公司苏州分行", city="苏州"),
    BankOffice(number="105305000015", name="中国建设银行股份有限公司苏州分行", city="苏州"),
    BankOffice(number="402391000015", name="城关信用社", city="福州"),
    BankOffice(number="309391000046", name="城关信用社", city="福州"),
]


def judged(payee, offices=OFFICES):
    return whose_bank(
        payee,
        rule=is_own_bank,
        codes={"309"},
        by_number={it.number: it for it in offices}.get,
        by_exact_name=lambda name: [it for it in offices if same_office_name(name, it)],
    )


@pytest.mark.parametrize("number", KNOWN)
def test_the_check_digit_of_known_numbers(number):
    assert number_agrees(number)
    assert mod_11_10.is_valid(number), "a second opinion"
    for place in range(12):
        for digit in set("0123456789") - {number[place]}:
            assert not number_agrees(number[:place] + digit + number[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "30939100001", "3093910000111", "３09391000011", "30939100001x"]
)
def test_what_is_no_number_does_not_agree(text):
    assert not number_agrees(text)


def test_the_parts_of_a_number():
    office = OFFICES[0]
    assert (office.bank_code, office.area_code) == ("309", "3910")
    assert check_digit("30939100001") == "1"


@pytest.mark.parametrize(
    "wrong",
    [{"number": "1"}, {"number": "30939100001a"}, {"name": ""}, {"clearing_number": "309"}],
)
def test_an_office_is_whole(wrong):
    with pytest.raises(ValueError, match=r"office|clearing"):
        BankOffice(**{"number": "309391000011", "name": "兴业银行", **wrong})


def test_names_are_ranked():
    found = ranked("兴业银行 福州分行", OFFICES, limit=9)
    assert [(it.office.number, it.grade) for it in found] == [
        ("309391000020", NameGrade.FOLDED),  # open before closed
        ("309391000038", NameGrade.FOLDED),
    ]
    found = ranked("兴业银行", OFFICES, limit=3)
    assert [it.grade for it in found] == [NameGrade.FOLDED, NameGrade.BEGINS, NameGrade.BEGINS]
    found = ranked("苏州分行", OFFICES, limit=9, city="苏州市")
    assert {it.office.number for it in found} == {"309305000013", "105305000015"}
    assert ranked("苏州分行", OFFICES, limit=9, city="福州") == ()


def test_the_name_as_written_comes_first():
    found = ranked("兴业银行福州分行", OFFICES, limit=1)
    assert found[0].grade is NameGrade.EXACT


# ── own bank or other ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cnaps", ["", "309391000011", "105305000015"])
@pytest.mark.parametrize("bic", ["", "FJIBCNBA500", "PCBCCNBJ"])
@pytest.mark.parametrize(
    "name", ["", "兴业银行福州分行", "中国建设银行苏州分行", "Industrial Bank Co.", "闽江"]
)
def test_without_a_directory_the_answer_is_the_banks_own_rule(cnaps, bic, name):
    found = whose_bank(PayeeBank(cnaps=cnaps, bic=bic, name=name), rule=is_own_bank, codes={"309"})
    try:
        own = is_own_bank(cnaps, bic, name)
    except ValueError:
        assert found.whose is Whose.CONTRADICTORY
    else:
        assert found.whose is {True: Whose.OWN, False: Whose.OTHER, None: Whose.UNKNOWN}[own]
    assert found.office is None
    assert all(it.zh and it.en for it in found.signs)


@pytest.mark.parametrize(
    ("payee", "whose", "signs"),
    [
        (PayeeBank(cnaps="309391000020"), Whose.OWN, [Sign.DIALECT, Sign.NUMBER]),
        (PayeeBank(cnaps="105305000015"), Whose.OTHER, [Sign.DIALECT, Sign.NUMBER]),
        (PayeeBank(name="兴业银行苏州分行"), Whose.OWN, [Sign.DIALECT, Sign.NAME]),
        (PayeeBank(cnaps="105999999999"), Whose.OTHER, [Sign.DIALECT, Sign.NUMBER_UNKNOWN]),
        (
            PayeeBank(cnaps="309391000038"),
            Whose.OWN,
            [Sign.DIALECT, Sign.NUMBER, Sign.OFFICE_CLOSED],
        ),
        (PayeeBank(name="城关信用社"), Whose.OTHER, [Sign.DIALECT]),  # two banks bear the name
        (PayeeBank(), Whose.UNKNOWN, [Sign.DIALECT]),
        (
            PayeeBank(cnaps="105305000015", name="兴业银行苏州分行"),
            Whose.CONTRADICTORY,
            [Sign.CONTRADICTION],
        ),
    ],
)
def test_the_directory_stands_beside_the_rule(payee, whose, signs):
    found = judged(payee)
    assert found.whose is whose
    assert [it.sign for it in found.signs] == signs


def test_the_directory_contradicts_a_name_that_the_rule_cannot_read():
    """A number of ours beside the Latin name of another bank's office: the rule alone says own."""
    offices = [*OFFICES, BankOffice(number="501290000012", name="HSBC Shanghai")]
    payee = PayeeBank(cnaps="309391000011", name="HSBC (Shanghai)")
    assert is_own_bank(payee.cnaps, "", payee.name) is True
    found = judged(payee, offices)
    assert found.whose is Whose.CONTRADICTORY
    assert [it.sign for it in found.signs] == [Sign.DIALECT, Sign.NUMBER, Sign.NAME]


def test_a_name_of_one_office_alone_gives_its_number():
    found = judged(PayeeBank(name="中国建设银行苏州分行"))
    assert found.office is not None
    assert found.office.number == "105305000015"
    assert judged(PayeeBank(name="兴业银行福州分行")).office is None, "two offices bear it"


def test_the_number_names_the_office_whatever_the_name_says():
    found = judged(PayeeBank(cnaps="309391000020", name="兴业银行苏州分行"))
    assert found.office is not None
    assert found.office.number == "309391000020"
    unknown = judged(PayeeBank(cnaps="309391000099", name="兴业银行苏州分行"))
    assert unknown.office is None
    assert unknown.whose is Whose.OWN
