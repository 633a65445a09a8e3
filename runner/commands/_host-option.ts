/** The option of commands that ask a host something. */
export const HOST_OPTION = {
  kind: "text",
  value: "NAME|FILE",
  help: "a described host instead of this machine: one of manifests/hosts, or a profile of your own",
} as const;
