"""Measurements of the product, run by hand or by CI with --strict: `make bench-NAME`."""
