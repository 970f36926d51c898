"""A slow computation of stays by the rules of docs/coverage.md, and worlds to compare the product with it.

`fixes`, `city`, `noise`, `runs`, `presence`, `crossed`, `way` and `referee` were written from that page alone and share
no code with the product: plain Python and shapely, clarity over speed. `ground`, `devices`, `geolife` and `worlds` make
the input, `product` runs the engine on it, `judge` and `score` compare; `history` and `replay` use the pipeline.
"""
