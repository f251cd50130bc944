"""The OpenAPI 3.1 document, made from the contract table and the published JSON Schemas."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.signing.request_signature import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
)
from gateway.web.answers import ANSWERS, Schema
from gateway.web.contract import OPERATIONS, Operation
from gateway.web.problems import CONTENT_TYPE
from gateway.wire.schemas import schema_path

TITLE: Final = "银企直联网关 ERP 接口 · Bank gateway, ERP API"
_DESCRIPTION: Final = (
    "付款指令进，银行报文出，经证实的结果回到 ERP。"
    "每个 /v1 请求须签名（docs/api-signature.md）。\n\n"
    "Payment instructions in, bank messages out, proven outcomes back. "
    "Every /v1 request is signed (docs/api-signature.md)."
)
_PUBLISHED: Final = {
    "Instruction": "instruction",
    "Batch": "batch",
    "Query": "query",
    "QueryAnswer": "query-answer",
    "Collection": "collection",
}
_URN: Final = "urn:gateway:canonical:v1:"
_SCHEMES: Final = {
    "gwKey": (KEY_HEADER, "密钥编号", "id of the key"),
    "gwTimestamp": (TIMESTAMP_HEADER, "Unix 秒，±300 秒", "Unix seconds, within 300 s"),
    "gwNonce": (NONCE_HEADER, "随机数，只能用一次", "16 to 64 characters, used once"),
    "gwSignature": (
        SIGNATURE_HEADER,
        "HMAC-SHA256，十六进制",
        "hex HMAC-SHA256 over method, path, time stamp, nonce and body digest",
    ),
}


def document(app: FastAPI) -> dict[str, object]:
    """The whole document of an application."""
    made: dict[str, object] = get_openapi(
        title=TITLE,
        version="1",
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=app.routes,
    )
    paths = made["paths"]
    assert isinstance(paths, dict)
    for operation in OPERATIONS:
        paths[operation.path][operation.method.lower()] |= described(operation)
    made["components"] = {"schemas": _schemas(), "securitySchemes": _security_schemes()}
    return made


def described(operation: Operation) -> Schema:
    """What the document says of one operation, besides its address."""
    made: Schema = {
        "description": f"{operation.zh}\n\n{operation.en}",
        "parameters": [
            {
                "name": it.name,
                "in": it.place,
                "required": it.required,
                "description": f"{it.zh} · {it.en}",
                "schema": it.schema,
            }
            | ({"style": "form", "explode": False} if it.schema.get("type") == "array" else {})
            for it in operation.parameters
        ],
        "responses": _responses(operation),
    }
    body = _body(operation)
    if body:
        made["requestBody"] = body
    if operation.signed:
        made["security"] = [{name: [] for name in _SCHEMES}]
    return made


def _body(operation: Operation) -> Schema:
    if operation.takes:
        content: Schema = {operation.takes_type: {"schema": _ref(operation.takes)}}
    elif operation.name in {"post_file", "post_exchange"}:
        content = {operation.takes_type: {"schema": {"type": "string", "format": "binary"}}}
    else:
        return {}
    return {"required": operation.takes_required, "content": content}


def _responses(operation: Operation) -> Schema:
    content: Schema = {}
    for kind in operation.gives_types:
        as_json = kind == "application/json"
        content[kind] = {"schema": _ref(operation.gives) if as_json else {"type": "string"}}
    made: Schema = {"200": {"description": "成功 · done", "content": content}}
    if operation.unchanged:
        made["304"] = {"description": "未变化 · not modified"}
    refusals = {*operation.errors, *((401,) if operation.signed else ()), 500}
    for status in sorted(refusals):
        made[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"schema": _ref("Problem")}},
        }
    return made


def _security_schemes() -> Schema:
    return {
        scheme: {"type": "apiKey", "in": "header", "name": name, "description": f"{zh} · {en}"}
        for scheme, (name, zh, en) in _SCHEMES.items()
    }


def _schemas() -> Schema:
    """Ours and the published ones; references are rewritten to stay inside the document."""
    made: Schema = dict(ANSWERS)
    for name, file in _PUBLISHED.items():
        text = schema_path("canonical", "v1", f"{file}.schema.json").read_text(encoding="utf-8")
        schema = _inside(json.loads(text), name)
        assert isinstance(schema, dict)
        made[name] = {key: it for key, it in schema.items() if key not in {"$schema", "$id"}}
    return made


def _inside(value: object, name: str) -> object:
    """A copy of a published schema with every reference pointing at a component."""
    if isinstance(value, list):
        return [_inside(it, name) for it in value]
    if not isinstance(value, dict):
        return value
    made = {key: _inside(it, name) for key, it in value.items()}
    target = made.get("$ref")
    if isinstance(target, str):
        made["$ref"] = _pointer(target, name)
    return made


def _pointer(target: str, name: str) -> str:
    base, _, fragment = target.partition("#")
    if base:
        name = {_URN + file: component for component, file in _PUBLISHED.items()}[base]
    return f"#/components/schemas/{name}{fragment}"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
