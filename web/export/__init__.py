"""Files that leave: tracks, clips, own records, media."""
