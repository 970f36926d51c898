"""The pure core (geometry, plausibility, stays, coverage, engine) and the store of tracks."""
