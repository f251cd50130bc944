"""The scenes of generated books: what belongs together, and every trap beside it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from gateway.reconciliation.columns import PartRow
from tests.reconciliation_ground import CITIES, Books, Party

TRADITIONAL = str.maketrans("华联业胜贸机务发东", "華聯業勝貿機務發東")
_SPELLED = """
北京=Beijing 南京=Nanjing 东京=Dongjing 福州=Fuzhou
抚州=Fuzhou 泉州=Quanzhou 上海=Shanghai 厦门=Xiamen
华联=Hualian 华连=Hualian 兴业=Xingye 星业=Xingye
新业=Xinye 德胜=Desheng 得胜=Desheng 海峡=Haixia
海霞=Haixia 永丰=Yongfeng 永峰=Yongfeng 贸易=Maoyi
科技=Keji 物流=Wuliu 机械=Jixie 材料=Cailiao
"""
SYLLABLES = dict(it.split("=") for it in _SPELLED.split())


def name_of(party: Party, form: str = "有限公司") -> str:
    return "".join(party) + form


def spelled(random: Random, party: Party) -> str:
    """The same party as another system writes it."""
    name = name_of(party)
    latin = " ".join(SYLLABLES[part] for part in party)
    return random.choice(
        (
            name,
            name,
            name_of(party, "有限责任公司"),
            name.translate(TRADITIONAL),
            " ".join(party) + " 有限公司",
            f"{latin} Co., Ltd.",
            f"{latin} Youxian Gongsi".upper(),
        )
    )


# ── scenes ────────────────────────────────────────────────────────────────────────────────


def exact(books: Books) -> None:
    party, units, day, ref = books.party(), books.amount(), books.day(), books.reference()
    name = books.random.choice(("", spelled(books.random, party)))
    late = books.random.randint(0, 6)
    e = books.entry(units, day + late, end_to_end_id=ref, counterparty_name=name)
    i = books.item(units, day, erp_reference=ref, counterparty_name=name_of(party))
    books.belong("exact", [e], [i])


def party_only(books: Books) -> None:
    party, units, day = books.party(), books.amount(), books.day()
    friday_to_monday = books.random.choice((0, 0, 1, 3))
    name = spelled(books.random, party)
    e = books.entry(units, day + friday_to_monday, counterparty_name=name, remittance="货款")
    i = books.item(units, day, counterparty_name=name_of(party))
    books.belong("party", [e], [i])


def equal_amounts(books: Books) -> None:
    """Several parties, one amount, one day: the names decide."""
    units, day = books.amount(), books.day()
    for city in books.random.sample(CITIES[:4], 3):
        party = (city, *books.party()[1:])
        e = books.entry(units, day, counterparty_name=name_of(party))
        i = books.item(units, day, counterparty_name=name_of(party, "有限责任公司"))
        books.belong("equal amounts", [e], [i])


def swapped(books: Books) -> None:
    units, day = books.amount(), books.day()
    other = units if books.random.random() < 0.5 else books.amount()
    refs = [books.reference(), books.reference()]
    parties = [(city, *books.party()[1:]) for city in books.random.sample(CITIES, 2)]
    for at, amount in enumerate((units, other)):
        name = name_of(parties[at])
        e = books.entry(amount, day, end_to_end_id=refs[1 - at], counterparty_name=name)
        i = books.item(amount, day, erp_reference=refs[at], counterparty_name=name)
        books.belong("swapped references", [e], [i], told=False)


def one_fen(books: Books) -> None:
    party, units, day, ref = books.party(), books.amount(), books.day(), books.reference()
    books.entry(units - 1, day, end_to_end_id=ref, counterparty_name=name_of(party))
    books.item(units, day, erp_reference=ref, counterparty_name=name_of(party))


def twins(books: Books) -> None:
    party, units, day = books.party(), books.amount(), books.day()
    count = books.random.randint(2, 4)
    name = name_of(party)
    es = [books.entry(units, day, counterparty_name=name, remittance="房租") for _ in range(count)]
    ns = [books.item(units, day, counterparty_name=name) for _ in range(count)]
    books.belong("twins", es, ns, twins=True)


def uneven_twins(books: Books) -> None:
    party, units, day = books.party(), books.amount(), books.day()
    es = [books.entry(units, day, counterparty_name=name_of(party)) for _ in range(2)]
    i = books.item(units, day, counterparty_name=name_of(party))
    books.belong("uneven twins", [books.random.choice(es)], [i], told=False)


def reused(books: Books) -> None:
    """One number on two documents of different parties and amounts."""
    ref, day = books.reference(), books.day()
    for _ in range(2):
        party, units = books.party(), books.amount()
        e = books.entry(units, day, end_to_end_id=ref, counterparty_name=name_of(party))
        i = books.item(units, day, erp_reference=ref, counterparty_name=name_of(party))
        books.belong("reused number", [e], [i])


def reused_later(books: Books) -> None:
    """A number of last year on a payment of today."""
    party, units, day, ref = books.party(), books.amount(), books.day(), books.reference()
    books.entry(units, day, end_to_end_id=ref, counterparty_name=name_of(party))
    books.item(units, day - 365, erp_reference=ref, counterparty_name=name_of(party))


def near_name(books: Books) -> None:
    """The right party, and one that is nearly called so, with the same amount."""
    party, units, day = books.party(), books.amount(), books.day()
    name = name_of(party)
    e = books.entry(units, day, counterparty_name=name)
    i = books.item(units, day, counterparty_name=name)
    books.belong("near name", [e], [i])
    books.item(units, day, counterparty_name=f"{name}福清分公司")
    books.item(units, day, counterparty_name=name_of((*party[:2], "酒业")))


def only_near(books: Books) -> None:
    """Only somebody who is nearly called so: no match."""
    party, units, day = books.party(), books.amount(), books.day()
    near = books.random.choice(
        (
            name_of(party, "有限公司厦门分公司"),
            name_of(party, "集团有限公司"),
            name_of(party, "股份有限公司"),
            name_of((party[0], party[1][0] + "达", party[2])),
            name_of(("广州", *party[1:])),
        )
    )
    books.entry(units, day, counterparty_name=name_of(party))
    books.item(units, day, counterparty_name=near)


def homophone(books: Books) -> None:
    city, goods, units, day = "福州", books.party()[2], books.amount(), books.day()
    books.entry(units, day, counterparty_name=name_of((city, "兴业", goods)))
    books.item(units, day, counterparty_name=name_of((city, "星业", goods)))


def typo(books: Books) -> None:
    """The reference with two digits exchanged; nobody knows whether it is another document."""
    party, units, day, ref = books.party(), books.amount(), books.day(), books.reference()
    wrong = ref[:-2] + ref[-1] + ref[-2]
    e = books.entry(units, day, end_to_end_id=wrong, counterparty_name=name_of(party))
    i = books.item(units, day, erp_reference=ref, counterparty_name=name_of(party))
    books.belong("typo", [e], [i], told=False)


def other_document(books: Books) -> None:
    """Same party, amount and day, but each names a document the other side lacks."""
    party, units, day, held = books.party(), books.amount(), books.day(), books.account()
    said = {"counterparty_name": name_of(party), "counterparty_account": held}
    books.entry(units, day, remittance=f"付{books.reference()}货款", **said)
    books.item(units, day, **said)


def red_letter(books: Books) -> None:
    party, units, day, ref = books.party(), books.amount(), books.day(), books.reference()
    said = {"erp_reference": ref, "counterparty_name": name_of(party)}
    first = books.item(units, day, **said)
    if books.random.random() < 0.5:
        second = books.item(-units, day + 2, red_letter=True, **said)
        books.belong("red letter", [], [first, second])
        return
    part = units // 5
    second = books.item(-part, day + 1, red_letter=True, **said)
    e = books.entry(units - part, day + 2, end_to_end_id=ref, counterparty_name=name_of(party))
    books.belong("red letter in part", [e], [first, second])


def red_without_key(books: Books) -> None:
    party, units, day = books.party(), books.amount(), books.day()
    first = books.item(units, day, counterparty_name=name_of(party))
    second = books.item(-units, day + 3, red_letter=True, counterparty_name=name_of(party))
    books.belong("red letter by party", [], [first, second])


def payroll(books: Books) -> None:
    """The total goes out, what could not be paid comes back, the book holds the rest."""
    day, ref = books.day(), books.reference()
    total = books.amount() * 20
    back = -total // books.random.randint(20, 40)
    paid = books.entry(total, day, end_to_end_id=ref, remittance="代发工资")
    refund = books.entry(back, day + 1, end_to_end_id=ref, remittance="代发工资退回", returned=True)
    if books.random.random() < 0.5:
        i = books.item(total + back, day, erp_reference=ref, remittance="工资")
        books.belong("payroll and refund", [paid, refund], [i])
        return
    i = books.item(total, day, erp_reference=ref, remittance="工资")
    books.belong("payroll", [paid], [i])


def wages(books: Books) -> None:
    """One entry for the wages of many, under one text."""
    day, text = books.day(), f"{books.number}批次工资"
    books.number += 1
    units = [books.amount() // 100 for _ in range(6)]
    people = [
        books.item(it, day, counterparty_name=f"员工{books.account()[-6:]}", remittance=text)
        for it in units
    ]
    e = books.entry(sum(units), day, counterparty_name="代发工资专户", remittance=text)
    books.belong("wages under one text", [e], people)


def fee_line(books: Books) -> None:
    party, units, day, ref = books.party(), books.amount(), books.day(), books.reference()
    e = books.entry(units, day, end_to_end_id=ref, counterparty_name=name_of(party))
    fee = books.entry(-550, day, end_to_end_id=ref, remittance="手续费", fee=True)
    if books.random.random() < 0.5:
        i = books.item(units, day, erp_reference=ref, counterparty_name=name_of(party))
        books.belong("fee beside", [e], [i])
    else:
        i = books.item(units - 550, day, erp_reference=ref, counterparty_name=name_of(party))
        books.belong("fee inside", [e, fee], [i])


def reversal(books: Books) -> None:
    party, units, day = books.party(), books.amount(), books.day()
    said = {"reference": f"B{books.number}X", "counterparty_name": name_of(party)}
    books.number += 1
    first = books.entry(units, day, **said)
    second = books.entry(-units, day + 1, reversal=True, remittance="冲正", **said)
    books.belong("reversal", [first, second], [])


def many_to_one(books: Books) -> None:
    party, day = books.party(), books.day()
    party = (party[0], f"{party[1]}{books.number}", party[2])
    units = [books.amount() for _ in range(books.random.randint(2, 5))]
    ns = [books.item(it, day - at, counterparty_name=name_of(party)) for at, it in enumerate(units)]
    if books.random.random() < 0.5:
        books.item(books.amount(), day, counterparty_name=name_of(party))
    e = books.entry(sum(units), day, counterparty_name=name_of(party))
    books.belong("several items", [e], ns)


def two_ways(books: Books) -> None:
    """Two sets of items add up to the payment: nobody can tell which."""
    party, day, units = books.party(), books.day(), books.amount()
    party = (party[0], f"{party[1]}{books.number}", party[2])
    step = books.random.randint(100, 9_999)
    pairs = [(units, units * 2), (units - step, units * 2 + step)]
    ns = [books.item(it, day, counterparty_name=name_of(party)) for two in pairs for it in two]
    e = books.entry(units * 3, day, counterparty_name=name_of(party))
    books.belong("two ways to add up", [e], ns[:2], told=False)


def one_to_many(books: Books) -> None:
    party, day = books.party(), books.day()
    party = (party[0], f"{party[1]}{books.number}", party[2])
    units = [books.amount() for _ in range(books.random.randint(2, 3))]
    es = [
        books.entry(it, day + at, counterparty_name=name_of(party)) for at, it in enumerate(units)
    ]
    i = books.item(sum(units), day, counterparty_name=name_of(party))
    books.belong("several entries", es, [i])


def in_text(books: Books) -> None:
    party, day = books.party(), books.day()
    refs = [books.reference() for _ in range(books.random.randint(1, 3))]
    units = [books.amount() for _ in refs]
    ns = [
        books.item(it, day, erp_reference=ref, counterparty_name=name_of(party))
        for it, ref in zip(units, refs, strict=True)
    ]
    e = books.entry(sum(units), day + 9, remittance="付" + "，".join(refs))
    books.belong("named in the text", [e], ns)


def batch(books: Books) -> None:
    day, refs = books.day(), [books.reference() for _ in range(4)]
    units = [books.amount() for _ in refs]
    e = books.entry(sum(units), day, end_to_end_id=f"M{refs[0]}")
    for it, ref in zip(units, refs, strict=True):
        books.parts.append(PartRow(entry=e, units=it, end_to_end_id=ref))
    ns = [books.item(it, day, erp_reference=r) for it, r in zip(units, refs, strict=True)]
    books.belong("batch with parts", [e], ns)


def message(books: Books) -> None:
    """A batch booked as one entry that carries the number of its message only."""
    day, number = books.day(), f"MSG{books.number}Z"
    books.number += 1
    units = [books.amount() for _ in range(3)]
    ns = [
        books.item(it, day, erp_reference=f"{number}/PMT-{at}/{at}") for at, it in enumerate(units)
    ]
    e = books.entry(sum(units), day, entry_reference=number)
    books.belong("message number", [e], ns)


def alone(books: Books) -> None:
    """An entry and items that look like it: one fen off, another day of another month."""
    party, units, day = books.party(), books.amount(), books.day()
    name = name_of(party)
    books.entry(units, day, counterparty_name=name)
    books.item(units + books.random.choice((-1, 1)), day, counterparty_name=name)
    books.item(units, day + 40, counterparty_name=name)
    books.item(-units, day, counterparty_name=name)


def weekly(books: Books) -> None:
    """The same sum to the same party every week, without a reference."""
    party, units, day = books.party(), books.amount(), books.day()
    for week in range(3):
        late = books.random.choice((0, 1))
        e = books.entry(units, day + 7 * week + late, counterparty_name=name_of(party))
        i = books.item(units, day + 7 * week, counterparty_name=name_of(party))
        books.belong("weekly", [e], [i])


SCENES: dict[Callable[[Books], None], int] = {
    exact: 120,
    party_only: 30,
    **dict.fromkeys((equal_amounts, twins, reused, near_name, only_near, alone), 4),
    **dict.fromkeys((red_letter, payroll, fee_line, reversal, many_to_one, in_text), 4),
    **dict.fromkeys((swapped, one_fen, uneven_twins, reused_later, homophone, typo), 3),
    **dict.fromkeys((other_document, red_without_key, wages, two_ways, one_to_many), 3),
    **dict.fromkeys((batch, message, weekly), 3),
}


def generated(seed: int, scenes: int) -> Books:
    """Books of so many scenes, in a shuffled order."""
    random = Random(seed)
    books = Books(random)
    drawn = random.choices(list(SCENES), weights=list(SCENES.values()), k=scenes)
    for scene in drawn:
        scene(books)
    return books
