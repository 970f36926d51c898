-- To which part of the city an item of the lane belongs, so that a viewer is sent only what is in sight: the device it
-- is about, else an area, '*' for everybody. An item of a kind that is not named here is for the whole city's viewers.
ALTER TABLE lane ADD device int, ADD area text;

CREATE FUNCTION lane_belongs(kind text, body jsonb, OUT device int, OUT area text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF kind = 'grid' THEN
    area := '*';
  ELSIF kind = 'device' THEN
    device := (SELECT d.id FROM devices d WHERE d.name = body ->> 'id');
  ELSIF kind IN ('event', 'stay') AND body ->> 'cell' IS NOT NULL THEN
    area := (SELECT c.grid FROM cells c WHERE c.code = body ->> 'cell');
  ELSIF kind IN ('alert', 'event', 'task') AND body ->> 'device' IS NOT NULL THEN
    device := (SELECT d.id FROM devices d WHERE d.name = body ->> 'device');
  ELSIF kind = 'alert' AND body ->> 'cell' IS NOT NULL THEN
    area := (SELECT c.grid FROM cells c WHERE c.code = body ->> 'cell');
  ELSIF kind = 'alert' THEN
    area := body ->> 'area';
  END IF;
END $$;

CREATE FUNCTION lane_item_belongs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT b.device, b.area INTO NEW.device, NEW.area FROM lane_belongs(NEW.kind, NEW.body) b;
  RETURN NEW;
END $$;
CREATE TRIGGER lane_belongs BEFORE INSERT ON lane FOR EACH ROW EXECUTE FUNCTION lane_item_belongs();

UPDATE lane l SET (device, area) = (SELECT b.device, b.area FROM lane_belongs(l.kind, l.body) b);
