"""Who may post a bank's notices: at least one way to know it, and every fault told."""

from __future__ import annotations

import pytest

from gateway.settings_table import SettingsTable
from gateway.statements.notice_settings import read_notices


def read(content):
    faults = []
    door = read_notices(SettingsTable(content, "notices", faults))
    return door, [fault.path for fault in faults]


def test_every_way_is_read():
    told = {"secret": "s" * 16, "peers": ["10.0.0.0/24", "::1"], "certificate": "0f" * 32}
    door, faults = read(told)
    assert faults == []
    assert door.secret == b"s" * 16
    assert [str(it) for it in door.peers] == ["10.0.0.0/24", "::1/128"]
    assert "s" * 16 not in repr(door)


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ({}, ["notices.peers"]),
        ({"secret": "short"}, ["notices.secret"]),
        ({"peers": ["10.0.0.1/24"]}, ["notices.peers", "notices.peers"]),
        ({"certificate": "AB" * 32}, ["notices.certificate"]),
        ({"peers": ["::/0"], "secrets": "x"}, ["notices.secrets"]),
    ],
)
def test_a_door_that_anybody_could_open_is_refused(content, faults):
    assert read(content)[1] == faults
