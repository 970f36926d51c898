"""Rules of units: how they are shared among workers, and accounts at the broker."""
