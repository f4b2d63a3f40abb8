// Lists of u32.

@inline
export function wordOf(words: usize, index: u32): u32 {
  return load<u32>(words + (<usize>index << 2));
}

@inline
export function setWord(words: usize, index: u32, word: u32): void {
  store<u32>(words + (<usize>index << 2), word);
}
