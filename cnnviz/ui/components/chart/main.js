// A still chart from the plan of `figures.drawing`: measured, laid out and drawn as SVG; figures under pointer and keys.

import { marks } from "./marks.js"
import { draw, measure, node, stroke } from "./svg.js"

const REACH = 28 // px from the pointer to a point that it means
const GAP = 5 // px between an axis, its figures and its title
const NAMES = 0.36 // of the width, at most, for the names at the ends of lines
const SCALE = 14 // px, the width of a colour scale
const APART = 3 // px between two of them
const SMALLEST = 0.65 // of their size, at least, for texts that would touch
const charts = new WeakMap()

// Streamlit calls this again at every message and at every change of the theme.
export default component => {
  const root = component.parentElement.querySelector(".chart-of-figure")
  if (!root || !component.data) return
  if (!charts.has(root)) charts.set(root, new Chart(root))
  charts.get(root).update(component.data, component.setTriggerValue)
  // Streamlit also runs the clean-up of a call that a newer one has overtaken: only a removed element is torn down.
  return () => setTimeout(() => root.isConnected || charts.get(root)?.destroy())
}

class Chart {
  constructor(root) {
    this.root = root
    this.picture = Object.assign(document.createElement("div"), { tabIndex: 0 })
    this.picture.setAttribute("role", "img")
    this.tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true })
    this.tip.setAttribute("role", "status")
    root.replaceChildren(this.picture, this.tip)
    this.watch = new ResizeObserver(() => this.width() !== this.drawn && this.draw())
    this.watch.observe(root)
    this.picture.addEventListener("pointermove", event => this.point(event))
    this.picture.addEventListener("pointerdown", event => this.point(event))
    this.picture.addEventListener("pointerleave", () => this.show(-1))
    this.picture.addEventListener("blur", () => this.show(-1))
    this.picture.addEventListener("keydown", event => this.press(event))
    this.picture.addEventListener("click", event => {
      this.point(event)
      this.pick()
    })
  }

  update(data, setTriggerValue) {
    this.choose = name => setTriggerValue("picked", name)
    this.picture.setAttribute("aria-label", data.alt)
    const plan = JSON.stringify(data.plan)
    if (plan === this.plan) return
    this.plan = plan
    this.data = data
    this.draw()
  }

  destroy() {
    this.watch.disconnect()
    charts.delete(this.root)
  }

  // What is drawn depends on the room, and on the size of the page's type, which a projector enlarges.
  width() {
    return `${this.root.clientWidth} ${getComputedStyle(document.documentElement).fontSize}`
  }

  draw() {
    const { plan, hint } = this.data
    const width = this.root.clientWidth
    if (!width) return // not on the screen yet: the observer calls again
    this.drawn = this.width()
    this.grow = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
    this.family = getComputedStyle(this.root).fontFamily
    const height = plan.height * this.grow
    const svg = node("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "font-family": this.family, "aria-hidden": true })
    this.svg = svg
    this.targets = []
    this.lay(width, height)
    for (const name of Object.keys(plan.axes)) this.drawGrid(name)
    marks(this, plan)
    for (const name of Object.keys(plan.axes)) this.drawAxis(name)
    const shares = this.crowded(plan.texts)
    for (const [number, text] of plan.texts.entries()) this.write(text, shares[number])
    if (plan.legend) this.drawLegend(width)
    if (plan.scale) this.drawScale(width, height)
    this.picture.replaceChildren(svg)
    if (this.targets.length) this.picture.setAttribute("aria-description", hint)
    else this.picture.removeAttribute("aria-description")
    this.choosable = this.targets.some(({ name }) => name)
    this.picture.style.cursor = this.choosable ? "pointer" : ""
    this.show(-1)
  }

  // The room of the axes: the drawing less the margins, the axes' figures and their titles.
  lay(width, height) {
    const { axes, margin, font } = this.data.plan
    const [l, r, t, b] = ["l", "r", "t", "b"].map(side => margin[side] * this.grow)
    const room = { left: 0, right: 0, top: 0, bottom: 0 }
    for (const [name, axis] of Object.entries(axes)) {
      const across = name[0] === "x"
      const side = across ? (axis.top ? "top" : "bottom") : "left"
      const edge = across ? axis.top || this.base(axis) <= 0.01 : this.base(axis) <= 0.01
      if (!edge) continue // between two panels: the figures of the second take what the domains leave
      room[side] = Math.max(room[side], this.thickness(axis, across, font))
    }
    const { scale } = this.data.plan
    if (scale) room.right += this.grow * (SCALE + 2 * GAP) + Math.max(...scale.ticks.map(([, text]) => this.size(text, font)))
    const sides = { left: Math.max(l, room.left + 2), right: Math.max(r, room.right + 2) }
    for (let attempt = 0; attempt < 2; attempt++) {
      this.area = {
        left: sides.left, right: width - sides.right, top: Math.max(t, room.top), bottom: height - Math.max(b, room.bottom),
      }
      this.spans = {}
      for (const [name, axis] of Object.entries(axes)) this.spans[name] = this.span(name[0], axis.domain)
      for (const [name, axis] of Object.entries(axes)) if (axis.square) this.equalise(axis.square, name)
      const ends = this.data.plan.texts.map(text => this.ends(this.placed(text)))
      sides.left += Math.max(0, ...ends.map(([left]) => -left)) // what would be cut off gets its room
      sides.right += Math.max(0, ...ends.map(([, right]) => right - width))
      sides.right = Math.min(sides.right, NAMES * width) // on a phone long names reach over the lines
    }
  }

  // A bar's label stands in its bar where it fits, else beyond its end.
  placed(text) {
    if (text.inside == null) return text
    const long = Math.abs(this.at(text.x, "x", text.at[0]) - this.at(text.x, "x", text.at[0] - text.inside))
    const fits = long > this.size(text.lines[0][0], text.size) + 12
    return fits ? { ...text, anchor: "end", dx: -6, colour: "#ffffff" } : text
  }

  // px from the left of both ends of a text.
  ends({ x, at, dx, anchor, lines, size }) {
    const long = Math.max(...lines.map(([text, bold]) => this.size(text, size, bold)))
    const here = this.at(x, "x", at[0]) + dx * this.grow
    const before = { start: 0, middle: long / 2, end: long }[anchor]
    return [here - before, here - before + long]
  }

  // Where the axis stands on the other one: the lower or left end of the other's domain.
  base(axis) {
    return this.data.plan.axes[axis.anchor]?.domain[0] ?? 0
  }

  thickness(axis, across, font) {
    const line = 1.25 * font * this.grow
    const named = axis.named && axis.ticks.length
    const widest = named ? Math.max(...axis.ticks.flatMap(([, text]) => text.split("<br>").map(one => this.size(one, font)))) : 0
    const lines = named ? Math.max(...axis.ticks.map(([, text]) => text.split("<br>").length)) : 0
    const slope = Math.abs(Math.sin(((axis.angle || 0) * Math.PI) / 180))
    const figures = across ? lines * line * (1 - slope / 3) + widest * slope : widest
    return figures + (axis.title ? line + GAP : 0) + (named ? GAP + axis.apart * this.grow : 0)
  }

  size(text, font, bold = false) {
    return measure(text, font * this.grow, this.family, bold)
  }

  span(letter, [from, to]) {
    const { left, right, top, bottom } = this.area
    return letter === "x" ? [left + from * (right - left), left + to * (right - left)]
      : [bottom - from * (bottom - top), bottom - to * (bottom - top)]
  }

  // A unit is as long across as up; what is left over is divided between both sides.
  equalise(x, y) {
    const { axes } = this.data.plan
    const lengths = [x, y].map(name => Math.abs(this.spans[name][1] - this.spans[name][0]))
    const unit = Math.min(lengths[0] / axes[x].span, lengths[1] / axes[y].span)
    for (const name of [x, y]) {
      const [from, to] = this.spans[name]
      const half = (Math.sign(to - from) * unit * axes[name].span) / 2
      this.spans[name] = [(from + to) / 2 - half, (from + to) / 2 + half]
    }
  }

  // px of a share of an axis, or of the whole room of the axes.
  at(name, letter, share) {
    const [from, to] = this.spans[name] ?? this.span(letter, [0, 1])
    return from + share * (to - from)
  }

  // The axis that crosses this one: where its lines end and its figures stand.
  across(name) {
    const { axes } = this.data.plan
    return this.spans[axes[name].anchor] ?? this.span(name[0] === "x" ? "y" : "x", [0, 1])
  }

  drawGrid(name) {
    const axis = this.data.plan.axes[name]
    const letter = name[0]
    const line = (share, colour) => {
      const here = this.at(name, letter, share)
      const [from, to] = this.across(name)
      const ends = letter === "x" ? { x1: here, x2: here, y1: from, y2: to } : { x1: from, x2: to, y1: here, y2: here }
      node("line", { ...ends, stroke: colour, "stroke-width": this.grow, class: "grid" }, this.svg)
    }
    if (axis.grid) for (const [share] of axis.ticks) line(share, axis.grid)
    if (axis.zero) line(...axis.zero)
  }

  drawAxis(name) {
    const axis = this.data.plan.axes[name]
    const { font, ink } = this.data.plan
    const across = name[0] === "x"
    const [near, far] = this.across(name)
    const edge = across && axis.top ? far - GAP : near + (across ? GAP : -GAP - axis.apart * this.grow)
    const line = 1.25 * font * this.grow
    if (axis.named) {
      const shown = across && !axis.angle ? this.apart(name, axis.ticks, font) : axis.ticks
      for (const [share, text] of shown) {
        const here = this.at(name, name[0], share)
        const lines = text.split("<br>").map(one => [one.replace(/<\/?b>/g, ""), one.includes("<b>")])
        const where = across ? { x: here, y: edge, anchor: axis.angle ? "end" : "middle", base: axis.top ? "bottom" : "top", angle: axis.angle }
          : { x: edge, y: here, anchor: "end", base: "middle" }
        draw(this.svg, lines, { ...where, size: font * this.grow, colour: ink })
      }
    }
    if (!axis.title) return
    const [from, to] = this.spans[name]
    const beyond = this.thickness(axis, across, font) - line
    const size = (axis.size ?? font) * this.grow
    const where = across ? { x: (from + to) / 2, y: near + beyond, base: "top" } : { x: near - beyond - line / 2, y: (from + to) / 2, base: "middle", angle: -90 }
    if (across && axis.top) Object.assign(where, { y: far - beyond, base: "bottom" })
    draw(this.svg, [[axis.title, false]], { ...where, anchor: "middle", size, colour: ink })
  }

  // Every figure where there is room, else every second, third, …
  apart(name, ticks, font) {
    for (let step = 1; ; step++) {
      const shown = ticks.filter((_tick, number) => number % step === 0)
      let end = -Infinity
      const free = shown.toSorted((one, other) => this.at(name, "x", one[0]) - this.at(name, "x", other[0])).every(([share, text]) => {
        const half = Math.max(...text.split("<br>").map(one => this.size(one, font))) / 2
        const here = this.at(name, "x", share)
        if (here - half < end + GAP) return false
        end = here + half
        return true
      })
      if (free || shown.length < 2) return shown
    }
  }

  // Texts in a row that would touch are written smaller, and all of their size with them: one of many is not another kind.
  crowded(texts) {
    const least = {}
    const placed = texts.map(({ x, y, at, dy, anchor, lines, size }) => anchor === "middle" && {
      size, across: this.at(x, "x", at[0]), down: this.at(y, "y", at[1]) + dy * this.grow, high: 1.25 * size * lines.length * this.grow,
      long: Math.max(...lines.map(([text, bold]) => this.size(text, size, bold))) + APART * this.grow,
    })
    const rows = placed.filter(Boolean).sort((one, other) => one.across - other.across)
    const longest = Math.max(...rows.map(({ long }) => long))
    for (const [number, one] of rows.entries()) {
      for (const other of rows.slice(number + 1)) {
        const room = other.across - one.across
        if (room > longest) break
        const beside = other.size === one.size && room > 1 && Math.abs(other.down - one.down) < one.high
        if (beside) least[one.size] = Math.min(least[one.size] ?? 1, room / Math.max(one.long, other.long))
      }
    }
    return placed.map(one => (one ? Math.max(SMALLEST, least[one.size] ?? 1) : 1))
  }

  write(one, share) {
    const text = this.placed(one)
    const beyond = Math.max(0, this.ends(text)[1] - this.root.clientWidth)
    const { anchor, base, colour } = text
    draw(this.svg, text.lines, {
      x: this.at(text.x, "x", text.at[0]) + text.dx * this.grow - beyond, y: this.at(text.y, "y", text.at[1]) + text.dy * this.grow,
      anchor, base, size: text.size * share * this.grow, colour, halo: beyond > 0,
    })
  }

  drawLegend(width) {
    const { rows, end, size } = this.data.plan.legend
    const { ink } = this.data.plan
    const key = 30 * this.grow
    const lengths = rows.map(([name]) => key + this.size(name, size) + 22 * this.grow)
    let x = end ? Math.max(0, width - lengths.reduce((sum, one) => sum + one, 0)) : this.area.left
    let y = (size * 0.8 + 2) * this.grow
    for (const [number, [name, colour, dash, thick]] of rows.entries()) {
      if (x > this.area.left && x + lengths[number] - 22 * this.grow > width) [x, y] = [this.area.left, y + size * 1.3 * this.grow]
      node("line", { x1: x, x2: x + key - 6, y1: y, y2: y, stroke: colour, ...stroke(thick * this.grow, dash) }, this.svg)
      draw(this.svg, [[name, false]], { x: x + key, y, anchor: "start", base: "middle", size: size * this.grow, colour: ink })
      x += lengths[number]
    }
  }

  drawScale(width) {
    const { stops, ticks, title } = this.data.plan.scale
    const { font, ink } = this.data.plan
    const { top, bottom, right } = this.area
    const x = right + GAP
    const high = top + 1.4 * font * this.grow
    const gradient = node("linearGradient", { id: "scale", x1: 0, x2: 0, y1: 1, y2: 0 }, this.svg)
    for (const [offset, colour] of stops) node("stop", { offset, "stop-color": colour }, gradient)
    node("rect", { x, y: high, width: SCALE * this.grow, height: bottom - high, fill: "url(#scale)" }, this.svg)
    const type = { size: font * this.grow, colour: ink, base: "middle" }
    for (const [share, text] of ticks) {
      draw(this.svg, [[text, false]], { ...type, x: x + SCALE * this.grow + GAP, y: bottom - share * (bottom - high), anchor: "start" })
    }
    draw(this.svg, [[title, false]], { ...type, x: width, y: top, anchor: "end" })
  }

  // Something that says a figure: a point, or a box with its corners; what has a name can be chosen.
  target(text, x, y, box, name) {
    if (text) this.targets.push({ text, x, y, box, name })
  }

  pick() {
    const { name } = this.targets[this.here] ?? {}
    if (name) this.choose(name)
    return name
  }

  // What Enter or a click would open: dark on light, whatever the colour of the box.
  frame([x0, x1, y0, y1]) {
    const group = node("g", { class: "here", fill: "none" }, this.svg)
    const edge = 3 * this.grow
    const place = { x: x0 + edge, y: y0 + edge, width: x1 - x0 - 2 * edge, height: y1 - y0 - 2 * edge }
    node("rect", { ...place, stroke: "var(--st-background-color)", "stroke-width": 2 * edge }, group)
    node("rect", { ...place, stroke: this.data.plan.ink, "stroke-width": edge }, group)
  }

  point(event) {
    const { left, top } = this.picture.getBoundingClientRect()
    const [x, y] = [event.clientX - left, event.clientY - top]
    let [best, least] = [-1, REACH]
    for (const [number, one] of this.targets.entries()) {
      const inside = one.box && x >= one.box[0] && x <= one.box[1] && y >= one.box[2] && y <= one.box[3]
      const away = one.box ? (inside ? REACH / 2 : Infinity) : Math.hypot(one.x - x, one.y - y)
      if (away <= least) [best, least] = [number, away]
    }
    this.show(best)
  }

  press(event) {
    if ((event.key === "Enter" || event.key === " ") && this.pick()) event.preventDefault()
    const last = this.targets.length - 1
    const next = {
      ArrowRight: this.here + 1, ArrowDown: this.here + 1, ArrowLeft: this.here - 1, ArrowUp: this.here - 1,
      Home: 0, End: last, Escape: -1,
    }[event.key]
    if (next === undefined || last < 0) return
    event.preventDefault()
    this.show(event.key === "Escape" ? -1 : Math.max(0, Math.min(last, next)))
  }

  show(number) {
    this.here = number
    const one = this.targets[number]
    this.tip.hidden = !one
    this.svg?.querySelector(".here")?.remove()
    if (!one) return
    this.tip.textContent = one.text
    if (this.choosable && one.box) this.frame(one.box)
    if (!one.box) node("circle", { class: "here", cx: one.x, cy: one.y, r: 6 * this.grow, fill: "none", stroke: this.data.plan.ink, "stroke-width": 2 }, this.svg)
    const { offsetWidth, offsetHeight } = this.tip
    this.tip.style.left = `${Math.max(0, Math.min(this.root.clientWidth - offsetWidth, one.x + 12))}px`
    this.tip.style.top = `${Math.max(0, one.y - offsetHeight - 12)}px`
  }
}
