"""Rules as data: their values and bounds, and faults in them."""
