/** What clients sent and what was acknowledged, kept in the test's own process: it outlives the server. */

export interface SentRequest {
  readonly client: number;
  readonly request: number;
  readonly lines: number;
  /** Sum of the check values of its lines. */
  readonly check: number;
  acknowledged: boolean;
}

/** A request as it is found stored. */
export interface StoredRequest {
  readonly client: number;
  readonly request: number;
  readonly lines: number;
  readonly check: number;
}

export class Ledger {
  readonly #sent = new Map<string, SentRequest>();

  send(client: number, request: number, lines: number, check: number): SentRequest {
    const entry: SentRequest = { client, request, lines, check, acknowledged: false };
    this.#sent.set(`${client}/${request}`, entry);
    return entry;
  }

  get acknowledgedLines(): number {
    let lines = 0;
    for (const entry of this.#sent.values()) if (entry.acknowledged) lines += entry.lines;
    return lines;
  }

  /** Sentences on what is lost, invented, or half there; empty when the contract holds. */
  violations(stored: readonly StoredRequest[]): string[] {
    const found = new Map(stored.map((entry) => [`${entry.client}/${entry.request}`, entry]));
    const wrong: string[] = [];
    for (const [name, { lines, check, acknowledged }] of this.#sent) {
      const there = found.get(name);
      found.delete(name);
      if (there === undefined) {
        if (acknowledged) wrong.push(`request ${name} was acknowledged and is lost`);
      } else if (there.lines !== lines) {
        wrong.push(`request ${name} had ${lines} lines and has ${there.lines}`);
      } else if (there.check !== check) {
        wrong.push(`request ${name} holds other values than were sent`);
      }
    }
    for (const name of found.keys()) wrong.push(`request ${name} was never sent`);
    return wrong;
  }
}
