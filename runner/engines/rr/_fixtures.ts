/** The stand-in for rr as a program, and this machine with it in the place of rr. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Host, liveHost } from "../../host/mod.ts";

/** An rr that goes wrong in one way; see `_fake-rr.ts`. */
export class FakeRr implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "tickproof-fake-rr-"));
  readonly path = join(this.#folder, "rr");

  constructor(mode = "") {
    const script = resolve(import.meta.dir, "_fake-rr.ts");
    writeFileSync(this.path, `#!/bin/sh\nFAKE_RR='${mode}' exec '${process.execPath}' '${script}' "$@"\n`);
    chmodSync(this.path, 0o755);
  }

  /** This machine, where `rr` is this. */
  get host(): Host {
    return { ...liveHost, findProgram: (name) => (name === "rr" ? this.path : liveHost.findProgram(name)) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
