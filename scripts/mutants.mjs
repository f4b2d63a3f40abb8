// The mutants of a compiled file: each branch negated in turn.
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { API } from 'typescript/unstable/sync';
import { SyntaxKind as Kind } from 'typescript/unstable/ast';

/** Comparison → what it becomes: its negation, then the same with its border moved. */
const COMPARISONS = {
  '===': ['!=='], '!==': ['==='],
  '<': ['>=', '<='], '<=': ['>', '<'], '>': ['<=', '>='], '>=': ['<', '>'],
};
/** Methods that answer with a boolean. */
const PREDICATES = /\.(test|has|includes|startsWith|endsWith|every|some|may|shallSay)$/;

const isPredicate = (node, textOf) => node.kind === Kind.CallExpression && PREDICATES.test(textOf(node.expression));
const isComparison = (node, textOf) => node.kind === Kind.BinaryExpression && textOf(node.operatorToken) in COMPARISONS;

/** The replacements of one node, as [node, text]. */
function replacements(node, textOf) {
  // Comparisons and predicates are negated where they themselves are visited.
  const negated = (part) => (isComparison(part, textOf) || isPredicate(part, textOf) ? [] : [[part, `!(${textOf(part)})`]]);
  switch (node.kind) {
    case Kind.IfStatement:
    case Kind.WhileStatement:
      return negated(node.expression);
    case Kind.ConditionalExpression:
      return negated(node.condition);
    case Kind.CaseClause:
      return [[node.expression, 'Symbol()']];
    case Kind.TrueKeyword:
      return [[node, 'false']];
    case Kind.FalseKeyword:
      return [[node, 'true']];
    case Kind.PropertyAccessExpression:
      return node.questionDotToken === undefined ? [] : [[node.questionDotToken, '.']];
    case Kind.CallExpression:
      return isPredicate(node, textOf) ? [[node, `!${textOf(node)}`]] : [];
    case Kind.BinaryExpression: {
      const [left, operator, right] = [node.left, node.operatorToken, node.right].map(textOf);
      if (operator === '&&' || operator === '||') {
        return [[node, `((${left}) ${operator === '&&' ? '||' : '&&'} (${right}))`], ...negated(node.left), ...negated(node.right)];
      }
      if (operator === '??') return [[node, `(${left})`], [node, `(${right})`]];
      return (COMPARISONS[operator] ?? []).map((other) => [node, `(${left} ${other} ${right})`]);
    }
    default:
      return [];
  }
}

/**
 * Finds the mutants of compiled files.
 * @param folder an absolute path; a tsconfig.json is written there
 * @param files paths of .js files below it
 * @returns per file its mutants: { at, end, before, after }, offsets in characters, in their order, each once
 */
export function findMutants(folder, files) {
  const config = join(folder, 'tsconfig.json');
  writeFileSync(config, JSON.stringify({ compilerOptions: { allowJs: true, noEmit: true, module: 'nodenext', noResolve: true, types: [] }, files }));
  const api = new API({ cwd: folder });
  try {
    const { program } = api.updateSnapshot({ openProject: config }).getProject(config);
    return new Map(files.map((file) => [file, mutantsOf(program.getSourceFile(join(folder, file)))]));
  } finally {
    api.close();
  }
}

function mutantsOf(source) {
  const { text } = source;
  const found = new Map();
  const textOf = (node) => text.slice(node.getStart(source), node.end);
  const visit = (node) => {
    for (const [target, after] of replacements(node, textOf)) {
      const [at, end] = [target.getStart(source), target.end];
      found.set(`${at} ${end} ${after}`, { at, end, before: textOf(target), after });
    }
    node.forEachChild(visit);
  };
  visit(source);
  return [...found.values()].sort((a, b) => a.at - b.at);
}
