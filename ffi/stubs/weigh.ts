/** Machine code to weigh foreign calls with: one that does nothing, and one that takes the time. */

/** Listing of `nothing` and `stamp`; for the notation see `../listing.ts`. */
export const WEIGH_LISTING = `
nothing:  ; int nothing(…): 0
  31 c0                             xor eax, eax
  c3                                ret
stamp:  ; void stamp(void): the low half of the TSC goes to the next place of a ring of 65,536
  0f ae e8                          lfence                        ; not before what came before has been done
  0f 31                             rdtsc
  48 b9 {ring}                      mov rcx, {ring}
  8b 11                             mov edx, [rcx]                ; the next place
  89 44 91 08                       mov [rcx+rdx*4+8], eax
  ff c2                             inc edx
  0f b7 d2                          movzx edx, dx                 ; behind the last one comes the first: no stamp is outside
  89 11                             mov [rcx], edx
  c3                                ret
`;
