"""The fault suite: real processes under load, faults at random moments, and what was promised against what is there."""
