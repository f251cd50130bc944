"""The onboarding report: READY, or what is missing; as Markdown, HTML and JSON, in two languages.

Rule kept here: every text is escaped for the form it is written in, and no full account number
and no secret is ever in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from gateway.domain.party import masked
from gateway.onboarding.client import Client
from gateway.onboarding.findings import AREA_WORDS, Area, Finding, Result, ready

MARKS: Final = {Result.OK: "✓", Result.WARN: "!", Result.MISSING: "✗"}
_RESULT_WORDS: Final = {
    Result.OK: "正常 / ok",
    Result.WARN: "注意 / look at it",
    Result.MISSING: "缺失 / missing",
}
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.3em .5em;"
    "text-align:left;vertical-align:top}.missing{background:#fde8e8}.warn{background:#fff6da}"
    "pre{background:#f4f4f4;padding:1em;overflow:auto}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was found about a client. ``piece`` is the settings' text."""

    client: Client
    at: datetime
    findings: Sequence[Finding]
    piece: str

    @property
    def ready(self) -> bool:
        """Whether the client may go live."""
        return ready(self.findings)

    def of(self, area: Area) -> list[Finding]:
        """What was found in one area, in order."""
        return [it for it in self.findings if it.area is area]

    def missing(self) -> list[Finding]:
        """What keeps the client from going live."""
        return [it for it in self.findings if it.result is Result.MISSING]

    def verdict(self) -> tuple[str, str]:
        """The result in one line, zh and en."""
        if self.ready:
            warned = sum(it.result is Result.WARN for it in self.findings)
            return f"READY 可以上线（{warned} 项需留意）", f"READY ({warned} to look at)"
        count = len(self.missing())
        return f"NOT READY 尚缺 {count} 项", f"NOT READY: {count} missing"

    def document(self) -> dict[str, object]:
        """As JSON."""
        it = self.client
        return {
            "ready": self.ready,
            "tenant": it.tenant,
            "name_zh": it.name_zh,
            "name_en": it.name_en,
            "uscc": it.uscc,
            "at": self.at.isoformat(timespec="seconds"),
            "contacts": [
                {"name": one.name, "role": one.role, "phone": one.phone, "email": one.email}
                for one in it.contacts
            ],
            "findings": [one.document() for one in self.findings],
            "settings": _masked(self.piece, it),
        }


def text_lines(report: Report) -> list[str]:
    """The report for a terminal."""
    lines = []
    for it in report.findings:
        lines.append(_printable(f"{MARKS[it.result]} {it.what}: {it.zh} / {it.en}"))
        if it.todo_zh:
            lines.append(_printable(f"    → {it.todo_zh} / {it.todo_en}"))
    return [*lines, " / ".join(report.verdict())]


def markdown(report: Report) -> str:
    """The report as Markdown."""
    client = report.client
    zh, en = report.verdict()
    lines = [
        f"# {_md(client.name_zh)} · {_md(client.name_en)}",
        "",
        f"**{zh} / {en}**",
        "",
        f"- 统一社会信用代码 / credit code: {_md(client.uscc)}",
        f"- 检查时间 / checked: {report.at.isoformat(timespec='seconds')}",
    ]
    lines += [
        f"- 联系人 / contact: {_md(it.name)}（{_md(it.role)}）{_md(it.phone)} {_md(it.email)}"
        for it in client.contacts
    ]
    for area, (area_zh, area_en) in AREA_WORDS.items():
        found = report.of(area)
        if not found:
            continue
        lines += [
            "",
            f"## {area_zh} / {area_en}",
            "",
            "| | 对象 / what | 所见 / seen | 处理 / to do |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {MARKS[it.result]} {_RESULT_WORDS[it.result]} | {_md(it.what)} "
            f"| {_md(it.zh)}<br>{_md(it.en)} | {_md(it.todo_zh)}<br>{_md(it.todo_en)} |"
            for it in found
        ]
    lines += ["", "## gateway.toml", "", "```toml", _masked(report.piece, client).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def html(report: Report) -> str:
    """The report as one HTML page without scripts, pictures or addresses of others."""
    client = report.client
    zh, en = report.verdict()
    title = f"{client.name_zh} · {client.name_en}"
    parts = [
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f'<p class="{"ok" if report.ready else "missing"}">',
        f"<strong>{escape(zh)}<br>{escape(en)}</strong></p>",
        f"<p>统一社会信用代码 / credit code: {escape(client.uscc)}<br>",
        f"检查时间 / checked: {report.at.isoformat(timespec='seconds')}</p><ul>",
    ]
    parts += [
        f"<li>{escape(it.name)}（{escape(it.role)}）{escape(it.phone)} {escape(it.email)}</li>"
        for it in client.contacts
    ]
    parts.append("</ul>")
    for area, (area_zh, area_en) in AREA_WORDS.items():
        found = report.of(area)
        if found:
            parts.append(f"<h2>{area_zh} / {area_en}</h2><table><tr><th></th>")
            parts.append("<th>对象 / what</th><th>所见 / seen</th><th>处理 / to do</th></tr>")
            parts += [_row(it) for it in found]
            parts.append("</table>")
    parts.append(f"<h2>gateway.toml</h2><pre>{escape(_masked(report.piece, client))}</pre>")
    return "\n".join([*parts, "</body></html>\n"])


def _row(it: Finding) -> str:
    return (
        f'<tr class="{it.result.value}"><td>{MARKS[it.result]} {_RESULT_WORDS[it.result]}</td>'
        f"<td>{escape(it.what)}</td><td>{escape(it.zh)}<br>{escape(it.en)}</td>"
        f"<td>{escape(it.todo_zh)}<br>{escape(it.todo_en)}</td></tr>"
    )


def _masked(piece: str, client: Client) -> str:
    """The settings as a report may show them; the whole numbers stand in the settings' file."""
    for account in sorted(client.accounts, key=lambda it: -len(it.number)):
        piece = piece.replace(
            f'number = "{account.number}"', f'number = "{masked(account.number)}"'
        )
    return piece


def _md(text: str) -> str:
    """Text that Markdown shows as it is, also inside a table."""
    shown = escape(_printable(text), quote=False)
    for mark in "\\`*_[]|#!~":
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def _printable(text: str) -> str:
    return "".join(it if it.isprintable() else "?" for it in text)
