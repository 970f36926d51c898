"""Telling people and systems of alerts outside the live feed: who, when, how, and what became of it."""
