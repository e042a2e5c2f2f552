// Amounts are decimals with four places, as text: added up in ten-thousandths, exactly.
export const NONE = '0.0000';

export function sum(texts) {
  const total = texts.reduce((total, text) => total + BigInt(text.replace('.', '')), 0n);
  const digits = String(total).padStart(5, '0');
  return `${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
