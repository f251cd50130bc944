"""The example settings parse, and explain every setting that the code reads."""

from __future__ import annotations

import base64
import re
import tomllib
from pathlib import Path

import pytest

from gateway import settings, settings_table

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy/config"
EXAMPLES = sorted(FOLDER.glob("*.toml"))
KEY = "only-for-these-tests-and-long-enough-for-a-key"
HOOK_KEY = "whsec_" + base64.b64encode(KEY.encode()).decode()
EXPLAINED = FOLDER / "gateway.toml"
_HEADER = re.compile(r"\[\[?([a-z_.]+)\]\]?")
_SETTING = re.compile(r"(?:# )?([A-Za-z][A-Za-z_0-9]*) = ")


@pytest.fixture
def secrets_at_hand(tmp_path, monkeypatch):
    """Every environment variable and file that an example names; returns the example's content."""

    def content(path):
        text = path.read_text("utf-8")
        for name in re.findall(r'_env = "([A-Z_]+)"', text):
            monkeypatch.setenv(name, HOOK_KEY if "HOOK" in name else KEY)
        for named in re.findall(r'_file = "([^"]+)"', text):
            made = tmp_path / named.replace("/", "_")
            address = "postgresql://gateway:only-for-these-tests@postgres/gateway"
            made.write_text(address if named.endswith("/database") else KEY)
            text = text.replace(f'"{named}"', f'"{made}"')
        return tomllib.loads(text)

    return content


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_parses(path, secrets_at_hand, tmp_path):
    loaded = settings.parse(secrets_at_hand(path), tmp_path)
    assert loaded.directory.tenants["example-group"].connections["cib-main"].bank == "cib"
    assert loaded.database.postgresql is (path != EXPLAINED)


def test_the_explained_settings_are_the_defaults_where_there_are_any(secrets_at_hand, tmp_path):
    loaded = settings.parse(secrets_at_hand(EXPLAINED), tmp_path)
    bare = settings.parse({"gateway": {}}, tmp_path)
    for name in (
        "host",
        "port",
        "banks",
        "erps",
        "lease_s",
        "log",
        "metrics",
        "database",
        "books_every_minutes",
        "reconcile_every_minutes",
        "statements_every_minutes",
    ):
        assert getattr(loaded, name) == getattr(bare, name), name


def documented() -> dict[str, set[str]]:
    """Table → settings that the explained example names, in use or behind a #."""
    found: dict[str, set[str]] = {}
    table = ""
    for line in EXPLAINED.read_text("utf-8").splitlines():
        if header := _HEADER.match(line):
            table = header[1]
            found.setdefault(table, set())
        elif setting := _SETTING.match(line):
            found[table].add(setting[1])
    return found


class _Recording(settings_table.SettingsTable):
    """Notes what is asked for, table by table; secrets under their bare name."""

    asked: dict[str, set[str]] = {}  # noqa: RUF012 - filled anew by the fixture

    def _note(self, name):
        self.asked.setdefault(re.sub(r"\[\d+\]", "", self.place).lstrip("."), set()).add(name)

    def _value(self, name, default):
        self._note(name)
        return super()._value(name, default)

    def has(self, name):
        self._note(name)
        return super().has(name)

    def secret(self, name):
        self._note(name)
        return super().secret(name)

    def tables(self, name):
        return self._same(super().tables(name))

    def table(self, name):
        return self._same([super().table(name)])[0]

    def _same(self, readers):
        return [_Recording(it._table, it.place, it._faults) for it in readers]


@pytest.fixture
def read(monkeypatch, secrets_at_hand, tmp_path):
    """Table → settings that the code asks for while it reads the explained example."""
    monkeypatch.setattr(_Recording, "asked", {})
    monkeypatch.setattr(settings, "SettingsTable", _Recording)
    settings.parse(secrets_at_hand(EXPLAINED), tmp_path)
    return _Recording.asked


_DIALECTS_OWN = {"tenant.erp.options", "tenant.erp.secrets"}
"""What a dialect asks for stands in its README."""


def bare(name: str) -> str:
    return re.sub(r"_(file|env)$", "", name)


def test_every_setting_that_is_read_is_explained(read):
    told = documented()
    nested = {table.rpartition(".")[2] for table in told}
    missing = {
        f"[{table}] {name}"
        for table, names in read.items()
        if table and table not in _DIALECTS_OWN
        for name in names
        if name not in nested and bare(name) not in {bare(it) for it in told.get(table, set())}
    }
    assert missing == set()
    assert set(read) - {""} == {table for table, names in told.items() if names}


def test_every_setting_that_is_explained_is_read(read):
    surplus = {
        f"[{table}] {name}"
        for table, names in documented().items()
        for name in names
        if bare(name) not in {bare(it) for it in read[table]}
    }
    assert surplus == set()


def test_every_setting_is_explained_in_both_languages():
    """Right above it, or behind it on its own line, stand Chinese and English words."""
    lines = EXPLAINED.read_text("utf-8").splitlines()
    seen: set[tuple[str, str]] = set()
    table = ""
    for at, line in enumerate(lines):
        if header := _HEADER.match(line):
            table = header[1]
        setting = _SETTING.match(line)
        if setting is None or (table, setting[1]) in seen:
            continue
        seen.add((table, setting[1]))
        above = at
        while above and lines[above - 1].startswith("# ") and not _SETTING.match(lines[above - 1]):
            above -= 1
        words = " ".join(lines[above : at + 1]).replace(setting[0], "")
        assert re.search(r"[\u4e00-\u9fff]{2}", words), f"[{table}] {setting[1]}: no Chinese"
        assert re.search(r"[a-z']{2,} [a-z']{2,}", words), f"[{table}] {setting[1]}: no English"


def test_no_secret_stands_in_an_example():
    for path in EXAMPLES:
        for line in path.read_text("utf-8").splitlines():
            assert not re.match(r"\s*(password|secret|previous_secret) = ", line), f"{path}: {line}"
