-- How far a boot of a device is settled where numbers of it were refused: nobody sends these again, and no fix says so.
CREATE TABLE boots (
  device int NOT NULL REFERENCES devices,
  boot text NOT NULL,
  upto bigint NOT NULL,               -- every number up to it is stored, or was refused for what it says
  at timestamptz NOT NULL,
  PRIMARY KEY (device, boot)
);
