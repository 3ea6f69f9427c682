// What one cell of a feature map sees: whoever moves over the map sees the cell's window on the picture at once.
//
// The window is arithmetic and is drawn here; what the cell really looks at is a gradient, which the server computes for
// the cell on which the hand comes to rest. Everything that comes from the server is set as text, never as markup.

const REST = 140 // ms without a movement
export default component => upToDate(component, ".sight", Sight)

class Sight extends Cells {
  constructor(root) {
    super()
    this.root = root
    for (const name of ["map", "cells", "cell", "picture", "plain", "glow", "frame", "line"])
      this[name] = root.querySelector(`.${name}`)
    this.row = this.column = 0
    this.waiting = false // for the server's answer to the chosen cell
    this.listen(this.map)
    this.map.addEventListener("pointerup", () => this.rest(0))
  }

  destroy() {
    clearTimeout(this.timer)
  }

  update(data, setStateValue) {
    const elsewhere = this.data?.view !== data.view
    this.data = data
    this.choose = cell => setStateValue("cell", cell)
    const [row, column] = data.cell
    if (elsewhere || !this.waiting || (row === this.row && column === this.column)) {
      clearTimeout(this.timer)
      this.waiting = false
      this.row = row
      this.column = column
    }
    this.root.querySelector(".map-title").textContent = data.labels.map
    this.root.querySelector(".picture-title").textContent = data.labels.picture
    this.map.setAttribute("aria-label", data.labels.help)
    for (const [image, source] of [[this.cells, data.map], [this.plain, data.picture], [this.glow, data.glow]])
      if (image.getAttribute("src") !== source) image.src = source
    this.draw()
  }

  // The hand ------------------------------------------------------------------------------------------------------

  get count() {
    return this.data
  }

  moved() {
    this.waiting = true
    this.rest(REST)
    this.draw()
  }

  // The server is asked once the hand rests.
  rest(milliseconds) {
    clearTimeout(this.timer)
    if (!this.waiting) return
    this.timer = setTimeout(() => this.choose([this.row, this.column]), milliseconds)
  }

  // Drawing -------------------------------------------------------------------------------------------------------

  // The cell's window in px of the picture: [top, left, bottom, right], the last two exclusive; it may reach outside.
  window() {
    const { start, jump, size } = this.data
    const top = start[0] + this.row * jump[0]
    const left = start[1] + this.column * jump[1]
    return [top, left, top + size[0], left + size[1]]
  }

  draw() {
    const { rows, columns, side, labels } = this.data
    place(this.cell, this.row / rows, this.column / columns, (this.row + 1) / rows, (this.column + 1) / columns)
    const [top, left, bottom, right] = this.window()
    const inside = value => Math.max(0, Math.min(side, value))
    place(this.frame, inside(top) / side, inside(left) / side, inside(bottom) / side, inside(right) / side)
    this.glow.hidden = this.row !== this.data.cell[0] || this.column !== this.data.cell[1]
    const names = {
      row: this.row + 1, column: this.column + 1, top: inside(top) + 1, left: inside(left) + 1, bottom: inside(bottom),
      right: inside(right),
    }
    const words = text => text.replace(/\{(\w+)\}/g, (_match, name) => names[name])
    const outside = top < 0 || left < 0 || bottom > side || right > side
    this.line.textContent = words(labels.line) + (outside ? ` ${labels.outside}` : "")
    this.picture.setAttribute("aria-label", words(this.glow.hidden ? labels.framed : labels.seen))
    this.map.dataset.cell = [this.row, this.column]
    this.picture.dataset.window = [top, left, bottom, right]
  }
}

// A box by its edges as shares of what it lies in.
function place(box, top, left, bottom, right) {
  const percent = share => `${100 * share}%`
  Object.assign(box.style, {
    top: percent(top), left: percent(left), height: percent(bottom - top), width: percent(right - left),
  })
}
