"""The live websocket: positions by tick and tile, cells, and the event log."""
