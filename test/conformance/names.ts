/** Names of databases: what may stand in them, in each dialect. */
import { each, refusal, type Case } from './run.js';

const LINE = 'm v=1 1';
const ROW = ['m {"v":1.0} @1s'];

export const names: readonly Case[] = each((d) => {
  const to = (database: string): string => `POST ${d.path}?${d.key}=${database}&precision=s`;
  const good = (rule: string, database: string): Case => ({ rule: `${d.name}: ${rule}`, send: to(database), body: LINE, status: 204, says: '', in: database, rows: ROW });
  const bad = (rule: string, database: string): Case => ({ rule: `${d.name}: ${rule}`, send: to(database), body: LINE, status: 400, says: [refusal(d, 'bad-database-name'), /the database name is not allowed/], rows: [] });
  return [
    good('a name may begin with a digit', '7$DB'),
    good('a name may hold _ and -', '$DB_a-b'),
    good('a name keeps its case', '$DBUP'),
    good('a name of 64 bytes', `${d.name}${'y'.repeat(62)}`),
    bad('a name of 65 bytes', 'x'.repeat(65)),
    bad('a name begins with _', '_$DB'),
    bad('a name begins with -', '-$DB'),
    bad('a name begins with a slash', '/$DB'),
    bad('a name ends with a slash', '$DB/'),
    bad('a name holds two slashes', '$DB/a/b'),
    bad('a name holds a dot', '$DB.a'),
    bad('a name holds a space', '$DB%20a'),
    bad('a name holds a NUL', '$DB%00'),
    bad('a name holds a newline', '$DB%0a'),
    bad('a name holds a quote', '$DB%22'),
    bad('a name holds a letter that is not ASCII', '$DB%c3%a4'),
    bad('a name holds bytes that are not UTF-8', '$DB%ff'),
    bad('a name holds ..', '..%2f$DB'),
  ];
});
