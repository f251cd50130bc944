"""Bringing a database to the schema of this version, forwards only.

Alembic is imported only when there is something to do, so that a start on a current database
stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Engine, inspect, text

HEAD: Final = "0002"
"""The newest revision in ``migrations/versions``; a test holds it to that."""
SCRIPTS: Final = Path(__file__).with_name("migrations")


def current(engine: Engine) -> str:
    """The revision a database stands at; '' for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
        )


def migrate(engine: Engine) -> bool:
    """Upgrade to HEAD; False when there was nothing to do."""
    if current(engine) == HEAD:
        return False
    from alembic import command  # noqa: PLC0415 - costs start-up time, rarely needed
    from alembic.config import Config  # noqa: PLC0415 - same

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
        connection.commit()
    return True
