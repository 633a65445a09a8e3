/** Programs for tests of commands. */

/**
 * Perl that does what the engine can't record, and then goes on: it calls `mov eax, 20; int 0x80; ret` in memory of its own, by
 * mmap (9), and read (0) from a pipe.
 */
export const UNRECORDABLE =
  "require DynaLoader; $p = syscall(9, 0, 4096, 7, 34, -1, 0); pipe(R, W); " +
  'syswrite(W, "\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3"); syscall(0, fileno(R), $p, 8); ' +
  'DynaLoader::dl_install_xsub("main::f", $p); f()';
