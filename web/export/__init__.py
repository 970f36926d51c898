"""Exported files: tracks, clips, own records, media."""
