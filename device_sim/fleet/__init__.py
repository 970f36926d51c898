"""Simulated officers: where they walk, what their devices send."""
