"""Routes of tracks, visits, events, media, replay and holds."""
