"""Alerts about officers and their devices: one small file a detector, one state machine for all."""
