// Numbers that both sides of the WASM border know: this file is compiled by AssemblyScript and by TypeScript.
// Plain constants alone, so that neither compiler needs the other's types. All structs are little-endian.

/** Version of this border; `abiVersion()` of the module must return it. */
export const ABI_VERSION = 7;

// Kinds of a column. The numbers are also part of the accepted-rows checksum: never renumber.
export const KIND_TAG = 0;
export const KIND_F64 = 1;
export const KIND_I64 = 2;
export const KIND_U64 = 3;
export const KIND_BOOL = 4;
export const KIND_STRING = 5;

// Precision of the timestamps of a body.
export const PRECISION_AUTO = 0;
export const PRECISION_NS = 1;
export const PRECISION_US = 2;
export const PRECISION_MS = 3;
export const PRECISION_S = 4;
export const PRECISION_M = 5;
export const PRECISION_H = 6;

// Line errors. Grammar first, schema rules after; their names and words stand in src/errors.ts.
export const LINE_OK = 0;
export const LINE_MEASUREMENT_MISSING = 1;
export const LINE_FIELDS_MISSING = 2;
export const LINE_TAG_KEY_MISSING = 3;
export const LINE_TAG_WITHOUT_EQUALS = 4;
export const LINE_TAG_VALUE_MISSING = 5;
export const LINE_ENDS_WITH_BACKSLASH = 6;
export const LINE_TRAILING_CONTENT = 7;
export const LINE_UNTERMINATED_STRING = 8;
export const LINE_INTEGER_OUT_OF_RANGE = 9;
export const LINE_UNSIGNED_OUT_OF_RANGE = 10;
export const LINE_TIMESTAMP_OUT_OF_RANGE = 11;
export const LINE_NAME_TOO_LONG = 12;
export const LINE_STRING_TOO_LONG = 13;
export const LINE_NOT_UTF8 = 14;
export const LINE_DUPLICATE_TAG = 15;
export const LINE_DUPLICATE_FIELD = 16;
export const LINE_TAG_AND_FIELD = 17;
export const LINE_RESERVED_NAME = 18;
export const LINE_TYPE_CONFLICT = 19;
export const LINE_TOO_MANY_COLUMNS = 20;
export const LINE_TOO_MANY_TABLES = 21;
export const LINE_TAGS_FIXED = 22;
export const LINE_NAMES_FULL = 23;
export const LINE_TABLE_SET_ASIDE = 24;
export const LINE_FLOAT_OUT_OF_RANGE = 25;
export const LINE_BEYOND_RETENTION = 26;

/** What a name of a table or column counts against the limit of all names, besides its bytes. */
export const NAME_COST_BYTES = 64;

// Flags of `parse`.
/** Refuse the whole body when a line is rejected (accept_partial=false); the errors of all its lines are told. */
export const PARSE_ALL_OR_NOTHING = 1;
/** Replay: skip the lines of the given runs, judge no schema, skip rows of unknown, newer or flushed tables. */
export const PARSE_REPLAY = 2;
/** List the accepted lines one by one besides (parse/dump.ts): for tests and the linter. */
export const PARSE_DUMP = 4;
// Schema rules of the body's database, as flags of `parse` besides. They stand in log frames: never renumber.
/** A table that was there before the body gets no new tag. */
export const RULE_TAGS_FIXED = 8;
/** An integer goes into a float column when a float can be exactly that. */
export const RULE_WIDEN = 16;
/** A value of another type than its column goes into the column `<key>__<type>`; tags and fields of one key, and `time`, into `<key>__tag` and `<key>__field`. */
export const RULE_SPLIT = 32;
/** Frames of grammar 1: a float may be infinite, and a byte order mark at the body's start is part of the first line. */
export const RULE_GRAMMAR_1 = 64;

// What `parse` returns.
/** Rows of the accepted lines stand in the memtables. */
export const PARSE_ACCEPTED = 0;
/** Rolled back: accepted lines need the tables and columns of the needs list. */
export const PARSE_NEEDS = 1;
/** Rolled back: PARSE_ALL_OR_NOTHING and at least one line was rejected. */
export const PARSE_REFUSED = 2;
/** Rolled back: more than the given number of lines. */
export const PARSE_TOO_MANY_LINES = 3;
/** Rolled back: memtables came to hold more than they may (setMemtableBytesMax). */
export const PARSE_NO_ROOM = 4;

// The outcome header, at the address `outcome()` returns. 8-byte aligned; u32 unless said.
/** Non-blank, non-comment lines seen. */
export const OUTCOME_LINES = 0;
export const OUTCOME_ACCEPTED = 4;
export const OUTCOME_REJECTED = 8;
/** Number of entries in the error list (at most ERRORS_MAX; rejected may be more). */
export const OUTCOME_ERRORS = 12;
/** Address of the first error entry. */
export const OUTCOME_ERRORS_AT = 16;
/** Number of (first physical line, last physical line) u32 pairs of rejected lines, and their address. */
export const OUTCOME_RUNS = 20;
export const OUTCOME_RUNS_AT = 24;
/** Number of spans (one a table touched: SPAN_* entries) and their address. */
export const OUTCOME_SPANS = 28;
export const OUTCOME_SPANS_AT = 32;
/** Number of needs (NEED_* entries) and their address. */
export const OUTCOME_NEEDS = 36;
export const OUTCOME_NEEDS_AT = 40;
/** u64: checksum of the accepted rows. */
export const OUTCOME_CHECKSUM = 48;
/** Number of rejected lines listed (REJECTED_* entries, at most REJECTED_MAX) and their address. */
export const OUTCOME_LISTED = 56;
export const OUTCOME_LISTED_AT = 60;
/** Address of u32[LINE_CODES]: how many lines were rejected for each LINE_*. */
export const OUTCOME_CODES_AT = 64;
export const OUTCOME_BYTES = 72;

/** LINE_* numbers are below it. */
export const LINE_CODES = 32;

/** Rejected lines listed of a body. */
export const REJECTED_MAX = 131072;
// A rejected line, u32 each: where it begins (physical line, from 1), the byte column of its fault, LINE_*, and where it
// stands in the body, its line end apart.
export const REJECTED_LINE = 0;
export const REJECTED_COLUMN = 4;
export const REJECTED_CODE = 8;
export const REJECTED_AT = 12;
export const REJECTED_BYTES = 16;
export const REJECTED_ENTRY_BYTES = 20;

/** Errors kept in full for a body. */
export const ERRORS_MAX = 100;
// An error entry, u32 each. Byte offsets are from the start of the body.
/** Physical line number, from 1, of the line's first byte. */
export const ERROR_LINE = 0;
/** Byte column, from 1, within the line's (first) physical line or, in a line of several, from its first byte. */
export const ERROR_COLUMN = 4;
export const ERROR_CODE = 8;
/** Where the line starts in the body, and its length without the line end. */
export const ERROR_LINE_AT = 12;
export const ERROR_LINE_BYTES = 16;
/** Where the offending token or value stands as written; length 0 when there is none. */
export const ERROR_VALUE_AT = 20;
export const ERROR_VALUE_BYTES = 24;
/** The measurement as written (escapes left in); length 0 when not reached. */
export const ERROR_MEASUREMENT_AT = 28;
export const ERROR_MEASUREMENT_BYTES = 32;
/** The key as written that a schema, duplicate or value error is about; length 0 when there is none. */
export const ERROR_KEY_AT = 36;
export const ERROR_KEY_BYTES = 40;
/** LINE_TYPE_CONFLICT and LINE_TAG_AND_FIELD: the kind the column has and the kind that came. */
export const ERROR_KIND_HAS = 44;
export const ERROR_KIND_CAME = 48;
export const ERROR_BYTES = 52;

// A span: the rows a body added to one table. u32 each.
export const SPAN_TABLE = 0;
export const SPAN_ROW_FIRST = 4;
/** One past the last row. */
export const SPAN_ROW_END = 8;
export const SPAN_BYTES = 12;

// A need: a column that does not exist, of a table that may not exist either. u32 each.
/** Table id, or 0 when the table is itself needed: then the name identifies it. */
export const NEED_TABLE_ID = 0;
/** Address and length of the unescaped measurement. */
export const NEED_TABLE_AT = 4;
export const NEED_TABLE_BYTES = 8;
/** KIND_* of the column. */
export const NEED_KIND = 12;
/** Address and length of the unescaped key. */
export const NEED_KEY_AT = 16;
export const NEED_KEY_BYTES = 20;
export const NEED_BYTES = 24;

/** Readable zero bytes that stand after the input, so that wide loads need no end check. */
export const INPUT_PADDING = 64;
