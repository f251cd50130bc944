"""Durable truth: tables, the group-committing writer, the journal appended in the same commit."""
