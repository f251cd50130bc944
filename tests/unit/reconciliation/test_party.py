"""Names: only spelling may differ."""

from __future__ import annotations

import pytest

from gateway.reconciliation.party import (
    EXACT,
    NEAR,
    OTHER,
    PINYIN,
    SPELLING,
    UNKNOWN,
    compared,
    same_account,
)

NAME = "福州兴业科技有限公司"


@pytest.mark.parametrize(
    "other",
    [
        "福州兴业科技有限责任公司",
        "福州興業科技有限公司",
        "福州 兴业 科技 有限公司",
        "（福州）兴业科技有限公司",
    ],
)
def test_spelling_is_no_difference(other):
    assert compared(NAME, other) == compared(other, NAME) == SPELLING


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("ABC Trading Co., Ltd.", "ABC TRADING LIMITED"),
        ("ＡＢＣ Trading", "abc trading"),
        ("Müller GmbH", "MUELLER GMBH"),
        ("International Machinery and Equip", "International Machinery and Equipment Holding"),
    ],
)
def test_latin_spelling_is_no_difference(one, two):
    assert compared(one, two) == SPELLING


@pytest.mark.parametrize(
    "latin",
    ["Fuzhou Xingye Keji Youxian Gongsi", "FUZHOU XINGYE KEJI CO., LTD.", "fuzhouxingyekeji"],
)
def test_pinyin_joins_a_latin_name_to_a_chinese_one(latin):
    assert compared(NAME, latin) == compared(latin, NAME) == PINYIN


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (NAME, "福州星业科技有限公司"),  # sounds the same
        (NAME, "福州兴业科技股份有限公司"),
        (NAME, "福州兴业科技集团有限公司"),
        (NAME, "福州兴业科技有限公司厦门分公司"),
        ("北京华联有限公司", "南京华联有限公司"),
        ("Müller GmbH", "Müller AG"),
        ("张伟", "张维"),
    ],
)
def test_near_names_are_other_parties(one, two):
    assert compared(one, two) == compared(two, one) == NEAR


def test_a_missing_name_and_a_translation_say_nothing():
    assert compared("", NAME) == UNKNOWN
    assert compared("Industrial Technology Fuzhou", NAME) == UNKNOWN
    assert compared(NAME, "厦门德胜物流有限公司") == OTHER
    assert compared(NAME, NAME) == EXACT


def test_accounts():
    assert same_account("6222020200001234", "6222020200001234") == EXACT
    assert same_account("DE89370400440532013000", "0532013000") == SPELLING
    assert same_account("6222********1234", "6222020200001234") == UNKNOWN
    assert same_account("6222********1234", "6222020200009999") == OTHER
    assert same_account("1234", "991234") == OTHER
    assert same_account("", "1") == UNKNOWN
