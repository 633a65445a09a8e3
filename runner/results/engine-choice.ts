/** Which engine a test is run by, as people say it. */

/** What `--engine` and a manifest's `engine` take. */
export const ENGINE_CHOICES = ["embedded", "rr", "auto"] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];
