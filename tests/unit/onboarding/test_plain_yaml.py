"""A client's file is hostile until read: nothing in it means anything but its text."""

from __future__ import annotations

import pytest

from gateway.onboarding import plain_yaml
from gateway.onboarding.plain_yaml import Items, Table, Text


def read(text):
    return plain_yaml.read(text if isinstance(text, bytes) else text.encode())


def codes(text):
    return [(it.code, it.line) for it in read(text)[1]]


@pytest.mark.parametrize(
    "written",
    [
        *("no", "yes", "on", "off", "true", "null", "~", "012", "0o17", "0x1F", "1e3", "1_000"),
        *("12:30:45", "2026-01-02", ".inf", ".nan", "+1", "1.50", "=", "9900000001"),
        *("'no'", '"012"'),
    ],
)
def test_every_scalar_is_the_text_that_stands_there(written):
    table, faults = read(f"a: {written}\n")
    assert faults == []
    assert table.values["a"] == Text(written.strip("'\""), 1)


def test_lists_and_tables_keep_their_lines():
    table, faults = read("a:\n  - x\n  - {b: y}\n")
    assert faults == []
    assert table.values["a"] == Items((Text("x", 2), Table({"b": Text("y", 3)}, 3)), 2)


def test_a_name_given_twice_is_told_at_its_second_line_and_reading_goes_on():
    table, faults = read("a: 1\nb:\n  c: 2\n  c: 3\na: 4\n")
    assert [(it.path, it.code, it.line) for it in faults] == [
        ("b.c", "duplicate", 4),
        ("a", "duplicate", 5),
    ]
    assert table.values["a"] == Text("1", 1)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (BOMB, "yaml_alias", 1),
        ("a: 1\nb: *a\n", "yaml_alias", 2),
        ("a: &x 1\n", "yaml_alias", 1),
        ("&x a: 1\n", "yaml_alias", 1),
        ("a: !!python/object/apply:os.system ['true']\n", "yaml_tag", 1),
        ("a: !!int 5\n", "yaml_tag", 1),
        ("a:\n  <<: {b: 1}\n", "yaml_merge", 2),
        ("a: 1\n---\nb: 2\n", "yaml_documents", 2),
        ("? [a, b]\n: 1\n", "yaml_key", 1),
        ("a: " + "[" * 9 + "]" * 9, "yaml_depth", 1),
        ("a: [" + "x," * plain_yaml.VALUES_MAX + "]", "yaml_size", 1),
        ("a: 1\n b: 2\n", "yaml_syntax", 2),
        ("a: 'x\n", "yaml_syntax", 2),
        ("a: 1\nb: \x00\n", "yaml_character", 2),
        ("- a\n", "yaml_form", None),
        ("text", "yaml_form", None),
        ("", "yaml_form", None),
        (b"a: 1\nb: \xff\xfe\n", "yaml_charset", 2),
        (b"a: " + b"x" * plain_yaml.BYTES_MAX, "yaml_size", None),
    ],
)
def test_what_could_surprise_is_refused_with_its_line(text, code, line):
    assert codes(text) == [(code, line)]
    assert read(text)[0] is None


@pytest.mark.parametrize("piece", ["[", "{", "- ", "? ", "a: {", "%", "!", "|\n ", "'", '"'])
def test_deep_and_broken_files_end_in_a_fault_and_not_in_a_crash(piece):
    count = plain_yaml.BYTES_MAX // len(piece) - 1
    table, faults = read(piece * min(count, 5_000))
    assert table is None
    assert len(faults) == 1
    assert piece * 3 not in faults[0].en


def test_a_byte_order_mark_and_an_endless_name_do_no_harm():
    table, faults = read(b"\xef\xbb\xbfa: 1\n")
    assert faults == []
    assert table.values["a"] == Text("1", 1)
    _, faults = read(f"{'n' * 100}: 1\n{'n' * 100}: 2\n")
    assert [len(it.path) for it in faults] == [41]
