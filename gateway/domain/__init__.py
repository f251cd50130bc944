"""Nouns and rules of payments. Imports the standard library only."""
