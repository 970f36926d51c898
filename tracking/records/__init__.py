"""Rules of what is kept: media types, parties to cases, retention."""
