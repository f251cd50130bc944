"""``gateway controls``: what it asks of the API, what it prints, and a file checked by itself."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.checkpoint import load_key
from gateway.cli import controls
from gateway.cli.api_client import Answer
from gateway.cli.main import main
from gateway.controls.version_file import signed_export
from tests.unit.controls.rules.sample import CONTENT, document

SETTINGS = """
[gateway]
port = 8799

[[tenant]]
id = "t1"
name = "集团"

[[tenant.key]]
id = "erp"
name = "sap"
kind = "machine"
erp = "sap"
secret = "only-for-these-tests"

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
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw().hex()
VERSION = {
    "version": 2,
    "state": "proposed",
    "digest": "ab" * 32,
    "comment": "加一名复核",
    "proposed_by": "person:王",
    "proposed_at": "2026-09-15T10:00:00+08:00",
    "in_force_at": None,
    "votes": [{"actor": "person:li", "reason": "已核对", "at": "2026-09-15T10:05:00+08:00"}],
    "links": {},
    "in_force": 1,
    "needed": 2,
    "counted": 1,
    "next": ["chen"],
    "changes": [{"section": "people", "name": "zhou", "before": "", "after": '{"name": "zhou"}'}],
    "content": CONTENT,
}
EXPLAINED = {"zh": ["由岗位“复核” 1 人审批：李。"], "en": ["1 of role 'checker' to approve: Li."]}


USED = {
    "counters": [
        {"zh": "公司 c1 预算项目 A", "en": "plan of c1", "at_most": "9", "used": "7", "left": "2"}
    ],
    "more": True,
}


class Api:
    """Answers every call alike; remembers what was asked, by whom."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.sent: list[object] = []
        self.made: list[tuple[str, str]] = []
        self.status = 200
        self.answer: object = VERSION

    def __call__(self, address: str, key: str, secret: bytes) -> Api:
        self.made.append((address, key))
        return self

    def call(self, method: str, target: str) -> Answer:
        self.calls.append((method, target))
        return Answer(self.status, json.dumps(self.answer).encode())

    def post(self, target: str, content: object) -> Answer:
        self.sent.append(content)
        return self.call("POST", target)

    def close(self) -> None:
        self.calls.append(("closed", ""))


@pytest.fixture
def api(monkeypatch) -> Api:
    it = Api()
    monkeypatch.setattr(controls, "ApiClient", it)
    return it


@pytest.fixture
def run(tmp_path, api, capsys):
    config = tmp_path / "gateway.toml"
    config.write_text(SETTINGS)

    def running(*words: object) -> tuple[int, str, str]:
        code = main(["controls", *map(str, words), "--config", str(config)])
        out, err = capsys.readouterr()
        return code, out, err

    return running


def test_the_list_of_versions(run, api):
    api.answer = {"versions": [VERSION, {**VERSION, "version": 1, "state": "in_force"}]}
    code, out, _ = run("show")
    assert code == 0
    assert api.calls == [("GET", "/v1/controls/proposals"), ("closed", "")]
    assert api.made == [("http://127.0.0.1:8799", "wang")], "a person's key, not the ERP's"
    assert "待表决 proposed" in out
    assert "现行 in_force" in out
    assert "没有现行文件" not in out
    api.answer = {"versions": []}
    assert "没有现行文件" in run("show")[1]


def test_one_version_with_votes_and_changes(run, api):
    code, out, _ = run("show", 2)
    assert code == 0
    assert api.calls[0] == ("GET", "/v1/controls/proposals/2")
    for words in ("ab" * 32, "person:li", "1/2", "chen", "people / zhou", '+ {"name": "zhou"}'):
        assert words in out
    assert json.loads(run("show", 2, "--json")[1]) == VERSION


@pytest.mark.parametrize("inside", [False, True], ids=["a document", "an exported file"])
def test_a_file_is_proposed_as_it_stands(run, api, tmp_path, inside):
    file = tmp_path / "next.json"
    told = signed_export("t1", None, document(), KEY) if inside else CONTENT
    file.write_text(json.dumps(told))
    assert run("propose", file, "--comment", "加一名复核")[0] == 0
    assert api.calls[0] == ("POST", "/v1/controls/proposals")
    expected = told["content"] if inside else CONTENT
    assert api.sent == [{"content": expected, "comment": "加一名复核"}]


def test_a_vote_says_what_was_read(run, api):
    assert run("vote", 2, "--digest", "ab" * 32, "--reason", "已核对", "--key", "wang")[0] == 0
    assert api.calls[0] == ("POST", "/v1/controls/proposals/2/votes")
    assert api.sent == [{"digest": "ab" * 32, "reason": "已核对"}]
    with pytest.raises(SystemExit):
        run("vote", 2)


def test_withdrawn(run, api):
    assert run("withdraw", 2, "--reason", "有误")[0] == 0
    assert api.calls[0] == ("POST", "/v1/controls/proposals/2/withdrawal")


def test_whose_key_calls(run, api):
    api.answer = {"versions": []}
    assert run("show", "--tenant", "t2")[0] == 0
    assert run("show", "--key", "erp")[0] == 0
    assert [key for _, key in api.made] == ["zhao", "erp"]
    code, _, err = run("show", "--key", "nobody")
    assert (code, "no such key" in err) == (2, True)


def test_what_the_api_refuses_is_told_with_every_fault(run, api):
    api.status = 422
    fault = {"path": "/people/0", "code": "text", "zh": "名称有误", "en": "a wrong name"}
    api.answer = {
        "detail_en": "the document has faults",
        "detail_zh": "文件有误",
        "faults": [fault],
    }
    code, _, err = run("withdraw", 2)
    assert code == 2
    assert "文件有误 / the document has faults" in err
    assert "/people/0: 名称有误 / a wrong name" in err


def test_who_would_have_to_approve(run, api):
    api.answer = EXPLAINED
    code, out, _ = run(
        *("explain", "--from", "622200001111", "--to", "6228", "--amount", "60000.00"),
        *("--maker", "person:王"),
    )
    assert code == 0
    asked = "from=622200001111&to=6228&amount=60000.00&maker=person%3A%E7%8E%8B"
    assert out.splitlines() == [*EXPLAINED["zh"], "", *EXPLAINED["en"]]
    assert api.calls[0] == (
        "GET",
        f"/v1/controls/explanation?{asked}",
    )


def test_what_is_left(run, api):
    api.answer = USED
    code, out, _ = run("use", "--company", "c1", "--item", "")
    assert code == 0
    assert api.calls[0] == ("GET", "/v1/controls/use?company=c1&item=")
    assert out.splitlines() == [
        "公司 c1 预算项目 A：上限 9，已用 7，剩余 2",
        "  plan of c1: at most 9, used 7, left 2",
        "未全部列出，请缩小范围 / there are more: ask for less",
    ]
    api.answer = {"counters": [], "more": False}
    assert run("use")[1].startswith("没有可查看的")
    assert json.loads(run("use", "--json")[1]) == api.answer


def test_exported_to_a_file_and_checked_there(run, api, tmp_path):
    api.answer = signed_export("t1", None, document(), KEY)
    file = tmp_path / "controls.json"
    assert run("export", "--out", file)[0] == 0
    assert api.calls[0] == ("GET", "/v1/controls")
    code, out, _ = run("verify", file, "--public-key", PUBLIC)
    assert code == 0
    assert "✓" in out
    told = json.loads(run("verify", file, "--public-key", PUBLIC, "--json")[1])
    assert (told["ok"], told["tenant"], told["key"]) == (True, "t1", PUBLIC)
    assert json.loads(run("export", "--version", 1)[1]) == api.answer
    assert ("GET", "/v1/controls?version=1") in api.calls
    file.write_text(file.read_text().replace('"cooling_hours": 24', '"cooling_hours": 0'))
    code, _, err = run("verify", file, "--public-key", PUBLIC)
    assert (code, "signature does not hold" in err) == (1, True)


def test_without_a_key_named_it_is_this_installations(run, tmp_path):
    file = tmp_path / "controls.json"
    file.write_text("{}")
    code, _, err = run("verify", file)
    assert (code, "--public-key" in err) == (2, True)
    (tmp_path / "var").mkdir()
    assert not list((tmp_path / "var").iterdir()), "looking made no key"
    own = load_key(tmp_path / "var" / "checkpoint.pem")
    file.write_text(json.dumps(signed_export("t1", None, document(), own)))
    assert run("verify", file)[0] == 0


def test_a_file_that_is_not_there(run, tmp_path):
    for words in (("propose",), ("verify", "--public-key", PUBLIC)):
        code, _, err = run(words[0], tmp_path / "none.json", *words[1:])
        assert (code, "cannot be read" in err) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"o" * 32, None, "no key file"),
        (None, b"n" * 32, "no key file"),
        (b"o" * 31, b"n" * 32, "has not 32 bytes"),
        (b"n" * 32, b"n" * 32, "the old key is the one in use"),
    ],
)
def test_sealing_anew_needs_the_old_key_and_a_new_one(tmp_path, capsys, old, new, words):
    config = tmp_path / "gateway.toml"
    config.write_text(f"{SETTINGS}\n".replace("port = 8799", 'port = 8799\ndata = "var"'))
    (tmp_path / "var").mkdir()
    for path, key in ((tmp_path / "old.key", old), (tmp_path / "var" / "vault.key", new)):
        if key is not None:
            path.write_bytes(key)
    options = [
        "controls",
        "reseal",
        "--config",
        str(config),
        "--old-key",
        str(tmp_path / "old.key"),
    ]
    assert main(options) != 0
    assert words in capsys.readouterr().err
    assert not (tmp_path / "var" / "gateway.db").exists()


def test_sealing_anew_a_data_folder_that_nobody_uses(tmp_path, capsys):
    config = tmp_path / "gateway.toml"
    config.write_text(SETTINGS.replace("port = 8799", 'port = 8799\ndata = "var"'))
    (tmp_path / "var").mkdir()
    (tmp_path / "old.key").write_bytes(b"o" * 32)
    (tmp_path / "var" / "vault.key").write_bytes(b"n" * 32)
    options = [
        "controls",
        "reseal",
        "--config",
        str(config),
        "--old-key",
        str(tmp_path / "old.key"),
    ]
    assert main([*options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {it["table"] for it in told["tables"]} == {"control_version", "instruction", "payee"}
    assert {it["renewed"] + it["broken"] for it in told["tables"]} == {0}
