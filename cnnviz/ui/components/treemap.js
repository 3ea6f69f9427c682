// Treemaps as list boxes: https://www.w3.org/WAI/ARIA/apg/patterns/listbox/
//
// The server has placed every rectangle; widths are shares of the room there is. All text is set as text.

export default component => upToDate(component, ".treemaps", Treemaps)

class Treemaps {
  constructor(root) {
    this.root = root
    this.selected = null
  }

  update(data, setStateValue) {
    this.choose = path => setStateValue("selected", path)
    if (data === this.data) return // only the theme has changed, and the style sheet follows by itself
    if (this.data?.group !== data.group) {
      this.leave?.()
      this.leave = joinSelection(data.group, this, path => this.mark(path))
    }
    const drawn = JSON.stringify(data.panels)
    this.data = data
    if (drawn !== this.drawn) this.draw()
    this.drawn = drawn
    this.mark(data.selected ?? null)
  }

  destroy() {
    this.leave?.()
  }

  draw() {
    const description = element("p", "spoken")
    description.textContent = this.data.description
    this.panels = this.data.panels.map(panel => this.panel(panel))
    this.root.replaceChildren(...this.panels.map(({ section }) => section), description)
  }

  panel({ title, total, tiles }) {
    const section = element("section")
    const head = element("p", "head")
    head.append(Object.assign(element("b"), { textContent: title }), ` ${total}`)
    const list = element("div", "map")
    list.style.height = `${this.data.height}px`
    list.setAttribute("role", "listbox")
    list.setAttribute("aria-label", `${title} ${total}`)
    const options = new Map()
    for (const tile of tiles) {
      const option = element("div", "tile")
      const [left, top, width, height] = tile.place
      Object.assign(option.style, { left: `${left}%`, top: `${top}px`, width: `${width}%`, height: `${height}px` })
      option.style.setProperty("--fill", tile.colour)
      option.style.setProperty("--on", tile.ink)
      option.setAttribute("role", "option")
      option.setAttribute("aria-label", tile.words)
      option.title = tile.words
      option.dataset.path = tile.path
      option.tabIndex = -1
      const text = element("span")
      text.append(Object.assign(element("b"), { textContent: tile.name }), ` ${tile.share}`)
      option.append(text)
      option.addEventListener("click", () => this.pick(option))
      option.addEventListener("keydown", event => this.press(event, option, options))
      options.set(tile.path, option)
    }
    list.append(...options.values())
    section.append(head, list)
    return { section, options }
  }

  pick(option) {
    const { path } = option.dataset
    this.mark(path)
    option.focus({ preventScroll: true })
    tellSelection(this.data.group, this, path)
    this.choose(path)
  }

  press(event, option, options) {
    const all = [...options.values()]
    const place = all.indexOf(option)
    const next = {
      ArrowDown: place + 1, ArrowRight: place + 1, ArrowUp: place - 1, ArrowLeft: place - 1, Home: 0, End: all.length - 1,
    }[event.key]
    if (event.key === "Enter" || event.key === " ") this.pick(option)
    else if (next === undefined) return
    else this.lead(options, all[Math.max(0, Math.min(all.length - 1, next))]).focus()
    event.preventDefault()
  }

  // Tab leads to one rectangle of each map; the arrow keys to the others.
  lead(options, wanted) {
    for (const option of options.values()) option.tabIndex = option === wanted ? 0 : -1
    return wanted
  }

  // The selected layer, or the closest module around it that is drawn.
  mark(path) {
    this.selected = path
    for (const { options } of this.panels ?? []) {
      let near = path ?? ""
      while (near && !options.has(near)) near = near.slice(0, Math.max(0, near.lastIndexOf(".")))
      for (const [name, option] of options) option.setAttribute("aria-selected", name === near)
      this.lead(options, options.get(near) ?? options.values().next().value)
    }
  }
}

function element(tag, className = "") {
  return Object.assign(document.createElement(tag), className && { className })
}
