-- A worker that shares all units with others: while its heartbeat is fresh, some of them are its own (units).
ALTER TABLE workers ADD COLUMN shares bool NOT NULL DEFAULT false;
