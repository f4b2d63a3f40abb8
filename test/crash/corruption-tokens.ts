/** What a server with tokens must do when tokens.json is damaged: let nobody in who was not let in before. */
import { post } from '../e2e/client.js';
import type { Damage } from './corruption-damage.js';
import type { PristineFolder } from './corruption-folder.js';
import type { Life } from './corruption-life.js';
import type { Judge } from './corruption-oracle.js';
import { tableName } from './corruption-rows.js';

const UNKNOWN_TOKEN = `apiv3_${'A'.repeat(86)}`;
const OPERATOR_PAGES = ['/api/v3/configure/token/admin', '/api/v3/configure/token/admin/regenerate', '/api/v3/configure/token/named_admin'];

/**
 * Knocks with every credential, then gives the life a token that works: the old one, or one made by the control socket.
 * Nothing is written by this but a row that may only be refused.
 * @param spareId number of a row for it
 */
export async function knock(life: Life, judge: Judge, folder: PristineFolder, damage: Damage, spareId: number): Promise<void> {
  const spare = tableName('shop', 'sales');
  for (const [who, token] of [['nobody', null], ['an unknown token', UNKNOWN_TOKEN], ['a token for another database', folder.limitedToken]] as const) {
    const status = await life.write(spare, [spareId], token);
    if (status !== 401 && status !== 403) judge.add(`let in: ${who} wrote and was answered ${status}`);
  }
  for (const page of OPERATOR_PAGES) {
    const { status } = await post(life.server.url, page, Buffer.from('{}'), { headers: { 'Content-Type': 'application/json' } });
    if (status < 400) judge.add(`let in: ${page} made a token for nobody, ${status}`);
  }
  const works = await Promise.all([folder.adminToken, folder.limitedToken].map((token) => knows(life, token)));
  const health = await life.health();
  if (works.includes(false)) {
    if (damage.path !== 'tokens.json') judge.add(`shut out: a token is refused though ${damage.path} alone was hit`);
    else if (!health.sentences.some((sentence) => sentence.includes('tokens'))) judge.add('silent: a token is refused and /health does not say why');
  } else if (damage.path === 'tokens.json' && health.isWell && !(await isAsItWas(life))) judge.add('silent: the tokens are others and /health is all well');
  life.token = works[0] === true ? folder.adminToken : await rescue(life, judge);
}

/** Whether a token is let in where every token is: to a question that no right is needed for. */
async function knows(life: Life, token: string): Promise<boolean> {
  const { status } = await post(life.server.url, '/query?q=SHOW%20DATABASES', Buffer.alloc(0), { headers: { Authorization: `Token ${token}` } });
  return status !== 401;
}

async function isAsItWas(life: Life): Promise<boolean> {
  const list = await life.ask('token-list', {});
  const told = list.map(({ name, rights, expiresMs }) => ({ name, rights, expiresMs }));
  return JSON.stringify(told) === JSON.stringify([
    { name: '_admin', rights: 'admin', expiresMs: null },
    { name: 'limited', rights: [{ databases: ['plant'], permissions: ['write'] }], expiresMs: null },
  ]);
}

async function rescue(life: Life, judge: Judge): Promise<string | null> {
  try {
    return (await life.ask('token-create', { name: 'rescue', rights: 'admin', lifeMs: null })).token;
  } catch (error) {
    judge.add(`shut out: the control socket makes no token: ${(error as Error).message}`);
    return null;
  }
}
