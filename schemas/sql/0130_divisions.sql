-- What an import says of a district holds from a moment on: a division. A cell keeps its number, boundary and code for
-- ever; all else about it is what the division of the time says.
CREATE TABLE divisions (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  district text NOT NULL REFERENCES areas,
  valid_from timestamptz NOT NULL,    -- 'epoch': the first of its district, which holds for all time before it as well
  valid_to timestamptz,               -- valid_from of the next; NULL: it is the newest; the same: another took its place
  made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX divisions_of ON divisions (district, valid_from);
CREATE TABLE division_areas (
  division int NOT NULL REFERENCES divisions,
  code text NOT NULL REFERENCES areas,
  level text NOT NULL,
  name text NOT NULL,
  parent text,
  PRIMARY KEY (division, code)
);
CREATE TABLE division_cells (
  division int NOT NULL,
  cell int NOT NULL REFERENCES cells,
  code text NOT NULL,                 -- as it is spelt, with 14 or 15 digits
  name text,
  grid text NOT NULL,
  class text NOT NULL REFERENCES cell_classes,
  weight real NOT NULL,
  road_m real,                        -- NULL: not known
  synthetic bool NOT NULL,
  PRIMARY KEY (division, cell),
  FOREIGN KEY (division, grid) REFERENCES division_areas
);
CREATE INDEX division_cells_cell ON division_cells (cell);

-- Each moment at which cells of a district began or ended was an import.
INSERT INTO divisions (district, valid_from, made_at)
SELECT district, CASE row_number() OVER (PARTITION BY district ORDER BY at) WHEN 1 THEN 'epoch' ELSE at END, at
FROM (SELECT left(code, 6) AS district, valid_from AS at FROM cells
      UNION SELECT left(code, 6), valid_to FROM cells WHERE valid_to IS NOT NULL) m
ORDER BY m.at, m.district;
UPDATE divisions d SET valid_to = (
  SELECT min(n.valid_from) FROM divisions n WHERE n.district = d.district AND n.valid_from > d.valid_from);
INSERT INTO division_areas
WITH RECURSIVE within AS (
  SELECT d.id AS division, a.code, a.level, a.name, a.parent FROM divisions d JOIN areas a ON a.code = d.district
  UNION ALL SELECT w.division, a.code, a.level, a.name, a.parent FROM within w JOIN areas a ON a.parent = w.code)
SELECT division, code, level, name, parent FROM within;
-- A grid may have come under another district since.
INSERT INTO division_areas
SELECT DISTINCT d.id, a.code, a.level, a.name, a.parent FROM divisions d
JOIN cells c ON left(c.code, 6) = d.district JOIN areas a ON a.code = c.grid ON CONFLICT DO NOTHING;
INSERT INTO division_cells
SELECT d.id, c.id, c.code, c.name, c.grid, c.class, c.weight, c.road_m, c.synthetic
FROM divisions d JOIN cells c ON left(c.code, 6) = d.district
WHERE c.valid_from <= d.made_at AND (c.valid_to IS NULL OR c.valid_to > d.made_at);

-- What the newest division that had begun by a moment says of a cell.
CREATE FUNCTION cell_at(cell int, t timestamptz)
RETURNS TABLE (code text, name text, grid text, street text, district text) LANGUAGE sql STABLE AS $$
  SELECT v.code, v.name, v.grid, g.parent, d.district
  FROM division_cells v JOIN divisions d ON d.id = v.division
  JOIN division_areas g ON g.division = v.division AND g.code = v.grid
  WHERE v.cell = $1 AND d.valid_from <= $2 AND d.valid_to IS DISTINCT FROM d.valid_from
  ORDER BY d.valid_from DESC LIMIT 1
$$;
ALTER TABLE cells DROP COLUMN name, DROP COLUMN grid, DROP COLUMN class, DROP COLUMN weight, DROP COLUMN road_m,
                  DROP COLUMN synthetic, DROP COLUMN valid_from, DROP COLUMN valid_to;

CREATE OR REPLACE FUNCTION lane_belongs(kind text, body jsonb, OUT device int, OUT area text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF kind = 'grid' THEN
    area := '*';
  ELSIF kind = 'device' THEN
    device := (SELECT d.id FROM devices d WHERE d.name = body ->> 'id');
  ELSIF kind IN ('event', 'stay') AND body ->> 'cell' IS NOT NULL THEN
    area := (SELECT v.grid
             FROM cells c, cell_at(c.id, coalesce((coalesce(body ->> 't_in', body ->> 't'))::timestamptz, now())) v
             WHERE c.code = body ->> 'cell');
  ELSIF kind IN ('alert', 'event', 'task') AND body ->> 'device' IS NOT NULL THEN
    device := (SELECT d.id FROM devices d WHERE d.name = body ->> 'device');
  ELSIF kind = 'alert' AND body ->> 'cell' IS NOT NULL THEN
    area := (SELECT v.grid FROM cells c, cell_at(c.id, coalesce((body ->> 'opened_at')::timestamptz, now())) v
             WHERE c.code = body ->> 'cell');
  ELSIF kind = 'alert' THEN
    area := body ->> 'area';
  END IF;
END $$;
