"""Embedded services: the database and broker of `patrol demo`, and supervision of processes."""
