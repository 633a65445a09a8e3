/**
 * Types of `tickproof/assert`, which are those of `@std/assert`: npm's deno-std ships the code of Deno's standard
 * library without declarations. `assert.test.ts` checks that both name the same functions.
 */

/** Any class, also an abstract one. */
// biome-ignore lint/suspicious/noExplicitAny: a constructor of unknown parameters can only be said so
export type AnyConstructor = abstract new (...args: any[]) => unknown;
/** The instances of {@link AnyConstructor} `C`. */
export type GetConstructorType<C extends AnyConstructor> = InstanceType<C>;
/** A class of errors. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;
/** A falsy value. */
export type Falsy = false | 0 | 0n | "" | null | undefined;
/** What an array-like {@link assertArrayIncludes} takes. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** The error that every failed assertion throws. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions);
}

/** Deep equality, as {@link assertEquals} sees it. */
export function equal(a: unknown, b: unknown): boolean;

/** `expr` is truthy. */
export function assert(expr: unknown, msg?: string): asserts expr;
/** `expr` is falsy. */
export function assertFalse(expr: unknown, msg?: string): asserts expr is Falsy;
/** `actual` and `expected` are deeply equal; a failure shows their difference. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
/** `actual` and `expected` are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
/** `actual` and `expected` are the same value (Object.is). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
/** `actual` and `expected` are not the same value (Object.is). */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
/** `actual` is neither null nor undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
/** The two numbers differ by at most `tolerance` (by default 1e-7 of `expected`). */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;

/** `actual > expected` */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
/** `actual >= expected` */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** `actual < expected` */
export function assertLess<T>(actual: T, expected: T, msg?: string): void;
/** `actual <= expected` */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;

/** `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
/** `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
/** `actual` does not match `expected`. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
/** `actual` contains every value of `expected`. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void;
/** `actual` has all properties of `expected`, with the same values. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void;

/** `actual` is an instance of `expectedType`. */
export function assertInstanceOf<C extends AnyConstructor>(
  actual: unknown,
  expectedType: C,
  msg?: string,
): asserts actual is GetConstructorType<C>;
/** `actual` is not an instance of `unexpectedType`. */
export function assertNotInstanceOf<A, C extends AnyConstructor>(
  actual: A,
  unexpectedType: C,
  msg?: string,
): asserts actual is Exclude<A, GetConstructorType<C>>;
/** `error` is an error, of class `ErrorClass` if given, with a message that matches `msgMatches`. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E;

/** `fn` throws something, which is returned. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** `fn` throws an error of class `ErrorClass` whose message includes `msgIncludes`. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
/** `fn` returns a promise that rejects; the reason is returned. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** `fn` returns a promise that rejects with an error of class `ErrorClass`. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;

/** Fails always. */
export function fail(msg?: string): never;
/** Fails: this code is not written yet. */
export function unimplemented(msg?: string): never;
/** Fails: no path leads here. */
export function unreachable(msg?: string): never;
