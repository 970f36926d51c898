// Generated from schemas/imports.py by `python -m schemas.generate`; do not edit.

/** Changes made, or to be made, by an import of checkpoints. */
export interface CheckpointImport {
  /** True: in force now; false: dry run only. */
  done: boolean;
  /** In the file. */
  checkpoints: number;
  /** New, moved or renamed. */
  added: number;
  /** Ended: in force before and missing in the file, or at another position. */
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

/** Changes made, or to be made, by an import. */
export interface GridImport {
  /** True: in force now; false: dry run only. */
  done: boolean;
  /** In the file. */
  cells: number;
  added: number;
  changed: number;
  /** Ended: in force before and missing in the file. */
  ended: number;
  /** Added or changed. */
  areas: number;
}

/** Faults of a refused file; nothing was imported. */
export interface ImportProblem {
  type?: string;
  title: string;
  status: number;
  detail: string;
  instance?: string | null;
  /** The faults of the file; the last entry says if there are more. */
  faults: GridFault[];
}

/** Changes made, or to be made, by an import of roads. */
export interface RoadImport {
  /** True: in force now; false: dry run only. */
  done: boolean;
  /** In the file; roads drawn twice count once. */
  length_m: number;
  /** Length in a cell in force or on its edge. */
  inside_m: number;
  /** Number of pieces of at most 20 m. */
  pieces: number;
  /** Pieces. */
  added: number;
  /** Ended pieces: in force before and missing in the file. */
  ended: number;
}
