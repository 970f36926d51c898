"""SQL of data from devices: fixes, boots, events, refusals, media, findings."""
