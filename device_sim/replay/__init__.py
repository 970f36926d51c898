"""Recorded tracks replayed as devices."""
