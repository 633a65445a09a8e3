import { test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { progressWriter, readProgress } from "./progress-file.ts";

test("progressWriter() writes what readProgress() reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-progress-"));
  try {
    const path = join(folder, "progress");
    assertEquals(readProgress(path), undefined);
    const tell = progressWriter(path);
    assertEquals(readProgress(path), undefined, "nothing is in it yet");
    tell(12, () => 2 ** 40);
    assertEquals(readProgress(path), { events: 12, ticks: 2 ** 40 });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
