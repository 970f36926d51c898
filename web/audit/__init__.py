"""The audit record of views and changes: written, chained, anchored, checked."""
