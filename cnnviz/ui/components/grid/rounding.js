// To the nearest whole number, halves to the even one, as Python and torch do it.
export function roundEven(value) {
  const rounded = Math.round(value)
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded
}
