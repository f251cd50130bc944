"""Who pays and who is paid."""

from __future__ import annotations

import pytest

from gateway.domain.party import Agent, masked


@pytest.mark.parametrize("cnaps", ["", "309391000011", "000000000000"])
def test_bank_numbers(cnaps):
    assert Agent(cnaps=cnaps).cnaps == cnaps


@pytest.mark.parametrize(
    "cnaps",
    [
        "30939100001",
        "3093910000111",
        "30939100001A",
        "３０９３９１００００１１",
        "309391000011\n",
        "309391 00001",
    ],
)
def test_what_is_no_bank_number(cnaps):
    with pytest.raises(ValueError, match="12 digits") as caught:
        Agent(cnaps=cnaps)
    assert cnaps not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("6217000000000001234", "****1234"),
        ("12345", "****2345"),
        ("1234", "****"),
        ("1", "****"),
        ("", "****"),
    ],
)
def test_masked(number, shown):
    assert masked(number) == shown
