"""Errors that the user can correct: shown as one line that says what to do, never as a traceback."""


class SetupError(Exception):
    """The environment or the settings must be corrected before the program can run."""
