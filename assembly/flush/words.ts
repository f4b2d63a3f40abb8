// Lists of u32.

/** The word `index`, from 0, of the list at `words`. */
@inline
export function wordOf(words: usize, index: u32): u32 {
  return load<u32>(words + (<usize>index << 2));
}

/** Writes it. */
@inline
export function setWord(words: usize, index: u32, word: u32): void {
  store<u32>(words + (<usize>index << 2), word);
}
