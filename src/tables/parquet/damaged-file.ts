/** A data file that is not what our own encoder wrote, or not any more. */
export class DamagedFile extends Error {
  /** @param path of the file @param where in the file ('' for the whole) @param what is wrong, without a full stop */
  constructor(path: string, where: string, what: string) {
    super(`file ${path}${where === '' ? '' : `, ${where}`}: ${what}`);
    this.name = 'DamagedFile';
  }
}
