// What is wrong with the line being parsed: set where it is found, told by the one who reports it.

/** Where the offending token stands, and its length (0: there is none). */
export let faultAt: usize = 0;
export let faultBytes: u32 = 0;
/** The key it belongs to as written (length 0: none). */
export let faultKeyAt: usize = 0;
export let faultKeyBytes: u32 = 0;
/** The kind the column has and the kind that came, for conflicts. */
export let faultKindHas: u32 = 0;
export let faultKindCame: u32 = 0;

/** Notes a fault at [at, end) of the key and returns its code. */
export function fault(code: u32, at: usize, end: usize, keyAt: usize, keyBytes: u32): u32 {
  faultAt = at;
  faultBytes = <u32>(end - at);
  faultKeyAt = keyAt;
  faultKeyBytes = keyBytes;
  faultKindHas = 0;
  faultKindCame = 0;
  return code;
}

/** Adds the kinds of a conflict to the fault. */
export function faultKinds(has: u32, came: u32): void {
  faultKindHas = has;
  faultKindCame = came;
}
