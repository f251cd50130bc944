"""Each tidy rule refuses what it must refuse, and lets the rest pass."""

from __future__ import annotations

import pytest

from tests import test_tidy
from tests.tidy import rules

LONG = "def f():\n" + "    x = 1\n" * rules.FUNCTION_LINES
TABLES = {"batch": "batch", "case": "case_file"}


def lines_of(found) -> list[int]:
    return [int(finding.split(":")[0]) for finding in found]


def test_long_functions_and_modules_are_found():
    assert lines_of(rules.sizes("a.py", LONG)) == [1]
    assert lines_of(rules.sizes("a.py", "x = 1\n" * (rules.MODULE_LINES + 1))) == [1]
    assert list(rules.sizes("a.py", "x = 1\n" * rules.MODULE_LINES)) == []


def test_a_pure_table_may_be_long():
    table = "x = 1\n" * (rules.MODULE_LINES + 1)
    assert list(rules.sizes("codes.py", table)) == []
    assert list(rules.sizes("a.py", '"""Names. Pure table."""\n' + table)) == []
    assert lines_of(rules.sizes("codes.py", table + LONG)) == [rules.MODULE_LINES + 2]


@pytest.mark.parametrize(
    "bad", ["x = 1.5", "x = float(y)", "x: float = 1", "x = a / b", "x /= 2", "x = a / 100"]
)
def test_floats_are_found(bad):
    assert lines_of(rules.floats(bad)) == [1]


@pytest.mark.parametrize("good", ["x = 1", "x = a // b", "x = path / 'name'", "x = path / f'{y}'"])
def test_integers_and_paths_pass(good):
    assert list(rules.floats(good)) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("utils.py", ""),
        ("bank_utils.py", ""),
        ("a.py", "class LaneManager: ..."),
        ("a.py", "class XMLData: ..."),
        ("a.py", "def process(): ..."),
    ],
)
def test_words_that_say_nothing_are_found(name, source):
    assert lines_of(rules.banned_names(name, source)) == [1]


def test_words_inside_other_words_pass():
    source = "class Database: ...\nclass Processing: ...\ndef process_names(): ..."
    assert list(rules.banned_names("database.py", source)) == []


@pytest.mark.parametrize(
    "bad", ["import time", "from asyncio import sleep", "def f():\n    import random.x"]
)
def test_imports_from_outside_are_found(bad):
    assert len(list(rules.imports_of(bad, rules.FROM_OUTSIDE))) == 1


def test_the_time_of_datetime_is_not_the_clock():
    assert list(rules.imports_of("from datetime import time", rules.FROM_OUTSIDE)) == []


@pytest.mark.parametrize(
    "bad", ["import lxml.etree", "import os", "from gateway.store import uow", "import gateway.x"]
)
def test_imports_beyond_the_allowed_are_found(bad):
    assert lines_of(rules.imports_beyond(bad, ["gateway.domain"])) == [1]


def test_allowed_imports_pass():
    source = "import re\nfrom gateway.domain.money import Money\nimport gateway.domain"
    assert list(rules.imports_beyond(source, ["gateway.domain"])) == []


def test_clock_calls_are_found():
    assert lines_of(rules.clock_calls("x = datetime.now(UTC)\ny = date.today()")) == [1, 2]
    assert list(rules.clock_calls("x = now")) == []


@pytest.mark.parametrize(
    "kind", ["", " Exception", " BaseException as e", " (ValueError, Exception)"]
)
def test_broad_excepts_are_found(kind):
    source = f"try:\n    f()\nexcept{kind}:\n    g()\n"
    assert lines_of(rules.broad_excepts(source)) == [3]
    assert list(rules.broad_excepts(source + "    raise\n")) == []
    assert list(rules.broad_excepts(source + "    raise Known from error\n")) == []
    assert lines_of(rules.broad_excepts(source + "    if x:\n        raise\n")) == [3]


def test_narrow_excepts_pass():
    assert list(rules.broad_excepts("try:\n    f()\nexcept (OSError, KeyError):\n    g()\n")) == []


@pytest.mark.parametrize(
    "bad",
    [
        "# TO" + "DO later",
        "def f():\n    pass",
        "def f():\n    '''Says much.'''\n    raise NotImplementedError",
        "class A:\n    def f(self): ...",
        "def f():\n    '''Says that.'''",
    ],
)
def test_unfinished_work_is_found(bad):
    assert len(list(rules.unfinished(bad))) == 1


def test_protocols_may_be_hollow():
    source = "class A(Protocol[T]):\n    def f(self):\n        '''Says.'''\n        ...\n"
    assert list(rules.unfinished(source)) == []
    assert list(rules.unfinished("def f():\n    return 1\n")) == []


def test_a_private_null_object_may_do_nothing_if_it_says_so():
    assert list(rules.unfinished("def _quiet():\n    '''Tell nobody.'''\n")) == []
    assert len(list(rules.unfinished("def _quiet():\n    pass\n"))) == 1


def test_bank_words_are_found_in_text_and_comments():
    source = "a = 'ABCUID'\n# see ABCUID\nABCUID = 1\nb = f'<ABCUID>{a}'\n"
    assert lines_of(rules.names_elements(source, {"ABCUID"})) == [1, 2, 4]


@pytest.mark.parametrize(
    ("bad", "table"),
    [
        ("from gateway.store import tables\nx.execute(tables.case.insert())", "case_file"),
        ("from gateway.store import tables as t\nx(sa.update(t.batch))", "batch"),
        ("from gateway.store import tables\nuow.add(tables.batch, row)", "batch"),
        (
            "from gateway.store.tables import case\nfrom sqlalchemy import delete as d\nd(case)",
            "case_file",
        ),
        ("x = 'INSERT OR IGNORE INTO batch (id) VALUES (1)'", "batch"),
        ("x = 'UPDATE case_file SET a = 1'", "case_file"),
        ("x = '''DELETE FROM batch'''", "batch"),
    ],
)
def test_table_writes_are_found(bad, table):
    assert [name for _, name in rules.table_writes(bad, TABLES)] == [table]


def test_reading_a_table_is_not_writing_it():
    source = "from gateway.store import tables\nx = select(tables.batch)\ncache.update(batch)\n"
    source += "seen.add(x)\n"
    assert list(rules.table_writes(source, TABLES)) == []


def test_modules_without_a_docstring_are_found():
    assert lines_of(rules.undocumented("x = 1")) == [1]
    assert list(rules.undocumented('"""Says."""')) == []


def test_machine_paths_are_found():
    path = test_tidy.MACHINE_PATHS[0]
    assert lines_of(test_tidy.machine_paths("docs/a.md", f"ok\nsee {path}x")) == [2]
    assert lines_of(test_tidy.machine_paths("a.py", test_tidy.TEMPORARY)) == [1]
    assert list(test_tidy.machine_paths("tests/a.py", test_tidy.TEMPORARY)) == []
    assert list(test_tidy.machine_paths("docs/a.md", f"../frame{path}x")) == []


def test_an_incomplete_dialect_folder_is_found(tmp_path):
    folder = tmp_path / "bank" / "NoSuchBank"
    folder.mkdir(parents=True)
    lacks = "\n".join(test_tidy.incomplete(folder))
    for word in ("folder name", "README", "DIALECT", "SOURCE.md", "golden"):
        assert word in lacks


def test_a_stale_excuse_fails():
    with pytest.raises(AssertionError, match="excused for nothing"):
        test_tidy.settle({}, ["gateway/gone.py"])
    test_tidy.settle({"a.py": ["1: x"]}, ["a.py"])
