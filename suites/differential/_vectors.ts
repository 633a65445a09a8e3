/** Random instructions of vectors, SSE to AVX-512, as far as this processor has them. */
import { has, L, withMemory } from "./_operands.ts";
import type { Random } from "./_random.ts";

const PACKED =
  "paddb paddw paddd paddq psubb psubw psubd pand pandn por pxor pcmpeqb pcmpeqd pcmpgtw pmullw pmulhw pmaddwd pavgb pminub pmaxsw packsswb punpcklbw punpckhdq psadbw pmuludq".split(
    " ",
  );
const SSSE = "pshufb phaddw phsubd psignb pabsd pmulhrsw".split(" ");
const FLOATS =
  "addps subps mulps divps minps maxps addpd subpd mulpd divpd addss subss mulss divss addsd subsd mulsd divsd minsd maxss andps orpd xorps unpcklps unpckhpd".split(
    " ",
  );

export function vectors(random: Random): string {
  const x = (): string => `%xmm${random.below(16)}`;
  const y = (): string => `%ymm${random.below(16)}`;
  const aligned = (): string => `${32 * random.below(60)}(%r14)`;
  const general = random.of(L.registers);
  const choices: (() => string)[] = [
    () => `${random.of(PACKED)} ${random.of([x(), aligned()])}, ${x()}`,
    () => `${random.of(FLOATS)} ${x()}, ${x()}`,
    () => withMemory(random, (m) => `${random.of(["addss", "mulsd", "subsd", "divss"])} ${m}, ${x()}`),
    () => `${random.of(["ucomisd", "ucomiss", "comisd", "comiss"])} ${x()}, ${x()}`,
    () => withMemory(random, (m) => `${random.of(["ucomisd", "comiss"])} ${m}, ${x()}`),
    () => `${random.of(["cvtsi2sdl", "cvtsi2ssl"])} ${general}, ${x()}`,
    () => `${random.of(["cvttsd2sil", "cvtss2sil", "cvtsd2sil"])} ${x()}, ${general}`,
    () =>
      `${random.of(["cvtps2pd", "cvtpd2ps", "cvtdq2ps", "cvttps2dq", "sqrtps", "sqrtsd", "rcpps", "rsqrtss"])} ${x()}, ${x()}`,
    () => `${random.of(["movmskps", "pmovmskb", "movd"])} ${x()}, ${general}`,
    () => `movd ${general}, ${x()}`,
    () =>
      withMemory(
        random,
        (m) =>
          `${random.of(["movups", "movdqu", "lddqu", "movsd", "movss", "movq", "movhps", "movlpd"])} ${m}, ${x()}`,
      ),
    () =>
      withMemory(
        random,
        (m) => `${random.of(["movups", "movdqu", "movsd", "movss", "movq", "movhps"])} ${x()}, ${m}`,
      ),
    () => `${random.of(["movaps", "movdqa", "movntps", "movntdq"])} ${x()}, ${aligned()}`,
    () => `${random.of(["pshufd", "shufps", "pshuflw", "cmpps"])} $${random.below(8)}, ${x()}, ${x()}`,
    () => `${random.of(["psllw", "psrad", "psrlq", "pslldq", "psrldq"])} $${random.below(20)}, ${x()}`,
    () => `${random.of(["pinsrw", "pinsrd"])} $${random.below(4)}, ${general}, ${x()}`,
    () => `pextrw $${random.below(8)}, ${x()}, ${general}`,
  ];
  if (has("ssse3"))
    choices.push(
      () => `${random.of(SSSE)} ${x()}, ${x()}`,
      () => `palignr $${random.below(20)}, ${x()}, ${x()}`,
    );
  if (has("sse4_1"))
    choices.push(
      () => `ptest ${random.of([x(), aligned()])}, ${x()}`,
      () =>
        `${random.of(["pblendw", "roundpd", "dpps", "mpsadbw", "insertps"])} $${random.below(8)}, ${x()}, ${x()}`,
      () => `${random.of(["pmovzxbw", "pmovsxwd", "pminsd", "pmulld", "pmaxuw"])} ${x()}, ${x()}`,
    );
  if (has("sse4_2"))
    choices.push(
      () => `${random.of(["pcmpistri", "pcmpestri", "pcmpistrm"])} $${random.below(128)}, ${x()}, ${x()}`,
    );
  if (has("aes")) choices.push(() => `${random.of(["aesenc", "aesdeclast", "aesimc"])} ${x()}, ${x()}`);
  if (has("pclmulqdq")) choices.push(() => `pclmulqdq $${random.of([0, 1, 16, 17])}, ${x()}, ${x()}`);
  if (has("sha_ni"))
    choices.push(() => `${random.of(["sha1msg1", "sha256msg2", "sha1nexte"])} ${x()}, ${x()}`);
  if (has("avx"))
    choices.push(
      () => `v${random.of(PACKED)} ${random.of([x(), aligned()])}, ${x()}, ${x()}`,
      () => `v${random.of(["addps", "mulpd", "divps", "xorpd", "maxps", "hsubps"])} ${y()}, ${y()}, ${y()}`,
      () => withMemory(random, (m) => `vmovups ${m}, ${y()}`),
      () => withMemory(random, (m) => `vmovdqu ${y()}, ${m}`),
      () =>
        `${random.of(["vextractf128", "vperm2f128"]) === "vextractf128" ? `vextractf128 $1, ${y()}, ${x()}` : `vperm2f128 $${random.below(64)}, ${y()}, ${y()}, ${y()}`}`,
      () => `${random.of(["vptest", "vtestps"])} ${y()}, ${y()}`,
      () => `vbroadcastss ${4 * random.below(100)}(%r14), ${y()}`,
      () => `vblendvps ${y()}, ${y()}, ${y()}, ${y()}`,
      () => `vmaskmovps ${aligned()}, ${y()}, ${y()}`,
      () => random.of(["vzeroupper", "vzeroall", "vzeroupper"]),
      () => `vucomisd ${x()}, ${x()}`,
    );
  if (has("avx2"))
    choices.push(
      () => `v${random.of([...PACKED, ...SSSE.slice(0, 3)])} ${y()}, ${y()}, ${y()}`,
      () => `vpermq $${random.below(256)}, ${y()}, ${y()}`,
      () => `vpsllvd ${y()}, ${y()}, ${y()}`,
      () =>
        "vpcmpeqd %ymm3, %ymm3, %ymm3; vpxor %ymm4, %ymm4, %ymm4; vpgatherdd %ymm3, data(,%ymm4,4), %ymm5",
      () => `vinserti128 $1, ${x()}, ${y()}, ${y()}`,
    );
  if (has("fma"))
    choices.push(
      () => `vfmadd${random.of(["132", "213", "231"])}${random.of(["ps", "pd"])} ${y()}, ${y()}, ${y()}`,
    );
  if (has("f16c")) choices.push(() => `vcvtps2ph $0, ${x()}, ${x()}`);
  if (has("avx512f")) {
    const z = (): string => `%zmm${random.below(16)}`;
    choices.push(
      () => `vpaddd ${z()}, ${z()}, ${z()}{%k1}{z}`,
      () => `vpternlogd $${random.below(256)}, ${z()}, ${z()}, ${z()}`,
      () => `vpcmpd $${random.below(8)}, ${z()}, ${z()}, %k${1 + random.below(7)}`,
      () => `kortestw %k${random.below(8)}, %k${random.below(8)}`,
      () => `vaddps data+${64 * random.below(16)}{1to16}, ${z()}, ${z()}`,
    );
  }
  return random.of(choices)();
}
