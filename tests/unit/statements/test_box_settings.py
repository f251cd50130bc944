"""Places for statement files in the settings: what is asked for, and every fault with its place."""

from __future__ import annotations

from pathlib import Path

from gateway.domain.errors import Fault
from gateway.ports.erp import ErpTransport
from gateway.settings_table import SettingsTable
from gateway.statements.box_settings import read_boxes

ACCOUNT = "900010101000000011"
FOLDER = {"id": "a", "address": "files"}
SFTP = {
    "id": "b",
    "transport": "sftp",
    "address": "sftp://bank@files.example:2222/statements",
    "options": {"host_key": "ssh-ed25519 AAAA", "marker": ".ok"},
    "secrets": {"password": "x"},
}


def read(*tables: dict):
    faults: list[Fault] = []
    root = SettingsTable({"box": list(tables)}, "", faults)
    boxes = read_boxes(root.tables("box"), "acme", {ACCOUNT}, Path("/srv"))
    return boxes, [it.path for it in faults]


def test_a_folder_and_a_server():
    boxes, faults = read(FOLDER, SFTP)
    assert faults == []
    one, two = boxes["a"], boxes["b"]
    assert (one.transport, one.address, one.poll_s) == (ErpTransport.FOLDER, "/srv/files", 30)
    assert (two.transport, two.address) == (ErpTransport.SFTP, SFTP["address"])
    assert two.options == SFTP["options"]
    assert (one.actor, one.tenant) == ("machine:a", "acme")
    assert "password" not in repr(two)


def test_a_mapping_of_tables():
    mapping = {"account": ACCOUNT, "column_amount": "#4", "signed": "yes"}
    boxes, faults = read(FOLDER | {"mapping": mapping, "accounts": [ACCOUNT]})
    assert faults == []
    assert boxes["a"].mapping == mapping


def test_every_fault_has_its_place():
    wrong = {
        "id": "a b",
        "transport": "api",
        "address": "files",
        "accounts": ["1"],
        "options": {"settle_s": "soon", "host_key": "x"},
        "secrets": {"password": "x"},
        "mapping": {"account": "1", "colum_amount": "x"},
        "pol_s": 3,
    }
    _, faults = read(FOLDER, wrong, FOLDER, SFTP | {"address": "ftp://x", "options": {}})
    assert sorted(faults) == [
        ".box[1].accounts",
        ".box[1].id",
        ".box[1].mapping.account",
        ".box[1].mapping.colum_amount",
        ".box[1].options.host_key",
        ".box[1].options.settle_s",
        ".box[1].pol_s",
        ".box[1].secrets.password",
        ".box[1].transport",
        ".box[2].id",
        ".box[3].address",
        ".box[3].options.host_key",
    ]
    assert read(SFTP | {"secrets": {}})[1] == [".box[0].secrets"]
