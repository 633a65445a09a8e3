/**
 * Packets of gdb's remote serial protocol over a pair of descriptors. Source: "Debugging with GDB", appendix Remote
 * Protocol, sections Overview, Packet Acknowledgment and Interrupts (GDB 13).
 *
 * Nothing here waits by an event loop: a replay blocks this thread, and looks between its stops whether gdb breaks in.
 */
import { readSync } from "node:fs";
import { awaitReadable, ERRNO, errnoInfo, isReadable, untimed, writeSome } from "../../../ffi/mod.ts";

/** What says that there is no client any more. */
const GONE: readonly number[] = [ERRNO.EPIPE, ERRNO.ECONNRESET];
/** What gdb sends to break in, outside of packets. */
const INTERRUPT = 0x03;
/** Longest packet that is taken. */
export const MOST_BYTES = 0x80000;

/** Bytes that have to be escaped in a packet: "#", "$", "}" and "*", which would begin a run. */
const ESCAPED: ReadonlySet<number> = new Set([0x23, 0x24, 0x7d, 0x2a]);

/**
 * Receives and sends packets, with their checksums and acknowledgements. Payloads are texts of one byte per
 * character.
 */
export class PacketChannel {
  #buffered: number[] = [];
  #isEnded = false;
  #acknowledges = true;
  #isBreakingIn = false;
  readonly #bytes = new Uint8Array(MOST_BYTES);

  /**
   * @param input Descriptor that packets come from.
   * @param output Descriptor that they go to.
   * @param isEnded Asked while it waits: whether it is to wait no longer.
   */
  constructor(
    private readonly input: number,
    private readonly output: number,
    private readonly isEnded: () => boolean,
  ) {}

  /** The next packet; undefined when there will be none any more. */
  receive(): string | undefined {
    for (;;) {
      const packet = this.#take();
      if (packet !== undefined) return packet;
      if (!this.#fill(true)) return undefined;
    }
  }

  /** Whether gdb wants to break in; asked once for each time. */
  takesInterrupt(): boolean {
    while (!this.#isEnded && isReadable(this.input)) if (!this.#fill(false)) return true;
    const isBreakingIn = this.#isBreakingIn;
    this.#isBreakingIn = false;
    return isBreakingIn;
  }

  /** Sends a packet. */
  send(payload: string): void {
    const bytes = Buffer.from(`$${payload}#00`, "latin1");
    let sum = 0;
    for (let i = 1; i < bytes.length - 3; i++) sum += bytes[i]!;
    bytes.write((sum & 0xff).toString(16).padStart(2, "0"), bytes.length - 2, "latin1");
    this.#write(bytes);
  }

  /** From now on packets are not acknowledged (QStartNoAckMode). */
  acknowledgeNoMore(): void {
    this.#acknowledges = false;
  }

  /** Reads what there is. @param waits Until there is something. @returns False at the end. */
  #fill(waits: boolean): boolean {
    while (!this.#isEnded) {
      if (this.isEnded()) return false;
      if (waits ? !awaitReadable(this.input) : !isReadable(this.input)) continue;
      const count = readSync(this.input, this.#bytes);
      if (count === 0) this.#isEnded = true;
      for (let i = 0; i < count; i++) this.#put(this.#bytes[i]!);
      if (count > 0) return true;
    }
    return false;
  }

  #put(byte: number): void {
    // Inside of packets it is escaped.
    if (byte === INTERRUPT) this.#isBreakingIn = true;
    else this.#buffered.push(byte);
    if (this.#buffered.length > 2 * MOST_BYTES) this.#isEnded = true;
  }

  /** Takes a packet out of what was read; those that are not whole gdb sends again. */
  #take(): string | undefined {
    for (;;) {
      const start = this.#buffered.indexOf(0x24);
      if (start < 0) {
        this.#buffered = [];
        return undefined;
      }
      const end = this.#buffered.indexOf(0x23, start);
      if (end < 0 || this.#buffered.length < end + 3) return undefined;
      const payload = this.#buffered.slice(start + 1, end);
      const sum = Number.parseInt(String.fromCharCode(...this.#buffered.slice(end + 1, end + 3)), 16);
      this.#buffered = this.#buffered.slice(end + 3);
      const isWhole = (payload.reduce((total, byte) => total + byte, 0) & 0xff) === sum;
      if (this.#acknowledges) this.#write(Buffer.from(isWhole ? "+" : "-"));
      if (isWhole || !this.#acknowledges) return Buffer.from(payload).toString("latin1");
    }
  }

  /** A client that takes nothing is waited for until it is to be waited for no longer. */
  #write(bytes: Buffer): void {
    for (let done = 0; done < bytes.length && !this.#isEnded; ) {
      const count = untimed(() => writeSome(this.output, bytes.subarray(done)));
      if (count >= 0) done += count;
      else if (GONE.includes(-count) || (count === -ERRNO.EINTR && this.isEnded())) this.#isEnded = true;
      else if (count !== -ERRNO.EINTR)
        throw new Error(`the debugger can't be written to: ${errnoInfo(-count).code}`);
    }
  }
}

/** Bytes as a payload holds binary data. */
export function escaped(bytes: Uint8Array): string {
  const text = Buffer.allocUnsafe(2 * bytes.length);
  let length = 0;
  for (const byte of bytes) {
    const isEscaped = ESCAPED.has(byte);
    if (isEscaped) text[length++] = 0x7d;
    text[length++] = isEscaped ? byte ^ 0x20 : byte;
  }
  return text.toString("latin1", 0, length);
}

/** Bytes as pairs of hexadecimal digits. */
export function hexOf(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as Uint8Array).toString("hex");
}

/** A text that was sent as pairs of hexadecimal digits. */
export function textOfHex(hex: string): string {
  return Buffer.from(hex, "hex").toString();
}
