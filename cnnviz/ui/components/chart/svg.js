// What a chart is drawn with: nodes, texts that are measured before they are drawn, dashed lines.

const SVG = "http://www.w3.org/2000/svg"
const LINE = 1.25 // of the type's size, from one line to the next
const paper = document.createElement("canvas").getContext("2d")

export function node(name, attributes, parent) {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value)
  parent?.append(made)
  return made
}

export function measure(text, size, family, bold) {
  paper.font = `${bold ? "bold " : ""}${size}px ${family}`
  return paper.measureText(text).width
}

export function draw(svg, lines, { x, y, anchor, base, size, colour, angle, halo }) {
  const below = { top: 0.82, middle: 0.34 - ((lines.length - 1) * LINE) / 2, bottom: -0.22 - (lines.length - 1) * LINE }[base]
  const transform = `translate(${x.toFixed(1)} ${y.toFixed(1)})${angle ? ` rotate(${angle})` : ""}`
  // In an outline of the page's colour: what a text stands on leaves it readable.
  const outline = { stroke: "var(--st-background-color)", "stroke-width": halo ? 3 : 0, "paint-order": "stroke" }
  const text = node("text", { "text-anchor": anchor, "font-size": size, fill: colour, transform, ...outline }, svg)
  for (const [number, [words, bold]] of lines.entries()) {
    const y = ((below + number * LINE) * size).toFixed(1)
    node("tspan", { x: 0, y, "font-weight": bold ? 700 : null }, text).textContent = words // as text: what a person typed
  }
}

const DASHES = { dot: [1, 1], dash: [3, 3], dashdot: [3, 1, 1, 1], longdash: [5, 5] }

// The pieces of a dashed line are in its own width, of 3 px at least.
export function stroke(width, dash) {
  const pieces = DASHES[dash]?.map(piece => piece * Math.max(3, width)).join(" ")
  return { "stroke-width": width, "stroke-dasharray": pieces }
}
