"""``gateway erp try NAME FILE``: what a file from an ERP would do, with nothing stored or sent.

Rule kept here: NAME may be a dialect (``yonyou/nc``), a folder (``yonyou``: the file says which),
``auto``, or an ERP system of the settings; in doubt nothing is guessed, the choice is told.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final, TextIO

import msgspec

from gateway.cli.erp_echo import broken, echo
from gateway.cli.erp_sniff import AUTO, behind, candidates, choose, foremost, seems
from gateway.cli.erp_trial import Ground, Line, Trial, ground_of, judged, pages, system_of, tried
from gateway.cli.reasons import why
from gateway.dialects import erp_dialect
from gateway.domain.errors import Fault, Refused, WireError
from gateway.domain.party import masked
from gateway.ports.erp import ErpDialect
from gateway.ports.erp_api import Access
from gateway.ports.tenancy import Tenant

__all__ = ["Ground", "command", "tried"]

_STDIN: Final = "-"
_CHUNK: Final = 1 << 16
_SPOOL_MAX: Final = 1 << 20
_PAGE_MAX: Final = 16 << 20
"""A reply of an API is read whole; it is never larger."""
_REPLY_LINES: Final = 12
_NUMBER: Final = re.compile(r"\d{9,}", re.ASCII)


def command(options: argparse.Namespace) -> int:
    """Try one file."""
    ground = ground_of(options.config, options.tenant or "")
    name = options.name
    system = system_of(ground.tenant, name) if options.config is not None else None
    if system is not None:
        ground, name = replace(ground, system=system), system.dialect
    candidates(name)  # an unknown name is told before the file is opened
    try:
        with _opened(options.file) as source:
            chosen = _chosen(name, source)
            if isinstance(chosen, str):
                return _complain(options.file, chosen)
            trial = _trial(chosen, source, ground)
    except OSError as error:
        return _complain(options.file, f"无法打开或读取 / cannot be read: {error.strerror}")
    except Refused as error:
        return _complain(options.file, f"{error.zh} / {error.en}")
    if isinstance(trial, _Unread):
        return _unread(options, chosen, trial, ground)
    if trial.lines or trial.faults:
        echo(chosen, trial, ground)
    show = _as_json if options.json else _as_text
    show(trial, ground.tenant, sys.stdout)
    good = trial.good == len(trial.lines) and not trial.faults
    return 0 if good and (trial.lines or trial.questions) else 1


def _chosen(name: str, source: IO[bytes]) -> ErpDialect | str:
    """The dialect of a file, or what to say of a file that is nobody's."""
    head = source.read(_CHUNK)
    source.seek(0)
    chosen = choose(name, head)
    if chosen is None:
        body = source.read(_PAGE_MAX)
        source.seek(0)
        chosen = _paging(name, body) or behind(name)
    if chosen is None:
        zh, en = seems(head)
        listed = ", ".join(sorted(candidates(name)))
        whose = "" if name == AUTO else f"（{listed}）"
        return f"{zh}{whose} / {en}"
    return chosen


def _paging(name: str, body: bytes) -> ErpDialect | None:
    """The one dialect whose API would have replied so; None where none or several would."""
    found = foremost({key: it for key, it in candidates(name).items() if _is_page(it, body)})
    return next(iter(found.values())) if len(found) == 1 else None


def _is_page(dialect: ErpDialect, body: bytes) -> bool:
    try:
        next(pages(dialect, body, Access(system="try", options={}, secrets={})))
    except WireError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Unread:
    """A file that its dialect cannot read; ``seems`` is '' where the dialect knew its form."""

    error: WireError
    seems: str = ""


def _trial(erp: ErpDialect, source: IO[bytes], ground: Ground) -> Trial | _Unread:
    """The file read to its end, or why it cannot be read."""
    options = ground.system.options if ground.system is not None else {}
    shaped = erp.with_options(options) if erp.with_options is not None and options else erp
    head = source.read(_CHUNK)
    try:
        if shaped.asks is not None and shaped.questions is not None and shaped.asks(head):
            asked = shaped.questions(head + source.read(_PAGE_MAX))
            return Trial(dialect=erp.name, format="questions", questions=asked)
        if shaped.read is not None and (shaped.sniff is None or shaped.sniff(head)):
            return tried(shaped, chain([head], iter(lambda: source.read(_CHUNK), b"")), ground)
        if shaped.api is not None:
            body = head + source.read(_PAGE_MAX)
            access = Access(system="try", options=options, secrets={})
            return judged(shaped, pages(shaped, body, access), ground)
        return tried(shaped, chain([head], iter(lambda: source.read(_CHUNK), b"")), ground)
    except WireError as error:
        if shaped.sniff is None or shaped.sniff(head):
            return _Unread(error)
        return _Unread(error, " / ".join(seems(head)))


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path != _STDIN:
        with Path(path).open("rb") as found:
            yield found
        return
    with SpooledTemporaryFile(_SPOOL_MAX) as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield spool


def _unread(options: argparse.Namespace, erp: ErpDialect, unread: _Unread, ground: Ground) -> int:
    """A file that its dialect cannot read: why, and the answer that the ERP would get."""
    error = unread.error
    where = f"第{error.line}行 line {error.line} " if error.line else ""
    seeming = f"；{unread.seems}" if unread.seems else ""
    code = _complain(options.file, f"{where}{error.path}: {why(error.reason)}{seeming}")
    reply = broken(erp, error, ground.now)
    if options.json:
        told = {"kind": "file", "dialect": erp.name, "unread": error.reason, "reply": reply}
        print(json.dumps(told, ensure_ascii=False))
    elif reply is not None:
        _show_reply(reply, sys.stdout)
    return code


def _show_reply(reply: Mapping[str, str], out: TextIO) -> None:
    kind = " ".join((reply["way"], reply["content_type"])).strip()
    out.write(f"返回 what would come back: {kind}\n")
    out.writelines(f"{line}\n" for line in _shown(reply["text"]))


def _complain(path: str, reason: str) -> int:
    name = "标准输入 standard input" if path == _STDIN else path
    print(_printable(f"{name}: {reason}"), file=sys.stderr)
    return 2


# ── what is printed ───────────────────────────────────────────────────────────────────────────


def _as_json(trial: Trial, tenant: Tenant, out: TextIO) -> None:
    """One object per line of the file or question, then one for the whole."""
    for line in trial.lines:
        taken = line.instruction
        told = {
            "kind": "line",
            "line": line.number,
            "erp_reference": line.draft.erp_reference,
            "instruction": None if taken is None else taken.content(),
            "route": line.route,
            "faults": [fault.document() for fault in line.faults],
            "answer": line.answer,
        }
        out.write(json.dumps(told, ensure_ascii=False) + "\n")
    for question in trial.questions:
        asked = {"kind": "question", "question": msgspec.to_builtins(question)}
        out.write(json.dumps(asked, ensure_ascii=False) + "\n")
    whole = {
        "kind": "file",
        "dialect": trial.dialect,
        "format": trial.format,
        "message_id": trial.message_id,
        "tenant": tenant.id,
        "lines": len(trial.lines),
        "accepted": trial.good,
        "refused": len(trial.lines) - trial.good,
        "questions": len(trial.questions),
        "faults": [fault.document() for fault in trial.faults],
        "warnings": trial.warnings,
        "group_status": trial.group_status or None,
        "reply": trial.reply,
    }
    out.write(json.dumps(whole, ensure_ascii=False) + "\n")


def _as_text(trial: Trial, tenant: Tenant, out: TextIO) -> None:
    """The same for people; account numbers masked."""
    titles = erp_dialect(trial.dialect)
    out.write(_printable(f"{titles.title_zh} / {titles.title_en}  [{trial.dialect}]") + "\n")
    out.write(_printable(f"{trial.format}  {trial.message_id}  租户 tenant {tenant.id}") + "\n")
    for line in trial.lines:
        out.writelines(_printable(text) + "\n" for text in _told(line))
    for question in trial.questions:
        asked = " ".join((question.kind, question.id, masked(question.account), question.start))
        out.write(_printable(f"? 查询 question: {asked}") + "\n")
    out.writelines(
        _printable(f"✗ 整个文件 the file: {_words(fault)}") + "\n" for fault in trial.faults
    )
    out.writelines(_printable(f"提示 note: {warning}") + "\n" for warning in trial.warnings)
    if trial.reply is not None:
        _show_reply(trial.reply, out)
    refused = len(trial.lines) - trial.good
    group = f"pain.002 {trial.group_status}；" if trial.group_status else ""
    out.write(
        f"受理 accepted {trial.good}，拒绝 refused {refused}；{_fate(trial)}；"
        f"{group}未存储 nothing stored\n"
    )


def _fate(trial: Trial) -> str:
    """What happens to the rest."""
    if trial.questions:
        return f"查询 questions {len(trial.questions)}"
    if trial.faults or not trial.good:
        return "整份不受理 nothing of the file is taken"
    if trial.good < len(trial.lines):
        return "其余照常受理 the other lines are taken"
    return "全部受理 all lines are taken"


def _shown(text: str) -> list[str]:
    """The beginning of a reply, account numbers masked."""
    lines = _NUMBER.sub(lambda found: masked(found[0]), text).splitlines()
    return [f"    {_printable(line)[:300]}" for line in lines[:_REPLY_LINES]]


def _told(line: Line) -> Iterator[str]:
    draft = line.draft
    where = f"（第 {draft.line} 行 line {draft.line}）" if draft.line else ""
    taken, way = line.instruction, line.route
    if taken is None or way is None:
        yield f"✗ {line.number} {draft.erp_reference or '-'} {where}"
    else:
        creditor = taken.creditor
        yield (
            f"✓ {line.number} {taken.erp_reference}  {taken.amount.text()}"
            f" {taken.amount.currency.code}  → {creditor.name} {masked(creditor.account.number)}"
        )
        kind = "本行 own bank" if taken.own_bank else "他行 other bank"
        place = "同城 local" if taken.local else "异地 elsewhere"
        due = f"，{way['due']} 付 due" if way["due"] else ""
        yield f"    {way['connection']} ({way['bank']}) {way['operation']}，{kind}，{place}{due}"
    for fault in line.faults:
        yield f"    {_words(fault)}"
    if line.answer is not None:
        status, reason = line.answer.get("status"), line.answer.get("reason")
        yield f"    pain.002: {status}" + (f" {reason}" if reason else "")


def _words(fault: Fault) -> str:
    line = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return f"{line}{fault.path}: {fault.zh} / {fault.en}"


def _printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
