-- How past estimates of arrivals turned out is asked for every minute.
CREATE INDEX alert_steps_assigned ON alert_steps (at) WHERE step = 'assigned';
