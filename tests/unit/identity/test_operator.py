"""Who runs a deployment, as the settings say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import settings
from gateway.ports.tenancy import Organisation, OrganisationKind

BANK = {"id": "cib-fz", "name": "示例银行福州分行", "kind": "bank"}


def read(**operator: object) -> settings.Settings:
    return settings.parse({"gateway": {}, "operator": operator}, Path("/nowhere"))


def test_it_is_read():
    assert read(**BANK).operator == Organisation(
        id="cib-fz", name="示例银行福州分行", kind=OrganisationKind.BANK
    )


def test_nobody_need_be_named():
    assert settings.parse({"gateway": {}}, Path("/nowhere")).operator is None


@pytest.mark.parametrize(
    ("changed", "at"), [({"kind": "broker"}, "kind"), ({"name": ""}, "name"), ({"nme": "x"}, "nme")]
)
def test_a_fault_names_its_place(changed, at):
    with pytest.raises(settings.SettingsError) as told:
        read(**BANK | changed)
    assert [it.path.rpartition(".")[2] for it in told.value.faults] == [at]
