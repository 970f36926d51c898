"""Alerts about officers and their devices: one small file a family, one machine for all."""
