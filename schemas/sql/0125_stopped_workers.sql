-- When a worker that was told to stop did so: it is not missed, unlike one that fell silent.
ALTER TABLE workers ADD COLUMN stopped_at timestamptz;
