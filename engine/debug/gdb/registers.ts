/**
 * The registers of a task as gdb wants them: which there are, in which order, and their bytes. Sources: "Debugging with
 * GDB", i386 Features; Intel SDM volume 1, 10.5.1 (the FXSAVE area) and 13.4 (the XSAVE area).
 */
import { getRegSet, NativeBuffer, NT, type REG } from "../../../ffi/mod.ts";
import { REGISTER_NAMES } from "../../arch/x86_64/registers.ts";
import { showFloatingPlace } from "../../arch/x86_64/x87.ts";
import type { ReplayedTask } from "../../replay/replayed-task.ts";

/** Room for an XSAVE area with any features of today. */
const XSAVE_BYTES = 16384;
/** Where its parts are: x87 registers, SSE registers, and the upper halves of the AVX ones. */
const AT = { st: 32, mxcsr: 24, xmm: 160, ymmh: 576 } as const;
/** An area that has the AVX part. */
const WITH_AVX = AT.ymmh + 256;

const GENERAL = ["rax rbx rcx rdx rsi rdi rbp rsp", "r8 r9 r10 r11 r12 r13 r14 r15 rip"].flatMap((names) =>
  names.split(" "),
);
const SEGMENTS = ["cs", "ss", "ds", "es", "fs", "gs"] as const;
const CONTROL = ["fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop"];
const NUMBERS = Array.from({ length: 16 }, (_, i) => i);

/** Numbers of the registers that a stop tells of at once. */
export const EXPEDITED = { rbp: 6, rsp: 7, rip: 16 } as const;

/** One register: its name, what it is for gdb, and its bytes. */
interface Register {
  name: string;
  bits: number;
  type: string;
  feature: "core" | "sse" | "linux" | "segments" | "avx";
  group?: string;
}

const REGISTERS: readonly Register[] = [
  ...GENERAL.map((name) => ({
    name,
    bits: 64,
    type: name === "rip" ? "code_ptr" : name === "rsp" || name === "rbp" ? "data_ptr" : "int64",
    feature: "core" as const,
  })),
  { name: "eflags", bits: 32, type: "i386_eflags", feature: "core" },
  ...SEGMENTS.map((name) => ({ name, bits: 32, type: "int32", feature: "core" as const })),
  ...NUMBERS.slice(0, 8).map((i) => ({
    name: `st${i}`,
    bits: 80,
    type: "i387_ext",
    feature: "core" as const,
  })),
  ...CONTROL.map((name) => ({ name, bits: 32, type: "int", group: "float", feature: "core" as const })),
  ...NUMBERS.map((i) => ({ name: `xmm${i}`, bits: 128, type: "vec128", feature: "sse" as const })),
  { name: "mxcsr", bits: 32, type: "i386_mxcsr", group: "vector", feature: "sse" },
  { name: "orig_rax", bits: 64, type: "int64", group: "system", feature: "linux" },
  { name: "fs_base", bits: 64, type: "int64", feature: "segments" },
  { name: "gs_base", bits: 64, type: "int64", feature: "segments" },
  ...NUMBERS.map((i) => ({ name: `ymm${i}h`, bits: 128, type: "uint128", feature: "avx" as const })),
];

const FLAGS = "CF,,PF,,AF,,ZF,SF,TF,IF,DF,OF,,,NT,,RF,VM,AC,VIF,VIP,ID".split(",");
const MXCSR = "IE,DE,ZE,OE,UE,PE,DAZ,IM,DM,ZM,OM,UM,PM,,,FZ".split(",");

function flagsType(id: string, names: readonly string[]): string {
  const fields = names.flatMap((name, bit) =>
    name === "" ? [] : [`<field name="${name}" start="${bit}" end="${bit}"/>`],
  );
  return `<flags id="${id}" size="4">${fields.join("")}</flags>`;
}

const VECTORS = [
  ["v4f", "ieee_single", 4],
  ["v2d", "ieee_double", 2],
  ["v16i8", "int8", 16],
  ["v8i16", "int16", 8],
  ["v4i32", "int32", 4],
  ["v2i64", "int64", 2],
] as const;

const TYPES: Readonly<Record<Register["feature"], string>> = {
  core: flagsType("i386_eflags", FLAGS),
  sse:
    VECTORS.map(([id, type, count]) => `<vector id="${id}" type="${type}" count="${count}"/>`).join("") +
    `<union id="vec128">${VECTORS.map(([id]) => `<field name="${vectorField(id)}" type="${id}"/>`).join("")}` +
    `<field name="uint128" type="uint128"/></union>${flagsType("i386_mxcsr", MXCSR)}`,
  linux: "",
  segments: "",
  avx: "",
};

/** What gdb calls the views of a vector register: v4_float and so on. */
function vectorField(id: string): string {
  const [, count, kind, width = ""] = /^v(\d+)([fdi])(\d*)$/.exec(id) ?? [];
  return `v${count}_${kind === "f" ? "float" : kind === "d" ? "double" : `int${width}`}`;
}

/** Reads the registers of stopped tasks. */
export class RegisterReader implements Disposable {
  readonly #xsave = NativeBuffer.map(XSAVE_BYTES);
  #hasAvx: boolean | undefined;

  /** The target description: all registers in the order of their numbers. @param task Any; all have the same. */
  describe(task: ReplayedTask): string {
    const registers = this.#registers(task);
    const features = [...new Set(registers.map(({ feature }) => feature))].map((feature) => {
      const lines = registers.flatMap((register, number) => {
        if (register.feature !== feature) return [];
        const { name, bits, type, group } = register;
        const inGroup = group === undefined ? "" : ` group="${group}"`;
        return [`<reg name="${name}" bitsize="${bits}" type="${type}" regnum="${number}"${inGroup}/>`];
      });
      return `<feature name="org.gnu.gdb.i386.${feature}">${TYPES[feature]}${lines.join("\n")}</feature>`;
    });
    return (
      '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>' +
      `<architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>${features.join("\n")}</target>`
    );
  }

  #registers(task: ReplayedTask): Register[] {
    this.#hasAvx ??= this.#read(task) >= WITH_AVX;
    return REGISTERS.filter(({ feature }) => feature !== "avx" || this.#hasAvx);
  }

  /** @returns Bytes that the kernel has given. */
  #read(task: ReplayedTask): number {
    showFloatingPlace(task, task.space.cacheSpace.cache);
    return getRegSet(task.tid, NT.X86_XSTATE, this.#xsave);
  }

  /** The bytes of all registers. */
  all(task: ReplayedTask): Uint8Array[] {
    this.#read(task);
    const program = task.programRegisters;
    return this.#registers(task).map((register) => this.#bytes(task, program, register));
  }

  #bytes(task: ReplayedTask, program: BigUint64Array, { name, bits, feature }: Register): Uint8Array {
    const bytes = new Uint8Array(bits / 8);
    const view = new DataView(bytes.buffer);
    const index = (REGISTER_NAMES as readonly string[]).indexOf(name);
    const area = this.#xsave.u8;
    if (index >= 0 && bits === 64) view.setBigUint64(0, program[index]!, true);
    else if (name === "eflags") view.setUint32(0, Number(program[index]! & 0xffffffffn), true);
    else if ((SEGMENTS as readonly string[]).includes(name)) {
      view.setUint32(0, task.number(name as keyof typeof REG), true);
    } else if (name === "orig_rax") view.setBigInt64(0, -1n, true);
    else if (name === "mxcsr") view.setUint32(0, this.#xsave.view.getUint32(AT.mxcsr, true), true);
    else if (CONTROL.includes(name)) view.setUint32(0, this.#control(name), true);
    else {
      const at = feature === "core" ? AT.st : feature === "sse" ? AT.xmm : AT.ymmh;
      const from = at + 16 * Number(/\d+/.exec(name)?.[0]);
      bytes.set(area.subarray(from, from + bytes.length));
    }
    return bytes;
  }

  /** A control register of the x87, from the FXSAVE area in its 64-bit form. */
  #control(name: string): number {
    const { view } = this.#xsave;
    switch (name) {
      case "fctrl":
        return view.getUint16(0, true);
      case "fstat":
        return view.getUint16(2, true);
      case "ftag":
        return this.#tags();
      case "fop":
        return view.getUint16(6, true);
      case "fioff":
        return view.getUint32(8, true);
      case "fiseg":
        return view.getUint16(12, true);
      case "fooff":
        return view.getUint32(16, true);
      default:
        return view.getUint16(20, true);
    }
  }

  /** The tag word of the x87, of which the area only keeps which registers are empty (SDM volume 1, 10.5.1.1). */
  #tags(): number {
    const { view, u8 } = this.#xsave;
    const top = (view.getUint16(2, true) >> 11) & 7;
    let tags = 0;
    for (let physical = 0; physical < 8; physical++) {
      const at = AT.st + 16 * ((physical - top + 8) & 7);
      const isUsed = (u8[4]! & (1 << physical)) !== 0;
      tags |=
        (isUsed ? tagOf(view.getBigUint64(at, true), view.getUint16(at + 8, true)) : 3) << (2 * physical);
    }
    return tags;
  }

  [Symbol.dispose](): void {
    this.#xsave[Symbol.dispose]();
  }
}

/** 0 for a number, 1 for zero, 2 for what is special: infinities, NaN, denormals (SDM volume 1, 8.1.7). */
function tagOf(significand: bigint, exponentAndSign: number): number {
  const exponent = exponentAndSign & 0x7fff;
  if (exponent === 0 && significand === 0n) return 1;
  return exponent === 0 || exponent === 0x7fff || significand >> 63n === 0n ? 2 : 0;
}
