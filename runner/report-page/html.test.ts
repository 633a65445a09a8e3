import { test } from "bun:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { HOSTILE, someAttempts } from "./_fixtures.ts";
import { inlineJson, inlineScript, pageHtml } from "./html.ts";
import { preparePage } from "./prepare.ts";

test("inlineJson() says the same, and has nothing that could end its element", () => {
  const value = { text: `${HOSTILE}\u2028\u2029&"'` };
  const text = inlineJson(value);
  assertEquals(JSON.parse(text), value);
  assert(!/[<\u2028\u2029]/.test(text));
});

test("inlineScript() keeps the meaning of strings that look like tags", () => {
  const code = inlineScript('["</script>", "<!--", "<SCRIPT", "<p>"]');
  assert(!/<\/script|<!--|<script/i.test(code));
  assertEquals(JSON.stringify(new Function(`return ${code}`)()), '["</script>","<!--","<SCRIPT","<p>"]');
});

test("pageHtml() allows its own script and style alone, by their hashes", () => {
  const data = preparePage(someAttempts(), { generatedAt: "2026-11-24T12:00:00.000Z", version: "0.1.0" });
  const html = pageHtml(data, { script: "start()", style: "body{}" });
  const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  assertMatch(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
  assertEquals(html.match(/<script/g)?.length, 2);
  assert(!html.includes("<img"));
});
