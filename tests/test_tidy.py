"""The tree keeps the house rules that linters cannot check.

Every exception stands in tests/tidy/excuses.py with its reason, and an exception that is no longer
needed is a failure as well.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.tidy import rules
from tests.tidy.excuses import BROAD, FLOATS, LONG, NAMES, OPEN_WORDS, OUTSIDE

ROOT = Path(__file__).resolve().parents[1]

SHIPPED = ("gateway", "adapters")
MONEY = (
    "gateway/domain",
    "gateway/intake",
    "gateway/controls",
    "gateway/lifecycle",
    "gateway/relay",
    "gateway/statements",
    "gateway/reconciliation",
    "gateway/delivery",
    "gateway/audit",
    "gateway/sandbox",
    "gateway/store",
    "gateway/wire",
    "adapters",
)

# What a record may be made with where else only the standard library is: docs/adr/0016.
RECORDS = ("msgspec",)

# The words of a bank's messages stay in its adapter: these must not appear in gateway/.
ELEMENTS = frozenset(
    {
        "ACCTFROM",
        "ACCTTO",
        "BANKDESC",
        "DTACCT",
        "INTERBANK",
        "PAYOUT",
        "PMTMODE",
        "SCUSTSTMTTRNRQ",
        "SCUSTSTMTTRNRS",
        "SECURITIES_MSGSRQV1",
        "SECURITIES_MSGSRSV1",
        "SIGNONMSGSRQV1",
        "SIGNONMSGSRSV1",
        "SONRQ",
        "SONRS",
        "SRVRID",
        "SRVRTID",
        "TRNAMT",
        "TRNTYPE",
        "TRNUID",
        "USERPASS",
        "XFERINFO",
        "XFERINQTRNRQ",
        "XFERINQTRNRS",
        "XFERPRCCODE",
        "XFERPRCSTS",
        "XFERRQ",
        "XFERRS",
        "XFERTRNRQ",
        "XFERTRNRS",
    }
)


@pytest.fixture(scope="module", autouse=True)
def trees_are_forgotten():
    """They are kept from rule to rule, and take some hundred megabytes."""
    yield
    rules.parsed.cache_clear()


def sources(*folders: str) -> list[Path]:
    """All Python files below these folders of the project."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "_schemas" not in path.parts
    )


def findings(
    paths: Iterable[Path], rule: Callable[[Path, str], Iterable[str]]
) -> dict[str, list[str]]:
    """What a rule finds, by file as written from the root."""
    found = {
        path.relative_to(ROOT).as_posix(): list(rule(path, path.read_text("utf-8")))
        for path in paths
    }
    return {name: lines for name, lines in found.items() if lines}


def settle(found: dict[str, list[str]], excused: Iterable[str] = ()) -> None:
    """Fail on findings without an excuse and on excuses without a finding."""
    excused = set(excused)
    open_ = [
        f"{name}:{line}" for name, lines in found.items() for line in lines if name not in excused
    ]
    stale = [f"{name}: is excused for nothing" for name in sorted(excused - found.keys())]
    assert not open_ + stale, "\n".join(["", *open_, *stale])


# ── sizes, numbers, names ───────────────────────────────────────────────────────────────────


def test_functions_and_modules_stay_small():
    paths = sources(*SHIPPED, "tests", "requirements")
    settle(findings(paths, lambda path, text: rules.sizes(path.name, text)), LONG)


def test_no_float_comes_near_money():
    settle(findings(sources(*MONEY), lambda _, text: rules.floats(text)), FLOATS)


def test_names_say_what_a_thing_is():
    found = findings(sources(*SHIPPED), lambda path, text: rules.banned_names(path.name, text))
    settle(found, NAMES)


def test_folder_names_say_what_is_in_them():
    folders = {path.parent.name for path in sources(*SHIPPED)}
    assert not folders & rules.BANNED_WORDS


# ── imports ─────────────────────────────────────────────────────────────────────────────────


def _may_reach_outside(path: Path) -> bool:
    inner = path.relative_to(ROOT).as_posix()
    named = ("gateway/runtime.py", "gateway/chance.py")
    return inner.startswith((*named, "gateway/simulation", "gateway/transport/"))


def test_clock_chance_threads_and_sockets_come_in_through_the_runtime():
    def rule(path: Path, text: str) -> Iterator[str]:
        granted, _ = OUTSIDE.get(path.relative_to(ROOT).as_posix(), (set(), ""))
        yield from rules.imports_of(text, rules.FROM_OUTSIDE - granted)

    settle(findings((p for p in sources(*SHIPPED) if not _may_reach_outside(p)), rule))


def test_every_granted_import_is_used_and_has_a_reason():
    for name, (granted, reason) in OUTSIDE.items():
        used = {
            module.split(".")[0] for _, module in rules.imports((ROOT / name).read_text("utf-8"))
        }
        assert granted <= used, f"{name}: no longer imports {granted - used}"
        assert reason


def test_domain_stands_on_the_standard_library_and_the_form_of_its_records():
    paths = sources("gateway/domain")
    allowed = ["gateway.domain", *RECORDS]
    settle(findings(paths, lambda _, text: rules.imports_beyond(text, allowed)))


def test_ports_name_nothing_but_the_domain():
    paths = sources("gateway/ports")
    allowed = ["gateway.domain", "gateway.ports", *RECORDS]
    settle(findings(paths, lambda _, text: rules.imports_beyond(text, allowed)))


def test_adapters_are_pure():
    def rule(path: Path, text: str) -> Iterator[str]:
        parts = path.relative_to(ROOT).parts
        own = ".".join(parts[:3]).removesuffix(".py")
        # ISO 20022 is the one language that other ERPs speak as well.
        standard = ["adapters.erp.iso20022"] if parts[1] == "erp" else []
        below = ["gateway.formats", "gateway.ports", "gateway.wire", "gateway.domain"]
        allowed = [*below, own, *standard, *RECORDS]
        yield from rules.imports_beyond(text, allowed)
        yield from rules.clock_calls(text)

    settle(findings(sources("adapters"), rule))


# ── what a reader meets ─────────────────────────────────────────────────────────────────────


def test_every_module_says_what_it_is_for():
    settle(findings(sources(*SHIPPED, "requirements"), lambda _, text: rules.undocumented(text)))


def test_nothing_is_left_unfinished():
    settle(findings(sources(*SHIPPED, "requirements"), lambda _, text: rules.unfinished(text)))


def test_no_error_is_swallowed():
    settle(findings(sources(*SHIPPED), lambda _, text: rules.broad_excepts(text)), BROAD)


def test_bank_words_stay_in_the_adapters():
    found = findings(sources("gateway"), lambda _, text: rules.names_elements(text, ELEMENTS))
    settle(found, OPEN_WORDS)


def tracked() -> list[Path]:
    """What a clone would hold; without git, everything but caches and environments."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
    )
    if listing.returncode == 0 and listing.stdout:
        paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        paths = [
            path
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    return [path for path in paths if path.is_file() and "__pycache__" not in path.parts]


# Written in pieces, so that this file does not find itself.
MACHINE_PATHS = tuple(
    "/".join(["", *rest])
    for rest in (["work", ""], ["opt", "pypi"], ["opt", "wheels"], ["root", ""])
)
TEMPORARY = f"/{'tmp'}/"


def machine_paths(name: str, text: str) -> Iterator[str]:
    """Paths of somebody's machine; temporary folders may be named by tests only."""
    wanted = MACHINE_PATHS if name.startswith("tests/") else (*MACHINE_PATHS, TEMPORARY)
    wanted = tuple(path for path in wanted if path in text)
    for number, line in enumerate(text.splitlines() if wanted else (), start=1):
        for path in wanted:
            if re.search(rf"(?<![\w.}}~-]){re.escape(path)}", line):
                yield f"{number}: {path}"


def test_no_path_of_a_machine_stands_in_the_tree():
    found = {}
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            name = path.relative_to(ROOT).as_posix()
            found[name] = list(machine_paths(name, content.decode("utf-8", "replace")))
    settle({name: lines for name, lines in found.items() if lines})


# ── folders and tables ──────────────────────────────────────────────────────────────────────


def dialect_folders(kind: str) -> list[Path]:
    """One folder per bank or ERP; a leading underscore marks a template."""
    return sorted(
        path
        for path in (ROOT / "adapters" / kind).iterdir()
        if path.is_dir() and path.name[0] not in "_."
    )


def incomplete(folder: Path) -> Iterator[str]:
    """What a dialect's folder lacks."""
    kind, name = folder.parent.name, folder.name
    if not re.fullmatch(r"[a-z][a-z0-9]{1,15}", name):
        yield f"{kind}/{name}: a folder name is the code: [a-z][a-z0-9]{{1,15}}"
    if not (folder / "README.md").is_file():
        yield f"{kind}/{name}: no README.md"
    if not (folder / "__init__.py").is_file() or "DIALECT" not in (
        folder / "__init__.py"
    ).read_text("utf-8"):
        yield f"{kind}/{name}: exports no DIALECT"
    if not list((ROOT / "schemas" / kind / name).glob("**/SOURCE.md")):
        yield f"{kind}/{name}: schemas/{kind}/{name} has no SOURCE.md"
    if kind == "bank" and not list((ROOT / "tests/golden" / name).glob("**/*.xml")):
        yield f"{kind}/{name}: no golden messages in tests/golden/{name}"


@pytest.mark.parametrize("kind", ["bank", "erp"])
def test_every_dialect_folder_is_complete(kind):
    folders = dialect_folders(kind)
    assert folders
    assert [lack for folder in folders for lack in incomplete(folder)] == []


@pytest.mark.parametrize(
    "folder", [*dialect_folders("bank"), *dialect_folders("erp")], ids=lambda folder: folder.name
)
def test_the_folder_name_is_the_dialects_name(folder):
    kind, name = folder.parent.name, folder.name
    dialect = importlib.import_module(f"adapters.{kind}.{name}").DIALECT
    assert name == (dialect.code if kind == "bank" else dialect.name)


def table_attributes() -> dict[str, str]:
    """Attribute of gateway.store.tables → table name."""
    tables = importlib.import_module("gateway.store.tables")
    return {
        attribute: value.name
        for attribute, value in vars(tables).items()
        if type(value).__name__ == "Table"
    }


def test_every_table_has_one_owner():
    tables = importlib.import_module("gateway.store.tables")
    owners = importlib.import_module("gateway.store.owners").OWNERS
    assert set(owners) == set(tables.metadata.tables)
    for table, owner in owners.items():
        assert (ROOT / owner.replace(".", "/")).is_dir(), f"{table}: no package {owner}"


def test_a_table_is_written_by_its_owner_only():
    owners = importlib.import_module("gateway.store.owners").OWNERS
    attributes = table_attributes()

    def rule(path: Path, text: str) -> Iterator[str]:
        package = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for line, table in rules.table_writes(text, attributes):
            owner = owners[table]
            if package != owner and not package.startswith(f"{owner}."):
                yield f"{line}: writes {table}, which belongs to {owner}"

    # The sandbox keeps a bank's books in a database of its own; migrations change every table.
    apart = ("gateway/sandbox/", "gateway/store/migrations/")
    paths = [p for p in sources("gateway") if not p.relative_to(ROOT).as_posix().startswith(apart)]
    settle(findings(paths, rule))


def test_the_sandbox_does_not_touch_the_gateways_tables():
    def rule(_: Path, text: str) -> Iterator[str]:
        for line, module in rules.imports(text):
            if module.startswith("gateway.store.tables"):
                yield f"{line}: imports {module}"

    settle(findings(sources("gateway/sandbox"), rule))
