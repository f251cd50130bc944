"""One module per revision, written by ``alembic revision --autogenerate`` and reviewed."""
