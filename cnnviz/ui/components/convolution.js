// One convolution by hand: whoever moves over the output sees which pixels are read and what they add up to.
//
// The server has computed the output; here the products of one output are added once more, in front of the reader.
// Everything that comes from the server is set as text, never as markup.

const MOST_SHOWN = 7 // a side of the kernel whose products still fit
const SHARP = 704 // px of a canvas, so that it stays sharp at twice its size on the page
export default component => upToDate(component, ".convolution", Convolution)

class Convolution extends Cells {
  constructor(root) {
    super()
    this.root = root
    this.input = root.querySelector(".input")
    this.output = root.querySelector(".output")
    this.line = root.querySelector(".line")
    this.products = root.querySelector(".products")
    this.row = this.column = null
    this.listen(this.output)
  }

  destroy() {}

  get count() {
    return this.data.output
  }

  moved() {
    this.draw()
  }

  update(data) {
    this.data = data
    const { rows, columns } = data.output
    this.row = Math.min(this.row ?? Math.floor(rows / 2), rows - 1)
    this.column = Math.min(this.column ?? Math.floor(columns / 2), columns - 1)
    this.root.querySelector(".input-title").textContent = data.labels.input
    this.root.querySelector(".output-title").textContent = data.labels.output
    this.input.setAttribute("aria-label", data.labels.picture)
    this.output.setAttribute("aria-label", data.labels.help)
    this.draw()
  }

  // What one output reads -----------------------------------------------------------------------------------------

  taps() {
    const { kernel, stride, padding, dilation, input } = this.data
    const side = Math.round(Math.sqrt(kernel.length))
    return kernel.map((weight, index) => {
      const y = this.row * stride - padding + dilation * Math.floor(index / side)
      const x = this.column * stride - padding + dilation * (index % side)
      const inside = y >= 0 && x >= 0 && y < input.rows && x < input.columns
      return { y, x, weight, inside, value: inside ? input.values[y * input.columns + x] : 0 }
    })
  }

  // Drawing -------------------------------------------------------------------------------------------------------

  draw() {
    const { input, output, padding, labels } = this.data
    const style = getComputedStyle(this.root)
    const mark = style.getPropertyValue("--st-primary-color") || "#0b5cad"
    const paper = style.getPropertyValue("--st-secondary-background-color") || "#f2f5f9"
    const taps = this.taps()
    const cell = this.board(this.input, input, padding, paper)
    const pen = this.input.getContext("2d")
    pen.lineWidth = Math.max(3, cell / 6)
    pen.strokeStyle = mark
    for (const tap of taps) pen.strokeRect((tap.x + padding) * cell, (tap.y + padding) * cell, cell, cell)
    const size = this.board(this.output, output, 0, paper)
    const nib = this.output.getContext("2d")
    nib.lineWidth = Math.max(4, size / 5)
    nib.strokeStyle = mark
    nib.strokeRect(this.column * size, this.row * size, size, size)
    this.write(taps, labels)
  }

  // Grey from the smallest to the largest value, with a border of padding; returns the side of a cell.
  board(canvas, { rows, columns, values, low, high }, padding, paper) {
    const wide = columns + 2 * padding
    const high_ = rows + 2 * padding
    const cell = Math.max(1, Math.floor(SHARP / Math.max(wide, high_)))
    canvas.width = wide * cell
    canvas.height = high_ * cell
    const pen = canvas.getContext("2d")
    pen.fillStyle = paper
    pen.fillRect(0, 0, canvas.width, canvas.height)
    const span = high - low || 1
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const grey = Math.round((255 * (values[row * columns + column] - low)) / span)
        pen.fillStyle = `rgb(${grey},${grey},${grey})`
        pen.fillRect((column + padding) * cell, (row + padding) * cell, cell, cell)
      }
    return cell
  }

  write(taps, labels) {
    const shown = value => (Math.abs(value) < 0.005 ? 0 : value).toLocaleString(labels.locale, { maximumFractionDigits: 2 })
    const sum = taps.reduce((total, tap) => total + tap.value * tap.weight, 0)
    const names = { row: this.row + 1, column: this.column + 1, count: taps.length, sum: shown(sum) }
    this.line.textContent = labels.line.replace(/\{(\w+)\}/g, (_match, name) => names[name])
    this.output.dataset.sum = sum
    this.output.dataset.value = this.data.output.values[this.row * this.data.output.columns + this.column]
    const side = Math.round(Math.sqrt(taps.length))
    this.products.hidden = side > MOST_SHOWN
    this.products.style.setProperty("--side", side)
    this.products.replaceChildren(
      ...(side > MOST_SHOWN ? [] : taps).map(tap => {
        const item = document.createElement("div")
        item.className = tap.inside ? "product" : "product outside"
        item.textContent = `${shown(tap.value)} ×\u00a0${shown(tap.weight)}` // breaks only before the ×
        return item
      }),
    )
  }
}
