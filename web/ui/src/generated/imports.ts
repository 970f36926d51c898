// Generated from schemas/imports.py by `python -m schemas.generate`; do not edit.

/** What an import of checkpoints changed, or would change. */
export interface CheckpointImport {
  /** It is in force now; false: it was tried only. */
  done: boolean;
  /** In the file. */
  checkpoints: number;
  /** New, moved, or named otherwise. */
  added: number;
  /** In force before and not in the file, or not there: no longer valid. */
  ended: number;
}

/** One fault of a file. */
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
  /** It is in force now; false: it was tried only. */
  done: boolean;
  /** In the file. */
  cells: number;
  added: number;
  changed: number;
  /** In force before and not in the file: no longer valid. */
  ended: number;
  /** Added or changed. */
  areas: number;
}

/** Why a file is refused; nothing of it is taken. */
export interface ImportProblem {
  type?: string;
  title: string;
  status: number;
  detail: string;
  instance?: string | null;
  /** All of them, as far as they are counted. */
  faults: GridFault[];
}

/** What an import of roads changed, or would change. */
export interface RoadImport {
  /** It is in force now; false: it was tried only. */
  done: boolean;
  /** In the file; what is drawn twice counts once. */
  length_m: number;
  /** Of that, in a cell in force or on its edge. */
  inside_m: number;
  /** Into which it was cut, of at most 20 m. */
  pieces: number;
  /** Pieces. */
  added: number;
  /** Pieces in force before and not in the file: no longer valid. */
  ended: number;
}
