/** The server's ports: one for who sends much, and one that takes every client. */
import { hostAndPort } from '../../addresses.js';
import type { Bind, Config } from '../../config.js';
import type { Certificate } from './certificate.js';
import { makeListener } from './choose.js';
import type { Handler, Listener, ListenerOptions } from './listener.js';

type Log = Parameters<typeof makeListener>[3];

/** Ports that listen, as one. */
export class Ports {
  /** In the order of the settings; what was taken by another is not among them. */
  readonly addresses: readonly Bind[];
  readonly #listeners: readonly Listener[];

  private constructor(listeners: readonly Listener[], addresses: readonly Bind[]) {
    this.#listeners = listeners;
    this.addresses = addresses;
  }

  /**
   * Listens on `--http-bind` and `--http-compat-bind`. Where another program has the second, a line of the log says so.
   * @throws Error when an address cannot be had; none listens then
   */
  static async open(config: Config, handler: Handler, options: ListenerOptions, log: Log): Promise<Ports> {
    const first = await makeListener(config.http === 'node' ? 'node' : 'uws', handler, options, log);
    const address = await first.listen(config.httpBind.host, config.httpBind.port);
    if (config.httpCompatBind === null) return new Ports([first], [address]);
    const { host, port } = config.httpCompatBind;
    const second = await makeListener('node', handler, options, log);
    try {
      return new Ports([first, second], [address, await second.listen(host, port)]);
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE') {
        log.warn(`${hostAndPort(host, port)} is taken, so there is no port for old and slow clients (--http-compat-bind)`);
        return new Ports([first], [address]);
      }
      await first.close();
      throw error;
    }
  }

  /** Gives new connections another certificate. @throws Error when it cannot be used: each port keeps what it has */
  async renew(certificate: Certificate): Promise<void> {
    for (const listener of this.#listeners) await listener.renew(certificate);
  }

  /** Accepts nothing more; running requests go on, and their answers close. */
  stopAccepting(): void {
    for (const listener of this.#listeners) listener.stopAccepting();
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}
