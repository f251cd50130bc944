"""docs/add-a-bank.md followed once, in a copy of the project: nothing else changes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CODE = "toybank"
NEEDED = ("adapters", "gateway", "schemas", "tests", "tools", "docs", "requirements")
FILES = ("pyproject.toml", "Makefile", "README.md")
RULES = "dialect or folder or adapters or unfinished or swallowed or module_says"
NO_TRACES = {"PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}


def copied(target):
    """The project as a clone would hold it, with what is not committed yet."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
    )
    if listing.returncode == 0 and listing.stdout:
        for name in listing.stdout.split("\0"):
            source = ROOT / name
            if name and source.is_file() and (name.split("/")[0] in NEEDED or name in FILES):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target / name)
        return target
    for name in NEEDED:
        ignored = shutil.ignore_patterns("__pycache__", ".*")
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    for name in FILES:
        shutil.copyfile(ROOT / name, target / name)
    return target


def contents(folder):
    """Every file's digest, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(project, *arguments, expect=0):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **NO_TRACES, "PYTHONPATH": str(project)},
    )
    assert done.returncode == expect, done.stdout[-4000:] + done.stderr[-4000:]
    return done


def suite(project, *arguments):
    return run(
        project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copied(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def changed(project):
    """Make the bank; what was there before and what is there now."""
    before = contents(project)
    run(project, "tools/new_bank.py", CODE)
    return before, contents(project)


def test_nothing_outside_its_own_folders_changes(changed):
    before, after = changed
    assert {path: digest for path, digest in after.items() if path in before} == before
    made = after.keys() - before.keys()
    assert {path.rpartition(f"/{CODE}/")[0] for path in made} == {
        "adapters/bank",
        "schemas/bank",
        "tests/golden",
    }


def test_the_templates_name_is_gone(project, changed):
    before, after = changed
    for name in after.keys() - before.keys():
        assert "_template" not in name
        assert "_template" not in (project / name).read_text("utf-8")


def test_it_passes_what_every_bank_must_pass(project, changed):
    done = suite(project, "tests/conformance", "-k", CODE)
    assert f"{CODE}]" not in done.stdout
    passed = int(done.stdout.split(" passed")[0].rpartition("\n")[2])
    assert passed > 100


def test_its_golden_messages_and_folders_are_complete(project, changed):
    suite(project, "tests/golden", "-k", CODE)
    suite(project, "tests/test_tidy.py", "-k", RULES)
    for check in (["check"], ["format", "--check"]):
        run(project, "-m", "ruff", *check, "--no-cache", f"adapters/bank/{CODE}")


def test_the_sandbox_speaks_it_and_money_moves_once(project, changed):
    done = run(project, "tests/integration/new_bank/pay_once.py", CODE)
    told = json.loads(done.stdout)
    assert Path(told.pop("language")).is_relative_to(project)
    assert told == {
        "sign_on": "acknowledged",
        "own_bank": "settled",
        "other_bank": "settled",
        "replay": "settled",
        "enquiry": "settled",
        "nobody": "not_found",
        "moved": 20000,
        "books": [],
    }


@pytest.mark.parametrize("code", ["", "x", "Xyz", "1ab", "a-b", "_template", "a" * 17, "class"])
def test_an_ill_formed_code_is_refused(project, code):
    before = contents(project)
    done = run(project, "tools/new_bank.py", "--", code, expect=2)
    assert "begin with a letter" in done.stderr
    assert contents(project) == before


@pytest.mark.parametrize("code", ["cib", CODE])
def test_a_taken_code_is_refused_and_nothing_is_written(project, changed, code):
    before = contents(project)
    done = run(project, "tools/new_bank.py", code, expect=2)
    assert "exists already" in done.stderr
    assert contents(project) == before
