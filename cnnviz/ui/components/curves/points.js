// The points of the runs as the browser keeps them: decoded, merged by step number, smoothed and reduced. No drawing here.

const UNKNOWN = 65535 // an accuracy that is not a number

// One message → { alt?, frame?, runs: [{ id, rev, look?, at?, train?, test? }] }; see curve_wire.py.
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
  const part = ([before, count, first, last], measured) => {
    if (!count) return { before, last, steps: [], loss: [], accuracy: [] }
    let steps
    if (last - first === count - 1) steps = Array.from({ length: count }, (_, index) => first + index)
    else if (last - first < 2 ** 16) steps = Array.from(take(Uint16Array, count), distance => first + distance)
    else steps = [...take(Int32Array, count)]
    const loss = [...take(Float32Array, count)]
    const accuracy = measured
      ? [...take(Float32Array, count)]
      : Array.from(take(Uint16Array, count), share => (share === UNKNOWN ? NaN : share / (UNKNOWN - 1)))
    return { before, last, steps, loss, accuracy }
  }
  header.runs = header.runs.map(run => (run.train ? { ...run, train: part(run.train, run.measured), test: part(run.test) } : run))
  return header
}

export class Points {
  constructor() {
    this.steps = []
    this.loss = []
    this.accuracy = []
    this.covered = 0 // everything up to this step is here
    this.averages = new Map() // what `smoothed` has computed of the points as they are
  }

  get length() {
    return this.steps.length
  }

  // The moving average of a series; zooming and pointing ask for it again and again.
  smoothed(name, weight) {
    const key = `${name} ${weight}`
    if (!this.averages.has(key)) this.averages.set(key, smooth(this.steps, this[name], weight))
    return this.averages.get(key)
  }

  // Merge new points by their step numbers. Returns false if there is a gap between them and what is here.
  merge({ before, last, steps, loss, accuracy }) {
    if (steps.length) {
      this.averages.clear()
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

// Where steps lie on an axis of seconds or MACs: straight between the known [step, position], and on beyond them.
export function placeSteps(steps, known) {
  if (!known || known.length < 2) return steps.map(() => NaN)
  let at = 1
  return steps.map(step => {
    while (at < known.length - 1 && known[at][0] < step) at++
    while (at > 1 && known[at - 1][0] > step) at--
    const [[left, low], [right, high]] = [known[at - 1], known[at]]
    return right === left ? high : low + ((step - left) / (right - left)) * (high - low)
  })
}

// A series read at other places: straight between its points, not a number outside.
function readAt(x, y, places) {
  const kept = x.map((_, index) => index).filter(index => Number.isFinite(y[index]) && Number.isFinite(x[index]))
  let at = 1
  return places.map(place => {
    if (kept.length < 2 || place < x[kept[0]] || place > x[kept.at(-1)]) return NaN
    while (at < kept.length - 1 && x[kept[at]] < place) at++
    while (at > 1 && x[kept[at - 1]] > place) at--
    const [left, right] = [kept[at - 1], kept[at]]
    return x[right] === x[left] ? y[right] : y[left] + ((place - x[left]) / (x[right] - x[left])) * (y[right] - y[left])
  })
}

// Mean, smallest and largest of some series, where all of them have a value. At the first one's own places if there are
// few, else at `limit` places spread over what they share.
export function band(series, limit) {
  const first = Math.max(...series.map(({ x }) => x.find(Number.isFinite) ?? Infinity))
  const last = Math.min(...series.map(({ x }) => x.findLast(Number.isFinite) ?? -Infinity))
  if (!(first <= last)) return { x: [], mean: [], low: [], high: [] }
  let places = series[0].x.filter(place => place >= first && place <= last)
  if (places.length > limit) {
    places = Array.from({ length: limit }, (_, index) => first + ((last - first) * index) / (limit - 1))
  }
  const values = series.map(({ x, y }) => readAt(x, y, places))
  const kept = places.map((_, index) => index).filter(index => values.every(one => Number.isFinite(one[index])))
  const column = kept.map(index => values.map(one => one[index]))
  return {
    x: kept.map(index => places[index]),
    mean: column.map(each => each.reduce((a, b) => a + b, 0) / each.length),
    low: column.map(each => Math.min(...each)),
    high: column.map(each => Math.max(...each)),
  }
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
