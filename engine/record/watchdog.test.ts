import { afterEach, beforeEach, test } from "bun:test";
import { assertEquals } from "@std/assert";
import { setTimer } from "../../ffi/mod.ts";
import { catchInterrupts } from "../interrupts.ts";
import { Watchdog } from "./watchdog.ts";

let interrupts: Disposable;
beforeEach(() => {
  interrupts = catchInterrupts();
});
afterEach(() => interrupts[Symbol.dispose]());

function watch(): { said: string[]; watchdog: Watchdog; get: { progress: string } } {
  const said: string[] = [];
  const get = { progress: "" };
  const watchdog = new Watchdog({
    progress: () => get.progress,
    describe: () => "it waits for task 7",
    say: (message) => said.push(message),
  });
  setTimer(0);
  return { said, watchdog, get };
}

test("Watchdog speaks once when nothing has changed from look to look", () => {
  const { said, watchdog, get } = watch();
  get.progress = "1";
  for (let i = 0; i < 10; i++) watchdog.look(true);
  assertEquals(said, ["no progress for 20 s: it waits for task 7; Ctrl-C ends the recording"]);
});

test("Watchdog speaks again when the recording gets stuck once more", () => {
  const { said, watchdog, get } = watch();
  for (const progress of ["1", "1", "1", "2", "2", "2"]) {
    get.progress = progress;
    watchdog.look(true);
  }
  assertEquals(said.length, 2);
});

test("Watchdog is silent while there is progress, and while the recorder waits for the program's calls", () => {
  const { said, watchdog, get } = watch();
  for (let i = 0; i < 10; i++) {
    get.progress = `${i >> 1}`;
    watchdog.look(true);
  }
  for (let i = 0; i < 10; i++) watchdog.look(false);
  assertEquals(said, []);
});
