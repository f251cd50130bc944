"""Walks a tree that is still growing, in document order, and frees what it has passed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from gateway.domain.errors import WireError
from gateway.wire.events import Close, Event, Note, Open, Record
from gateway.wire.libxml import Element, has_doctype, is_element, items_of, line_of
from gateway.wire.limits import Limits
from gateway.wire.node import Node
from gateway.wire.tree import (
    blank,
    check_aside,
    check_element,
    check_subtree,
    local,
)


@dataclass(slots=True)
class _Frame:
    """An open container: its element, the child visited last, whether it had child elements."""

    element: Element
    path: str
    last: Element | None = None
    parental: bool = False


class Walker:
    """The cursor of one stream. Elements before the cursor are checked, told and freed.

    A removed element always has a following sibling or a closed parent, so the parser never
    comes back to it.
    """

    def __init__(self, limits: Limits, records: frozenset[str]) -> None:
        self._limits = limits
        self._records = records
        self._open: list[_Frame] = []
        self._started = False
        self._noted: set[str] = set()
        self._untold: list[Note] = []

    @property
    def path(self) -> str:
        """Path of the container in which the cursor stands, '' before the root."""
        return self._open[-1].path if self._open else ""

    def home(self) -> Hashable:
        """What the meaning of a child's markup hangs on: the container and its namespaces."""
        if not self._open:
            return ""
        frame = self._open[-1]
        return frame.path, frozenset(frame.element.nsmap.items())

    def inside_record(self, element: Element) -> bool:
        """Whether an outer record holds this one: then it is part of that, not its own."""
        container = self._open[-1].element if self._open else None
        for above in element.iterancestors():
            if above is container:
                return False
            if local(above.tag) in self._records:
                return True
        return False

    def advance(self, record: Element) -> Iterator[Event]:
        """Everything up to and including ``record``, whose end the parser has just seen."""
        if not self._started:
            root = record.getroottree().getroot()
            yield from self._start(root)
            if root is record:
                yield from self._deliver(record, f"/{local(root.tag)}")
                return
            yield from self._enter(root, f"/{local(root.tag)}")
        while True:
            frame = self._open[-1]
            child = self._step(frame)
            if child is None:
                yield self._leave()
            elif child is record:
                yield from self._deliver(record, f"{frame.path}/{local(record.tag)}")
                return
            else:
                yield from self._visit(child, frame)

    def finish(self, root: Element) -> Iterator[Event]:
        """Everything that is left once the parser has accepted the end of the document."""
        if not self._started:
            yield from self._start(root)
            yield from self._enter(root, f"/{local(root.tag)}")
        while self._open:
            frame = self._open[-1]
            child = self._step(frame)
            if child is None:
                yield self._leave()
            else:
                yield from self._visit(child, frame)
        for after in root.itersiblings():
            check_aside(after, self._limits, self._note)
        yield from self._told()

    def _start(self, root: Element) -> Iterator[Event]:
        """Look at what stands before the root."""
        self._started = True
        if has_doctype(root):
            raise WireError("doctype", line=line_of(root))
        for before in root.itersiblings(preceding=True):
            check_aside(before, self._limits, self._note, prolog=True)
        yield from self._told()

    def _step(self, frame: _Frame) -> Element | None:
        """The child after the one visited last, which is freed; None at the container's end."""
        last = frame.last
        if last is None:
            following = next(frame.element.iterchildren(), None)
            text = frame.element.text
            between = following is not None and is_element(following)
        else:
            following = last.getnext()
            text = last.tail
            between = is_element(last)
            if following is not None:
                frame.element.remove(last)
        if between and not blank(text):
            raise WireError("content", frame.path, line=line_of(frame.element))
        return following

    def _visit(self, child: Element, frame: _Frame) -> Iterator[Event]:
        if is_element(child):
            frame.parental = True
            frame.last = child
            yield from self._enter(child, f"{frame.path}/{local(child.tag)}")
        else:
            check_aside(child, self._limits, self._note)
            frame.last = child
            yield from self._told()

    def _enter(self, element: Element, path: str) -> Iterator[Event]:
        self._open.append(_Frame(element, path))
        check_element(element, len(self._open), self._limits, self._note)
        yield from self._told()
        namespace, _, name = element.tag.rpartition("}")
        if ":" in name:  # a prefix that nothing declares; the parser itself tells it later
            raise WireError("malformed", path, line=line_of(element))
        plain = tuple((key, value) for key, value in items_of(element) if key[0] != "{")
        yield Open(path, name, namespace[1:], line_of(element), plain)

    def _leave(self) -> Close:
        frame = self._open.pop()
        text = "" if frame.parental else (frame.element.text or "").strip(" \t\r\n")
        return Close(frame.path, local(frame.element.tag), text, line_of(frame.element))

    def _deliver(self, record: Element, path: str) -> Iterator[Event]:
        if self._open:
            self._open[-1].last = record
            self._open[-1].parental = True
        check_subtree(record, len(self._open) + 1, self._limits, self._note)
        if self._untold:
            yield from self._told()
        yield Record(Node(record, path))

    def _note(self, code: str, node: Element) -> None:
        if code not in self._noted:
            self._noted.add(code)
            self._untold.append(Note(code, line_of(node)))

    def _told(self) -> Iterator[Event]:
        told, self._untold = self._untold, []
        yield from told
