/** Name and version of this engine, as traces keep them. */
export const ENGINE = { name: "embedded", version: "0.1.0" } as const;
