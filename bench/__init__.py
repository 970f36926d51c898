"""Benchmarks of the product, run by hand or in CI with --strict: `make bench-NAME`."""
