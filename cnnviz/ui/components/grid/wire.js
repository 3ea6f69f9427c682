// What comes from the server (see live_grid.py), and the words for what was drawn.

// One message → { header, source?, sheet? }: header.units(kind, occurrence, tile) are unit random numbers.
export function decode(bytes) {
  // A copy, since typed arrays must begin at a multiple of their width.
  const buffer = bytes.slice().buffer
  const length = new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  let offset = 4 + length
  const take = count => {
    const part = new Uint8Array(buffer, offset, count)
    offset += Math.ceil(count / 4) * 4
    return part
  }
  const { blocks, slots, perDraw } = header
  const numbers = new Float64Array(take(blocks.units).slice().buffer)
  header.units = (kind, occurrence, tile) => {
    const slot = slots.findIndex(([name, number]) => name === kind && number === occurrence)
    const start = (tile * slots.length + slot) * perDraw
    return numbers.subarray(start, start + perDraw)
  }
  const source = blocks.source ? take(blocks.source) : null
  const sheet = blocks.sheet ? take(blocks.sheet) : null
  return { header, source, sheet }
}

// The answer to a question of our own (see grid_answers.py) → { sheet, drawn, bytes }: bytes are those of the JPEG.
export function decodeAnswer(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  return { ...header, bytes: new Uint8Array(buffer, 4 + length, header.bytes) }
}

// What was drawn for one picture, as `PipelineSpec.describe` says it. `drawn`: [[kind, values], …]; a sentence that the
// server has finished stands in the place of the list.
export function describe(drawn, labels) {
  if (typeof drawn === "string") return drawn || labels.unchanged
  return drawn.map(([kind, values]) => sentence(kind, values, labels)).filter(Boolean).join("; ") || labels.unchanged
}

// Nothing where the browser has no words for an operation: they come with the server's picture.
function sentence(kind, values, labels) {
  if (kind === "horizontal_flip") return values.flipped ? labels.mirrored : labels.not_mirrored
  if (kind === "vertical_flip") return values.flipped ? labels.upside_down : labels.upright
  if (kind === "random_resized_crop") {
    const [area, ratio] = [format(values.area, "percent", "", labels), format(values.ratio, "fixed", "", labels)]
    return fill(labels.crop, { area, ratio })
  }
  const templates = { brightness: labels.brightness, contrast: labels.contrast, saturation: labels.saturation, hue: labels.hue }
  const names = (values.order ?? Object.keys(values)).filter(name => name in templates)
  if (!names.length) return kind in templates || kind === "color_jitter" ? labels.unchanged : ""
  const parts = names.map(name => fill(templates[name], {
    degrees: format(Math.round(values[name] * 360), "number", "", labels), factor: format(values[name], "fixed", "", labels),
  }))
  return parts.join(", ")
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

// A number as the reader writes it. `kind`: "percent" (of a share), "turn" (a share of a full turn in degrees), "fixed"
// (two decimals) or "number".
export function format(value, kind, unit, labels) {
  const text = (number, least, most) =>
    new Intl.NumberFormat(labels.locale, { minimumFractionDigits: least, maximumFractionDigits: most }).format(number)
  if (kind === "percent") return `${text(100 * value, 0, 0)}\u202f%`
  if (kind === "turn") return `${text(360 * value, 0, 0)}°`
  const number = kind === "fixed" ? text(value, 2, 2) : text(value, 0, 3)
  return unit === "°" ? `${number}°` : unit ? `${number}\u202f${unit}` : number
}
