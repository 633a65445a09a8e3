/** Machine code that does nothing: what is left of its cost is the foreign call. */

/** Listing of `empty_stub`; for the notation see `listing.ts`. */
export const EMPTY_LISTING = `
empty_stub:  ; int empty_stub(…): 0
  31 c0                             xor eax, eax
  c3                                ret
`;
