-- What a batch adds to device_hours, one row a batch instead of one change for each device in it; added up soon after.
CREATE TABLE device_hour_parts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  counts bytea NOT NULL               -- rows of six little-endian int4: device, hour since 1970 UTC, then as device_hours
);
ALTER TABLE device_hour_parts ALTER counts SET STORAGE EXTERNAL;
