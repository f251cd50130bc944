"""Alembic's environment: runs on the connection it is handed, and tells what it applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script

from gateway.store.tables import metadata

_tell: Callable[[str, str], None] = context.config.attributes["tell"]


def _applied(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[object],
    run_args: Mapping[str, object],
) -> None:
    """Called in the transaction of each revision, by these names."""
    del ctx, heads, run_args
    if isinstance(step.up_revision, Script):
        _tell(step.up_revision.revision, step.up_revision.doc)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    # Alembic supposes that SQLite commits each change of a table on its own. It does so only
    # where the driver commits behind one's back; ours begins its transactions itself.
    transactional_ddl=True,
    on_version_apply=_applied,
)
with context.begin_transaction():
    context.run_migrations()
