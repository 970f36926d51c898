"""Alerts about officers and their devices: one small file for each detector, one state machine for all."""
