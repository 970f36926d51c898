-- Since when the city is observed follows from the stays that hold; tables that were filled as batches came said
-- otherwise by when these came.
DROP TABLE street_since;
DROP TABLE street_watch;
DROP INDEX stays_known;

-- What came 366 days and more after its time by a clock of years ago would be refused today, and must move nothing: fixes, and
-- what follows from them. Nobody carried anything so long; what was judged again later had come in time.
CREATE TEMPORARY TABLE of_years_ago ON COMMIT DROP AS
SELECT r.device, r.t_first, r.t_last FROM runs r
WHERE r.t_last < now() - interval '366 days' AND EXISTS (
  SELECT FROM stays s WHERE s.device = r.device AND s.t_in BETWEEN r.t_first AND r.t_last
  AND s.known_from - s.t_in > interval '366 days')
AND NOT EXISTS (
  SELECT FROM fixes f WHERE f.device = r.device AND f.t BETWEEN r.t_first AND r.t_last
  AND f.received - f.t <= interval '366 days')
AND NOT EXISTS (
  SELECT FROM stays s WHERE s.device = r.device AND s.t_in BETWEEN r.t_first AND r.t_last
  AND s.known_from - s.t_in <= interval '366 days');
DELETE FROM fixes f USING of_years_ago o WHERE f.device = o.device AND f.t BETWEEN o.t_first AND o.t_last;
DELETE FROM runs r USING of_years_ago o WHERE r.device = o.device AND r.t_first = o.t_first;
UPDATE stays s SET known_to = greatest(now(), coalesce(s.grown_at, s.known_from)), reason = '{"kind": "rules"}'
FROM of_years_ago o WHERE s.device = o.device AND s.t_in BETWEEN o.t_first AND o.t_last AND s.known_to IS NULL;
DELETE FROM dirty_windows w USING of_years_ago o WHERE w.device = o.device AND w.t_hi BETWEEN o.t_first AND o.t_last;
