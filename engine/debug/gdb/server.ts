/**
 * gdb's remote protocol over a replay: one client, one process, all threads stopped or none. Source: "Debugging with
 * GDB", appendix Remote Protocol: Packets, Stop Reply Packets, General Query Packets (GDB 13).
 */

import { RIP } from "../../arch/x86_64/registers.ts";
import type { ReplayedTask } from "../../replay/replayed-task.ts";
import type { Debugger, StopReason } from "../debugger.ts";
import { auxvOf, programPath } from "../program.ts";
import type { Watchpoint } from "../watching.ts";
import { HostFiles } from "./host-files.ts";
import { MONITOR_HELP, monitor } from "./monitor.ts";
import { escaped, hexOf, MOST_BYTES, type PacketChannel, textOfHex } from "./packet-channel.ts";
import { EXPEDITED, RegisterReader } from "./registers.ts";
import { gdbSignal, kernelSignal } from "./signals.ts";

/** Bytes of memory that one packet asks for at most. */
const MOST_MEMORY = MOST_BYTES / 4;
/** What the server can do; the features that gdb has to want itself are not told of unasked. */
const FEATURES = [
  `PacketSize=${(MOST_BYTES / 2).toString(16)}`,
  "QStartNoAckMode+",
  "multiprocess+",
  "swbreak+",
  "hwbreak+",
  "vContSupported+",
  "ReverseStep+",
  "ReverseContinue+",
  "QPassSignals+",
  "QCatchSyscalls+",
  "exec-events+",
  "qXfer:features:read+",
  "qXfer:auxv:read+",
  "qXfer:exec-file:read+",
  "qXfer:siginfo:read+",
].join(";");

/** Kinds of watchpoints by their packets, and the words of stops at them. */
const WATCHES: Readonly<Record<string, Watchpoint["kind"]>> = { "2": "write", "3": "read", "4": "access" };
const WATCH_WORDS = { write: "watch", read: "rwatch", access: "awatch" } as const;
/** Most bytes of one: what all debug registers together watch. */
const MOST_WATCHED = 32;

/** What is refused, since it would make the replay another one than the recording. */
const REFUSED = "E.a recording can't be changed";

/** Serves one client until it detaches, kills the program, or closes the connection. */
export class GdbServer implements Disposable {
  readonly #registers = new RegisterReader();
  readonly #files: HostFiles;
  /** Threads that registers are of, and that "bs" and "c" are for: ids, or 0 for any. */
  #general = 0;
  #resumed = 0;
  #wantsExecs = false;
  #last: StopReason = { kind: "step" };
  #isDone = false;

  constructor(
    private readonly channel: PacketChannel,
    private readonly replay: Debugger,
  ) {
    this.#files = new HostFiles(replay);
  }

  /** Serves until the client goes. */
  serve(): void {
    for (let packet = this.channel.receive(); packet !== undefined; packet = this.channel.receive()) {
      const answer = this.#answer(packet);
      if (answer !== undefined) this.channel.send(answer);
      if (packet === "QStartNoAckMode") this.channel.acknowledgeNoMore();
      if (this.#isDone) return;
    }
  }

  /** Shows what the program writes, while it goes on. */
  showOutput(bytes: Uint8Array): void {
    this.channel.send(`O${hexOf(bytes)}`);
  }

  /** @returns The answer; undefined where there is none. */
  #answer(packet: string): string | undefined {
    const rest = packet.slice(1);
    switch (packet[0]) {
      case "?":
        return this.#stopReply({ kind: "step" });
      case "g":
        return this.#withTask((task) => this.#registers.all(task).map(hexOf).join(""));
      case "p":
        return this.#register(Number.parseInt(rest, 16));
      case "m":
        return this.#memory(rest);
      case "G":
      case "P":
      case "M":
        return REFUSED;
      case "X":
        // gdb tries with no byte at all whether it may.
        return /,0:$/.test(rest) ? "OK" : REFUSED;
      case "H":
        return this.#select(rest);
      case "T":
        return this.#taskOf(rest) ? "OK" : "E01";
      case "z":
      case "Z":
        return this.#breakpoint(packet);
      case "c":
      case "C":
        return this.#resume(() => this.replay.forward());
      case "s":
      case "S":
        return this.#resume(() => this.replay.forward(this.#resumable()));
      case "b":
        return this.#reverse(rest);
      case "v":
        return this.#verbose(packet);
      case "q":
      case "Q":
        return this.#query(packet);
      case "D":
        this.#isDone = true;
        return "OK";
      case "k":
        this.#isDone = true;
        return undefined;
      default:
        return "";
    }
  }

  #withTask(act: (task: ReplayedTask) => string): string {
    const task = this.#selected();
    return task === undefined ? "E01" : act(task);
  }

  #selected(): ReplayedTask | undefined {
    return this.replay.tasks.find(({ id }) => id === this.#general) ?? this.replay.current;
  }

  #register(number: number): string {
    return this.#withTask((task) => {
      const bytes = this.#registers.all(task)[number];
      return bytes === undefined ? "E01" : hexOf(bytes);
    });
  }

  /** The program's memory; nothing of the engine's. */
  #memory(range: string): string {
    const [start, length] = range.split(",").map((text) => Number.parseInt(text, 16));
    if (start === undefined || length === undefined || !(start >= 0 && length >= 0)) return "E01";
    return this.#withTask(({ space }) => {
      const [part] = space.outsideEngine(start, start + Math.min(length, MOST_MEMORY));
      if (part === undefined || part.start !== start) return "E01";
      const bytes = space.memory.read(start, part.end - start);
      return bytes.length === 0 ? "E01" : hexOf(bytes.slice());
    });
  }

  #select(rest: string): string {
    const id = threadOf(rest.slice(1));
    if (id > 0 && !this.replay.tasks.some((task) => task.id === id)) return "E01";
    if (rest[0] === "g") this.#general = id > 0 ? id : 0;
    else this.#resumed = id > 0 ? id : 0;
    return "OK";
  }

  #taskOf(text: string): ReplayedTask | undefined {
    const id = threadOf(text);
    return this.replay.tasks.find((task) => task.id === id);
  }

  /** Breakpoints of both kinds are translated into the code; what is watched the processor tells. */
  #breakpoint(packet: string): string {
    const [kind = "", address = "", length = ""] = packet.slice(1).split(",");
    const watches = WATCHES[kind];
    if (watches !== undefined) return this.#watchpoint(packet[0] === "Z", watches, address, length);
    if (kind !== "0" && kind !== "1") return "";
    const pc = Number.parseInt(address, 16);
    if (!(pc >= 0)) return "E01";
    const breakpoints = new Set(this.replay.breakpoints);
    if (packet[0] === "Z") breakpoints.add(pc);
    else breakpoints.delete(pc);
    this.replay.breakpoints = breakpoints;
    return "OK";
  }

  #watchpoint(isSet: boolean, kind: Watchpoint["kind"], ...words: [address: string, length: string]): string {
    const [address, length] = words.map((word) => Number.parseInt(word, 16));
    if (!(address !== undefined && length !== undefined && address >= 0 && length > 0)) return "E01";
    const { watching, canWatch } = this.replay;
    if (!canWatch) return "";
    if (isSet) return length <= MOST_WATCHED && watching.add({ kind, address, length }) ? "OK" : "E01";
    watching.remove({ kind, address, length });
    return "OK";
  }

  #resumable(): number | undefined {
    return this.#resumed > 0 ? this.#resumed : this.replay.current?.id;
  }

  #resume(go: () => StopReason): string {
    const reason = go();
    this.#general = 0;
    return this.#stopReply(reason);
  }

  #reverse(direction: string): string {
    const task = this.#resumable();
    if (direction === "s" && task !== undefined) return this.#resume(() => this.replay.stepBack(task));
    return direction === "c" ? this.#resume(() => this.replay.back()) : "";
  }

  #verbose(packet: string): string {
    if (packet === "vCont?") return "vCont;c;C;s;S;r";
    if (packet.startsWith("vCont;")) return this.#continue(packet.slice(6).split(";"));
    if (packet.startsWith("vFile:")) return this.#files.answer(packet.slice(6));
    if (packet.startsWith("vKill")) {
      this.#isDone = true;
      return "OK";
    }
    return "";
  }

  /** Of the threads one may be stepped; the others go on as they did. Signals come as they came. */
  #continue(actions: readonly string[]): string {
    if (!actions.every((action) => /^[cCsSr]/.test(action))) return "";
    const step = actions.find((action) => /^[sSr]/.test(action));
    if (step === undefined) return this.#resume(() => this.replay.forward());
    const [action = "", thread] = step.split(":");
    const id = thread === undefined ? -1 : threadOf(thread);
    const task = id > 0 ? id : this.replay.current?.id;
    if (!action.startsWith("r")) return this.#resume(() => this.replay.forward(task));
    const [start = 0, end = 0] = action
      .slice(1)
      .split(",")
      .map((text) => Number.parseInt(text, 16));
    return this.#resume(() => this.#stepWithin(task, start, end));
  }

  #stepWithin(id: number | undefined, start: number, end: number): StopReason {
    for (;;) {
      const reason = this.replay.forward(id);
      const task = this.replay.tasks.find((one) => one.id === id);
      if (reason.kind !== "step" || task === undefined) return reason;
      const pc = Number(task.programRegisters[RIP]!);
      if (pc < start || pc >= end || this.replay.breakpoints.has(pc)) return reason;
    }
  }

  #query(packet: string): string {
    const at = packet.search(/[:;,]/);
    const [name, rest] = at < 0 ? [packet, ""] : [packet.slice(0, at), packet.slice(at + 1)];
    switch (name) {
      case "qSupported":
        this.#wantsExecs = rest.includes("exec-events+");
        this.replay.catches.execs = this.#wantsExecs;
        return FEATURES;
      case "QStartNoAckMode":
        return "OK";
      case "qAttached":
        return "1";
      case "qC":
        return this.#withTask((task) => `QC${this.#threadId(task)}`);
      case "qfThreadInfo":
        return `m${this.replay.tasks.map((task) => this.#threadId(task)).join(",")}`;
      case "qsThreadInfo":
        return "l";
      case "qThreadExtraInfo":
        return this.#threadInfo(rest);
      case "qXfer":
        return this.#transfer(rest);
      case "qRcmd":
        return this.#command(textOfHex(rest));
      case "QPassSignals":
        this.replay.catches.passed = new Set(hexNumbers(rest).map(kernelSignal));
        return "OK";
      case "QCatchSyscalls":
        this.#catchSyscalls(rest);
        return "OK";
      case "qSymbol":
        return "OK";
      default:
        return "";
    }
  }

  #catchSyscalls(rest: string): void {
    const numbers = hexNumbers(rest);
    const [isOn, ...wanted] = numbers;
    this.replay.catches.syscalls = isOn === 1 ? (wanted.length > 0 ? new Set(wanted) : "all") : undefined;
  }

  #threadInfo(text: string): string {
    const task = this.#taskOf(text);
    if (task === undefined) return "E01";
    const isNext = this.replay.playhead.runner === task;
    return hexOf(isNext ? "runs next" : "waits for its turn");
  }

  /** Answers qXfer:object:read:annex:offset,length. */
  #transfer(request: string): string {
    const [object, , annex, range = ""] = request.split(":");
    const [offset, length] = range.split(",").map((text) => Number.parseInt(text, 16));
    const bytes = this.#object(object, annex);
    // Of what is offered at all, there may be none now.
    if (bytes === undefined) return FEATURES.includes(`qXfer:${object}:read+`) ? "E00" : "";
    if (!(offset !== undefined && length !== undefined && offset >= 0 && length >= 0)) return "E00";
    const part = bytes.subarray(offset, offset + Math.min(length, MOST_MEMORY));
    return `${offset + part.length < bytes.length ? "m" : "l"}${escaped(part)}`;
  }

  #object(object: string | undefined, annex: string | undefined): Uint8Array | undefined {
    const task = this.#selected();
    if (task === undefined) return undefined;
    const { session } = this.replay;
    const exec = session.programs.get(task.process.id);
    switch (object) {
      case "features":
        return annex === "target.xml" ? Buffer.from(this.#registers.describe(task)) : undefined;
      case "auxv":
        return exec && auxvOf(exec);
      case "exec-file":
        return Buffer.from(programPath(session, task));
      case "siginfo":
        return this.#last.kind === "signal" ? this.#last.event.siginfo : undefined;
      default:
        return undefined;
    }
  }

  #command(line: string): string {
    const said = monitor(line, this.replay) ?? `unknown command '${line}'\n${MONITOR_HELP}`;
    return said === "" ? "OK" : hexOf(said);
  }

  #threadId(task: ReplayedTask): string {
    return `p${task.process.id.toString(16)}.${task.id.toString(16)}`;
  }

  #stopReply(reason: StopReason): string {
    this.#last = reason;
    const task = this.replay.current;
    if (task === undefined) return "W00";
    const signal =
      reason.kind === "signal" ? gdbSignal(reason.event.signal) : reason.kind === "interrupted" ? 2 : 5;
    const bytes = this.#registers.all(task);
    const registers = Object.values(EXPEDITED).map((number) => {
      return `${number.toString(16).padStart(2, "0")}:${hexOf(bytes[number]!)};`;
    });
    const head = `T${signal.toString(16).padStart(2, "0")}`;
    return `${head}${this.#why(reason)}${registers.join("")}thread:${this.#threadId(task)};`;
  }

  #why(reason: StopReason): string {
    switch (reason.kind) {
      case "breakpoint":
        return "swbreak:;";
      case "syscall-entry":
        return `syscall_entry:${reason.number.toString(16)};`;
      case "syscall-return":
        return `syscall_return:${reason.number.toString(16)};`;
      case "exec":
        return `exec:${hexOf(this.#withTask((task) => programPath(this.replay.session, task)))};`;
      case "watchpoint":
        return `${WATCH_WORDS[reason.point.kind]}:${reason.point.address.toString(16)};`;
      case "end":
        return "replaylog:end;";
      case "start":
        return "replaylog:begin;";
      default:
        return "";
    }
  }

  [Symbol.dispose](): void {
    this.#registers[Symbol.dispose]();
    this.#files[Symbol.dispose]();
  }
}

/** The thread of a thread id ("p12.34", "34", "-1" for all, "0" for any). */
function threadOf(text: string): number {
  const thread = text.includes(".") ? text.slice(text.indexOf(".") + 1) : text;
  return thread.startsWith("-") ? -1 : Number.parseInt(thread.replace(/^p/, ""), 16);
}

function hexNumbers(text: string): number[] {
  return text
    .split(";")
    .filter((part) => part !== "")
    .map((part) => Number.parseInt(part, 16));
}
