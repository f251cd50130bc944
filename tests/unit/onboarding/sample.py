"""A client's file that is right, to be spoilt by tests."""

from __future__ import annotations

from pathlib import Path

from gateway.onboarding import client_file

BASE = Path("/srv/clients")
SECRET = "Only-For-These-Tests"
CLIENT = """\
client:
  name_zh: 示例集团
  name_en: Example Group
  uscc: 91350100M000100Y43
tenant: example-group
connections:
  - id: cib-main
    bank: cib
    url: http://127.0.0.1:8007/cib
    customer: 9900000001
    operator: erpmaker
    password_file: secrets/cib
accounts:
  - number: 900010101000000011
    holder: 示例制造有限公司
    connection: cib-main
    city: 福州
    agent_name: 兴业银行
  - number: 900010102000000010
    holder: 示例"贸易"有限公司
    connection: cib-main
    currency: USD
erp:
  adapter: iso20022
  sample: sample.xml
contacts:
  - {name: 王工, role: 技术, phone: 010-00000000}
  - {name: 李经理, role: 业务, email: li@example.invalid}
"""


def client(text=CLIENT):
    return client_file.read(text.encode(), BASE)
