"""Geometry of the city: the only package that knows shapely and the projection."""
