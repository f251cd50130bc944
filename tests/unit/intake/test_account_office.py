"""The office that keeps an account, as the settings tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import settings
from gateway.domain.bank_office import check_digit

NUMBER = "30939100001" + check_digit("30939100001")


def parsed(**account):
    connection = {
        "id": "c",
        "bank": "cib",
        "url": "http://bank.invalid/",
        "customer": "1",
        "operator": "op",
        "password": "secret",
    }
    told = {"number": "1170101", "connection": "c", **account}
    company = {"id": "c1", "name": "一", "account": [told]}
    tenant = {"id": "t1", "name": "一", "connection": [connection], "company": [company]}
    made = settings.parse({"gateway": {}, "tenant": [tenant]}, Path("/srv/gateway"))
    return made.directory.tenants["t1"].accounts["1170101"].party.account.agent.cnaps


def test_an_account_may_tell_the_number_of_its_office():
    assert parsed() == ""
    assert parsed(cnaps=NUMBER) == NUMBER


@pytest.mark.parametrize("number", ["1", NUMBER[:-1], NUMBER[:-1] + "x", "３" + NUMBER[1:]])
def test_a_number_that_is_none_is_told_at_its_place(number):
    with pytest.raises(settings.SettingsError) as refused:
        parsed(cnaps=number)
    (fault,) = refused.value.faults
    assert fault.path.endswith("cnaps")
    assert (bool(fault.zh), bool(fault.en)) == (True, True)
