/**
 * The log of the described kernel, as programs read it: by syslog(2) (klogctl of libc) and from /dev/kmsg. This machine's
 * own log is never shown. What the kernels have logged goes to the trace as well, with the event that it came behind.
 * Source: Linux 6.18, kernel/printk/printk.c (do_syslog, devkmsg_read), Documentation/ABI/testing/dev-kmsg.
 */
import { ERRNO, PacketPipe, SYSCALLS } from "../../../ffi/mod.ts";
import type { HostModel } from "../../host/model-api.ts";
import type { HostLogLine } from "../../trace/host-log.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";

/** linux/syslog.h. */
const ACTION = {
  CLOSE: 0,
  OPEN: 1,
  READ: 2,
  READ_ALL: 3,
  READ_CLEAR: 4,
  CLEAR: 5,
  UNREAD: 9,
  SIZE: 10,
} as const;
const LAST_ACTION = 10;
/** Size of the ring by default: CONFIG_LOG_BUF_SHIFT is 17. */
const BUFFER_BYTES = 1 << 17;
/** Priorities: 6 of information, 4 of warnings. */
const INFORMATION = 6;
const WARNING = 4;
/** A pipe holds a record in a page of its own, of as many as an unprivileged process may ask for. */
const PIPE_BYTES = 1 << 20;
const PIPE_RECORDS = PIPE_BYTES / 4096 - 1;
const LINE = /^\[\s*(\d+)\.(\d+)\] (.*)$/;

/** Answers reads of the kernel's log with the lines of the model. */
export class KernelLog implements Disposable {
  readonly #model: HostModel;
  readonly #events: () => number;
  readonly #lines: HostLogLine[] = [];
  /** Events before the first refusal of each line. */
  readonly #firstRefusals: number[] = [];
  /** Lines that READ has taken, and CLEAR has hidden. */
  #taken = 0;
  #cleared = 0;
  /** Pipes that stand for open /dev/kmsg, with the records that are in them. */
  readonly #pipes: { readonly pipe: PacketPipe; written: number }[] = [];

  /** @param events How many events there are by now. */
  constructor(model: HostModel, events: () => number) {
    this.#model = model;
    this.#events = events;
  }

  #all(): string[] {
    return [...this.#model.bootLog, ...this.#model.kernelLog];
  }

  #priority(index: number): number {
    return index < this.#model.bootLog.length ? INFORMATION : WARNING;
  }

  /** Notes what has been logged since it was looked at last. */
  observe(): void {
    const { kernelLog, refusals } = this.#model;
    for (const text of kernelLog.slice(this.#lines.length)) {
      this.#lines.push({ of: "guest", event: this.#events(), text, count: 1 });
    }
    while (this.#firstRefusals.length < refusals.length) this.#firstRefusals.push(this.#events());
    for (const opened of this.#pipes) this.#fill(opened);
  }

  /** All that is to be kept of the recording. */
  lines(): HostLogLine[] {
    this.observe();
    const refused = this.#model.refusals.map(({ line, count }, index): HostLogLine => {
      return { of: "host", event: this.#firstRefusals[index] ?? 0, text: line, count };
    });
    return [...this.#lines, ...refused].sort((a, b) => a.event - b.event);
  }

  /** How syslog(2) is answered. */
  answers(task: RecordedTask, call: Call): (() => number) | undefined {
    return call.number === SYSCALLS.syslog ? () => this.#syslog(task, call) : undefined;
  }

  #syslog(task: RecordedTask, call: Call): number {
    const [action, address, length] = [call.int(0), call.argument(1), call.int(2)];
    if (action < 0 || action > LAST_ACTION) return -ERRNO.EINVAL;
    const reads = action === ACTION.READ || action === ACTION.READ_ALL || action === ACTION.READ_CLEAR;
    if (reads && (address === 0 || length < 0)) return -ERRNO.EINVAL;
    const texts = this.#all().map((text, index) => `<${this.#priority(index)}>${text}\n`);
    switch (action) {
      case ACTION.SIZE:
        return BUFFER_BYTES;
      case ACTION.UNREAD:
        return Buffer.byteLength(texts.slice(this.#taken).join(""));
      case ACTION.READ: {
        const { bytes, count } = front(texts.slice(this.#taken), length);
        if (!put(task, address, bytes)) return -ERRNO.EFAULT;
        this.#taken += count;
        return bytes.length;
      }
      case ACTION.READ_ALL:
      case ACTION.READ_CLEAR: {
        const bytes = back(texts.slice(this.#cleared), length);
        if (!put(task, address, bytes)) return -ERRNO.EFAULT;
        if (action === ACTION.READ_CLEAR) this.#cleared = texts.length;
        return bytes.length;
      }
      case ACTION.CLEAR:
        this.#cleared = texts.length;
        return 0;
      default:
        // Opening, closing, and what goes to the console: there is none.
        return 0;
    }
  }

  /** A pipe that reads as /dev/kmsg does, record by record: its path for whoever opens it. */
  openRecords(): string {
    const opened = { pipe: new PacketPipe(PIPE_BYTES), written: 0 };
    this.#pipes.push(opened);
    this.#fill(opened);
    return opened.pipe.path;
  }

  #fill(opened: { readonly pipe: PacketPipe; written: number }): void {
    const texts = this.#all();
    const first = Math.max(opened.written, texts.length - PIPE_RECORDS);
    for (const [offset, text] of texts.slice(first).entries()) {
      const index = first + offset;
      const [, seconds = "0", micros = "0", message = text] = LINE.exec(text) ?? [];
      const record = `${this.#priority(index)},${index},${Number(seconds) * 1_000_000 + Number(micros)},-;${message}\n`;
      // A pipe that is full loses the record, as the ring would.
      opened.pipe.write(Buffer.from(record));
    }
    opened.written = texts.length;
  }

  [Symbol.dispose](): void {
    for (const { pipe } of this.#pipes.splice(0)) pipe[Symbol.dispose]();
  }
}

/** Whole lines from the front that fit. */
function front(texts: readonly string[], length: number): { bytes: Uint8Array; count: number } {
  let [text, count] = ["", 0];
  for (const line of texts) {
    if (Buffer.byteLength(text + line) > length) break;
    text += line;
    count++;
  }
  return { bytes: Buffer.from(text), count };
}

/** The last lines that fit. */
function back(texts: readonly string[], length: number): Uint8Array {
  let text = "";
  for (const line of texts.toReversed()) {
    if (Buffer.byteLength(line + text) > length) break;
    text = line + text;
  }
  return Buffer.from(text);
}

/** Writes as the kernel would: only where the program itself may. */
function put({ space }: RecordedTask, address: number, bytes: Uint8Array): boolean {
  if (bytes.length === 0) return true;
  return space.writable(address) && space.memory.write(address, bytes) === bytes.length;
}
