/** Work in slices between the tasks of a worker. */
export class Slices {
  readonly #workMax: number;
  readonly #onTurn: () => void;
  #work = 0;

  /**
   * @param workMax of a slice, in what the caller counts
   * @param onTurn is called whenever others get their turn
   */
  constructor(workMax: number, onTurn: () => void) {
    this.#workMax = workMax;
    this.#onTurn = onTurn;
  }

  /** Counts work that was done; whether the slice is full. */
  fills(work: number): boolean {
    this.#work += work;
    return this.#work >= this.#workMax;
  }

  /** Lets tasks that wait run. */
  async turn(): Promise<void> {
    this.#work = 0;
    this.#onTurn();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
