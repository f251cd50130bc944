"""Which systems a process looks at, and where it keeps what it copies from them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gateway import taking_in
from gateway.domain.errors import Corrupt, Refused
from gateway.intake.picking import Picking
from gateway.intake.pulling import Pulling
from gateway.intake.rows import Rows
from gateway.intake.ways_in import WaysIn
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_systems import ErpSystem
from tests.records import replace
from tests.unit.intake.sample import TENANT

YONBIP = {"dialect": "yonyou/yonbip", "options": {"app_key": "k"}, "secrets": {"app_secret": "s"}}
NC = {"dialect": "yonyou/nc", "options": {"account": "0001", "receiver": "10101"}}


def gateway(folder):
    return SimpleNamespace(
        settings=SimpleNamespace(data=folder, directory=SimpleNamespace(tenants={})),
        ways_in=WaysIn(None, None),
        runtime=SimpleNamespace(
            tasks=SimpleNamespace(gate=lambda _: None), random=None, clock=None, log=None
        ),
        store=None,
    )


def way(folder, **words):
    system = ErpSystem(**({"tenant": TENANT.id, "id": "erp"} | words))
    tenant = replace(TENANT, erps={"erp": system})
    sender = taking_in.sender_of(system, tenant)
    of = gateway(folder)
    sessions = taking_in.Sessions(of.runtime, None)
    means = taking_in._Means(None, sessions, folder / "scratch")
    return taking_in._way(of, None, sender, means)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"dialect": "iso20022", "transport": ErpTransport.FOLDER, "address": "/x"}, Picking),
        (YONBIP | {"transport": ErpTransport.API, "address": "https://bip.example"}, Pulling),
        (
            {"dialect": "byte", "transport": ErpTransport.TABLES, "address": "sqlite:///x.db"},
            Rows,
        ),
        ({"dialect": "iso20022", "transport": ErpTransport.REST}, None),
        (NC | {"transport": ErpTransport.XML}, None),
        (NC | {"transport": ErpTransport.XML, "address": "https://nc.example/x"}, None),
    ],
)
def test_what_has_something_to_be_looked_at_is_looked_at(tmp_path, words, kind):
    made = way(tmp_path, **words)
    assert type(made and made.look.__self__) is (kind or type(None))


def test_a_language_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(Corrupt):
        way(tmp_path, dialect="nonesuch", transport=ErpTransport.FOLDER, address="/x")


def test_a_key_that_is_none_stops_the_start(tmp_path):
    with pytest.raises(Refused, match="host_key"):
        way(
            tmp_path,
            dialect="iso20022",
            transport=ErpTransport.SFTP,
            address="sftp://a@h/",
            options={"host_key": "x"},
            secrets={"password": "p"},
        )


def test_each_process_has_a_folder_of_its_own_and_an_heir_takes_over_a_dead_ones(tmp_path):
    first, second, third = (gateway(tmp_path) for _ in range(3))
    assert taking_in._own_folder(first).name == "0"
    assert taking_in._own_folder(second).name == "1"
    for last in first.ways_in._at_end:
        last()
    assert taking_in._own_folder(third).name == "0"
    for it in (second, third):
        for last in it.ways_in._at_end:
            last()


def test_a_shadow_reads_with_its_own_options(tmp_path):
    system = ErpSystem(
        tenant=TENANT.id,
        id="erp",
        dialect="iso20022",
        transport=ErpTransport.REST,
        shadow="iso20022/odoo",
    )
    assert taking_in.sender_of(system, TENANT).shadow.name == "iso20022/odoo"
    assert taking_in.sender_of(replace(system, shadow=""), TENANT).shadow is None
