/**
 * Who may ask the server, and what: the rules that hold before anything is looked up. Whatever a request says is another's
 * word; only the address that it comes from is the kernel's.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { type BlockList, isIP } from "node:net";

/** What a server lets in. */
export interface Access {
  /** That each request must bring; undefined where none is asked for. */
  token: string | undefined;
  /** A header of a proxy that names the user, and whose word is taken for it: loopback, and what is named. */
  user: { header: string; proxies: BlockList } | undefined;
  /** Names by which browsers may call it, besides addresses and `localhost`; lower case. */
  names: ReadonlySet<string>;
}

/** Letters of an address with its query: the longest that the page asks for is far below it. */
export const MOST_URL = 2048;
/** Letters of a user's name. */
const MOST_USER = 256;

/** Why a request is not answered. */
export interface Refusal {
  status: number;
  words: string;
  headers?: Readonly<Record<string, string>>;
}

/** Who asks; undefined where nobody says. */
export interface Admitted {
  user: string | undefined;
}

/**
 * Judges a request.
 *
 * @param peer The address that it comes from.
 */
export function judge(
  request: Pick<Request, "method" | "headers" | "url">,
  peer: string,
  access: Access,
): Refusal | Admitted {
  const { method, headers, url } = request;
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, words: "this server only answers GET and HEAD", headers: { Allow: "GET, HEAD" } };
  }
  if (!isOwnName(headers.get("host") ?? "", access.names)) {
    return { status: 421, words: "this server is not called by this name: --name NAME lets it" };
  }
  if (url.length > MOST_URL) return { status: 414, words: `an address has ${MOST_URL} letters at most` };
  if (Number(headers.get("content-length") ?? 0) > 0 || headers.has("transfer-encoding")) {
    return { status: 413, words: "a request has no body here" };
  }
  if (isCrossSite(headers)) return { status: 403, words: "other sites may link to this page, and no more" };
  if (access.user !== undefined) return userOf(headers, peer, access.user);
  if (access.token === undefined || isToken(headers.get("authorization") ?? "", access.token)) {
    return { user: undefined };
  }
  return {
    status: 401,
    words: "this page is behind a token: give it as the password, with any name, or as a bearer token",
    headers: { "WWW-Authenticate": 'Basic realm="tickproof", charset="UTF-8"' },
  };
}

/** A page of another site can have a browser call an address of its own name that leads here: by that name nothing is told. */
function isOwnName(host: string, names: ReadonlySet<string>): boolean {
  if (!/^[\w.:[\]-]+$/.test(host) || !URL.canParse(`http://${host}/`)) return false;
  const { hostname } = new URL(`http://${host}/`);
  return hostname === "localhost" || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || names.has(hostname);
}

/** Browsers say what a request is for. */
function isCrossSite(headers: Headers): boolean {
  return headers.get("sec-fetch-site") === "cross-site" && headers.get("sec-fetch-mode") !== "navigate";
}

function userOf(
  headers: Headers,
  peer: string,
  { header, proxies }: NonNullable<Access["user"]>,
): Refusal | Admitted {
  if (!isListed(proxies, peer)) {
    return { status: 403, words: "this page is behind a proxy, and this request has not come through it" };
  }
  const user = headers.get(header) ?? "";
  if (user === "" || user.length > MOST_USER) {
    return { status: 401, words: "the proxy has named no user" };
  }
  return { user };
}

/** Whether an address is one of a list; one of IPv4 may come as one of IPv6. */
function isListed(list: BlockList, peer: string): boolean {
  const address = peer.replace(/^::ffff:(?=\d+\.)/, "");
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** Whether the header has the token, as a password or as a bearer token; it takes as long whatever is wrong with it. */
function isToken(authorization: string, token: string): boolean {
  const [, scheme = "", value = ""] = /^(basic|bearer) +(\S+)$/i.exec(authorization) ?? [];
  const given =
    scheme.toLowerCase() === "basic"
      ? Buffer.from(value, "base64")
          .toString()
          .replace(/^[^:]*:/, "")
      : value;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}
