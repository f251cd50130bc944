"""A payee against lists of names: what is a hit, how sure, and why."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.name_list import By, Grade, ListedName, NameIndex, Subject

DAY = date(2026, 9, 15)
LIST = NameIndex(
    [
        ListedName(
            list_id="own-black",
            entry_id="1",
            names=("福州闽江贸易有限公司",),
            aliases=("闽江商行",),
            accounts=("6222 0000-1234",),
            usccs=("91110000600037341L",),
            reason="欺诈",
        ),
        ListedName(list_id="un", entry_id="7", names=("Golden Falcon Shipping Co., Ltd.",)),
        ListedName(
            list_id="un",
            entry_id="8",
            names=("张三",),
            valid_from=date(2026, 1, 1),
            valid_to=date(2026, 6, 30),
        ),
        ListedName(list_id="un", entry_id="9", names=("Falcon", "远大")),
    ]
)


def told(day=DAY, **subject):
    hits = LIST.check(Subject(**{"name": "-", **subject}), day)
    return [(it.entry_id, it.grade, it.by) for it in hits]


@pytest.mark.parametrize(
    ("name", "entry", "grade", "by"),
    [
        ("福州闽江贸易有限公司", "1", Grade.EXACT, By.NAME),
        ("福州闽江贸易有限责任公司", "1", Grade.NORMALISED, By.NAME),
        ("福州　闽江（贸易）", "1", Grade.NORMALISED, By.NAME),
        ("闽江商行", "1", Grade.EXACT, By.ALIAS),
        ("闽江 商行", "1", Grade.NORMALISED, By.ALIAS),
        ("福州闽江贸易有限公司厦门分公司", "1", Grade.SIMILAR, By.NAME),
        ("原福州闽江贸易", "1", Grade.SIMILAR, By.NAME),
        ("GOLDEN FALCON SHIPPING", "7", Grade.NORMALISED, By.NAME),
        ("Shipping by Golden Falcon (HK)", "7", Grade.SIMILAR, By.NAME),
    ],
)
def test_a_listed_name_is_found(name, entry, grade, by):
    assert told(name=name) == [(entry, grade, by)]


@pytest.mark.parametrize(
    "name",
    [
        "闽江贸易",  # a part of a listed name
        "福州闽江商贸有限公司",
        "Golden Falcons Shipping",
        "Golden Shipping",
        "White Falcon",  # one word says too little
        "远大集团",  # two letters say too little
        "张三",  # no longer listed
        "-",
        "",
    ],
)
def test_another_name_is_not(name):
    assert told(name=name) == []


def test_an_entry_holds_between_its_days():
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [bool(told(day, name="张三")) for day in days] == [False, True, True, False]


def test_numbers_are_met_exactly_and_shown_masked():
    (hit,) = LIST.check(Subject(name="别人", account="62220000 1234"), DAY)
    assert (hit.grade, hit.by, hit.listed) == (Grade.EXACT, By.ACCOUNT, "****1234")
    assert "6222" not in hit.zh + hit.en
    assert told(name="别人", uscc="91110000600037341l") == [("1", Grade.EXACT, By.USCC)]
    assert told(name="别人", account="6222000012345") == []


def test_a_hit_names_list_entry_and_reason():
    (hit,) = LIST.check(Subject(name="闽江商行"), DAY)
    assert (hit.list_id, hit.reason) == ("own-black", "欺诈")
    for text in (hit.zh, hit.en):
        assert "own-black" in text
        assert "闽江商行" in text


def test_one_entry_gives_one_hit_and_the_surest_comes_first():
    index = NameIndex(
        [
            ListedName(list_id="b", entry_id="2", names=("大海远洋运输",)),
            ListedName(list_id="a", entry_id="1", names=("大海远洋",), aliases=("大海远洋运输",)),
        ]
    )
    hits = index.check(Subject(name="大海远洋运输有限公司"), DAY)
    assert [(it.entry_id, it.grade) for it in hits] == [
        ("2", Grade.NORMALISED),
        ("1", Grade.NORMALISED),
    ]
    assert [it.by for it in hits] == [By.NAME, By.ALIAS]


def test_names_of_punctuation_only_do_not_meet_each_other():
    index = NameIndex([ListedName(list_id="a", entry_id="1", names=("···",))])
    assert index.check(Subject(name="（）"), DAY) == ()
    assert len(index.check(Subject(name="···"), DAY)) == 1


def test_an_entry_that_lists_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        ListedName(list_id="a", entry_id="1")
