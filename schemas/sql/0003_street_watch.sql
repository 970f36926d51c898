-- Since when and until when anything was heard from a street: outside it nothing can be told about its cells.
-- Kept by the writer of stays and, for `heard`, by the worker as positions come in.
CREATE TABLE street_watch (
  street text PRIMARY KEY REFERENCES areas,
  since timestamptz NOT NULL,
  heard timestamptz NOT NULL
);

CREATE INDEX stays_visits ON stays (cell, t_out DESC) WHERE known_to IS NULL AND kind = 'visit';
