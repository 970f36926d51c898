"""Simulated officers: their walks and the messages of their devices."""
