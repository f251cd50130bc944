"""Field 86: what a statement line is about, in the dialects of many banks.

Rule kept here: no text is dropped; what has no place of its own is kept under the file's word.
Work is linear in the text's length.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from gateway.formats.read import mt940_words as words
from gateway.formats.read.mt940_line import NONE
from gateway.formats.read.mt940_wrapping import unwrapped


class Said(msgspec.Struct, kw_only=True, gc=False):
    """What field 86 says. Texts are '' where it does not say."""

    remittance: str = ""
    own_code: str = ""
    name: str = ""
    account: str = ""
    bank: str = ""
    end_to_end_id: str = ""
    mandate_id: str = ""
    instruction_id: str = ""
    structured: str = ""
    return_reason: str = ""
    reference: str = ""
    original: str = ""
    more: tuple[tuple[str, str], ...] = ()


def said(body: str, reference: str = "") -> Said:
    """Read field 86; ``reference`` is the customer's of the line, which some banks repeat."""
    if _TWICE.match(body) is not None:
        body = body[4:]
    start = _GERMAN.match(body)
    if start is not None:
        return _subfields(body, start)
    text = unwrapped(body)
    if _BARE_WORD.match(text):
        text = f"/{text}"
    if text.startswith("/") or ("/" in text and any(it in text for it in words.SURE)):
        parts = _SLASHED.split(text)
        if len(parts) > 1:
            return _slashed(parts)
    if _starts_with_word(text):
        found = Said()
        _purpose(found, text.replace("\n", " "))
        return found
    return _plain(body, text, reference)


# ── subfields: GVC and ?nn ────────────────────────────────────────────────────────────────

_MARK: Final = r"[?<>^~|@#§¬!_\\]"
_GERMAN: Final = re.compile(
    rf"\s?(?:([0-9]{{3}})[ \n]?({_MARK})|([?<>^~])\n?)(?=[0-9]{{2}}|\n[0-9]{{2}})"
)
_FILLER: Final = re.compile(rf"(?<={_MARK}[0-9]{{2}})[ÿ˙\xa0]+(?={_MARK}|$)")
"""What Polish banks put into subfields that are empty: the byte FF, in whatever alphabet."""
_TWICE: Final = re.compile(r"([0-9]{3})\n(?=\1[^0-9])")  # a field of nothing but the code
_BARE_WORD: Final = re.compile(r"(?:EREF|PREF|REMI|NAME|ORDP|BENM|IBAN)/")


def _subfields(body: str, start: re.Match[str]) -> Said:
    at = start.start(2) if start[2] else start.start(3)
    purpose: list[str] = []
    names: list[str] = []
    single: dict[str, str] = {}
    text = body[at:].replace("\n", "")
    if not text.isascii():
        text = _FILLER.sub("", text)
    for piece in _cut(text, body[at]):
        number = piece[:2]
        if number in words.PURPOSE:
            if len(piece) > 2:  # noqa: PLR2004 - the number
                purpose.append(piece[2:])
        elif number in words.NAMES:
            names.append(piece[2:])
        elif number in single:
            single[number] += f" {piece[2:]}"
        else:
            single[number] = piece[2:]
    found = _of_single(start[1] or "", single)
    if names:
        found.name = _joined(names).replace("\n", " ").strip()
    if purpose:
        _purpose(found, _joined(purpose))
    if not found.remittance:
        found.remittance = single.get(words.BOOKING_TEXT, "").strip()
    return found


def _cut(text: str, mark: str) -> list[str]:
    """Subfields, each behind its two digits; a mark that is none stays in its text."""
    pieces = text.split(mark)
    del pieces[0]
    if _NUMBERS.issuperset([it[:2] for it in pieces]):
        return pieces
    found: list[str] = []
    run: list[str] = []
    for piece in pieces:
        if piece[:2] in _NUMBERS and run:
            found.append(mark.join(run))
            run = []
        run.append(piece)
    found.append(mark.join(run))
    return found


_NUMBERS: Final = frozenset(f"{it:02}" for it in range(100) if it // 10 not in {4, 5})


def _of_single(code: str, single: dict[str, str]) -> Said:
    """What the subfields say that come once. ``code`` is the business transaction code."""
    account = single.pop(words.ACCOUNT_FIELD, "").strip()
    iban = single.pop(words.IBAN_FIELD, "").strip() if words.IBAN_FIELD in single else ""
    bank = single.pop(words.BANK_FIELD, "").strip()
    more = [("?" + number, told) for number, value in single.items() if (told := value.strip())]
    if iban and account and account != iban:
        more.append((f"?{words.ACCOUNT_FIELD}", account))
    reason = single.get(words.TEXT_KEY, "").strip() if code in words.RETURNS else ""
    return Said(
        own_code=code,
        account=iban or account,
        bank=bank,
        return_reason=reason,
        more=tuple(more),
    )


def _joined(parts: list[str]) -> str:
    """Subfields as one text, with a line end where one was not full."""
    if len(parts) == 1:
        return parts[0]
    full = max(words.PURPOSE_WIDTH, *map(len, parts))
    return "".join([it if len(it) >= full else it + "\n" for it in parts[:-1]]) + parts[-1]


def _purpose(found: Said, text: str) -> None:
    """Key words written ``EREF+`` inside the purpose, and what stands around them."""
    free: list[str] = []
    more: list[tuple[str, str]] = []
    for word, value in _worded(text):
        meaning = words.PLUS_WORDS[word] if word else words.REMITTANCE
        if meaning == words.REMITTANCE:
            free.append(_line(value))
            continue
        if word in words.LONG_WORDS:
            more.append((word + "+", _line(value)))
            continue
        # An identifier ends where its subfield was not full; other text may follow it.
        told, _, rest = value.strip("\n").partition("\n")
        told = told.strip()
        if meaning == words.RETURN and _REASON.match(told):
            told, rest = told[:4], f"{told[5:]}\n{rest}"
        if rest:
            free.append(_line(rest))
        if not meaning or not _set(found, meaning, told):
            more.append((word + "+", told))
    found.remittance = " ".join(filter(None, free)) if len(free) > 1 else "".join(free)
    if more:
        found.more = (*found.more, *more)


def _set(found: Said, meaning: str, told: str) -> bool:
    """Put a value where it belongs; False where another one stands there."""
    if told in NONE or (" " in told and told.replace(" ", "") in NONE):
        return True
    before = getattr(found, meaning)
    if not before:
        setattr(found, meaning, told)
    return not before or bool(before == told)


def _worded(text: str) -> list[tuple[str, str]]:
    """Key words and their texts; '' goes before the first one."""
    if "+" not in text:
        if not _starts_with_word(text):
            return [("", text)]
        first, *parts = _COLON.split(text)
        return [("", first), *zip(parts[::2], parts[1::2], strict=True)]
    found: list[tuple[str, str]] = []
    word, run = "", []
    *pieces, last = text.split("+")
    for piece in pieces:
        key = piece[-4:]
        if key not in words.PLUS_WORDS:
            key = key[1:]
            if key not in words.PLUS_WORDS:
                run.append(piece)
                continue
        run.append(piece[: -len(key)])
        found.append((word, "+".join(run)))
        word, run = key, []
    run.append(last)
    found.append((word, "+".join(run)))
    return found


def _line(text: str) -> str:
    """One line; a space that stands at a break already is not doubled."""
    if "\n" in text:
        text = text.replace(" \n", "\n").replace("\n ", "\n").replace("\n", " ")
    return text.strip()


_COLON: Final = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC)\s?:\s?")
_STARTS: Final = re.compile(r"(?:EREF|KREF|MREF|CRED|DEBT|SVWZ)\s?[:+]")
_REASON: Final = re.compile(r"[A-Z]{2}[0-9]{2} ")


def _starts_with_word(text: str) -> bool:
    return _STARTS.match(text) is not None


# ── code words between slashes ────────────────────────────────────────────────────────────

_SLASHED: Final = re.compile(
    "(?:/|(?<=/))(" + "|".join(sorted(words.SLASH_WORDS, key=len, reverse=True)) + ")/"
)
_STRUCTURED: Final = re.compile(r"(?:[A-Z]{3}/)?/?(.*)", re.DOTALL)


def _slashed(parts: list[str]) -> Said:
    found = Said()
    free = [parts[0].strip(" /")]
    more: list[tuple[str, str]] = []
    aside = ""
    for word, value in zip(parts[1::2], parts[2::2], strict=True):
        meaning = words.SLASH_WORDS[word]
        told = value.strip(" /")
        if meaning in _PARTIES:
            aside = word if meaning == words.ASIDE else ""
        if not told or told in NONE:
            continue
        if meaning in _FIRST_ONLY:
            told, _, rest = told.partition("/")
            free.append(rest.strip(" /"))
        if meaning == words.REMITTANCE:
            free.append(value.strip(" ").strip("/"))
        elif aside and meaning in _OF_PARTY:
            more.append((f"/{aside}/" if aside == word else f"/{aside}//{word}/", told))
        elif meaning == words.INSIDE:
            free.append(_named(found, told))
        elif meaning == words.PARTY:
            _party(found, told, value)
        elif not meaning or not _taken(found, meaning, told):
            more.append((f"/{word}/", told))
    found.remittance = " ".join(filter(None, free)) or found.structured
    found.more = (*found.more, *more)
    return found


_PARTIES: Final = frozenset({words.INSIDE, words.ASIDE})
_FIRST_ONLY: Final = frozenset({words.ORIGINAL, words.RETURN})
"""Words whose value ends at the next slash; a text may follow it."""


def _named(found: Said, told: str) -> str:
    """A party without words of its own: name, or account and name; gives what follows them."""
    account, _, rest = told.partition("/")
    if not _ANY_ACCOUNT.fullmatch(account):
        found.name = found.name or told
        return "" if found.name == told else told
    found.account = found.account or account
    name, _, rest = rest.partition("/")
    found.name = found.name or name.strip()
    return rest.strip(" /")


_OF_PARTY: Final = frozenset({words.NAME, words.ACCOUNT, words.BANK, words.ASIDE})
_ANY_ACCOUNT: Final = re.compile(r"[A-Z]{0,2}[0-9]{8,34}")


def _taken(found: Said, meaning: str, told: str) -> bool:
    """Put a value where it belongs; False where something else stands there."""
    if meaning == words.ACCOUNT_BANK:
        told, _, bank = told.partition(",")
        found.bank = found.bank or bank.strip()
        meaning = words.ACCOUNT
    elif meaning == "structured":
        cut = _STRUCTURED.fullmatch(told)
        told = cut[1] if cut else told
    return _set(found, meaning, told)


def _party(found: Said, told: str, value: str) -> None:
    """Account, bank, name and place between slashes, each possibly empty."""
    at = value.lstrip(" ").rstrip(" ").split("/")
    at = at if len(at) > 1 else [told]
    account, bank, name = (*at, "", "", "")[:3]
    found.account, found.bank = account.strip(), bank.strip()
    found.name = name.strip()
    rest = " ".join(it.strip() for it in at[3:] if it.strip())
    if rest:
        found.more = (*found.more, ("/CNTP/", rest))


# ── free text ─────────────────────────────────────────────────────────────────────────────

_IBAN: Final = r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}"
_OWN_ACCOUNT: Final = re.compile(
    rf"\b(?:IBAN|REK|REKENING|Z RACH\.|NA RACH\.)\s?:\s?({_IBAN}|[0-9]{{8,34}})"
)
_OWN_BANK: Final = re.compile(r"\bBIC\s?:\s?([A-Z0-9]{8,11})\b")
_OWN_NAME: Final = re.compile(
    r"(?:\b(?:NAAM|NAME)|; (?:OD|DLA))\s?:\s?([^\n;]{1,70}?)(?=[ ]{2}|[ ]?[\n;]|$|[ ][A-Z]{2,20}:)"
)
_OWN_REFERENCE: Final = re.compile(r"\bKENMERK\s?:\s?([^\n]{1,70}?)(?=[ ]{2}|\n|$)")
_OWN_MANDATE: Final = re.compile(r"\bMACHTIGING\s?:\s?([^ \n]{1,35})")
_UNSTRUCTURED: Final = re.compile(r"999(?=[^0-9])")
_HUNGARIAN: Final = re.compile(r"[0-9]{16}(?:[0-9]{8})?")
_LEDGER_LINES: Final = 3
_LOOKED_AT: Final = 1 << 12
"""Characters of a free text in which names are looked for."""


def _plain(body: str, text: str, reference: str) -> Said:
    """Free text: all of it is the remittance; what it calls by name is read beside that."""
    found = Said(remittance=text)
    if _UNSTRUCTURED.match(text):
        found.own_code = "999"
    if ":" in text:
        head = text[:_LOOKED_AT]
        for pattern, meaning in _NAMED:
            match = pattern.search(head)
            if match and match[1].strip() not in NONE:
                setattr(found, meaning, match[1].strip())
    if "\n" in body and not found.account:
        _by_lines(found, body.split("\n"), reference)
    return found


_NAMED: Final = (
    (_OWN_ACCOUNT, words.ACCOUNT),
    (_OWN_BANK, words.BANK),
    (_OWN_NAME, words.NAME),
    (_OWN_REFERENCE, words.END_TO_END),
    (_OWN_MANDATE, words.MANDATE),
)


def _by_lines(found: Said, lines: list[str], reference: str) -> None:
    """Texts whose lines have their places."""
    account, _, name = lines[0].partition(" ")
    if reference and account == reference and not lines[1].strip():
        # The line's reference is the other account; its name follows, the text stands below.
        found.account, found.name = account, name.strip()
        found.remittance = unwrapped("\n".join(lines[1:])) or found.remittance
    elif len(lines) >= _LEDGER_LINES and _HUNGARIAN.fullmatch(lines[1].strip()):
        found.account, found.name = lines[1].strip(), lines[2].strip()
