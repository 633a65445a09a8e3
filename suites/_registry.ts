/**
 * A package registry on this machine for tests of the package: it has tickproof as `npm pack` makes it, and passes on
 * what is asked of other packages to the registry that npm is set up with.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "..");

/** The environment without what npm has put there for the script that it runs. */
export function plainEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^npm_|^(CI|TICKPROOF_\w+|XDG_\w+)$/i.test(name),
  );
  return Object.fromEntries(entries.map(([name, value = ""]) => [name, value]));
}

/** Packs this checkout. @returns The archive. */
function pack(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-pack-"));
  try {
    const words = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    const { exitCode, stderr } = Bun.spawnSync(words, { cwd: ROOT, env: plainEnvironment() });
    if (exitCode !== 0) throw new Error(`npm pack failed: ${stderr}`);
    return readFileSync(join(folder, readdirSync(folder)[0] ?? ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The registry that npm is set up with, with a slash at its end. */
function upstream(): string {
  const { stdout } = Bun.spawnSync(["npm", "config", "get", "registry"], {
    cwd: tmpdir(),
    env: plainEnvironment(),
  });
  return `${stdout.toString().trim().replace(/\/$/, "")}/`;
}

/** Why no packages can be had; undefined if they can. */
export async function unreachable(): Promise<string | undefined> {
  const registry = upstream();
  try {
    const { ok, status } = await fetch(`${registry}bun`, {
      headers: { accept: "application/vnd.npm.install-v1+json" },
    });
    return ok ? undefined : `${registry} answers ${status}`;
  } catch (error) {
    return `${registry} can't be reached: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A registry that listens until it is disposed. */
export class Registry implements Disposable {
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #archive = pack();
  readonly #upstream = upstream();
  /** What was fetched once, by path: three projects install the same packages. */
  readonly #fetched = new Map<string, Promise<{ body: ArrayBuffer; type: string; status: number }>>();

  constructor() {
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#answer(request) });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  async #answer(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.slice(1);
    if (path === "tickproof") return Response.json(this.#document());
    if (path === "tickproof.tgz") return new Response(new Uint8Array(this.#archive));
    const { body, type, status } = await this.#forward(path, request.headers.get("accept") ?? "*/*");
    return new Response(body, { status, headers: { "content-type": type } });
  }

  #forward(path: string, accept: string): Promise<{ body: ArrayBuffer; type: string; status: number }> {
    const key = `${accept} ${path}`;
    const known = this.#fetched.get(key);
    if (known !== undefined) return known;
    const fetched = fetch(this.#upstream + path, { headers: { accept } }).then(async (response) => ({
      body: await response.arrayBuffer(),
      type: response.headers.get("content-type") ?? "application/octet-stream",
      status: response.status,
    }));
    this.#fetched.set(key, fetched);
    return fetched;
  }

  /** What a registry says of a package. */
  #document(): object {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(this.#archive).digest("base64")}`;
    const version = { ...manifest, dist: { tarball: `${this.url}tickproof.tgz`, integrity } };
    return {
      name: manifest.name,
      "dist-tags": { latest: manifest.version },
      versions: { [manifest.version]: version },
    };
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}
