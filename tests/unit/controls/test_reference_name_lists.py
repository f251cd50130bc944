"""Lists of names as files: both forms read alike, every faulty line is told."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest

from gateway.controls.reference.faults import FAULTS_TOLD, whole
from gateway.controls.reference.name_lists import read_names
from gateway.controls.reference.uscc import uscc_fault
from gateway.domain.errors import Fault, Refused
from gateway.domain.name_list import ListedName

ENTRY = ListedName(
    list_id="un",
    entry_id="7",
    names=("Golden Falcon & Sons", "金隼航运"),
    aliases=("GFS",),
    accounts=("62220000",),
    usccs=("91110000600037341L",),
    reason="制裁",
    valid_from=date(2026, 1, 1),
    valid_to=date(2027, 12, 31),
)
OBJECT = {
    "list": "un",
    "entry": "7",
    "names": ["Golden Falcon & Sons", "金隼航运"],
    "aliases": ["GFS"],
    "accounts": ["62220000"],
    "uscc": ["91110000600037341L"],
    "reason": "制裁",
    "valid_from": "2026-01-01",
    "valid_to": "2027-12-31",
}
HEADER = "名单,编号,名称,别名,账号,统一社会信用代码,生效日期,失效日期,原因"
LINE = "un,7,Golden Falcon & Sons；金隼航运,GFS,62220000,91110000600037341L,20260101,20271231,制裁"


def read(body):
    return list(read_names(io.BytesIO(body)))


def lines(*objects):
    return "\n".join(json.dumps(it, ensure_ascii=False) for it in objects).encode()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk"])
def test_both_forms_read_alike(codec):
    assert read(f"{HEADER}\n{LINE}\n".encode(codec)) == [ENTRY]
    assert read(lines(OBJECT)) == [ENTRY]


def test_a_repeated_entry_is_passed_over_and_a_contradiction_refuses_the_list():
    assert read(lines(OBJECT, OBJECT)) == [ENTRY]
    with pytest.raises(Refused) as caught:
        read(lines(OBJECT, {**OBJECT, "reason": "x"}))
    (fault,) = caught.value.faults
    assert (fault.code, fault.line) == ("contradiction", 2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"names": 7}, "json"),
        ({"surplus": 1}, "json"),
        ({"entry": ""}, "required"),
        ({"names": [" "]}, "lists_nothing"),
        ({"names": [], "aliases": [], "accounts": [], "uscc": []}, "lists_nothing"),
        ({"reason": "a\nb"}, "forbidden_character"),
        ({"reason": "x" * 501}, "too_long"),
        ({"valid_to": "2025-01-01"}, "backwards"),
        ({"valid_to": "2025-02-30"}, "json"),
    ],
)
def test_a_faulty_line_is_told_with_its_number(change, code):
    found = read(lines({**OBJECT, **change}, {**OBJECT, "entry": "8"}))
    assert isinstance(found[0], Fault)
    assert (found[0].code, found[0].line) == (code, 1)
    assert "Falcon" not in found[0].zh + found[0].en
    assert found[1].entry_id == "8"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (LINE.replace("20260101", "2026-1"), "date"),
        (LINE.replace(",7,", ",,"), "required"),
        ("un,7,;；,,,,,,", "lists_nothing"),
        (LINE.replace("制裁", "制\u200b裁"), "forbidden_character"),
        (LINE[:-3], "cells"),
    ],
)
def test_a_faulty_cell_is_told(line, code):
    found = read(f"{HEADER}\n{line}\nun,8,x,,,,,,\n".encode())
    assert [(it.code, it.line) for it in found if isinstance(it, Fault)] == [(code, 2)]
    assert found[1].entry_id == "8"


def test_a_list_is_taken_whole_or_not_at_all():
    assert whole(read_names(io.BytesIO(lines(OBJECT)))) == (ENTRY,)
    with pytest.raises(Refused) as caught:
        whole(read_names(io.BytesIO(lines(OBJECT, {"list": "un"}, {"entry": "9"}))))
    assert [it.line for it in caught.value.faults] == [2, 3]


def test_a_file_of_another_layout_does_not_fill_the_memory_with_faults():
    body = b'{"list":"x"}\n' * (FAULTS_TOLD * 3)
    with pytest.raises(Refused) as caught:
        whole(read_names(io.BytesIO(body)))
    assert len(caught.value.faults) == FAULTS_TOLD


@pytest.mark.parametrize("body", [b"", b"\n", HEADER.encode(), b"{}", b'{"list"', b"x,y\n1,2\n"])
def test_a_file_without_an_entry_is_refused(body):
    with pytest.raises(Refused):
        read(body)


# ── the unified social credit code ──────────────────────────────────────────────────────────


def test_a_right_code_has_no_fault():
    assert uscc_fault("91110000600037341L") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("91110000600037341M", "uscc_check"),
        ("9111000060003734", "uscc_length"),
        ("", "uscc_length"),
        ("91110000600037341l", "uscc_format"),
        ("9111 0000 6000 37341L", "uscc_format"),
        ("９1110000600037341L", "uscc_format"),
        ("A1110000600037341L", "uscc_format"),
        ("9111000060003734IL", "uscc_format"),
    ],
)
def test_a_wrong_code_is_told_in_both_languages(text, code):
    fault = uscc_fault(text, "/uscc")
    assert fault is not None
    assert (fault.code, fault.path) == (code, "/uscc")
    assert "信用代码" in fault.zh
    assert "credit code" in fault.en
    assert "600037341" not in fault.zh + fault.en
