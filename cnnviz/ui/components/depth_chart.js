// Two lines over the layers as a list box: https://www.w3.org/WAI/ARIA/apg/patterns/listbox/
//
// It is drawn for the width there is, so type keeps its size on a phone. All text is set as text.

export default component => upToDate(component, ".depth", Depth)

const HEIGHT = 300
const SVG = "http://www.w3.org/2000/svg"

class Depth {
  constructor(root) {
    this.root = root
    this.observer = new ResizeObserver(() => this.data && this.root.clientWidth !== this.width && this.draw())
    this.observer.observe(root)
  }

  update(data, setStateValue) {
    this.choose = path => setStateValue("selected", path)
    if (data === this.data) return // only the theme has changed, and the style sheet follows by itself
    if (this.data?.group !== data.group) {
      this.leave?.()
      this.leave = joinSelection(data.group, this, path => this.mark(path))
    }
    const drawn = JSON.stringify([data.points, data.names])
    this.data = data
    this.selected = data.selected ?? null
    if (drawn !== this.drawn) this.draw()
    this.drawn = drawn
    this.mark(this.selected)
  }

  destroy() {
    this.leave?.()
    this.observer.disconnect()
  }

  draw() {
    const { points, ticks, names, below, description } = this.data
    this.width = this.root.clientWidth
    const left = 44
    const room = Math.max(100, this.width - left - 8)
    const step = room / points.length
    const x = index => left + (index + 0.5) * step
    const slanted = ticks.some(({ index, name }, place) => place && x(index) - x(ticks[place - 1].index) < name.length * 9)
    const bottom = HEIGHT - (slanted ? 104 : 48)
    const top = 20
    const most = Math.log10(Math.max(10, ...points.flatMap(({ lines }) => lines.map(value => value ?? 1))))
    const y = value => bottom - (Math.log10(Math.max(1, value)) / most) * (bottom - top)
    const svg = shape("svg", { viewBox: `0 0 ${this.width} ${HEIGHT}`, height: HEIGHT, role: "listbox" })
    svg.setAttribute("aria-label", description)
    for (let power = 0; power <= most; power++) {
      const height = y(10 ** power)
      svg.append(shape("line", { class: "grid", x1: left, x2: left + room, y1: height, y2: height }))
      svg.append(label(String(10 ** power), { x: left - 6, y: height + 5, "text-anchor": "end" }))
    }
    let before = -Infinity
    for (const { index, name } of ticks) {
      const place = x(index)
      if (place - before < 16) continue // no room for one more name
      before = place
      const turned = slanted ? { transform: `rotate(-40 ${place} ${bottom + 16})`, "text-anchor": "end" } : {}
      svg.append(shape("line", { class: "grid", x1: place, x2: place, y1: top, y2: bottom + 4 }))
      svg.append(label(name, { x: place, y: bottom + 18, "text-anchor": "middle", ...turned }))
    }
    svg.append(label(below, { x: left + room / 2, y: HEIGHT - 6, "text-anchor": "middle" }))
    names.forEach((name, number) => {
      const line = points.map(({ lines }, index) => [index, lines[number]]).filter(([, value]) => value !== null)
      if (!line.length) return
      const path = line.map(([index, value], place) => (place ? `H${x(index)}V${y(value)}` : `M${x(index)} ${y(value)}`))
      svg.append(shape("path", { class: `line line${number}`, d: path.join("") }))
      const [index, value] = line[Math.floor(line.length / (number ? 4 : 2))]
      const anchor = x(index) > left + room / 2 ? "end" : "start"
      svg.append(label(name, { class: `name${number}`, x: x(index), y: y(value) + (number ? 20 : -8), "text-anchor": anchor }))
    })
    this.options = new Map()
    points.forEach(({ path, words }, index) => {
      const option = shape("rect", {
        class: "point", x: left + index * step, y: top, width: step, height: bottom - top, role: "option", tabindex: -1,
      })
      option.setAttribute("aria-label", words)
      option.dataset.path = path
      option.addEventListener("click", () => this.pick(option))
      option.addEventListener("keydown", event => this.press(event, option))
      option.addEventListener("pointerenter", () => this.say(words))
      option.addEventListener("focus", () => this.say(words))
      this.options.set(path, option)
    })
    svg.append(...this.options.values())
    this.said = Object.assign(document.createElement("p"), { className: "said" })
    this.root.replaceChildren(svg, this.said)
    this.mark(this.selected ?? null)
  }

  say(words) {
    this.said.textContent = words
  }

  pick(option) {
    const { path } = option.dataset
    this.mark(path)
    option.focus({ preventScroll: true })
    tellSelection(this.data.group, this, path)
    this.choose(path)
  }

  press(event, option) {
    const all = [...this.options.values()]
    const place = all.indexOf(option)
    const next = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1, Home: 0, End: all.length - 1 }[event.key]
    if (event.key === "Enter" || event.key === " ") this.pick(option)
    else if (next === undefined) return
    else this.lead(all[Math.max(0, Math.min(all.length - 1, next))]).focus()
    event.preventDefault()
  }

  // Tab leads to one place of the chart; the arrow keys to the others.
  lead(wanted) {
    for (const option of this.options.values()) option.setAttribute("tabindex", option === wanted ? 0 : -1)
    return wanted
  }

  // The selected layer, or the block that holds it.
  mark(path) {
    this.selected = path
    let near = path ?? ""
    while (near && !this.options.has(near)) near = near.slice(0, Math.max(0, near.lastIndexOf(".")))
    const marked = path === null ? undefined : this.options.get(near)
    for (const option of this.options.values()) option.setAttribute("aria-selected", option === marked)
    if (marked) this.say(marked.getAttribute("aria-label"))
    this.lead(marked ?? this.options.values().next().value)
  }
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

function label(text, attributes) {
  const made = shape("text", attributes)
  made.textContent = text
  return made
}
