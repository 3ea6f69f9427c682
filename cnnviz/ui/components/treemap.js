// Two treemaps. The server has placed every rectangle; widths are shares of the room there is.

export default component => upToDate(component, ".treemaps", Treemaps)

class Treemaps extends Choices {
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
    const tall = px => `calc(${px}px * var(--enlarged, 1))`
    list.style.height = tall(this.data.height)
    list.setAttribute("role", "listbox")
    list.setAttribute("aria-label", `${title} ${total}`)
    const options = new Map()
    for (const tile of tiles) {
      const option = this.option("tile", tile.path, tile.words, options)
      const [left, top, width, height] = tile.place
      Object.assign(option.style, { left: `${left}%`, top: tall(top), width: `${width}%`, height: tall(height) })
      option.style.setProperty("--fill", tile.colour)
      option.style.setProperty("--on", tile.ink)
      const text = element("span")
      text.append(Object.assign(element("b"), { textContent: tile.name }), ` ${tile.share}`)
      option.append(text)
    }
    list.append(...options.values())
    section.append(head, list)
    return { section, options }
  }
}
