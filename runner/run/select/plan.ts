/** From manifests to the tests that are to be run. */

import { resolve } from "node:path";
import { isProfilePath } from "../../host/mod.ts";
import type { LoadedManifest, TestEntry } from "../../manifest/mod.ts";
import type { SharedFixture } from "../fixture/mod.ts";
import type { Target, TestCase } from "../types.ts";

function targetOf({ program, build, command }: TestEntry, folder: string): Target {
  if (program !== undefined) return { kind: "source", path: resolve(folder, program) };
  if (build === undefined) {
    const isPath = command?.includes("/");
    return { kind: "host", name: isPath ? resolve(folder, command ?? "") : (command ?? "") };
  }
  const { sources, flags = [], libraries = [], language } = build;
  const [path = "", ...more] = sources.map((source) => resolve(folder, source));
  return {
    kind: "source",
    path,
    more,
    flags: [...flags, ...libraries.map((library) => `-l${library}`)],
    language,
    folder,
  };
}

/** A described host by name, or by a file relative to the manifest. */
function hostOf(host: string, folder: string): string {
  return isProfilePath(host) ? resolve(folder, host) : host;
}

/** The tests of a manifest, with the manifest's defaults filled in. */
export function manifestTests(manifest: LoadedManifest): TestCase[] {
  const { setup, teardown, folder, path, timeout } = manifest;
  const shared: SharedFixture | undefined =
    setup === undefined && teardown === undefined
      ? undefined
      : { setup, teardown, of: `the manifest ${path}`, cwd: folder, timeoutSeconds: timeout };
  return manifest.tests.map((entry) => ({
    id: `${manifest.suite}/${entry.name}`,
    suite: manifest.suite,
    location: { file: manifest.path, line: entry.line },
    name: entry.name,
    target: targetOf(entry, manifest.folder),
    args: entry.args,
    stdin: entry.stdin,
    files: entry.files,
    signals: entry.signals,
    fixture: { setup: entry.setup, teardown: entry.teardown },
    shared,
    repeat: entry.repeat,
    environment: entry.environment,
    cwd: manifest.folder,
    timeoutSeconds: entry.timeout ?? manifest.timeout,
    alone: entry.alone,
    weight: entry.weight,
    exclusive: entry.exclusive,
    tags: [...manifest.tags, ...entry.tags],
    retry: entry.retry,
    skipExit: entry.skipExit,
    skip: entry.skip,
    engine: entry.engine ?? manifest.engine,
    host: entry.host === undefined ? undefined : hostOf(entry.host, manifest.folder),
    conditions: {
      requires: entry.requires,
      unsupported: entry.unsupported,
      flag: entry.flag,
      xfail: entry.xfail,
    },
    expect: entry.expect,
  }));
}
