/** Types of `tickproof/bun`, which is only preloaded: `preload = ["tickproof/bun"]` in bunfig.toml. */
export {};
