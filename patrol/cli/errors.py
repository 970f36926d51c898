"""Faults of the surroundings that a person can mend: shown as one line that says what to do, never as a traceback."""


class SetupError(Exception):
    """Something outside the program must be changed before it can run."""
