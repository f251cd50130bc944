"""Control figures are integers: no digit is lost and none is invented."""

from __future__ import annotations

import pytest

from adapters.erp.iso20022.totals import plain, scaled


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0.00"),
        ("1734.56", "1734.56"),
        ("+1.5", "1.50"),
        (".5", "0.50"),
        ("10.", "10.00"),
        ("0.00000000000000001", "0.00000000000000001"),
        ("999999999999999999.99999", "999999999999999999.99999"),
    ],
)
def test_decimals(text, written):
    value = scaled(text)
    assert value is not None
    assert plain(value) == written


@pytest.mark.parametrize(
    "text",
    ["", ".", "+", "-1", "1e3", "NaN", "1_0", "１２", "1,5", " 1", "1" * 19, "0." + "1" * 18],
)
def test_what_is_no_plain_decimal(text):
    assert scaled(text) is None
