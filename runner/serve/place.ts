/** Where the server listens and whom it lets in, from words of the command line: what is not safe is refused. */
import { readFileSync } from "node:fs";
import { BlockList, isIP } from "node:net";
import { reasonOf } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";
import type { Access } from "./access.ts";

/** What the command line says. */
export interface PlaceOptions {
  host: string | undefined;
  port: string | undefined;
  "token-file": string | undefined;
  "user-header": string | undefined;
  proxy: string | undefined;
  name: string | undefined;
}

/** Where a server listens, and whom it lets in. */
export interface ServePlace {
  host: string;
  /** 0 is any that is free. */
  port: number;
  access: Access;
}

/** Used where no other is named. */
export const DEFAULT_PORT = 4280;
const DEFAULT_HOST = "127.0.0.1";
/** Letters of a token: 16 of base64 are 96 bits, which nobody guesses. */
const LEAST_TOKEN = 16;
const MOST_TOKEN = 1024;

/** @throws {UsageError} If something of it is wrong, or not safe. */
export function placeOf(options: PlaceOptions): ServePlace {
  const host = options.host ?? DEFAULT_HOST;
  const { "token-file": tokenFile, "user-header": header, proxy } = options;
  if (host === "") throw new UsageError("--host takes an address such as 127.0.0.1 or 0.0.0.0: it is ''");
  if (tokenFile !== undefined && header !== undefined)
    throw new UsageError("--token-file and --user-header exclude each other");
  if (proxy !== undefined && header === undefined)
    throw new UsageError("--proxy names whose --user-header is believed: name the header, or drop --proxy");
  if (!isLoopback(host) && tokenFile === undefined && (header === undefined || proxy === undefined)) {
    throw new UsageError(
      `--host ${host} lets other machines in: it needs --token-file FILE, or --user-header NAME with --proxy ADDRESS; ` +
        `without, the server is on ${DEFAULT_HOST}`,
    );
  }
  return {
    host,
    port: portOf(options.port),
    access: {
      token: tokenFile === undefined ? undefined : tokenIn(tokenFile),
      user: header === undefined ? undefined : { header: headerName(header), proxies: proxiesOf(proxy) },
      names: namesOf(options.name, host),
    },
  };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

function portOf(text = String(DEFAULT_PORT)): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new UsageError(`--port takes a number up to 65535, or 0 for any that is free: it is '${text}'`);
  return port;
}

function tokenIn(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new UsageError(`--token-file ${path} can't be read: ${reasonOf(error)}`);
  }
  if (!/^[\x21-\x7e]*$/.test(token))
    throw new UsageError(`--token-file ${path}: a token is one line of ASCII without spaces`);
  if (token.length < LEAST_TOKEN || token.length > MOST_TOKEN) {
    throw new UsageError(
      `--token-file ${path}: a token has ${LEAST_TOKEN} to ${MOST_TOKEN} letters, and this one ${token.length}: ` +
        "'openssl rand -base64 24' makes one",
    );
  }
  return token;
}

function headerName(name: string): string {
  if (!/^[A-Za-z0-9-]{1,100}$/.test(name))
    throw new UsageError(
      `--user-header takes the name of a header such as X-Forwarded-User: it is '${name}'`,
    );
  return name;
}

/** Loopback, and the addresses that are named. */
function proxiesOf(text: string | undefined): BlockList {
  const list = new BlockList();
  list.addSubnet("127.0.0.0", 8, "ipv4");
  list.addAddress("::1", "ipv6");
  for (const one of listOf(text)) {
    const [address = "", prefix, ...more] = one.split("/");
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === 0 || more.length > 0 || !(length >= 1 && length <= bits)) {
      throw new UsageError(
        `--proxy takes addresses such as 10.0.0.7 or 10.0.0.0/24, with commas between: '${one}' is none`,
      );
    }
    list.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

/** The names that people and proxies call the server by. */
function namesOf(text: string | undefined, host: string): ReadonlySet<string> {
  const names = listOf(text).map((name) => name.toLowerCase());
  const wrong = names.find((name) => !/^[a-z0-9.-]{1,253}$/.test(name));
  if (wrong !== undefined)
    throw new UsageError(`--name takes names of hosts, with commas between: '${wrong}' is none`);
  return new Set([...names, host.toLowerCase()]);
}

function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(",").map((one) => one.trim());
}
