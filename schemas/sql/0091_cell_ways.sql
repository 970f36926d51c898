-- Ways on foot along the streets to each cell from the squares around it (tracking/geometry/streets.py). They follow
-- from roads and cells: a look at the city makes them anew when either changed.
CREATE TABLE cell_ways (
  cell int PRIMARY KEY REFERENCES cells,
  lat double precision NOT NULL,      -- where the squares have their middle, WGS-84
  lon double precision NOT NULL,
  squares bytea NOT NULL              -- whole metres, little endian, 2 bytes each
);
