"""Rules of roads to be walked and checkpoints to be passed, and how much of them tracks have done."""
