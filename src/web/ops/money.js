// Exact sums of amounts: decimal texts with four places, added as integers in units of 0.0001.
export const NONE = '0.0000';

export function sum(texts) {
  const total = texts.reduce((total, text) => total + BigInt(text.replace('.', '')), 0n);
  const digits = String(total).padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
