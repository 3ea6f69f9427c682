// The points of the runs as the browser keeps them: decoded, merged by step number, smoothed and reduced. No drawing here.

const UNKNOWN = 65535 // an accuracy that is not a number

// One message → { alt, frame?, runs: [{ id, rev, look?, train, test }] }; see curve_wire.py.
export function decode(bytes) {
  // A copy, since typed arrays must begin at a multiple of four.
  const buffer = bytes.slice().buffer
  const length = new DataView(buffer).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  let offset = 4 + length
  const take = (Type, count) => {
    const array = new Type(buffer, offset, count)
    offset += Math.ceil(array.byteLength / 4) * 4
    return array
  }
  const part = ([before, count, first, last]) => {
    if (!count) return { before, last, steps: [], loss: [], accuracy: [] }
    let steps
    if (last - first === count - 1) steps = Array.from({ length: count }, (_, index) => first + index)
    else if (last - first < 2 ** 16) steps = Array.from(take(Uint16Array, count), distance => first + distance)
    else steps = [...take(Int32Array, count)]
    const loss = [...take(Float32Array, count)]
    const accuracy = Array.from(take(Uint16Array, count), share => (share === UNKNOWN ? NaN : share / (UNKNOWN - 1)))
    return { before, last, steps, loss, accuracy }
  }
  header.runs = header.runs.map(run => ({ ...run, train: part(run.train), test: part(run.test) }))
  return header
}

export class Points {
  constructor() {
    this.steps = []
    this.loss = []
    this.accuracy = []
    this.covered = 0 // everything up to this step is here
  }

  get length() {
    return this.steps.length
  }

  // Merge new points by their step numbers. Returns false if there is a gap between them and what is here.
  merge({ before, last, steps, loss, accuracy }) {
    if (steps.length) {
      const at = firstAtLeast(this.steps, steps[0])
      const old = { steps: this.steps.splice(at), loss: this.loss.splice(at), accuracy: this.accuracy.splice(at) }
      const put = (from, index) => {
        this.steps.push(from.steps[index])
        this.loss.push(from.loss[index])
        this.accuracy.push(from.accuracy[index])
      }
      const fresh = { steps, loss, accuracy }
      let i = 0
      let j = 0
      while (i < old.steps.length || j < steps.length) {
        const known = i < old.steps.length ? old.steps[i] : Infinity
        const next = j < steps.length ? steps[j] : Infinity
        if (known < next) put(old, i++)
        else {
          if (known === next) i++
          put(fresh, j++)
        }
      }
    }
    if (before > this.covered) return false
    this.covered = Math.max(this.covered, last)
    return true
  }
}

function firstAtLeast(sorted, value) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

// Exponential moving average over steps, free of the bias towards its start; `weight` is that of the past, per step.
export function smooth(steps, values, weight) {
  let sum = 0
  let total = 0
  let previous = 0
  return values.map((value, index) => {
    if (!Number.isFinite(value)) return value
    const keep = weight ** Math.max(steps[index] - previous, 1)
    previous = steps[index]
    sum = keep * sum + (1 - keep) * value
    total = keep * total + (1 - keep)
    return sum / total
  })
}

// At most `limit` points of those between `from` and `to` (with one neighbour on either side): the smallest and the
// largest of every stretch, so that no spike disappears.
export function outline(x, y, limit, from = -Infinity, to = Infinity) {
  const start = Math.max(firstAtLeast(x, from) - 1, 0)
  const stop = Math.min(firstAtLeast(x, to) + 1, x.length)
  const count = stop - start
  if (count <= limit) return { x: x.slice(start, stop), y: y.slice(start, stop) }
  const chosen = [start]
  const stretches = (limit - 2) >> 1
  for (let part = 0; part < stretches; part++) {
    const left = start + 1 + Math.floor((part * (count - 2)) / stretches)
    const right = start + 1 + Math.floor(((part + 1) * (count - 2)) / stretches)
    let low = left
    let high = left
    for (let index = left; index < right; index++) {
      // A value that is not a number never wins against one that is.
      if (y[index] < y[low] || Number.isNaN(y[low])) low = index
      if (y[index] > y[high] || Number.isNaN(y[high])) high = index
    }
    for (const index of [Math.min(low, high), Math.max(low, high)]) {
      if (index > chosen[chosen.length - 1]) chosen.push(index)
    }
  }
  chosen.push(stop - 1)
  return { x: chosen.map(index => x[index]), y: chosen.map(index => y[index]) }
}
