-- What a device logged within a run of its fixes is looked up whenever the run is computed again.
CREATE INDEX events_device_t ON events (device, t);
