"""Rules of acknowledgements: the settled numbers of a boot."""
