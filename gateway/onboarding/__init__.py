"""Onboarding: what must be true before a client goes live, and whether it stays true."""
