"""SQL of data computed from fixes: stays, runs, sightings, and queries of them."""
