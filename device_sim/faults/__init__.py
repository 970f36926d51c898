"""Planned faults of radios, receivers and devices."""
