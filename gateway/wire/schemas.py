"""Finds and compiles the project's XSDs, in a wheel and in a working tree alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire import libxml, write
from gateway.wire.libxml import Search, complaints, whole_parser
from gateway.wire.node import Node
from gateway.wire.tree import path_of

_PACKAGE = Path(__file__).resolve().parents[1]


def schema_path(*parts: str) -> Path:
    """Path of a schema, e.g. ``schema_path("bank", "cib", "4.0.4", "request.xsd")``.

    Raises FileNotFoundError naming the parts if neither place has it.
    """
    for root in (_PACKAGE / "_schemas", _PACKAGE.parent / "schemas"):
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise FileNotFoundError("no schema " + "/".join(parts))


@cache
def xsd(*parts: str) -> etree.XMLSchema:
    """The compiled schema; compiled once. Schemas are ours, so includes are read from disk."""
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.parse(str(schema_path(*parts)), parser))


def validate(subject: Node | write.Element | bytes, schema: etree.XMLSchema) -> None:
    """Validate a tree or what we wrote. Raises WireError ``schema`` with path and line.

    Bytes are for what we wrote ourselves; what came from outside goes through
    ``gateway.wire.xml.parse`` first.
    """
    tree = subject.element if isinstance(subject, Node) else _tree(subject)
    if schema.validate(tree):
        return
    for path, line in complaints(schema):
        raise WireError("schema", _where(tree, path), line=line)
    raise WireError("schema", path_of(tree))


def _tree(written: write.Element | bytes) -> libxml.Element:
    try:
        if isinstance(written, bytes):
            parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
            return etree.fromstring(written, parser)
        return etree.fromstring(written.xml.encode(), whole_parser())
    except etree.XMLSyntaxError:
        raise WireError("malformed") from None


def _where(element: libxml.Element, path: str) -> str:
    """Path in local names of what the schema processor found."""
    try:
        found = Search(path or ".").nodes(element)
    except etree.XPathError:  # the processor's paths use prefixes it does not declare
        found = []
    return path_of(found[0] if found else element)
