/** Chooses the maker of the listener. */
import type { Handler, Listener, ListenerOptions, MakeListener } from './listener.js';

export type ListenerKind = 'uws' | 'node';

/** A maker, and what to say of its library. */
interface Loaded {
  readonly make: MakeListener;
  readonly says: string;
}

/** Loads the maker on uWebSockets.js; rejects where no addon loads. */
async function loadUws(): Promise<Loaded> {
  const { makeUwsListener, uwsBuild: { version, faults } } = await import('./uws.js');
  return { make: makeUwsListener, says: `uWebSockets.js ${version} serves --http-bind${faults === '' ? '' : `, for a newer one does not load here: ${faults}`}` };
}

/**
 * Makes a listener of the kind asked for, or, with one warning, on node:http where uWebSockets.js does not load. Client
 * certificates need node:https: uWebSockets.js lets in who shows none.
 * @param load replaced by tests
 */
export async function makeListener(
  kind: ListenerKind,
  handler: Handler,
  options: ListenerOptions,
  log: { info(message: string): void; warn(message: string): void },
  load: () => Promise<Loaded> = loadUws,
): Promise<Listener> {
  const clientsNeedCertificates = options.certificate !== null && options.certificate.clientCa !== null;
  const loaded = kind === 'uws' && !clientsNeedCertificates ? await load().catch((error: unknown) => {
    const reason = String(error).split('\n')[0];
    log.warn(`uWebSockets.js does not load on this machine, so node:http serves instead, more slowly (${reason})`);
    return null;
  }) : null;
  if (loaded !== null) log.info(loaded.says);
  return (loaded?.make ?? (await import('./node.js')).makeNodeListener)(handler, options);
}
