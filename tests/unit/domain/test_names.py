"""What counts as the same name, and what does not."""

from __future__ import annotations

import pytest

from gateway.domain.names import core, folded, latin_words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("福建ＡＢＣ贸易（集团）有限公司", "福建abc贸易(集团)有限责任公司"),
        ("华 夏·贸易 有限公司", "华夏贸易股份有限公司"),
        ("Sunrise Trading Co., Ltd.", "SUNRISE  TRADING COMPANY LIMITED"),
        ("兴业银行股份有限公司福州分行", "兴业银行福州分行"),
        ("中国农业银行股份有限公司福州五一支行营业部", "中国农业银行福州五一支行营业部"),
    ],
)
def test_the_same_is_meant(one, other):
    assert core(one) == core(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("华夏贸易集团有限公司", "华夏贸易有限公司"),
        ("华夏贸易有限公司福州分公司", "华夏贸易有限公司"),
        ("兴业银行福州分行公司业务部", "兴业银行福州分行业务部"),
        ("Sunrise Trading Ltd", "Sunrise Traders Ltd"),
        ("张三", "张三丰"),
    ],
)
def test_another_is_meant(one, other):
    assert core(one) != core(other)


@pytest.mark.parametrize("name", ["有限公司", "公司", "Co., Ltd.", "Limited"])
def test_a_name_of_nothing_but_its_form_is_kept(name):
    assert core(name) == folded(name)
    assert core(name)


def test_punctuation_alone_is_no_name():
    assert core("··（）") == folded("··（）") == ""


def test_latin_words_leave_the_form_and_chinese_out():
    assert latin_words("ABC 贸易 Trading Co., Ltd") == {"abc", "trading"}
