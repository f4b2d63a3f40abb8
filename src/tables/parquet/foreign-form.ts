/** Data files of other writers that are whole, and have something that no file of ours can have: they stay as they are. */
export class ForeignForm extends Error {
  /** @param path of the file @param what it has, without a full stop */
  constructor(path: string, what: string) {
    super(`file ${path}: ${what}`);
    this.name = 'ForeignForm';
  }

  /** What is said of several, a line each. */
  static of(files: readonly ForeignForm[]): ForeignForm {
    const all = new ForeignForm('', '');
    all.message = files.map(({ message }) => message).join('\n');
    return all;
  }
}
