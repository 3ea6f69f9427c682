// A surface of cells under the hand: pointer, finger and arrow keys lead to one of them.
//
// This text stands between `selection.js` and the script of such a component, which says how many cells there are
// (`count`: rows and columns) and what is done when another one is reached (`moved`).

class Cells {
  listen(surface) {
    this.surface = surface
    for (const kind of ["pointermove", "pointerdown"]) surface.addEventListener(kind, event => this.point(event))
    surface.addEventListener("keydown", event => this.press(event))
  }

  point(event) {
    const box = this.surface.getBoundingClientRect()
    const { rows, columns } = this.count
    const place = (offset, length, count) => Math.max(0, Math.min(count - 1, Math.floor((offset / length) * count)))
    this.go(place(event.clientY - box.top, box.height, rows), place(event.clientX - box.left, box.width, columns))
  }

  press(event) {
    const { rows, columns } = this.count
    const next = {
      ArrowUp: [this.row - 1, this.column], ArrowDown: [this.row + 1, this.column], ArrowLeft: [this.row, this.column - 1],
      ArrowRight: [this.row, this.column + 1], Home: [0, 0], End: [rows - 1, columns - 1],
    }[event.key]
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    this.go(Math.max(0, Math.min(rows - 1, next[0])), Math.max(0, Math.min(columns - 1, next[1])))
  }

  go(row, column) {
    if (row === this.row && column === this.column) return
    this.row = row
    this.column = column
    this.moved()
  }
}

