"""The record of who looked and did what: written, chained, anchored, checked."""
