/** Strings that are no UTF-8 come through as they are. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { fromBytes, toBytes } from "./words.ts";

const CASES: Record<string, number[]> = {
  "plain text": [0x61, 0x62],
  "text of two to four bytes": [0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80],
  "a byte-order mark": [0xef, 0xbb, 0xbf, 0x61],
  "bytes that begin no character": [0x80, 0xff, 0xbf, 0xf8],
  "characters that are cut": [0x61, 0xe2, 0x82, 0x62, 0xf0, 0x9f, 0x98],
  "a character that is too long": [0xc0, 0xaf, 0xe0, 0x80, 0xaf],
  "half a surrogate pair, encoded": [0xed, 0xb2, 0x80],
  "a replacement character that was meant": [0xef, 0xbf, 0xbd, 0xff],
  nothing: [],
};

for (const [name, bytes] of Object.entries(CASES)) {
  test(`${name}: the bytes come back, through JSON too`, () => {
    const text: string = JSON.parse(JSON.stringify(fromBytes(Uint8Array.from(bytes))));
    expect([...toBytes(text)]).toEqual(bytes);
  });
}

test("arguments and variables are those that were given, and changed ones those that they became", () => {
  const script = `
    import { ownArguments, ownEnvironment, toBytes } from "${resolve(import.meta.dir, "../mod.ts")}";
    process.env.CHANGED = "new";
    delete process.env.GONE;
    const hex = (text) => Buffer.from(toBytes(text)).toString("hex");
    const { ODD, CHANGED, GONE } = ownEnvironment(process.env);
    console.log(ownArguments(process.argv.slice(1)).map(hex).join(), hex(ODD), CHANGED, GONE);
  `;
  const shell = `export ODD="$(printf 'a\\377')" CHANGED="$(printf '\\376')" GONE=1
    exec "$0" -e '${script}' "$(printf 'x\\200y')" '' "$(printf '\\357\\277\\275')"`;
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", shell, process.execPath]);
  expect(stderr.toString()).toBe("");
  expect(stdout.toString()).toBe("788079,,efbfbd 61ff new undefined\n");
});
