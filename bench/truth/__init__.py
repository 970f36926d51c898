"""Stays by the written rules of docs/coverage.md, slowly, and the worlds on which the product is held against them.

`fixes`, `city`, `noise`, `runs`, `presence`, `crossed`, `way` and `referee` are written from the page alone and share
no code with the product: plain Python and shapely, clarity over speed. `ground`, `devices`, `geolife` and `worlds` make
what is judged, `product` runs the engine on it, `judge` and `score` compare; `history` and `replay` go through the
pipeline.
"""
