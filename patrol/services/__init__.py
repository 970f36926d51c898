"""Embedded services: the database and broker that `patrol demo` brings with it."""
