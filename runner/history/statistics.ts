/** What a number of trials says of the rate behind them. */

/** A rate with the interval that it lies in, with 95 % confidence. */
export interface Rate {
  rate: number;
  low: number;
  high: number;
}

/** Standard deviations that 95 % of a normal distribution lie within. */
const Z = 1.959963984540054;

/**
 * The rate of an outcome, with Wilson's score interval: right for few trials and for rates near 0 and 1 too
 * (E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927).
 *
 * @param hits Trials with that outcome.
 * @param trials All of them.
 * @returns Of no trials: a rate of 0, somewhere between 0 and 1.
 */
export function rateOf(hits: number, trials: number): Rate {
  if (trials === 0) return { rate: 0, low: 0, high: 1 };
  const rate = hits / trials;
  const scale = 1 + Z ** 2 / trials;
  const centre = (rate + Z ** 2 / (2 * trials)) / scale;
  const margin = (Z / scale) * Math.sqrt((rate * (1 - rate)) / trials + Z ** 2 / (4 * trials ** 2));
  // Rounding must not take 0 or 1 away where every trial was alike.
  return {
    rate,
    low: hits === 0 ? 0 : Math.max(0, centre - margin),
    high: hits === trials ? 1 : Math.min(1, centre + margin),
  };
}

/** A rate as text: "2.0 % (0.4 to 10.5 %)". */
export function rateText({ rate, low, high }: Rate): string {
  const percent = (value: number) => (value * 100).toFixed(1);
  return `${percent(rate)} % (${percent(low)} to ${percent(high)} %)`;
}
