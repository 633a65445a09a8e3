/**
 * The page as one file. Names, reasons and log lines come from programs under test and from traces, so nothing of
 * them is ever markup: the data is JSON that no tag can end, the script puts it in place as text only, and a content
 * security policy allows this one script, this one style, and no request at all.
 */
import { createHash } from "node:crypto";
import type { PageData } from "./page-data.ts";

/** What the page is made of besides the data. */
export interface PageParts {
  script: string;
  style: string;
}

/** JSON that may stand in a script element: nothing in it can end the element or begin a comment. */
export function inlineJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

/** Script code that may stand in a script element. */
export function inlineScript(code: string): string {
  // In strings, templates and regular expressions, the only places where these stand, an escape means the same.
  return code.replace(/<(\/script|script|!--)/gi, "\\x3c$1");
}

const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Puts a page together. */
export function pageHtml(data: PageData, { script, style }: PageParts): string {
  const code = inlineScript(script);
  const policy = [
    "default-src 'none'",
    `script-src ${hash(code)}`,
    `style-src ${hash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>tickproof report</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<a class="skip-link" href="#main">Skip to the results</a>
<noscript>This page shows its results by a script, which is turned off here.</noscript>
<script type="application/json" id="data">${inlineJson(data)}</script>
<script type="module">${code}</script>
</body>
</html>
`;
}
