-- A device's fixes without a gap of more than two minutes. What lies between two runs is silence, in which the device
-- may have been anywhere it could reach. A projection of the fixes, like stays.
CREATE TABLE runs (
  device int NOT NULL,
  t_first timestamptz NOT NULL,
  lat_first double precision NOT NULL,
  lon_first double precision NOT NULL,
  t_last timestamptz NOT NULL,
  lat_last double precision NOT NULL,
  lon_last double precision NOT NULL,
  open bool NOT NULL,                 -- neither a gap nor silence has ended it
  PRIMARY KEY (device, t_first)
);
CREATE INDEX runs_last ON runs (t_last);
CREATE INDEX runs_open ON runs (device) WHERE open;

-- A device that says by itself that it goes offline has ended its patrol: the silence after it hides no visit.
CREATE TABLE sign_offs (
  device int NOT NULL,
  t timestamptz NOT NULL,
  PRIMARY KEY (device, t)
);
