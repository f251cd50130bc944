"""Every ERP dialect in the tree, its sample files, and what the suite tells each of them."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest

from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import Draft, ErpDialect, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_api import Access, Moment

ROOT = Path(__file__).resolve().parents[2]
ADAPTERS = ROOT / "adapters" / "erp"
DATA = ROOT / "tests" / "data" / "erp"
FOLDERS = sorted(
    path.parent.name for path in ADAPTERS.glob("*/__init__.py") if path.parent.name[0] not in "_."
)
BEIJING = timezone(timedelta(hours=8))
NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
AT = datetime(2026, 9, 15, 10, 0, tzinfo=BEIJING)
TODAY = date(2026, 9, 15)
NONCE = "0123456789abcdef0123456789abcdef"
MOMENT = Moment(now=AT, nonce=NONCE)
HEAD = 1 << 16
LARGE = "999999999999999.99"
"""As much as an amount may be; a float cannot hold it."""
ACCOUNT = "900010100100000011"
BATCH = "M-1"


def package(folder):
    return importlib.import_module(f"adapters.erp.{folder}")


def spoken(folder) -> dict[str, ErpDialect]:
    """The folder's dialects by their full names; a default that is a flavour stands there once."""
    found = package(folder)
    flavours = {dialect.name: dialect for dialect in getattr(found, "DIALECTS", {}).values()}
    own = found.DIALECT
    if any(replace(own, name=name) == dialect for name, dialect in flavours.items()):
        return flavours
    return {own.name: own, **flavours}


DIALECTS = {name: dialect for folder in FOLDERS for name, dialect in sorted(spoken(folder).items())}


def some(able) -> pytest.MarkDecorator:
    """The test runs once for every dialect that is ``able``."""
    found = [name for name, dialect in DIALECTS.items() if able(dialect)]
    return pytest.mark.parametrize("name", found)


READERS = [name for name, dialect in DIALECTS.items() if dialect.read]


def sample_files(folder) -> list[Path]:
    paths = (path for path in (DATA / folder).rglob("*") if path.is_file())
    return sorted(path for path in paths if path.name != "options.json")


@cache
def drafts_of(name, path) -> tuple[Draft, ...] | None:
    """What the dialect reads out of one file; None where it refuses it."""
    try:
        parts = list(DIALECTS[name].read([path.read_bytes()]))
    except WireError:
        return None
    return tuple(part for part in parts if isinstance(part, Draft))


def payment_files(name) -> list[Path]:
    """The folder's sample files that the dialect knows as its own and reads as payments."""
    sniff = DIALECTS[name].sniff
    return [
        path
        for path in sample_files(name.partition("/")[0])
        if (sniff is None or sniff(path.read_bytes()[:HEAD])) and drafts_of(name, path)
    ]


FILES = [(name, path) for name in READERS for path in payment_files(name)]
each_file = pytest.mark.parametrize(
    ("name", "path"), FILES, ids=[f"{name}-{path.name}" for name, path in FILES]
)


def text_of(path) -> str | None:
    """The file's text; None for one that is no text (a workbook)."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return path.read_bytes().decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def files_that(are):
    """Every sample that is what the test asks about."""
    found = [(name, path) for name, path in FILES if are(path)]
    return pytest.mark.parametrize(
        ("name", "path"), found, ids=[f"{name}-{path.name}" for name, path in found]
    )


def is_text(path) -> bool:
    return text_of(path) is not None


def is_xml(path) -> bool:
    return path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def options_of(name) -> tuple[dict[str, str], dict[str, str]]:
    """Options and secrets that make the dialect's API and tables: ``options.json`` of its data."""
    folder, _, flavour = name.partition("/")
    path = DATA / folder / "options.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    ours = stored.get(flavour, {})
    secrets = dict.fromkeys(DIALECTS[name].secrets, "secret-for-tests-0123456789abcdef")
    return ours.get("options", {}), {**secrets, **ours.get("secrets", {})}


def access(name) -> Access:
    options, secrets = options_of(name)
    return Access(system="erp-under-test", options=options, secrets=secrets)


# ── what is reported ──────────────────────────────────────────────────────────────────────────


def standing(number, state, **changes) -> LineStatus:
    fields = {
        "state": state,
        "source": source(number),
        "amount": "1234.50",
        "currency": "CNY",
        "instruction": f"ins_{number}",
        "erp_reference": f"M-1/P-1/E-{number}",
        "line": number + 1,
    }
    return LineStatus(**{**fields, **changes})


def source(number) -> dict[str, str]:
    """What an ERP's message may have said of itself, in every dialect's own words."""
    own = {
        "message_id": BATCH,
        "payment_info_id": "P-1",
        "instruction_id": f"I-{number}",
        "end_to_end_id": f"E-{number}",
    }
    for name, path in FILES:
        for draft in (drafts_of(name, path) or ())[:1]:
            own = {**draft.source, **own}
    return own


def own_source(name) -> dict[str, str]:
    """What the dialect's own first sample asks its replies to echo, else something of ours."""
    for path in payment_files(name):
        for draft in drafts_of(name, path) or ():
            return dict(draft.source)
    return source(1)


def report_of(*lines, original="") -> StatusReport:
    return StatusReport(
        report_id="R-1",
        created=NOW,
        original_format=original,
        original_message_id=BATCH,
        line_count=len(lines),
        lines=lambda: iter(lines),
    )


FAULT = Fault(
    path="/row/7/amount",
    code="amount_invalid",
    zh="金额格式错误，请更正后重新提交",
    en="this is no amount: correct it and send it again",
    line=10_001,
)


def refusal(**changes) -> RefusedFile:
    fields = {
        "report_id": "R-1",
        "created": NOW,
        "faults": (FAULT,),
        "file_name": "pay.xml",
        "message_id": BATCH,
    }
    return RefusedFile(**{**fields, **changes})
