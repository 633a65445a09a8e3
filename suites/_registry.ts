/**
 * A package registry on this machine for tests of the package: it has tickproof as `npm pack` makes it, and the packages
 * that it needs, packed from this checkout. So the tests need no network.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

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

/** A package that tickproof needs, as it lies in this checkout. */
interface Installed {
  version: string;
  folder: string;
}

/** What `npm ci` has put here for users, by name: the lock file tells it from what only the project's own work needs. */
function installed(): Map<string, Installed[]> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string; dev?: boolean }>;
  };
  const users = Object.entries(packages).filter(([path, { dev }]) => path !== "" && dev !== true);
  const found = new Map<string, Installed[]>();
  for (const [path, { version }] of users) {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    found.set(name, [...(found.get(name) ?? []), { version, folder: join(ROOT, path) }]);
  }
  return found;
}

/** A package as an archive, packed anew from its folder. */
function archiveOf(folder: string): Buffer {
  // What is nested in it are packages of their own.
  const words = [
    "tar",
    "-cf",
    "-",
    "--exclude=./node_modules",
    "--transform=s,^\\.,package,",
    "-C",
    folder,
    ".",
  ];
  const { exitCode, stdout, stderr } = Bun.spawnSync(words);
  if (exitCode !== 0) throw new Error(`tar failed for ${folder}: ${stderr}`);
  return gzipSync(stdout, { level: 1 });
}

/** What is served of a version: what its package.json says, and its archive. */
interface Version {
  manifest: { name: string; version: string };
  archive: Buffer;
}

/** A registry that listens until it is disposed. It asks nobody: what it has is in this checkout. */
export class Registry implements Disposable {
  readonly #server: ReturnType<typeof Bun.serve>;
  readonly #installed = installed();
  /** By name, packed when they are first asked for: several projects install the same packages. */
  readonly #packed = new Map<string, Version[]>();

  constructor() {
    const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    this.#packed.set("tickproof", [{ manifest, archive: pack() }]);
    this.#server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => this.#answer(request) });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  /** The archive of tickproof, as `npm pack` makes it. */
  get archive(): Buffer {
    const [own] = this.#versionsOf("tickproof");
    if (own === undefined) throw new Error("tickproof is always packed");
    return own.archive;
  }

  #answer(request: Request): Response {
    const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
    const [, name = path, wanted] = /^(.+)\/-\/([^/]+)\.tgz$/.exec(path) ?? [];
    const versions = this.#versionsOf(name);
    if (versions.length === 0) return new Response("not found", { status: 404 });
    if (wanted === undefined) return Response.json(this.#document(name, versions));
    const found = versions.find(({ manifest }) => manifest.version === wanted);
    if (found === undefined) return new Response("not found", { status: 404 });
    return new Response(new Uint8Array(found.archive));
  }

  #versionsOf(name: string): Version[] {
    const known = this.#packed.get(name);
    if (known !== undefined) return known;
    const versions = (this.#installed.get(name) ?? []).map(({ folder }) => ({
      manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
      archive: archiveOf(folder),
    }));
    this.#packed.set(name, versions);
    return versions;
  }

  /** What a registry says of a package. */
  #document(name: string, versions: readonly Version[]): object {
    const described = versions.map(({ manifest, archive }) => {
      const integrity = `sha512-${new Bun.CryptoHasher("sha512").update(archive).digest("base64")}`;
      const tarball = `${this.url}${name}/-/${manifest.version}.tgz`;
      return [manifest.version, { ...manifest, dist: { tarball, integrity } }] as const;
    });
    const latest = described.at(-1)?.[0];
    return { name, "dist-tags": { latest }, versions: Object.fromEntries(described) };
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}
