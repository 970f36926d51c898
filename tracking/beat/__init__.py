"""The beat: roads to be walked and checkpoints to be passed, and how much of it tracks have done. Pure."""
