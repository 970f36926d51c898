"""Tests of alerts/notify."""
