"""SQL of what follows from fixes: stays, runs, sightings, and what is read from them."""
