"""Matching statement entries with ledger items: columns in, decisions out, nothing else.

Rule kept here: no I/O, no clock, no order. A match is automatic only when it beats its rival.
"""
