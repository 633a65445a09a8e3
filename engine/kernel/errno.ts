/**
 * The error numbers that the table of system calls speaks of.
 *
 * Sources: `asm-generic/errno-base.h`, `asm-generic/errno.h`; the ERESTART ones (which only a tracer ever
 * sees, at a system call's exit stop) from the kernel's `include/linux/errno.h`.
 */

export const EPERM = 1;
export const EINTR = 4;
export const EFAULT = 14;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENOTTY = 25;
export const ENOSPC = 28;
export const ENOSYS = 38;
export const EOPNOTSUPP = 95;

/** Largest error number: results from -MAX_ERRNO to -1 are failures (`include/linux/err.h`). */
export const MAX_ERRNO = 4095;
