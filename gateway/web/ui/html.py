"""HTML as values: whatever is not markup by its type is escaped.

Rule kept here: there is no way to write text into a page but through ``el``, which escapes it.
"""

from __future__ import annotations

from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "hr", "input", "meta"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Part = str | int | None


def el(tag: str, /, *parts: Part, **attributes: str | bool | None) -> Markup:
    """An element; ``class_`` and ``data_x`` become ``class`` and ``data-x``. None is left out."""
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(*parts)}</{tag}>")


def join(*parts: Part) -> Markup:
    """Parts one after the other."""
    return Markup(
        "".join(it if isinstance(it, Markup) else escape(str(it)) for it in parts if it is not None)
    )


def both(zh: str, en: str) -> Markup:
    """Chinese, with the English beside it, smaller."""
    return join(zh, " ", el("small", en, lang="en"))


def _attribute(name: str, value: str | bool | None) -> str:  # noqa: FBT001 - an attribute's value
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(value)}"'
