"""What a proposed document changes, row by row: what the people who vote on it must see.

Rule kept here: no difference without a row that shows it. Rows are told by their names; the order
of the matrix is shown too, because the first rule that matches holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.controls.rules.document import ControlDocument
from gateway.controls.rules.reading import content

ORDER: Final = "*order*"
"""Named for the order of a section whose order counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row that is new (``before`` ''), gone (``after`` ''), or another than before.

    Both are JSON text as in the document, with full account numbers: for those who may read it.
    """

    section: str
    name: str
    before: str
    after: str


def differences(before: ControlDocument, after: ControlDocument) -> tuple[Change, ...]:
    """Every row in which two documents differ; none where their digests agree."""
    return tuple(_differences(content(before), content(after)))


def _differences(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    for section in {**before, **after}:  # one may be left out where it says nothing
        was, now = before.get(section, {}), after.get(section, {})
        if was == now:
            continue
        old, new = _rows(was), _rows(now)
        for name in {**old, **new}:
            if old.get(name) != new.get(name):
                yield Change(
                    section=section,
                    name=name,
                    before=old.get(name, ""),
                    after=new.get(name, ""),
                )
        kept_old = [name for name in old if name in new]
        kept_new = [name for name in new if name in old]
        if kept_old != kept_new:
            yield Change(section=section, name=ORDER, before=_text(kept_old), after=_text(kept_new))


def _rows(section: object) -> dict[str, str]:
    """The rows of a section by name, in order, as text."""
    if isinstance(section, Mapping):
        return {str(name): _text(value) for name, value in section.items()}
    rows: dict[str, str] = {}
    for row in section if isinstance(section, list) else [section]:
        text = name = _text(row)
        if isinstance(row, Mapping):
            name = next((str(row[key]) for key in ("name", "id", "rule") if key in row), text)
        # The same row twice (an assignment may be) is two rows.
        while name in rows:
            name = f"{name} (again)"
        rows[name] = text
    return rows


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
