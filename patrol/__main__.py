"""`python -m patrol` is `patrol`."""

from patrol import cli

cli.main()
