"""The fault suite: real processes under load, faults at random moments, and a check of what was guaranteed."""
