// Generated from schemas/imports.py by `python -m schemas.generate`; do not edit.

/** One fault of a grid file. */
export interface GridFault {
  kind: string;
  /** Number of the feature in the file, from 0; null: the file as a whole. */
  feature: number | null;
  code: string | null;
  zh: string;
  en: string;
}

/** What an import changed, or would change. */
export interface GridImport {
  /** It is in force now; false: tried only, or refused because of faults. */
  done: boolean;
  /** In the file. */
  cells: number;
  added: number;
  changed: number;
  /** In force before and not in the file: no longer valid. */
  ended: number;
  /** Added or changed. */
  areas: number;
  faults: GridFault[];
}
