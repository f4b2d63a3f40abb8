/**
 * What web pages of other origins may do: write, and ask how the server is. Statements, administration and what names
 * databases are not for them: with --without-auth nothing else would keep a page that someone visits from dropping a
 * database. Browsers send some requests without asking first (a form, an image), so those are refused and not only unread.
 */
import { SluiceError } from '../../errors.js';
import type { Answer, Exchange } from '../listener/listener.js';

/** Endpoints of which origins may use a path. */
export type Origins = 'any' | 'own';

/** A header of every answer on a path that pages of any origin may use. */
export const ALLOW_ORIGIN = ['Access-Control-Allow-Origin', '*'] as const;

/** The answer to OPTIONS on such a path. The wildcard does not stand for Authorization (Fetch standard, "CORS-preflight fetch"). */
export const PREFLIGHT: Answer = {
  status: 204,
  headers: [
    ['Access-Control-Allow-Methods', '*'],
    ['Access-Control-Allow-Headers', '*, Authorization'],
    ['Access-Control-Max-Age', '86400'],
  ],
  body: '',
};

/** The answer to OPTIONS on every other path. */
export const NO_PREFLIGHT: Answer = { status: 204, headers: [], body: '' };

/** Refuses what a browser says to come from a page of another origin. @throws SluiceError foreign-origin */
export function refuseForeignPage(exchange: Pick<Exchange, 'header'>): void {
  if (!isFromForeignPage(exchange)) return;
  const origin = exchange.header('origin');
  throw new SluiceError('foreign-origin', origin === '' ? `the browser says Sec-Fetch-Site: ${exchange.header('sec-fetch-site')}` : `the browser says Origin: ${origin.slice(0, 200)}`);
}

/** Behind a proxy the host may be another than the browser's, so its own word on the site goes before. */
export function isFromForeignPage(exchange: Pick<Exchange, 'header'>): boolean {
  const [site = '', origin = '', host = ''] = ['sec-fetch-site', 'origin', 'host'].map((name) => exchange.header(name));
  if (site !== '') return site === 'cross-site' || site === 'same-site';
  return origin !== '' && hostOf(origin) !== hostOf(`http://${host}`);
}

/** Host and port of a URL, null when it is none. */
function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}
