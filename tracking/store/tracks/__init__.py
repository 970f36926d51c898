"""SQL of what devices send: fixes, boots, events, refusals, media, findings."""
