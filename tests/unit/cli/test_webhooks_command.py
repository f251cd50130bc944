"""``gateway webhooks``: a secret, the list of dead letters, and delivering them again."""

from __future__ import annotations

import json

import pytest

from gateway.cli import webhooks
from gateway.cli.api_client import Answer
from gateway.cli.main import main
from gateway.signing.webhook_signature import read_secret

SETTINGS = """
[gateway]
port = 8799

[[tenant]]
id = "t1"
name = "集团"

[[tenant.key]]
id = "wang"
name = "王"
kind = "person"
secret = "only-for-these-tests"

[[tenant]]
id = "t2"
name = "另一集团"

[[tenant.key]]
id = "zhao"
name = "赵"
kind = "person"
secret = "only-for-these-tests"
"""


def delivery(number: int) -> dict[str, object]:
    return {
        "id": f"evt_{number}",
        "endpoint": "erp",
        "sequence": number,
        "instruction": "ins_1",
        "instruction_state": "SETTLED",
        "state": "dead",
        "tries": 24,
        "failure": "answered 500",
    }


class Api:
    """Answers like the API: two pages of dead letters."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.made: list[tuple[str, str]] = []
        self.status = 200

    def __call__(self, address: str, key: str, secret: bytes) -> Api:
        self.made.append((address, key))
        return self

    def get(self, target: str) -> dict[str, object]:
        self.calls.append(f"GET {target}")
        after = target.partition("after=")[2].partition("&")[0]
        pages = {"": [delivery(1), delivery(2)], "evt_2": [delivery(3)], "evt_3": []}
        return {"deliveries": pages[after]}

    def post(self, target: str, content: object) -> Answer:
        self.calls.append(f"POST {target}")
        return Answer(self.status, b"{}")

    def close(self) -> None:
        self.calls.append("closed")


@pytest.fixture
def api(monkeypatch) -> Api:
    made = Api()
    monkeypatch.setattr(webhooks, "ApiClient", made)
    return made


@pytest.fixture
def config(tmp_path) -> str:
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS, "utf-8")
    return str(path)


def test_a_secret_is_one_the_settings_take_and_never_the_same(capsys):
    assert main(["webhooks", "secret"]) == 0
    assert main(["webhooks", "secret"]) == 0
    first, second = capsys.readouterr().out.split()
    assert len(read_secret(first)) == 32
    assert first != second


def test_all_pages_are_listed(api, config, capsys):
    assert main(["webhooks", "list", "--config", config, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == ["evt_1", "evt_2", "evt_3"]
    assert api.made == [("http://127.0.0.1:8799", "wang")]
    assert api.calls[-1] == "closed"
    assert main(["webhooks", "list", "--config", config]) == 0
    assert "evt_3  erp #3  ins_1 SETTLED  dead ×24  answered 500" in capsys.readouterr().out


def test_named_events_are_delivered_again(api, config, capsys):
    assert main(["webhooks", "redeliver", "evt_7", "evt_8", "--config", config]) == 0
    assert api.calls == [
        "POST /v1/webhooks/deliveries/evt_7/redelivery",
        "POST /v1/webhooks/deliveries/evt_8/redelivery",
        "closed",
    ]
    assert "2" in capsys.readouterr().out


def test_all_dead_ones_are_delivered_again(api, config, capsys):
    assert main(["webhooks", "redeliver", "--dead", "--config", config, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"redelivered": 3}
    assert sum(call.startswith("POST") for call in api.calls) == 3


@pytest.mark.parametrize("words", [[], ["evt_1", "--dead"]])
def test_it_must_be_said_what_is_delivered_again(api, config, capsys, words):
    assert main(["webhooks", "redeliver", *words, "--config", config]) == 2
    assert "--dead" in capsys.readouterr().err
    assert not any(call.startswith("POST") for call in api.calls)


def test_what_the_api_refuses_is_told(api, config, capsys):
    api.status = 404
    assert main(["webhooks", "redeliver", "evt_9", "--config", config]) == 2
    assert "evt_9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "key"),
    [(["--tenant", "t2"], "zhao"), (["--key", "zhao"], "zhao"), (["--tenant", "t1"], "wang")],
)
def test_the_key_that_calls_can_be_chosen(api, config, words, key):
    assert main(["webhooks", "list", "--config", config, "--url", "http://gw:1", *words]) == 0
    assert api.made == [("http://gw:1", key)]


def test_a_key_that_is_not_there_is_refused(api, config, capsys):
    assert main(["webhooks", "list", "--config", config, "--key", "nobody"]) == 2
    assert capsys.readouterr().err
