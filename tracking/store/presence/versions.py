"""SQL condition for the states of stays and runs that were known at a moment."""

_LASTING = "{of}known_from IS NULL OR {of}known_to - {of}known_from > interval '3 min'"
"""As the indexes have it. A run that goes on is told again within a minute of fixes two minutes apart at most."""
_HELD = f"""
({{of}}known_from <= {{at}} AND {{of}}known_to > {{at}} AND {{of}}known_to <= {{at}} + interval '3 min'
 OR ({_LASTING}) AND tstzrange({{of}}known_from, {{of}}known_to) @> {{at}})"""


def row_at(at: str, of: str = "") -> str:
    """Whether a row of `stay_growth` or `run_history` was current at, say, `$3`; `of` names its table: `g.`."""
    return _HELD.format(at=f"{at}::timestamptz", of=of)
