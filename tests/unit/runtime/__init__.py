"""Tests of what is below all."""
