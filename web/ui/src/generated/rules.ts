// Generated from schemas/rules.py by `python -m schemas.generate`; do not edit.

/** What values would have told, against the rules in force. */
export interface DryRun {
  from: string;
  to: string;
  /** Time between two looks; the product looks every few seconds. */
  step_s: number;
  given: DryRunCounts;
  in_force: DryRunCounts;
  /** Pre-warnings that were really told in the period. */
  recorded: number;
  text_zh: string;
  text_en: string;
}

/** What the values would have told in the period. */
export interface DryRunCounts {
  /** Orange alerts of cells that opened. */
  pre_warnings: number;
  /** Of them, those whose cell was visited in time. */
  needless: number;
  /** Gaps that went beyond their limit. */
  breaches: number;
  /** Of them, those that a pre-warning or the alert of the street told of before. */
  warned: number;
  /** Median time from the pre-warning to the limit, of the warned. */
  lead_min: number | null;
  /** Alerts of streets short of officers. */
  understaffed: number;
}

/** Values to try on a past period, in place of what the scope's rule says. */
export interface DryRunGiven {
  kind: "warning" | "arrival";
  /** city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE; the narrowest that says a thing rules it. */
  scope?: string;
  /** null: the scope would have no rule of its own. */
  values: Record<string, unknown> | null;
  from: string;
  /** Not included; at most 24 hours after from. */
  to: string;
}

/** A version to come; what was decided stays decided by what held then. */
export interface NewRule {
  kind: "warning" | "arrival" | "officer" | "escalation" | "notification";
  /** city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE; the narrowest that says a thing rules it. */
  scope: string;
  /** Values that are absent are ruled by wider scopes; null: all of them. */
  values: Record<string, unknown> | null;
  /** Absent: from now on. */
  valid_from?: string | null;
  /** Absent: until a next version. */
  valid_to?: string | null;
}

/** A value that a rule may give. */
export interface RuleField {
  name: string;
  zh: string;
  en: string;
  /** s, min, m, m/s, km/h, %; empty for shares and counts. */
  unit: string;
  least: number;
  most: number;
  /** What holds where no rule says it. */
  default: number | number[];
  /** A whole number. */
  whole: boolean;
  /** A list of so many values at most; 0: one value. */
  several: number;
  /** Only the rule of the city as a whole may give it. */
  city_only: boolean;
}

/** A kind of rules. */
export interface RuleKind {
  name: "warning" | "arrival" | "officer" | "escalation" | "notification";
  zh: string;
  en: string;
  /** What may have a rule of its own: city, class, unit, grid, cell. */
  scopes: string[];
  fields: RuleField[];
  /** Other values may be given for some hours of some days, in `hours`. */
  by_hour: boolean;
  /** Values can be tried on a past period. */
  dry_run: boolean;
}

/** Every kind of rules. */
export interface RuleKinds {
  items: RuleKind[];
}

/** A version of a rule. */
export interface RuleVersion {
  id: number;
  kind: "warning" | "arrival" | "officer" | "escalation" | "notification";
  scope: string;
  /** null: from then on wider scopes rule. */
  values: Record<string, unknown> | null;
  valid_from: string;
  /** null: until a next version. */
  valid_to: string | null;
  made_at: string;
  made_by: string;
}

/** Versions of rules. */
export interface RuleVersions {
  next: string | null;
  items: RuleVersion[];
}
