"""Rules of records: media types, parties to cases, retention."""
