"""Rules of patrol routes: roads and checkpoints, and how much of them tracks have covered."""
