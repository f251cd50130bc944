"""The interface document as a page, once per language; everything shown is escaped."""  # noqa: INP001 - no package, run as a module

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from gateway.cli.installed import installed
from gateway.dialects import erp_dialects
from gateway.domain.instruction import State
from gateway.intake.faults import FIELD_NAMES, TEXTS
from gateway.web.contract import OPERATIONS
from tools.devkit.messages import LANGUAGES, Message, Words

_STYLE: Final = (
    "body{font:15px/1.6 system-ui,'Noto Sans SC','WenQuanYi Micro Hei',sans-serif;"
    "max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1c2733}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.92em}table{border-collapse:collapse}"
    "td,th{border:1px solid #d5dce3;padding:.25rem .6rem;text-align:left;vertical-align:top}"
    "pre{background:#f4f6f8;padding:.8rem;overflow:auto}h3{margin-top:2rem}"
)
_TITLES: Final = {
    "title": ("银企直联网关 接口文档", "Bank gateway: interface document"),
    "signature": ("请求签名", "Signing a request"),
    "operations": ("接口", "Operations"),
    "messages": ("报文与文件格式", "Messages and files"),
    "answers": ("应答", "Answers"),
    "codes": ("各 ERP 接口的状态代码", "Status codes of each ERP interface"),
    "faults": ("错误代码", "Codes of faults"),
    "field": ("字段", "field"),
    "required": ("必填", "required"),
    "form": ("格式", "form"),
    "meaning": ("说明", "meaning"),
    "state": ("状态", "state"),
}


def page(language: str, messages: Sequence[Message], told: Sequence[Message]) -> str:
    """The interface document in one language."""
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
        f"<title>{_title('title', language)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_title('title', language)}</h1>",
        f"<h2>{_title('signature', language)}</h2>",
        f"<p>{escape(_SIGNATURE[language])}</p>",
        f"<h2>{_title('operations', language)}</h2>",
        *_operations(language),
        f"<h2>{_title('messages', language)}</h2>",
        *(piece for message in messages for piece in _message(message, language)),
        f"<h2>{_title('answers', language)}</h2>",
        *(piece for message in told for piece in _message(message, language)),
        f"<h2>{_title('codes', language)}</h2>",
        *_codes(language),
        f"<h2>{_title('faults', language)}</h2>",
        *_faults(language),
        "</body></html>\n",
    ]
    return "\n".join(parts)


_SIGNATURE: Final = Words(
    "每个请求带 X-Gw-Key、X-Gw-Timestamp、X-Gw-Nonce、X-Gw-Signature 四个请求头。签名为对五行"
    "（方法、路径及排序后的查询、时间戳、随机数、正文 SHA-256）的 HMAC-SHA256，十六进制。"
    "测试向量见 vectors.json 与 vectors.tsv，示例程序见 clients/。",
    "Every request carries X-Gw-Key, X-Gw-Timestamp, X-Gw-Nonce and X-Gw-Signature: the hex"
    " HMAC-SHA256 over five lines (method, path with its sorted query, time stamp, nonce, SHA-256"
    " of the body). Test vectors: vectors.json and vectors.tsv; sample programs: clients/.",
)


def _title(name: str, language: str) -> str:
    return escape(_TITLES[name][LANGUAGES.index(language)])


def _table(rows: Iterator[tuple[str, ...]], *head: str) -> Iterator[str]:
    """Cells are HTML already."""
    yield "<table>"
    if head:
        yield "<tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _operations(language: str) -> Iterator[str]:
    for operation in OPERATIONS:
        words = Words(operation.zh, operation.en)
        yield f"<h3><code>{operation.method} {escape(operation.path)}</code></h3>"
        yield f"<p>{escape(words[language])}</p>"
        if operation.parameters:
            yield from _table(
                (
                    f"<code>{escape(it.name)}</code>",
                    escape(it.place) + (" *" if it.required else ""),
                    escape(Words(it.zh, it.en)[language]),
                )
                for it in operation.parameters
            )
        took, gives = escape(operation.takes or "-"), escape(operation.gives or "-")
        yield f"<p>→ <code>{took}</code> ← <code>{gives}</code></p>"


def _message(message: Message, language: str) -> Iterator[str]:
    yield f"<h3><code>{escape(message.name)}</code></h3>"
    yield f"<p>{escape(message.words[language])}</p>"
    yield from _table(
        (
            f"<code>{escape(row.path)}</code>",
            "*" if row.required else "",
            escape(row.form),
            escape(row.words[language]),
        )
        for row in message.rows
    )


def _codes(language: str) -> Iterator[str]:
    for folder in installed("erp"):
        for dialect in erp_dialects(folder).values():
            if not dialect.codes:
                continue
            title = Words(dialect.title_zh, dialect.title_en)[language]
            yield f"<h3>{escape(title)} <code>{escape(dialect.name)}</code></h3>"
            tables = {
                endpoint: {str(state): said for state, said in codes.items()}
                for endpoint, codes in dialect.codes.items()
            }
            yield from _table(
                (
                    (
                        escape(state.value),
                        *(escape(it.get(state.value, "")) for it in tables.values()),
                    )
                    for state in State
                ),
                _title("state", language),
                *map(escape, tables),
            )


def _faults(language: str) -> Iterator[str]:
    place = LANGUAGES.index(language)
    names = {"zh": FIELD_NAMES.get("amount", ("", ""))[0], "en": "the field", "detail": "…"}
    yield from _table(
        (
            (f"<code>{escape(code)}</code>", escape(texts[place].format_map(names)))
            for code, texts in sorted(TEXTS.items())
        )
    )
