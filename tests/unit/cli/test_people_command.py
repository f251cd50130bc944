"""``gateway people``: who may log in, and the link for a first password."""

from __future__ import annotations

import json

import pytest

from gateway.cli.main import main

SETTINGS = """
[gateway]
data = "var"
[identity]
plain_http = true
[[tenant]]
id = "t1"
name = "示例集团"
[[tenant.person]]
name = "王"
login = "wang"
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS, "utf-8")
    return path


def test_an_invitation_is_a_link_made_with_the_deployments_own_key(config, capsys):
    assert main(["people", "invite", "wang", "--json", "--config", str(config)]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["link"] == f"http://127.0.0.1:8700/ui/invitation?secret={first['secret']}"
    key = config.parent / "var/identity.key"
    assert key.stat().st_mode & 0o077 == 0
    assert key.read_bytes().hex() not in json.dumps(first)
    assert main(["people", "invite", "王", "--anew", "--config", str(config)]) == 0
    assert "~1~" in capsys.readouterr().out


def test_who_is_not_in_the_settings_is_not_invited(config, capsys):
    assert main(["people", "invite", "nobody", "--config", str(config)]) == 2
    assert "nobody" in capsys.readouterr().err
    assert main(["people", "invite", "--config", str(config)]) == 2


def test_where_people_cannot_log_in_nobody_is_invited(config, capsys):
    config.write_text(SETTINGS.replace("plain_http = true", ""), "utf-8")
    assert main(["people", "invite", "wang", "--config", str(config)]) == 2
    assert "identity" in capsys.readouterr().err


def test_people_are_listed(config, capsys):
    assert main(["people", "list", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out) == {"tenant": "t1", "login": "wang", "name": "王"}
