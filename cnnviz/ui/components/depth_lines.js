// Channels and resolution through the depth: a column of the chart is a layer or block, chosen like an entry of a list.
//
// The server has placed everything in shares of the room there is.

const SVG = "http://www.w3.org/2000/svg"
export default component => upToDate(component, ".depth-lines", DepthLines)

class DepthLines extends Choices {
  draw() {
    const { data } = this
    const description = element("p", "description")
    description.textContent = data.description
    const readout = (this.readout = element("p", "readout"))
    readout.setAttribute("aria-hidden", "true") // each column says the same of itself
    const plot = element("div", "plot")
    plot.style.height = `calc(${data.height}px * var(--enlarged, 1))`
    plot.append(this.levels(), this.drawing(), ...data.lines.map(line => this.label(line)), this.columns())
    const across = element("p", "across")
    across.textContent = data.across
    this.root.replaceChildren(description, plot, this.stages(), across, readout)
  }

  mark(path) {
    super.mark(path)
    this.say()
  }

  // What is looked at, else what is selected: its name and figures.
  say(option = this.root.querySelector('[aria-selected="true"]')) {
    this.readout.textContent = option?.title ?? "\u00a0"
  }

  levels() {
    const levels = element("div", "levels")
    for (const [text, top] of this.data.levels) {
      const level = element("div", "level")
      level.style.top = `${top}%`
      level.append(Object.assign(element("span"), { textContent: text }))
      levels.append(level)
    }
    levels.setAttribute("aria-hidden", "true")
    return levels
  }

  drawing() {
    const svg = document.createElementNS(SVG, "svg")
    svg.setAttribute("viewBox", "0 0 1000 1000")
    svg.setAttribute("preserveAspectRatio", "none")
    svg.setAttribute("aria-hidden", "true")
    for (const { path, dots, colour, dashed } of this.data.lines) {
      for (const [kind, d] of [[dashed ? "line dashed" : "line", path], ["dots", dots]]) {
        if (!d) continue
        const stroke = document.createElementNS(SVG, "path")
        stroke.setAttribute("class", kind)
        stroke.setAttribute("d", d)
        stroke.style.stroke = colour
        svg.append(stroke)
      }
    }
    return svg
  }

  label({ name, colour, dashed, label: [left, top, side] }) {
    const label = element("span", `name ${dashed ? "beside" : "above"} ${side}`)
    label.textContent = name
    label.setAttribute("aria-hidden", "true")
    Object.assign(label.style, { left: `${left}%`, top: `${top}%`, color: colour })
    return label
  }

  columns() {
    const list = element("div", "columns")
    list.setAttribute("role", "listbox")
    list.setAttribute("aria-orientation", "horizontal")
    list.setAttribute("aria-label", this.data.description)
    const options = new Map()
    for (const [path, words] of this.data.columns) {
      const column = this.option("column", path, words, options)
      for (const kind of ["pointerenter", "focus"]) column.addEventListener(kind, () => this.say(column))
      for (const kind of ["pointerleave", "blur"]) column.addEventListener(kind, () => this.say())
    }
    list.append(...options.values())
    this.panels = [{ section: list, options }]
    return list
  }

  stages() {
    const stages = element("div", "stages")
    stages.setAttribute("aria-hidden", "true")
    for (const [name, from, to] of this.data.stages) {
      const stage = Object.assign(element("span"), { textContent: name, title: name })
      stage.style.left = `${from}%`
      stage.style.setProperty("--room", `${to - from}%`)
      stages.append(stage)
    }
    return stages
  }
}
