"""The pure core (geometry, plausibility, stays, coverage, engine) and its stores."""
