/** A running Python program that is asked by a JSON line and answers by one. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const SAID_CHARS_MAX = 4000;

interface Waiting {
  readonly says: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class PythonProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answerMsMax: number;
  readonly #waiting: Waiting[] = [];
  /** The end of what it printed besides, for an error. */
  #said = '';
  readonly #ended: Promise<unknown>;

  /** @param args the program and what it is given @param answerMsMax who takes longer has failed */
  constructor(python: string, args: readonly string[], answerMsMax: number, cwd?: string) {
    this.#answerMsMax = answerMsMax;
    this.#child = spawn(python, args, { cwd, stdio: 'pipe', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } });
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#said = `${this.#said}${chunk.toString()}`.slice(-SAID_CHARS_MAX)));
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve));
    // What is no JSON is said by libraries.
    createInterface(this.#child.stdout).on('line', (line) => line.startsWith('{') && this.#answered(JSON.parse(line)));
    void this.#ended.then(() => {
      for (const { reject, says } of this.#waiting.splice(0)) reject(new Error(`Python ended before it answered ${says}: ${this.#said}`));
    });
  }

  /** @param says what is asked, for an error @throws Error in the words of what refused */
  ask(says: string, request: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${says} took over ${this.#answerMsMax} ms`)), this.#answerMsMax);
      const settle = <T>(how: (value: T) => void) => (value: T): void => {
        clearTimeout(late);
        how(value);
      };
      this.#waiting.push({ says, resolve: settle(resolve), reject: settle(reject) });
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #answered(answer: { value: unknown } | { error: string }): void {
    const { reject, resolve, says } = this.#waiting.shift()!;
    if ('error' in answer) reject(new Error(`${says}: ${answer.error}`));
    else resolve(answer.value);
  }
}
