// What `npm test` says: a line a file, failures whole beneath theirs, and at the end the failed tests once more, the
// slowest files, and a line with all counts. For `node --test --test-reporter`.
import { relative, resolve } from 'node:path';
import { inspect } from 'node:util';

const SLOWEST = 5;
const COUNTS = [['tests', 'tests'], ['pass', 'passed'], ['fail', 'failed'], ['cancelled', 'cancelled'], ['skipped', 'skipped'], ['todo', 'todo']];

/** @param events of a run, where those on the tests of one file stand together */
export default async function* report(events) {
  const files = new Map();
  const fileOf = (path) => {
    if (!files.has(path)) files.set(path, { path, tests: 0, failures: [], skips: [], output: [], seconds: 0 });
    return files.get(path);
  };
  const counts = new Map();
  let at;
  for await (const { type, data } of events) {
    if (type === 'test:diagnostic' && data.file === undefined) {
      const [, name, count] = /^(\w+) ([\d.]+)$/.exec(data.message) ?? [];
      if (name !== undefined) counts.set(name, Number(count));
    }
    if (data.file === undefined) continue;
    const file = fileOf(data.file);
    const isFile = isSelf(data);
    if (type === 'test:stdout' || type === 'test:stderr') file.output.push(data.message);
    else if (type === 'test:diagnostic') file.output.push(`${data.message}\n`);
    else if (type === 'test:complete' && isFile) file.seconds = data.details.duration_ms / 1000;
    else if (type === 'test:pass' || type === 'test:fail') {
      if (at !== undefined && at !== file) yield told(at);
      at = file;
      if (!isFile && data.details.type !== 'suite') file.tests += 1;
      if (data.skip !== undefined) file.skips.push(data);
      if (type === 'test:fail' && data.details.error?.failureType !== 'subtestsFailed' && data.todo === undefined) file.failures.push(data);
    }
  }
  if (at !== undefined) yield told(at);
  yield summary([...files.values()], counts);
}

/** Whether an event is on a file itself, which counts as a test of its own. */
function isSelf({ name, file }) {
  return name !== undefined && resolve(name) === file;
}

function nameOf({ path }) {
  return relative(resolve('dist/test'), path).replace(/\.js$/, '');
}

function told(file) {
  const state = file.failures.length === 0 ? 'ok    ' : 'FAILED';
  const lines = [`${state} ${String(file.tests).padStart(4)} ${file.tests === 1 ? 'test ' : 'tests'} ${file.seconds.toFixed(1).padStart(7)} s  ${nameOf(file)}`];
  for (const { name, skip } of file.skips) lines.push(`       skipped: ${name}${typeof skip === 'string' && skip !== '' ? ` (${skip})` : ''}`);
  if (file.failures.length > 0) lines.push(...file.failures.map(failure), indented(`what the file said:\n${file.output.join('')}`, '  '));
  return `${lines.join('\n')}\n`;
}

function failure(data) {
  const { details: { error }, line, column, file } = data;
  const what = isSelf(data) ? `the file as a whole${error.exitCode === undefined ? '' : `, exit code ${error.exitCode}`}${error.signal ? `, ${error.signal}` : ''}` : data.name;
  const text = inspect(error.cause ?? error, { depth: Infinity, maxArrayLength: null, maxStringLength: null, breakLength: 140 });
  return indented(`${what}\nat ${file}:${line}:${column}\n${text}\n`, '  ');
}

function indented(text, by) {
  return text.trimEnd().split('\n').map((line) => (line === '' ? '' : by + line)).join('\n') + '\n';
}

function summary(files, counts) {
  const failed = files.flatMap((file) => file.failures.map((data) => `  ${nameOf(file)}: ${isSelf(data) ? 'the file as a whole' : data.name}`));
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST).map((file) => `${nameOf(file)} ${file.seconds.toFixed(1)} s`);
  const totals = COUNTS.filter(([key]) => counts.has(key)).map(([key, word]) => `${word} ${counts.get(key)}`);
  return [
    '', ...(failed.length === 0 ? [] : ['failed:', ...failed, '']), `slowest: ${slowest.join(', ')}`,
    `files ${files.length} in ${((counts.get('duration_ms') ?? 0) / 1000).toFixed(0)} s`, totals.join(', '), '',
  ].join('\n');
}
