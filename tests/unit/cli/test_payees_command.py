"""``gateway payees``: what it asks of the API, and what it prints."""

from __future__ import annotations

import json

import pytest

from gateway.cli import payees
from gateway.cli.api_client import Answer
from gateway.cli.main import main
from tests.unit.cli.test_controls_command import SETTINGS

PAYEE = {
    "id": "pye_1",
    "account": "6222",
    "name": "示例钢铁",
    "vendor": "V-1",
    "state": "active",
    "approved": True,
    "changed_at": "2026-09-15T10:00:00+08:00",
}
PROPOSAL = {
    "id": "pch_1",
    "state": "proposed",
    "digest": "ab" * 32,
    "comment": "新增",
    "source": "a.csv",
    "count": 2,
    "proposed_by": "person:王",
    "proposed_at": "2026-09-15T10:00:00+08:00",
    "votes": [{"actor": "person:li", "reason": "已核对", "at": "2026-09-15T10:05:00+08:00"}],
    "next": ["李"],
    "items": [
        {
            "seq": 1,
            "action": "change",
            "payee": "pye_1",
            "after": {"account": "6222", "name": "新名称", "city": ""},
            "now": {"account": "6222", "name": "示例钢铁", "city": "", "state": "active"},
        },
        {"seq": 2, "action": "create", "payee": None, "after": {"name": "甲"}, "now": None},
    ],
    "next_items": None,
}


class Api:
    """Gives its answers one after the other; remembers what was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.sent: list[object] = []
        self.answers: list[object] = [PROPOSAL]
        self.status = 200

    def __call__(self, address: str, key: str, secret: bytes) -> Api:
        del address, secret
        assert key == "wang", "a person's key"
        return self

    def call(self, method: str, target: str, body: bytes = b"") -> Answer:
        self.calls.append((method, target))
        if body:
            self.sent.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Answer(self.status, json.dumps(answer).encode())

    def post(self, target: str, content: object) -> Answer:
        self.sent.append(content)
        return self.call("POST", target)

    def close(self) -> None:
        self.calls.append(("closed", ""))


@pytest.fixture
def api(monkeypatch) -> Api:
    it = Api()
    monkeypatch.setattr(payees, "ApiClient", it)
    return it


@pytest.fixture
def run(tmp_path, api, capsys):
    config = tmp_path / "gateway.toml"
    config.write_text(SETTINGS)

    def running(*words: object) -> tuple[int, str, str]:
        code = main(["payees", *map(str, words), "--config", str(config)])
        out, err = capsys.readouterr()
        return code, out, err

    return running


def test_payees_are_listed_page_by_page(run, api):
    api.answers = [
        {"payees": [PAYEE], "next": "pye_1"},
        {"payees": [PAYEE | {"id": "pye_2", "approved": False}], "next": None},
    ]
    code, out, _ = run("list", "--state", "active", "--vendor", "V-1")
    assert code == 0
    assert api.calls == [
        ("GET", "/v1/payees?vendor=V-1&state=active&limit=500"),
        ("GET", "/v1/payees?vendor=V-1&state=active&limit=500&after=pye_1"),
        ("closed", ""),
    ]
    first, second = out.splitlines()
    assert "NOT APPROVED" not in first
    assert "NOT APPROVED" in second
    api.answers = [{"proposals": [PROPOSAL]}]
    assert "pch_1  待表决 proposed  ×2" in run("list", "--proposals")[1]
    api.answers = [{"proposals": []}]
    assert "没有" in run("list", "--proposals")[1]


def test_a_proposal_shows_what_it_changes(run, api):
    out = run("show", "pch_1")[1]
    assert api.calls[0] == ("GET", "/v1/payees/proposals/pch_1")
    for words in ("ab" * 32, "变更 change  pye_1", "name: 示例钢铁 → 新名称", "✓ person:li", "李"):
        assert words in out
    assert json.loads(run("show", "pch_1", "--json")[1]) == PROPOSAL


def test_a_payee_shows_its_history(run, api):
    change = {
        "proposal": "pch_1",
        "action": "create",
        "state": "approved",
        "comment": "新增",
        "proposed_by": "person:wang",
        "decided_by": "person:li",
        "proposed_at": "2026-09-15T10:00:00+08:00",
    }
    api.answers = [PAYEE | {"changes": [change]}]
    out = run("show", "pye_1")[1]
    assert api.calls[0] == ("GET", "/v1/payees/pye_1")
    assert "person:wang → person:li" in out


@pytest.mark.parametrize("listed", [True, False])
def test_items_are_proposed_as_the_file_has_them(run, api, tmp_path, listed):
    items = [{"action": "block", "payee": "pye_1"}]
    file = tmp_path / "next.json"
    file.write_text(json.dumps(items if listed else {"items": items}))
    assert run("propose", file, "--comment", "停用")[0] == 0
    assert api.calls[0] == ("POST", "/v1/payees/proposals")
    assert api.sent == [{"items": items, "comment": "停用"}]


def test_a_file_goes_as_it_is(run, api, tmp_path):
    file = tmp_path / "payees.csv"
    file.write_bytes("账号,户名\n".encode("gbk"))
    assert run("import", file)[0] == 0
    assert api.calls[0] == ("POST", "/v1/payees/imports?comment=&source=payees.csv")
    assert api.sent == ["账号,户名\n".encode("gbk")]
    code, _, err = run("import", tmp_path / "nothing.csv")
    assert (code, "cannot be read" in err) == (2, True)


def test_the_faulty_lines_of_a_file_are_told(run, api, tmp_path):
    file = tmp_path / "payees.csv"
    file.write_text("x")
    api.status = 400
    fault = {"path": "账号", "code": "required", "zh": "必填", "en": "is required", "line": 3}
    api.answers = [{"title_en": "no", "title_zh": "未提交", "faults": [fault]}]
    code, _, err = run("import", file)
    assert code == 2
    assert "账号 (第 3 行 line 3): 必填 / is required" in err


def test_a_vote_says_what_was_read(run, api):
    assert run("vote", "pch_1", "--digest", "ab" * 32, "--reason", "已核对")[0] == 0
    assert api.calls[0] == ("POST", "/v1/payees/proposals/pch_1/votes")
    assert api.sent == [{"digest": "ab" * 32, "reason": "已核对"}]
    with pytest.raises(SystemExit):
        run("vote", "pch_1")


def test_withdrawn(run, api):
    assert run("withdraw", "pch_1", "--reason", "有误")[0] == 0
    assert api.calls[0] == ("POST", "/v1/payees/proposals/pch_1/withdrawal")
