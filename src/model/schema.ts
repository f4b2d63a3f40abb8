/** Tables and columns, as main, workers and files speak of them; and what a body needs that is not there. */

/** A table as workers know it. */
export interface TableDefinition {
  readonly id: number;
  readonly databaseId: number;
  readonly measurement: string;
  /** Seq of its creation. */
  readonly created: number;
  /** Rows at or below this seq are in files. */
  readonly flushedTo: number;
  readonly columns: readonly ColumnDefinition[];
}

/** A column of a table. */
export interface ColumnDefinition {
  readonly id: number;
  /** KIND_TAG or a field kind. */
  readonly kind: number;
  /** The key as sent. */
  readonly key: string;
  /** Its column in the files. */
  readonly name: string;
}

/** A table that needs columns. */
export interface NeededTable {
  /** 0: it is new itself. */
  readonly id: number;
  readonly measurement: string;
}

/** A table, or a column of it, that accepted lines need. */
export interface Need {
  /** One object for all needs of the table in a body: a long measurement crosses to main once. */
  readonly table: NeededTable;
  readonly kind: number;
  readonly key: string;
}
