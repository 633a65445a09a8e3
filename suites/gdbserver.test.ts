/** The remote protocol, packet by packet: what a client asks for, what it may not do, and what bytes at random do. */
import { afterAll, beforeAll, test } from "bun:test";
import { connect } from "node:net";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isAlive, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";
import { Client, packet } from "./debugging/_client.ts";
import { PLAIN, type Recorded, recordProgram } from "./debugging/_programs.ts";

const RIP = 16;
const scratch = new Scratch();
let plain: Recorded;
/** App pcs of the program's symbols. */
const symbols = new Map<string, number>();

beforeAll(() => {
  plain = recordProgram(scratch, "plain.S", PLAIN);
  for (const line of run(["nm", plain.program]).stdout.toString().split("\n")) {
    const [address = "", , name = ""] = line.split(" ");
    symbols.set(name, Number.parseInt(address, 16));
  }
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

function at(symbol: string): string {
  const address = symbols.get(symbol);
  assert(address !== undefined, symbol);
  return address.toString(16);
}

test(
  "registers, memory, breakpoints and steps are the program's, forward and back",
  async () => {
    await using client = new Client([plain.trace]);
    const features = await client.ask("qSupported:multiprocess+;swbreak+");
    for (const feature of ["ReverseStep+", "ReverseContinue+", "qXfer:features:read+"]) {
      assertStringIncludes(features, feature);
    }
    assertMatch(await client.ask("?"), /^T05.*thread:p[0-9a-f]+\.[0-9a-f]+;$/);
    assertMatch(await client.ask("qXfer:features:read:target.xml:0,ffff"), /^l<\?xml.*name="rip"/s);
    assertEquals(await client.register(RIP), BigInt(symbols.get("_start")!));
    // mov $40, %ebx: the program's own bytes.
    assertEquals(await client.ask(`m${at("_start")},5`), "bb28000000");
    assertEquals(await client.ask(`Z0,${at("joined")},1`), "OK");
    assertMatch(await client.ask("vCont;c"), /^T05swbreak:;/);
    assertEquals(await client.register(RIP), BigInt(symbols.get("joined")!));
    assertEquals(await client.ask(`m${at("joined")},1`), "f9", "no breakpoint shows in the text");
    assertMatch(await client.ask("vCont;s"), /^T05/);
    assertEquals(await client.register(RIP), BigInt(symbols.get("joined")! + 1));
    assertMatch(await client.ask("bs"), /^T05/);
    assertEquals(await client.register(RIP), BigInt(symbols.get("joined")!));
    assertMatch(await client.ask("bc"), /^T05replaylog:begin;/);
    assertEquals(await client.register(RIP), BigInt(symbols.get("_start")!));
    assertEquals(await client.ask(`z0,${at("joined")},1`), "OK");
    assertMatch(await client.ask("vCont;c"), /^T05replaylog:end;/);
    assertEquals(client.output, "done\n");
    assertMatch(await client.ask("bc"), /^T05replaylog:begin;/);
    assertMatch(await client.ask("c"), /^T05replaylog:end;/);
    assertEquals(client.output, "done\n", "output is shown once");
    assertEquals(await client.ask("D"), "OK");
    assertEquals(await client.ended(), { code: 0, said: "" });
  },
  TEST_TIMEOUT,
);

test(
  "nothing can be changed, and nothing of the engine is seen",
  async () => {
    await using client = new Client([plain.trace]);
    assertMatch(await client.ask(`M${at("total")},1:ff`), /^E/);
    assertMatch(await client.ask("P0=0000000000000000"), /^E/);
    assertMatch(await client.ask("m10000,10"), /^E/);
    assertEquals(await client.ask("X0,0:"), "OK");
    assertEquals(await client.ask("vFile:open:2f6574632f686f73746e616d65,0,0"), "F-1,2");
    const path = Buffer.from(plain.program).toString("hex");
    assertEquals(await client.ask(`vFile:open:${path},0,0`), "F3");
    assertMatch(await client.ask("vFile:pread:3,4,0"), /^F4;\x7fELF$/);
    assertEquals(await client.ask("vFile:close:3"), "F0");
    assertEquals(await client.ask("vFile:close:3"), "F-1,9");
  },
  TEST_TIMEOUT,
);

test(
  "what is no packet, or asks for what is not there, gets an answer or none, and the server goes on",
  async () => {
    await using client = new Client([plain.trace]);
    const odd = [
      "",
      "g,",
      "p",
      "pffff",
      "m",
      "m,",
      "mzz,zz",
      "m0,ffffffffffffffff",
      "H",
      "Hgp1.2.3",
      "Tx",
      "Z",
      "Z0,",
      "Z9,0,1",
      "vCont",
      "vCont;",
      "vCont;x",
      "vFile:",
      "vFile:pread:,,",
      "qXfer:",
      "qXfer:auxv:read::",
      "qXfer:nothing:read::0,10",
      `qRcmd,${Buffer.from("seek nowhere").toString("hex")}`,
      "qRcmd,",
      "qRcmd,zz",
      "QPassSignals:zz",
      "QCatchSyscalls",
      "b",
      "bx",
      "q",
      "Q",
      "v",
    ];
    for (const payload of odd) {
      assert(!/^T\d/.test(await client.ask(payload)), payload);
    }
    client.write("noise$g#00+++$g#zz");
    client.write(packet("qAttached"));
    assertEquals(await client.answer().then((answer) => answer.length > 0), true);
    assertMatch(await client.ask("?"), /^T05|^1$/);
  },
  TEST_TIMEOUT,
);

test(
  "places to begin at, and what is none",
  async () => {
    const begin = async (place: string): Promise<bigint> => {
      await using client = new Client(["--at", place, plain.trace]);
      return await client.register(RIP);
    };
    assertEquals(await begin("start"), BigInt(symbols.get("_start")!));
    const end = await begin("end");
    assert(end > BigInt(symbols.get("done")!) && end < BigInt(symbols.get("twice")!), `the end is at ${end}`);
    const late = await begin("tick:100");
    assert(
      late >= BigInt(symbols.get("outer")!) && late < BigInt(symbols.get("done")!),
      `tick 100 is at ${late}`,
    );
    for (const [place, why] of [
      ["nowhere", "'nowhere' is no place"],
      ["99999", "the recording has events up to"],
      ["signal", "the process gets no signal"],
    ] as const) {
      const { exit, stderr } = run([...TICKPROOF, "gdbserver", "--stdio", "--at", place, plain.trace]);
      assertEquals(exit, { code: 2 });
      assertStringIncludes(stderr, why);
    }
  },
  TEST_TIMEOUT,
);

/** A server over TCP that says where it waits, and the processes that it replays by then. */
async function listening(trace: string) {
  const server = Bun.spawn([...TICKPROOF, "gdbserver", trace], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  const reader = server.stderr.getReader();
  let said = "";
  while (!said.includes("\n"))
    said += Buffer.from((await reader.read()).value ?? Buffer.from("\n")).toString();
  const port = Number(/localhost:(\d+)/.exec(said)?.[1]);
  assert(port > 0, said);
  return { server, port, replayed: await replayedBy(server.pid) };
}

async function replayedBy(pid: number): Promise<number[]> {
  const children = await Bun.file(`/proc/${pid}/task/${pid}/children`).text();
  const replayed = children.trim().split(/\s+/).map(Number);
  assert(replayed.length > 0 && replayed.every((child) => isAlive(child)), "a process is replayed");
  return replayed;
}

test(
  "a client over TCP is served, and a server whose client goes leaves nothing",
  async () => {
    const { server, port, replayed } = await listening(plain.trace);
    const answer = await new Promise<string>((found, failed) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(packet("qC")));
      socket.on("data", (data) => {
        if (!data.includes("#")) return;
        socket.destroy();
        found(data.toString());
      });
      socket.on("error", failed);
    });
    assertMatch(answer, /QCp/);
    await server.exited;
    assert(!replayed.some((pid) => isAlive(pid)), "a process is left");
  },
  TEST_TIMEOUT,
);

test(
  "a server ends by a signal while it waits for a client, for a packet, or for somebody to take its answers",
  async () => {
    const ends = async (server: Bun.Subprocess, replayed: number[], signal: number): Promise<void> => {
      server.kill(signal);
      assertEquals([await server.exited, server.signalCode], [128 + signal, null]);
      assert(!replayed.some((pid) => isAlive(pid)), "a process is left");
    };
    for (const signal of [2, 15]) {
      const waiting = await listening(plain.trace);
      await ends(waiting.server, waiting.replayed, signal);
    }
    const served = await listening(plain.trace);
    const socket = connect(served.port, "127.0.0.1", () => socket.write(packet("qC")));
    await new Promise((answered) => socket.once("data", answered));
    await ends(served.server, served.replayed, 15);
    socket.destroy();
    // Each answer is larger than what a pipe takes, and nobody reads.
    const full = new Client([plain.trace]);
    assertMatch(await full.ask("qC"), /QCp/);
    const replayed = await replayedBy(full.pid);
    const stack = (await full.register(7)).toString(16);
    for (let i = 0; i < 200; i++) full.send(`m${stack},1000`);
    await ends(full.server, replayed, 15);
  },
  TEST_TIMEOUT,
);

test(
  "monitor goes to places by their names and to those that were marked, forward and back, and says where it is",
  async () => {
    await using client = new Client([plain.trace]);
    const monitor = async (line: string) =>
      Buffer.from(await client.ask(`qRcmd,${Buffer.from(line).toString("hex")}`), "hex").toString();
    for (const ticks of [200, 50]) {
      assertMatch(await monitor(`seek tick:${ticks}`), /^event \d+ comes next/);
      assertMatch(await monitor("when-ticks"), new RegExp(`: ${ticks} ticks\n$`));
    }
    const there = await client.register(RIP);
    assertMatch(await monitor("seek 100000"), /^the recording has events up to \d+\n$/);
    assertEquals(await client.register(RIP), there, "what is no place leads nowhere");
    assertMatch(await monitor("seek end"), /exit of task/);
    assertMatch(await monitor("seek start"), /^event \d+ comes next/);
    assertEquals(await client.register(RIP), BigInt(symbols.get("_start")!));
    assertEquals(await monitor("checkpoints"), "No checkpoints.\n");
    await monitor("seek tick:120");
    assertMatch(await monitor("checkpoint"), /^Checkpoint 1: event \d+ comes next/);
    const marked = await client.register(RIP);
    await client.ask("vCont;s");
    assertMatch(await monitor("checkpoint"), /^Checkpoint 2: /);
    const [first, second] = [marked, await client.register(RIP)];
    await monitor("seek end");
    for (const [number, pc] of [
      [2, second],
      [1, first],
    ] as const) {
      assertMatch(await monitor(`restart ${number}`), /^event \d+ comes next/);
      assertEquals(await client.register(RIP), pc, `checkpoint ${number}`);
    }
    assertEquals(await monitor("delete-checkpoint 1"), "");
    assertMatch(await monitor("checkpoints"), /^2: in front of event \d+, task \d+, \d+ ticks\n$/);
    assertEquals(await monitor("restart 1"), "there is no checkpoint '1'\n");
    assertEquals(await monitor("elapsed-time"), "the program has looked at no clock by here\n");
    assertEquals(client.output, "", "nothing is shown that is only passed by");
  },
  TEST_TIMEOUT,
);
