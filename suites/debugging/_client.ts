/** A client of gdb's remote protocol for tests: sends packets, and takes answers apart. */
import { assert, assertEquals } from "@std/assert";
import { TICKPROOF } from "../_tickproof.ts";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 90_000;

/** One connection to a server that was started for it. */
export class Client implements AsyncDisposable {
  /** What the program has written, as far as it was told. */
  output = "";
  /** The process. */
  readonly server;
  readonly #reader;
  #buffered = "";

  /** Starts a server that is at standard input and output. @param args Of `tickproof gdbserver`. */
  constructor(args: readonly string[]) {
    this.server = Bun.spawn([...TICKPROOF, "gdbserver", "--stdio", ...args], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      env: process.env,
    });
    this.#reader = this.server.stdout.getReader();
  }

  get pid(): number {
    return this.server.pid;
  }

  /** Sends bytes as they are. */
  write(bytes: string): void {
    this.server.stdin.write(Buffer.from(bytes, "latin1"));
    this.server.stdin.flush();
  }

  /** Sends a packet. */
  send(payload: string): void {
    this.write(packet(payload));
  }

  /** Sends a packet and gives the answer to it. */
  async ask(payload: string): Promise<string> {
    this.send(payload);
    return await this.answer();
  }

  /** The next answer, output of the program aside. */
  async answer(): Promise<string> {
    for (;;) {
      const found = /\$([^#]*)#([0-9a-f]{2})/.exec(this.#buffered);
      if (found === null) {
        await this.#read();
        continue;
      }
      const [all, payload = "", sum] = found;
      this.#buffered = this.#buffered.slice(found.index + all.length);
      assertEquals(packet(payload).slice(-2), sum, "the checksum of an answer");
      this.write("+");
      const shown = /^O((?:[0-9a-f]{2})+)$/.exec(payload)?.[1];
      if (shown === undefined) return payload;
      this.output += Buffer.from(shown, "hex").toString();
    }
  }

  async #read(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("no answer")), PATIENCE);
    try {
      const { value, done } = await Promise.race([this.#reader.read(), late.promise]);
      if (done) throw new Error(`the server has gone: ${await new Response(this.server.stderr).text()}`);
      this.#buffered += Buffer.from(value).toString("latin1");
    } finally {
      clearTimeout(timer);
    }
  }

  /** A register of the general ones, by its place among them. */
  async register(number: number): Promise<bigint> {
    const all = Buffer.from(await this.ask("g"), "hex");
    assert(all.length > 8 * number + 8);
    return all.readBigUInt64LE(8 * number);
  }

  /** Waits for the server's end. @returns Its exit code and what it said. */
  async ended(): Promise<{ code: number; said: string }> {
    const said = await new Response(this.server.stderr).text();
    return { code: await this.server.exited, said };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.kill("SIGKILL");
    await this.server.exited;
  }
}

/** A packet with a payload. */
export function packet(payload: string): string {
  const sum = Buffer.from(payload, "latin1").reduce((total, byte) => total + byte, 0) & 0xff;
  return `$${payload}#${sum.toString(16).padStart(2, "0")}`;
}
