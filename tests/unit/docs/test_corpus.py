"""`make corpus`: its table is right about files whose truth is known, and always the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import corpus

BAI = (
    "01,B,C,260102,0900,7,80,,2/\n02,C,B,1,260101,2400,USD,2/\n03,1,,010,0,,,015,{},,/\n"
    "16,195,200,Z,,,x\n49,{},3/\n98,{},1,5/\n99,{},1,7/\n"
)
PAGE = "before\n<!-- table -->\nold\n<!-- end -->\nafter\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "corpus" / "bai2"
    made.mkdir(parents=True)
    (made / "a.txt").write_text(BAI.format(200, 400, 400, 400))
    (made / "b.txt").write_text(BAI.format(300, 500, 500, 500))
    (made / "c.txt").write_text(BAI.format(200, 400, 400, 400)[:-20])
    return made.parent


def table(folder: Path, monkeypatch) -> str:
    monkeypatch.setattr(corpus, "installed", lambda _: "")
    page = folder.parent / "page.md"
    page.write_text(PAGE)
    assert corpus.main([str(folder), "--page", str(page)]) == 0
    once = page.read_text()
    assert corpus.main([str(folder), "--page", str(page)]) == 0
    assert page.read_text() == once
    return once


def test_the_table(folder, monkeypatch):
    page = table(folder, monkeypatch)
    assert page.startswith("before\n<!-- table -->\n")
    assert page.endswith("<!-- end -->\nafter\n")
    assert "old" not in page
    assert "\n| BAI2 | 3 | 2 | 2 | – | 1 | 1 |\n" in page
    assert "- `bai2/c.txt`: the file is cut off" in page


def test_peers_are_asked_in_their_own_process(folder):
    rows = list(corpus.found(folder))
    if not corpus.installed("bai2"):
        pytest.skip("bai2 is not installed")
    corpus.ask("bai2", rows)
    assert rows[0].peers == {"bai2": (2, 2)}


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert corpus.main([str(tmp_path / "x"), "--page", str(tmp_path / "p")]) == 2
    assert "no such folder" in capsys.readouterr().err
