"""Cleaning that flags and never deletes: what is wrong with a device's clock, datum or track, found from its fixes."""
