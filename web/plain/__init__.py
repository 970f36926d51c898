"""Pages for those who have no map, auditors and officers: made on the server, without JavaScript."""
