// Generated from schemas/rules.py by `python -m schemas.generate`; do not edit.

/** Result of a dry run, compared with the rules in force. */
export interface DryRun {
  from: string;
  to: string;
  /** Interval of evaluations; in operation it is a few seconds. */
  step_s: number;
  given: DryRunCounts;
  in_force: DryRunCounts;
  /** Pre-warnings actually sent in the period. */
  recorded: number;
  text_zh: string;
  text_en: string;
}

/** Counts of the period. */
export interface DryRunCounts {
  /** Opened orange alerts of cells. */
  pre_warnings: number;
  /** Of them, those whose cell was visited in time. */
  needless: number;
  /** Gaps beyond their limit. */
  breaches: number;
  /** Of them, those reported before by a pre-warning or the alert of the street. */
  warned: number;
  /** Median time from the pre-warning to the limit. */
  lead_min: number | null;
  /** Alerts of streets with too few officers. */
  understaffed: number;
}

/** Values for a dry run over a past period, replacing the rule of the scope. */
export interface DryRunGiven {
  kind: "warning" | "arrival";
  /** city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE; the narrowest scope applies. */
  scope?: string;
  /** null: the scope would have no rule of its own. */
  values: Record<string, unknown> | null;
  from: string;
  /** Not included; at most 24 hours after `from`. */
  to: string;
}

/** A new version; earlier decisions do not change. */
export interface NewRule {
  kind: "warning" | "arrival" | "officer" | "escalation" | "notification";
  /** city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE; the narrowest scope applies. */
  scope: string;
  /** Missing values follow wider scopes; null: all of them. */
  values: Record<string, unknown> | null;
  /** Default: from now on. */
  valid_from?: string | null;
  /** Default: until the next version. */
  valid_to?: string | null;
}

/** A value of a rule. */
export interface RuleField {
  name: string;
  zh: string;
  en: string;
  /** s, min, m, m/s, km/h, %; empty for shares and counts. */
  unit: string;
  least: number;
  most: number;
  /** Default without a rule. */
  default: number | number[];
  /** A whole number. */
  whole: boolean;
  /** Most values of a list; 0: a single value. */
  several: number;
  /** Only for the rule of the whole city. */
  city_only: boolean;
}

/** A kind of rule. */
export interface RuleKind {
  name: "warning" | "arrival" | "officer" | "escalation" | "notification";
  zh: string;
  en: string;
  /** Scopes that may have a rule: city, class, unit, grid, cell. */
  scopes: string[];
  fields: RuleField[];
  /** Other values may be given for some hours of some days, in `hours`. */
  by_hour: boolean;
  /** Supports a dry run. */
  dry_run: boolean;
}

/** All kinds of rules. */
export interface RuleKinds {
  items: RuleKind[];
}

/** A version of a rule. */
export interface RuleVersion {
  id: number;
  kind: "warning" | "arrival" | "officer" | "escalation" | "notification";
  scope: string;
  /** null: wider scopes apply from then on. */
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
