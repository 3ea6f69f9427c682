// The marks of a chart: lines, points, boxes, discs and pictures, each in the panel of its two axes.

import { node, stroke } from "./svg.js"

const one = (value, number) => (Array.isArray(value) ? value[number] : value)

export function marks(chart, plan) {
  for (const mark of plan.marks) {
    const panel = mark.x in plan.axes && mark.y in plan.axes ? clip(chart, mark) : null
    const group = node("g", { opacity: mark.kind === "line" ? mark.opacity : null, "data-panel": mark.aside ? null : panel }, chart.svg)
    if (mark.clip && panel) group.setAttribute("clip-path", `url(#${panel})`)
    KINDS[mark.kind](chart, mark, group, {
      x: share => chart.at(mark.x, "x", share),
      y: share => chart.at(mark.y, "y", share),
    })
  }
}

// The panel's own edge: what lies beyond it is cut off.
function clip(chart, { x, y }) {
  const id = `${x}-${y}`
  if (!chart.svg.querySelector(`#${id}`)) {
    const [[left, right], [bottom, top]] = [chart.spans[x], chart.spans[y]]
    const path = node("clipPath", { id }, chart.svg)
    node("rect", { x: left - 1, y: top - 1, width: right - left + 2, height: bottom - top + 2 }, path)
  }
  return id
}

const KINDS = {
  line(chart, mark, group, px) {
    for (const piece of mark.at) {
      let d = ""
      for (let i = 0; i < piece.length; i += 2) d += `${i ? "L" : "M"}${px.x(piece[i]).toFixed(1)} ${px.y(piece[i + 1]).toFixed(1)}`
      node("path", { d, fill: "none", stroke: mark.colour, "stroke-linejoin": "round", ...stroke(mark.width * chart.grow, mark.dash) }, group)
    }
  },

  points(chart, mark, group, px) {
    for (let i = 0; i < mark.at.length; i += 2) {
      if (mark.at[i] == null || mark.at[i + 1] == null) continue
      const number = i / 2
      const [x, y, size] = [px.x(mark.at[i]), px.y(mark.at[i + 1]), one(mark.size, number)]
      const within = mark.at[i] >= 0 && mark.at[i] <= 1 && mark.at[i + 1] >= 0 && mark.at[i + 1] <= 1
      if (size) symbol(one(mark.symbol, number), x, y, (size * chart.grow) / 2, one(mark.colour, number), one(mark.opacity, number), group)
      if (mark.hover && (within || !mark.clip)) chart.target(one(mark.hover, number), x, y)
    }
  },

  boxes(chart, mark, group, px) {
    const half = (mark.gap || 0) / 2
    for (const [number, [left, right, low, high]] of mark.at.entries()) {
      const [x0, x1] = [px.x(left), px.x(right)].sort((a, b) => a - b)
      const [y0, y1] = [px.y(low), px.y(high)].sort((a, b) => a - b)
      const colour = one(mark.colour, number)
      const fill = mark.hatch ? hatched(chart, colour, mark.hatch) : colour
      node("rect", {
        x: (x0 + half).toFixed(2), y: (y0 + half).toFixed(2), width: Math.max(0, x1 - x0 - 2 * half).toFixed(2),
        height: Math.max(0, y1 - y0 - 2 * half).toFixed(2), fill, opacity: one(mark.opacity, number),
        stroke: mark.edge?.[0], "stroke-width": mark.edge && mark.edge[1] * chart.grow,
      }, group)
      if (mark.hover) chart.target(one(mark.hover, number), (x0 + x1) / 2, y0, [x0, x1, y0, y1], mark.names?.[number])
    }
  },

  disc(chart, mark, group, px) {
    const [left, right, low, high] = mark.at[0]
    const [x, y] = [(px.x(left) + px.x(right)) / 2, (px.y(low) + px.y(high)) / 2]
    const [rx, ry] = [Math.abs(px.x(right) - px.x(left)) / 2, Math.abs(px.y(high) - px.y(low)) / 2]
    node("ellipse", { cx: x, cy: y, rx, ry, fill: mark.colour, opacity: mark.opacity, stroke: mark.edge?.[0], "stroke-width": mark.edge?.[1] * chart.grow }, group)
  },

  picture(chart, mark, group, px) {
    const [left, right, low, high] = mark.at
    const [x, y] = [Math.min(px.x(left), px.x(right)), Math.min(px.y(low), px.y(high))]
    const [width, height] = [Math.abs(px.x(right) - px.x(left)), Math.abs(px.y(high) - px.y(low))]
    const picture = node("image", { x, y, width, height, preserveAspectRatio: "none", href: mark.source }, group)
    picture.style.imageRendering = "pixelated"
    const rows = (mark.hover?.length ?? 0) / mark.columns
    for (const [number, text] of (mark.hover ?? []).entries()) {
      const [row, column] = [Math.floor(number / mark.columns), number % mark.columns]
      const [x0, y0] = [x + (column * width) / mark.columns, y + (row * height) / rows]
      chart.target(text, x0 + width / mark.columns / 2, y0, [x0, x0 + width / mark.columns, y0, y0 + height / rows])
    }
  },
}

const SHAPES = {
  circle: r => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
  square: r => `M${-r} ${-r}H${r}V${r}H${-r}z`,
  diamond: r => `M0 ${-1.3 * r}L${1.3 * r} 0 0 ${1.3 * r} ${-1.3 * r} 0z`,
  "triangle-up": r => `M0 ${-1.2 * r}L${1.1 * r} ${0.7 * r}H${-1.1 * r}z`,
  star: r => "M" + Array.from({ length: 10 }, (_one, number) => {
    const [away, turn] = [number % 2 ? 0.55 * r : 1.4 * r, (number * Math.PI) / 5]
    return `${(away * Math.sin(turn)).toFixed(1)} ${(-away * Math.cos(turn)).toFixed(1)}`
  }).join("L") + "z",
}

function symbol(name, x, y, r, colour, opacity, group) {
  const open = name.endsWith("-open")
  const d = (SHAPES[name.replace("-open", "")] ?? SHAPES.circle)(r)
  node("path", {
    d, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, fill: open ? "none" : colour, opacity,
    stroke: open ? colour : null, "stroke-width": open ? 1.5 : null, class: "point",
  }, group)
}

// Oblique lines over a colour, so that what is hatched is told from what is not without its colour.
function hatched(chart, colour, ink) {
  const id = `hatch${colour.replace(/\W/g, "")}`
  if (!chart.svg.querySelector(`#${id}`)) {
    const side = 8 * chart.grow
    const pattern = node("pattern", { id, width: side, height: side, patternUnits: "userSpaceOnUse" }, chart.svg)
    node("rect", { width: side, height: side, fill: colour }, pattern)
    node("path", { d: `M0 ${side}L${side} 0`, stroke: ink, "stroke-width": 1.5 * chart.grow }, pattern)
  }
  return `url(#${id})`
}
