"""Settings of receipt files: an address with one place for the id, and accounts that have one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.settings_table import SettingsTable
from gateway.statements.receipt_settings import read_files_at, read_files_wanted
from tests.receipt_ground import owner


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ("http://bank:1/files/{file_id}", True),
        ("https://bank/f?id={file_id}", True),
        ("", True),
        ("http://bank/files/", False),
        ("http://bank/{file_id}/{file_id}", False),
        ("ftp://bank/{file_id}", False),
        ("/srv/{file_id}", False),
    ],
)
def test_an_address_has_one_place_for_the_id(told, right):
    faults = []
    read_files_at(SettingsTable({"receipt_files": told} if told else {}, "c", faults))
    assert [it.path for it in faults] == ([] if right else ["c.receipt_files"])


def test_an_account_wants_files_only_where_they_can_be_fetched():
    (link,) = owner().connections.values()
    for told, connection, wanted, paths in (
        ({}, link, False, []),
        ({"receipt_files": True}, link, True, []),
        ({"receipt_files": True}, replace(link, receipt_files=""), True, ["a.receipt_files"]),
        ({"receipt_files": False}, replace(link, receipt_files=""), False, []),
    ):
        faults = []
        assert read_files_wanted(SettingsTable(told, "a", faults), connection) is wanted
        assert [it.path for it in faults] == paths
