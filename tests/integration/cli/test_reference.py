"""``gateway reference`` imports and looks up on either kind of database."""

from __future__ import annotations

import json

import pytest

from gateway.cli import main
from gateway.cli.own_postgres import NODE
from gateway.domain.bank_office import check_digit
from gateway.store.lock import Lock
from tests.postgres import seen_by

NUMBER = "30939100001" + check_digit("30939100001")
DIRECTORY = f"行号,行名,城市\n{NUMBER},兴业银行股份有限公司福州分行,福州\n1,坏行,福州\n"
CALENDAR = "day,kind,name\n2027-10-01,holiday,国庆节\n2027-10-01,year,\n"
NAMES = "list,entry,names\nL1,1,坏人贸易有限公司\n"


@pytest.fixture
def run(database, tmp_path, capsys):
    """Runs an action on settings of that database; gives its exit code, lines and complaints."""
    config = tmp_path / "gateway.toml"
    place = json.dumps(seen_by(NODE, database).url if database.postgresql else "gateway.db")
    lines = ["[gateway]", f"data = {json.dumps(str(tmp_path))}", f"database = {place}"]
    config.write_text("\n".join([*lines, "[[tenant]]", 'id = "t1"', 'name = "一"']), "utf-8")

    def run(*words):
        code = main.main(["reference", *words, "--config", str(config)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "file.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def words_of(kind, path, *more):
    return ("import", kind, path, "--source", "通知", "--from", "2026-01-01", *more)


def test_a_directory_is_imported_once_and_asked(run, file):
    words = words_of("offices", file(DIRECTORY), "--json")
    code, out, _ = run(*words)
    first = json.loads(out)
    assert (code, first["rows"], first["new"], first["left_out"]) == (0, 1, True, 1)
    assert [(it["line"], it["code"]) for it in first["faults"]] == [(3, "digits")]
    again = json.loads(run(*words)[1])
    assert (again["id"], again["new"]) == (first["id"], False)
    for asked in (NUMBER, "兴业银行福州"):
        code, out, _ = run("office", asked, "--json")
        assert (code, json.loads(out)["number"]) == (0, NUMBER)
    code, out, err = run("office", "兴业", "--city", "上海")
    assert (code, out) == (1, "")
    assert "no such office" in err
    (told,) = run("list", "--json")[1].splitlines()
    assert json.loads(told)["imported_by"].startswith("local:")


def test_a_day_is_told_before_and_after_an_import(run, file):
    run(*words_of("names", file(NAMES)))  # whatever was imported: the database is there
    before = json.loads(run("day", "2027-10-01", "--json")[1])
    assert (before["working"], before["provisional"]) == (True, True)
    assert run(*words_of("calendar", file(CALENDAR)))[0] == 0
    code, out, _ = run("day", "2027-10-01")
    assert code == 0
    assert "非工作日" in out
    assert "国庆节" in out


def test_a_route_is_proposed(run, file):
    run(*words_of("names", file(NAMES)))
    words = ("route", "--amount", "60000.00", "--at", "2026-09-15T10:00")
    code, out, _ = run(*words, "--json")
    found = json.loads(out)
    assert (code, found["proposed"]["channel"], found["proposed"]["now"]) == (0, "hvps", True)
    own = json.loads(run(*words, "--own-bank", "--urgent", "--json")[1])
    assert own["proposed"]["channel"] == "own_bank"
    assert "hvps" in run(*words)[1]


@pytest.mark.parametrize(
    "words",
    [
        ("day", "2026-13-01"),
        ("route", "--amount", "0.00"),
        ("route", "--amount", "1.00", "--at", "soon"),
        words_of("offices", "no-such-file.csv"),
        words_of("names", "no-such-file.csv", "--tenant", "t9"),
    ],
)
def test_a_call_that_is_wrong_is_told_in_both_languages(run, words):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert " / " in err
    assert "Traceback" not in err


def test_a_refused_file_tells_its_lines_and_leaves_nothing(run, file):
    code, _, err = run(*words_of("calendar", file("day,kind\n2027-02-30,holiday\n")))
    assert code == 2
    assert "line 2" in err
    assert "不是日期" in err
    assert run("list")[1] == ""


def test_a_list_may_be_one_tenants(run, file):
    assert run(*words_of("names", file(NAMES), "--tenant", "t1"))[0] == 0
    again = json.loads(run(*words_of("names", file(NAMES), "--json"))[1])
    assert again["new"], "everybody's list is another one"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # elsewhere workers anchor it
def test_the_trail_of_an_import_verifies(run, file, tmp_path, capsys):
    run(*words_of("offices", file(DIRECTORY)))
    assert main.main(["audit", "verify", "--config", str(tmp_path / "gateway.toml")]) == 0
    assert "audit trail verifies" in capsys.readouterr().out


def test_beside_a_running_service_a_file_of_sqlite_is_only_read(run, file, tmp_path, database):
    if database.postgresql:
        assert run(*words_of("calendar", file(CALENDAR)))[0] == 0
        return
    run(*words_of("calendar", file(CALENDAR)))
    lock = Lock(tmp_path / "gateway.lock")
    lock.take()
    try:
        code, _, err = run(*words_of("offices", file(DIRECTORY)))
        assert code == 2
        assert "another process" in err
        assert run("day", "2027-10-01")[0] == 0
    finally:
        lock.release()
