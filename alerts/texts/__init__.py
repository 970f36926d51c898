"""Sentences about alerts: one catalogue in Chinese and English. Pure."""
