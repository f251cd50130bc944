"""The sandbox bank on a real socket, and a client's file that is right for it."""

from __future__ import annotations

import pytest

from gateway.cli import main
from gateway.cli.children import Child
from gateway.cli.demo_files import ACCOUNTS, pain001, wish
from gateway.runtime import SharedClock
from gateway.simulation.runtime import START

PATIENCE_S = 90
PASSWORD = "Demo-Pass-1"
CLIENT = """\
client:
  name_zh: 示例集团
  name_en: Example Group
  uscc: 91350100M000100Y43
tenant: example-group
connections:
  - id: cib-main
    bank: cib
    url: {address}/cib
    customer: 9900000001
    operator: erpmaker
    password_file: password
accounts:
  - number: 900010101000000011
    holder: 示例制造有限公司
    connection: cib-main
    city: 福州
    agent_name: 兴业银行
  - number: 900010102000000010
    holder: 示例贸易有限公司
    connection: cib-main
    city: 厦门
erp:
  adapter: iso20022
  sample: sample.xml
contacts:
  - {{name: 王工, role: 技术, phone: 010-00000000}}
  - {{name: 李经理, role: 业务, email: li@example.invalid}}
"""


@pytest.fixture(scope="session")
def bank(tmp_path_factory):
    """Address of the bank, and the file of the clock it shares with whoever asks."""
    folder = tmp_path_factory.mktemp("bank")
    clock = folder / "clock.json"
    SharedClock.create(clock, START)
    words = ("--data", str(folder), "--clock", str(clock), "--port", "0")
    child = Child("bank", folder / "bank.log", "sandbox", *words)
    child.start()
    yield child.wait(PATIENCE_S), clock
    child.stop()


@pytest.fixture
def file(bank, tmp_path):
    """The client's file, with its password and its ERP's sample beside it."""
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    wishes = [wish(f"S{n}", n, own_bank=True, debtor=ACCOUNTS[0]) for n in range(3)]
    sample = pain001("pain.001.001.03", "SAMPLE-1", START, wishes, style="sap-cn")
    (tmp_path / "sample.xml").write_bytes(sample)
    path = tmp_path / "client.yaml"
    path.write_text(CLIENT.format(address=bank[0]), encoding="utf-8")
    return path


@pytest.fixture
def spoil(file):
    """Replace a piece of the client's file."""

    def change(old, new):
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


@pytest.fixture
def check(bank, file):
    """Run ``gateway onboard check``; returns its exit code."""

    def run(*more):
        return main.main(["onboard", "check", str(file), "--clock", str(bank[1]), *more])

    return run
