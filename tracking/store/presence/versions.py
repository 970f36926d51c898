"""Which earlier states of stays and runs were what was known at a moment, as a condition of SQL."""

_LASTING = "{of}known_from IS NULL OR {of}known_to - {of}known_from > interval '3 min'"
"""As the indexes have it. A run that goes on is told again within a minute of fixes two minutes apart at most."""
_HELD = f"""
({{of}}known_from <= {{at}} AND {{of}}known_to > {{at}} AND {{of}}known_to <= {{at}} + interval '3 min'
 OR ({_LASTING}) AND tstzrange({{of}}known_from, {{of}}known_to) @> {{at}})"""


def row_at(at: str, of: str = "") -> str:
    """A row of `stay_growth` or `run_history` held at a parameter of time, such as `$3`; `of` names its table: `g.`."""
    return _HELD.format(at=f"{at}::timestamptz", of=of)
