// The operations that the browser draws: how the unit random numbers of a picture become values, as Python does it
// (cnnviz/augmentation/behaviours), and what the values do. An operation that is not in this table is the server's.

import { affine, perspective, rotation } from "./maps.js"
import { Plan } from "./plan.js"
import { roundEven } from "./rounding.js"

const ADJUSTMENTS = ["brightness", "contrast", "saturation", "hue"] // torchvision's names and numbers, 0 to 3

const flip = axis => ({
  draw: ({ p }, units) => ({ flipped: units[0] < p }),
  exact: ({ flipped }) => ({ flipped: flipped >= 0.5 }),
  apply: (plan, tile, values) => values.flipped && plan.flip(tile, axis),
})

const colour = names => ({
  draw(settings, units) {
    const drawn = {}
    for (const name of names) {
      const amount = settings[name]
      if (!(amount > 0)) continue
      const [low, high] = name === "hue" ? [-amount, amount] : [Math.max(0, 1 - amount), 1 + amount]
      drawn[name] = units[ADJUSTMENTS.indexOf(name)] * (high - low) + low
    }
    if (names.length === 1) return drawn
    const ranks = [0, 1, 2, 3].sort((a, b) => units[4 + a] - units[4 + b])
    return { order: ranks.map(number => ADJUSTMENTS[number]).filter(name => name in drawn), ...drawn }
  },
  exact: values => (names.length === 1 ? values : { order: names, ...values }),
  apply(plan, tile, values) {
    for (const name of values.order ?? Object.keys(values)) ADJUST[name](plan, tile, values[name])
  },
})

const ADJUST = {
  brightness: (plan, tile, factor) => plan.stretch(tile, { keep: factor }),
  contrast: (plan, tile, factor) => factor === 1 || plan.stretch(tile, { keep: factor, mean: 1 - factor }),
  saturation: (plan, tile, factor) => plan.fade(tile, factor),
  hue: (plan, tile, turn) => plan.hue(tile, turn),
}

// Done or not done, by a coin.
const sometimes = apply => ({
  draw: ({ p }, units) => ({ applied: units[0] < p }),
  exact: ({ applied }) => ({ applied: applied >= 0.5 }),
  apply: (plan, tile, { applied }) => applied && apply(plan, tile),
})

// The operation's own number, or the one that changes nothing, by a coin.
const amount = (name, neutral, apply) => ({
  draw: ({ p, [name]: own }, units) => ({ [name]: units[0] < p ? own : neutral }),
  exact: values => ({ [name]: Math.trunc(values[name]) }),
  apply: (plan, tile, values) => values[name] !== neutral && apply(plan, tile, values[name]),
})

const ORDERS = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]

const permutation = {
  draw: (_, units) => ({ channels: [0, 1, 2].sort((a, b) => units[a] - units[b]) }),
  exact: ({ order }) => ({ channels: ORDERS[Math.trunc(order)] }),
  apply: (plan, tile, { channels }) => plan.permute(tile, channels),
}

const TRIES = 10

const crop = {
  draw({ scale, ratio }, units, { width: fullWidth, height: fullHeight }) {
    const [low, high] = ratio.map(Math.log)
    let found = null
    for (let attempt = 0; attempt < TRIES && !found; attempt++) {
      const area = (units[attempt] * (scale[1] - scale[0]) + scale[0]) * (fullHeight * fullWidth)
      const shape = Math.exp(units[TRIES + attempt] * (high - low) + low)
      const width = roundEven(Math.sqrt(area * shape))
      const height = roundEven(Math.sqrt(area / shape))
      if (width > 0 && width <= fullWidth && height > 0 && height <= fullHeight) found = { width, height }
    }
    const { width, height } = found ?? middle(ratio, fullWidth, fullHeight)
    const place = (unit, free) => Math.floor(found ? unit * (free + 1) : free / 2)
    return {
      top: place(units[2 * TRIES], fullHeight - height),
      left: place(units[2 * TRIES + 1], fullWidth - width),
      height,
      width,
      area: (height * width) / (fullHeight * fullWidth),
      ratio: width / height,
    }
  },
  // What does not fit keeps its area as far as it can, and gives up its ratio.
  exact({ area, ratio, x, y }, { width: fullWidth, height: fullHeight }) {
    const pixels = area * fullHeight * fullWidth
    let height = Math.min(fullHeight, Math.max(1, roundEven(Math.sqrt(pixels / ratio))))
    const width = Math.min(fullWidth, Math.max(1, roundEven(pixels / height)))
    height = Math.min(fullHeight, Math.max(1, roundEven(pixels / width)))
    return {
      top: roundEven(y * (fullHeight - height)),
      left: roundEven(x * (fullWidth - width)),
      height,
      width,
      area: (height * width) / (fullHeight * fullWidth),
      ratio: width / height,
    }
  },
  applyAll(plan, all, { size }) {
    const boxes = all.map(values => [values.left, values.top, values.width, values.height])
    plan.resample(boxes, { width: size, height: size })
  },
}

// The largest part with an allowed ratio: what is left when no try fits.
function middle([narrowest, widest], width, height) {
  if (width / height < narrowest) return { width, height: Math.max(1, roundEven(width / narrowest)) }
  if (width / height > widest) return { width: Math.max(1, roundEven(height * widest)), height }
  return { width, height }
}

// A grey rectangle; nothing where the coin says no or ten tries find none that is smaller than the picture.
const erasing = {
  draw({ p, scale, ratio }, units, { width: fullWidth, height: fullHeight }) {
    const [low, high] = ratio.map(Math.log)
    let found = null
    for (let attempt = 0; attempt < TRIES && !found; attempt++) {
      const area = (units[attempt] * (scale[1] - scale[0]) + scale[0]) * (fullHeight * fullWidth)
      const shape = Math.exp(units[TRIES + attempt] * (high - low) + low)
      const height = roundEven(Math.sqrt(area * shape))
      const width = roundEven(Math.sqrt(area / shape))
      if (height < fullHeight && width < fullWidth) found = { height, width }
    }
    if (!found || units[2 * TRIES + 2] >= p) return { top: 0, left: 0, height: 0, width: 0, area: 0, ratio: 0 }
    const { height, width } = found
    return {
      top: Math.floor(units[2 * TRIES] * (fullHeight - height + 1)),
      left: Math.floor(units[2 * TRIES + 1] * (fullWidth - width + 1)),
      height,
      width,
      area: (height * width) / (fullHeight * fullWidth),
      ratio: height / Math.max(width, 1),
    }
  },
  exact({ area, ratio, x, y }, { width: fullWidth, height: fullHeight }) {
    const pixels = area * fullHeight * fullWidth
    let height = Math.min(fullHeight, roundEven(Math.sqrt(pixels * ratio)))
    const width = height ? Math.min(fullWidth, roundEven(pixels / height)) : 0
    height = width ? Math.min(fullHeight, roundEven(pixels / width)) : 0
    if (!height) return { top: 0, left: 0, height: 0, width: 0, area: 0, ratio: 0 }
    const [top, left] = [roundEven(y * (fullHeight - height)), roundEven(x * (fullWidth - width))]
    return { top, left, height, width, area: (height * width) / (fullHeight * fullWidth), ratio: height / width }
  },
  applyAll: (plan, all, { value }) =>
    plan.hide(all.map(({ left, top, width, height }) => [left, top, width, height]), value),
}

// Cuts and borders: the picture shifted by whole pixels.
const moved = (plan, all, size, grey, padding) =>
  plan.warp(all.map(({ top, left }) => [1, 0, 0, 0, 1, 0, left - padding, top - padding, 1]), size, grey)

const resize = {
  draw: () => ({}),
  exact: () => ({}),
  applyAll: (plan, all, { size }) =>
    plan.resample(all.map(() => [0, 0, plan.size.width, plan.size.height]), { width: size, height: size }),
}

const centreCrop = {
  draw: () => ({}),
  exact: () => ({}),
  applyAll(plan, all, { size }) {
    const [top, left] = [plan.size.height, plan.size.width].map(side => roundEven((side - size) / 2))
    moved(plan, all.map(() => ({ top, left })), { width: size, height: size }, 0, 0)
  },
}

const pad = {
  can: ({ border }) => border === "constant",
  draw: () => ({}),
  exact: () => ({}),
  applyAll(plan, all, { padding, fill }) {
    const size = { width: plan.size.width + 2 * padding, height: plan.size.height + 2 * padding }
    moved(plan, all.map(() => ({ top: 0, left: 0 })), size, fill, padding)
  },
}

const randomCrop = {
  can: ({ border, padding }) => border === "constant" || !padding,
  draw({ size, padding }, units, { width, height }) {
    const [top, left] = [height, width].map((side, way) => Math.floor(units[way] * (side + 2 * padding - size + 1)))
    return { top, left }
  },
  exact: ({ x, y }, { width, height }, { size, padding }) => ({
    top: roundEven(y * (height + 2 * padding - size)), left: roundEven(x * (width + 2 * padding - size)),
  }),
  applyAll: (plan, all, { size, padding, fill }) => moved(plan, all, { width: size, height: size }, fill, padding),
}

export const OPERATIONS = {
  horizontal_flip: flip("x"),
  vertical_flip: flip("y"),
  random_resized_crop: crop,
  random_crop: randomCrop,
  center_crop: centreCrop,
  resize,
  pad,
  rotation,
  affine,
  perspective,
  brightness: colour(["brightness"]),
  contrast: colour(["contrast"]),
  saturation: colour(["saturation"]),
  hue: colour(["hue"]),
  color_jitter: colour(ADJUSTMENTS),
  grayscale: sometimes((plan, tile) => plan.fade(tile, 0)),
  channel_permutation: permutation,
  invert: sometimes((plan, tile) => plan.stretch(tile, { keep: -1, constant: 255 })),
  posterize: amount("bits", 8, (plan, tile, bits) => plan.posterize(tile, bits)),
  solarize: amount("threshold", 256, (plan, tile, threshold) => plan.solarize(tile, threshold)),
  random_erasing: erasing,
}

// Whether the browser can draw a chain: an entry is { kind, enabled, settings }. A batch is mixed elsewhere.
export function canDraw(chain) {
  return chain.every(({ kind, enabled, settings }) => {
    const operation = OPERATIONS[kind]
    return !enabled || MIXING.includes(kind) || (operation && (operation.can?.(settings) ?? true))
  })
}

const MIXING = ["mixup", "cutmix"] // acts on a batch, not on a picture

// What a chain does to `count` pictures of one size, and what was drawn for each.
//   units(kind, occurrence, tile) → the unit random numbers of one operation of one picture
// An entry's `exact` holds numbers that were set by hand instead of drawn.
export function planOf(chain, size, count, units) {
  const plan = new Plan(size, count)
  const drawn = Array.from({ length: count }, () => [])
  const seen = {}
  for (const { kind, enabled, settings, exact } of chain) {
    if (!enabled || MIXING.includes(kind)) continue
    const operation = OPERATIONS[kind]
    plan.makeRoom()
    const occurrence = (seen[kind] = (seen[kind] ?? -1) + 1)
    const all = drawn.map((_, tile) =>
      exact ? operation.exact(exact, plan.size, settings) : operation.draw(settings, units(kind, occurrence, tile), plan.size),
    )
    if (operation.applyAll) operation.applyAll(plan, all, settings)
    else all.forEach((values, tile) => operation.apply(plan, tile, values, settings))
    all.forEach((values, tile) => drawn[tile].push([kind, values]))
  }
  return { plan: plan.finish(), drawn }
}
