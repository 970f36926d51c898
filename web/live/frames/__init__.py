"""Rules of the live map: state, tiles, frames, bands. Pure."""
