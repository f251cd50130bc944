"""The page at /docs: the OpenAPI document as plain HTML, readable without any network.

Rule kept here: no script and nothing loaded from elsewhere; everything shown is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

Node = Mapping[str, object]

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = (
    "body{font:15px/1.6 system-ui,'Noto Sans SC','WenQuanYi Micro Hei',sans-serif;"
    "max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2733;background:#fff}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.92em}"
    "pre{background:#f4f6f8;padding:.8rem;overflow:auto;border-radius:6px}"
    "details{border:1px solid #d5dce3;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}"
    "summary{cursor:pointer}table{border-collapse:collapse;margin:.4rem 0}"
    "td,th{border:1px solid #d5dce3;padding:.25rem .6rem;text-align:left;vertical-align:top}"
    ".m{display:inline-block;min-width:3.6rem;font-weight:700}.p{white-space:pre-line}"
    "@media(prefers-color-scheme:dark){body{color:#dfe7ee;background:#14191e}pre{background:#1e262e}"
    "td,th,details{border-color:#39444f}a{color:#7cb7ff}}"
)


def page(document: Node) -> str:
    """The whole page."""
    information, components = _node(document, "info"), _node(document, "components")
    parts = [
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{_text(information, 'title')}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_text(information, 'title')}</h1>",
        f'<p class="p">{_text(information, "description")}</p>',
        '<p><a href="/openapi.json">openapi.json</a> (OpenAPI 3.1)</p>',
        "<h2>签名 · Signature</h2>",
        *_table(
            (_text(_as_node(it), "name"), _text(_as_node(it), "description"))
            for it in _node(components, "securitySchemes").values()
        ),
        "<h2>接口 · Operations</h2>",
    ]
    for path, methods in _node(document, "paths").items():
        for method, operation in _as_node(methods).items():
            parts.extend(_operation(method.upper(), path, _as_node(operation)))
    parts.append("<h2>结构 · Schemas</h2>")
    for name, schema in _node(components, "schemas").items():
        shown = escape(json.dumps(schema, ensure_ascii=False, indent=2))
        parts.append(
            f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code></summary>'
            f"<pre>{shown}</pre></details>"
        )
    parts.append("</body></html>")
    return "".join(parts)


def _operation(method: str, path: str, operation: Node) -> Iterator[str]:
    description = str(operation.get("description", ""))
    headline = description.partition("\n")[0]
    yield (
        f'<details id="{_text(operation, "operationId")}"><summary><span class="m">{method}</span>'
        f" <code>{escape(path)}</code> {escape(headline)}</summary>"
        f'<p class="p">{escape(description)}</p>'
    )
    parameters = operation.get("parameters")
    if isinstance(parameters, list) and parameters:
        yield from _table(
            (
                f"<code>{_text(_as_node(it), 'name')}</code>",
                _text(_as_node(it), "in") + (" *" if _as_node(it).get("required") else ""),
                _text(_as_node(it), "description"),
            )
            for it in parameters
        )
    body = _node(operation, "requestBody")
    if body:
        yield f"<p>正文 · body: {_kinds(_node(body, 'content'))}</p>"
    yield from _table(
        (
            escape(status),
            _text(_as_node(response), "description"),
            _kinds(_node(_as_node(response), "content")),
        )
        for status, response in _node(operation, "responses").items()
    )
    yield "</details>"


def _kinds(content: Node) -> str:
    return ", ".join(
        f"<code>{escape(kind)}</code> {_schema_link(_node(_as_node(media), 'schema'))}"
        for kind, media in content.items()
    )


def _schema_link(schema: Node) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#schema-{escape(name)}">{escape(name)}</a>' if name else ""


def _table(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    """Rows of cells that are HTML already."""
    yield "<table>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</table>"


def _node(parent: Node, name: str) -> Node:
    return _as_node(parent.get(name))


def _as_node(value: object) -> Node:
    return value if isinstance(value, dict) else {}


def _text(node: Node, name: str) -> str:
    return escape(str(node.get(name, "")))
