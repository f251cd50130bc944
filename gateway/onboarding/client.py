"""Who is to go live: the client's file as a record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConnection:
    """One way to one bank. The password itself is never read here: only where it stands."""

    id: str
    bank: str
    url: str
    customer: str
    operator: str
    password_file: str = ""
    password_env: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientAccount:
    """An account of the client, and the holder's name that the bank must echo."""

    number: str
    holder: str
    connection: str
    currency: str = "CNY"
    city: str = ""
    agent_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call."""

    name: str
    role: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as the file names it; ``line_of_uscc`` is where its code stands."""

    tenant: str
    name_zh: str
    name_en: str
    uscc: str
    line_of_uscc: int
    connections: tuple[ClientConnection, ...]
    accounts: tuple[ClientAccount, ...]
    erp: str
    """Name of the adapter that reads this client's files."""
    sample: Path
    contacts: tuple[Contact, ...]
