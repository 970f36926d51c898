"""The live websocket: positions by tick and tile, cells, and the event log of alerts and events."""
