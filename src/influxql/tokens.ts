/** The text of a request cut into the tokens of InfluxQL. Pure. */

export interface Token {
  /** `broken` is what is opened and never closed. */
  readonly kind: 'word' | 'quoted' | 'string' | 'pattern' | 'symbol' | 'broken';
  /** Of names, strings and patterns what stands between their marks, escapes undone; of `broken` what is wrong. */
  readonly text: string;
  /** Character, from 1. */
  readonly at: number;
}

/** A name without quotes may hold what a database's name may, since clients leave the quotes out. */
const WORD = String.raw`[\p{L}\p{N}_](?:[\p{L}\p{N}_]|[/-](?=[\p{L}\p{N}_]))*`;
/** What is not closed goes on to the end, so that no character is read twice. */
const TOKEN = new RegExp([
  String.raw`\s+|--[^\n]*|/\*.*?(?<commentEnd>\*/|$)`,
  `(?<word>${WORD})`,
  String.raw`"(?<quoted>(?:[^"\\]|\\.)*)(?<quotedEnd>"?)`,
  String.raw`'(?<string>(?:[^'\\]|\\.)*)(?<stringEnd>'?)`,
  '(?<symbol>=~|!~|!=|<>|<=|>=|::|.)',
].join('|'), 'suy');
const PATTERN = /\/(?<pattern>(?:[^/\\]|\\.)*)(?<patternEnd>\/?)/suy;
/** Words behind which no operand stands yet: a slash begins a pattern. */
const BEFORE_PATTERN: ReadonlySet<string> = new Set(['SELECT', 'FROM', 'BY', 'WHERE', 'AND', 'OR']);

function mayBeginPattern(before: Token | undefined): boolean {
  if (before === undefined) return true;
  return before.kind === 'word' ? BEFORE_PATTERN.has(before.text.toUpperCase()) : before.kind === 'symbol' && before.text !== ')';
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** What opens and must be closed: kind of its token, and what it is called. */
const CLOSED = [['quoted', 'double quote'], ['string', 'single quote'], ['pattern', 'slash'], ['comment', 'comment']] as const;

/** The token of a match, null for spaces and comments. */
function tokenOf(groups: Readonly<Record<string, string | undefined>>, at: number): Token | null {
  const { word, symbol } = groups;
  if (word !== undefined) return { kind: 'word', text: word, at };
  if (symbol !== undefined) return { kind: 'symbol', text: symbol, at };
  const closed = CLOSED.find(([kind]) => groups[`${kind}End`] !== undefined);
  if (closed === undefined) return null;
  const [kind, name] = closed;
  if (groups[`${kind}End`] === '') return { kind: 'broken', text: `the ${name} at character ${at} is not closed`, at };
  if (kind === 'comment') return null;
  const inner = groups[kind]!;
  return { kind, text: kind === 'pattern' ? inner.replaceAll('\\/', '/') : unescape(inner), at };
}

/** All tokens of a text; spaces and comments are none. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < text.length;) {
    const isPattern = text[index] === '/' && text[index + 1] !== '*' && mayBeginPattern(tokens.at(-1));
    const syntax = isPattern ? PATTERN : TOKEN;
    syntax.lastIndex = index;
    // Some alternative takes any character.
    const match = syntax.exec(text)!;
    const token = tokenOf(match.groups!, index + 1);
    if (token !== null) tokens.push(token);
    index += match[0].length;
  }
  return tokens;
}
