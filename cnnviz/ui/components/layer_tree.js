// A tree of layers as a WAI-ARIA treegrid: https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/
//
// Everything that comes from the server is set as text, never as markup.

export default component => upToDate(component, ".layer-tree", LayerTree)

class LayerTree {
  constructor(root) {
    this.root = root
    for (const name of ["scroller", "found", "spoken", "nothing", "hidden-columns", "clear"]) {
      this[name] = root.querySelector(`.${name}`)
    }
    this.input = root.querySelector("input")
    this.table = root.querySelector("table")
    this.head = root.querySelector("thead tr")
    this.body = root.querySelector("tbody")
    this.rows = [] // every row of the tree, in the network's order
    this.shown = [] // those that are in the document, in the order shown
    this.elements = new Map() // row id → its element, kept while it may come back
    this.toggled = new Map() // row id → open or closed by hand
    this.searchToggled = new Map() // the same while a search is on; forgotten with it
    this.openDepth = 1
    this.sort = null // { column, descending }
    this.terms = []
    this.selected = null
    this.pending = null // a choice that the server has not answered yet
    this.current = null // id of the row that Tab leads to
    this.hiddenColumns = new Set()
    this.style = document.createElement("style")
    root.append(this.style)
    this.listen()
  }

  // Data from the server ------------------------------------------------------------------------------------------

  update(data, setStateValue) {
    this.choose = path => setStateValue("selected", path)
    if (data === this.data) return // only the theme has changed, and the style sheet follows by itself
    const before = this.data
    this.data = data
    if (!before || before.group !== data.group) {
      this.leave?.()
      this.leave = joinSelection(data.group, this, path => this.hear(path))
    }
    this.labels = data.labels
    if (!before) this.openDepth = data.expanded
    this.number = new Intl.NumberFormat(data.labels.locale)
    this.percent = new Intl.NumberFormat(data.labels.locale, { style: "percent", maximumSignificantDigits: 2 })
    this.readRows(data.rows)
    if (this.sort && !(data.columns[this.sort.column] || {}).sortable) this.sort = null
    this.writeTexts()
    const columns = JSON.stringify([data.columns, data.labels.layer])
    if (columns !== this.columns) {
      this.columns = columns
      this.writeHead()
      this.elements.clear()
      this.body.replaceChildren()
    }
    const reveal = this.takeSelection(before)
    const failed = this.rows.find(row => row.flags.failed)
    const news = failed && failed.path !== this.failedPath ? failed : null
    this.failedPath = failed ? failed.path : null
    if (news) this.openAncestors(news)
    this.render()
    this.fit()
    if (reveal) this.scrollTo(reveal)
    else if (news && before) this.scrollTo(news)
  }

  readRows(packed) {
    const ancestors = []
    const seen = new Map()
    this.rows = packed.map(([path, depth, leaf, name, type, cells, flags], position) => {
      const times = seen.get(path) || 0
      seen.set(path, times + 1)
      ancestors.length = Math.min(depth, ancestors.length)
      const parent = ancestors[ancestors.length - 1] || null
      const row = { id: times ? `${path}\n${times}` : path, path, depth, leaf: Boolean(leaf), name, type, flags, position }
      row.cells = cells.map(cell => {
        const [text, sort, title, share] = Array.isArray(cell) ? cell : [cell]
        return { text, sort, title, share }
      })
      row.text = `${name} ${type}`.toLowerCase()
      row.address = path.toLowerCase()
      row.parent = parent
      row.children = []
      if (parent) parent.children.push(row)
      ancestors[depth] = row
      return row
    })
    this.top = this.rows.filter(row => !row.parent)
    this.byId = new Map(this.rows.map(row => [row.id, row]))
  }

  // A selection made elsewhere is taken over and shown; an older answer never overrules a newer click.
  takeSelection(before) {
    const wanted = this.data.selected ?? null
    if (this.pending) {
      const answered = wanted === this.pending.path
      if (!answered && performance.now() - this.pending.since < 3000) return null
      this.pending = null
      if (answered) return null
    }
    if (before && wanted === (before.selected ?? null) && wanted === this.selected) return null
    if (wanted === this.selected) return null
    this.selected = wanted
    const row = wanted === null ? null : this.byId.get(wanted)
    if (!row) return null
    if (this.terms.length) this.search("")
    this.openAncestors(row)
    this.current = row.id
    return row
  }

  // Another view of the same network has selected: show it here too, before the server knows.
  hear(path) {
    this.selected = path
    this.pending = { path, since: performance.now() }
    const row = path === null ? null : this.byId.get(path)
    if (row) {
      if (this.terms.length && !this.shown.includes(row)) this.search("")
      this.openAncestors(row)
      this.current = row.id
    }
    this.render()
    if (row) this.scrollTo(row)
  }

  openAncestors(row) {
    for (let above = row.parent; above; above = above.parent) this.toggled.set(above.id, true)
  }

  // What is open, found and in which order ------------------------------------------------------------------------

  isOpen(row) {
    if (!row.children.length) return false
    if (this.terms.length) return this.searchToggled.get(row.id) ?? row.holdsMatch
    return this.toggled.get(row.id) ?? row.depth < this.openDepth
  }

  setOpen(row, open) {
    if (row.children.length) (this.terms.length ? this.searchToggled : this.toggled).set(row.id, open)
  }

  openAll(open) {
    this.searchToggled.clear()
    if (this.terms.length) {
      for (const row of this.rows) if (row.children.length) this.searchToggled.set(row.id, open)
    } else {
      this.toggled.clear()
      this.openDepth = open ? Infinity : 0
    }
    this.render()
  }

  search(text) {
    if (this.input.value !== text) this.input.value = text
    this.terms = text.toLowerCase().split(/\s+/).filter(Boolean)
    this.searchToggled.clear()
    this.clear.hidden = !text
  }

  filter() {
    let count = 0
    for (const row of this.rows) {
      row.matches = this.matches(row)
      row.insideMatch = Boolean(row.parent && (row.parent.matches || row.parent.insideMatch))
      row.holdsMatch = false
      count += row.matches
    }
    for (let index = this.rows.length - 1; index >= 0; index--) {
      const row = this.rows[index]
      if (row.parent && (row.matches || row.holdsMatch)) row.parent.holdsMatch = true
    }
    return count
  }

  // Words may also name the blocks around a layer ("body conv"), but one must be its own: "head" finds the head, not
  // everything inside it. With a dot it is an address.
  matches(row) {
    const own = term => row.text.includes(term) || (term.includes(".") && row.address.includes(term))
    return this.terms.some(own) && this.terms.every(term => own(term) || row.address.includes(term))
  }

  isKept(row) {
    return !this.terms.length || row.matches || row.holdsMatch || row.insideMatch
  }

  ordered(rows) {
    const kept = rows.filter(row => this.isKept(row))
    if (!this.sort) return kept
    const { column, descending } = this.sort
    const sign = descending ? -1 : 1
    return kept.sort((a, b) => {
      const [x, y] = [a.cells[column], b.cells[column]]
      const numbers = [x.sort, y.sort].map(value => typeof value === "number" && !Number.isNaN(value))
      if (numbers[0] && numbers[1]) return sign * (x.sort - y.sort) || a.position - b.position
      if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1 // what has no figure comes last, either way
      return sign * x.text.localeCompare(y.text, this.labels.locale, { numeric: true }) || a.position - b.position
    })
  }

  // Drawing ---------------------------------------------------------------------------------------------------------

  writeTexts() {
    const { labels } = this
    this.table.querySelector("caption").textContent = this.data.caption
    this.input.placeholder = labels.search
    this.input.setAttribute("aria-label", labels.search)
    this.clear.setAttribute("aria-label", labels.clear)
    this.root.querySelector(".expand-all").textContent = labels.expand_all
    this.root.querySelector(".collapse-all").textContent = labels.collapse_all
    this.scroller.style.maxHeight = this.data.height ? `${this.data.height}px` : ""
  }

  writeHead() {
    const name = element("th", "name left", this.labels.layer)
    name.scope = "col"
    const cells = this.data.columns.map((column, index) => {
      const cell = element("th", column.align)
      cell.scope = "col"
      cell.dataset.column = index
      if (column.help) cell.title = column.help
      if (column.sortable) {
        const button = element("button", "")
        button.type = "button"
        button.append(element("span", "", column.title), element("span", "arrow"))
        cell.append(button)
      } else cell.textContent = column.title
      return cell
    })
    for (const cell of [name, ...cells]) cell.setAttribute("role", "columnheader")
    this.head.replaceChildren(name, ...cells)
  }

  render() {
    const focus = this.focusPlace()
    const count = this.filter()
    this.shown = []
    const visit = (rows, level) => {
      const ordered = this.ordered(rows)
      ordered.forEach((row, index) => {
        Object.assign(row, { level, place: index + 1, size: ordered.length })
        this.shown.push(row)
        if (this.isOpen(row)) visit(row.children, level + 1)
      })
    }
    visit(this.top, 1)
    if (!this.shown.some(row => row.id === this.current)) this.current = this.nearestShown()
    this.place(this.shown.map(row => this.writeRow(row)))
    this.restoreFocus(focus)
    const typed = this.input.value.trim()
    this.nothing.hidden = !typed || count > 0
    this.nothing.textContent = fill(this.labels.nothing, { text: typed })
    const counts = { count: this.number.format(count), total: this.number.format(this.rows.length) }
    setText(this.found, typed ? fill(this.labels.found, counts) : "")
    for (const cell of this.head.querySelectorAll("[data-column]")) {
      if (!cell.querySelector("button")) continue
      const sorted = this.sort && this.sort.column === Number(cell.dataset.column)
      cell.setAttribute("aria-sort", sorted ? (this.sort.descending ? "descending" : "ascending") : "none")
    }
  }

  // The row that Tab leads to has gone: its nearest ancestor that is there, else the selection, else the first row.
  nearestShown() {
    const shown = new Set(this.shown.map(row => row.id))
    for (let row = this.byId.get(this.current); row; row = row.parent) if (shown.has(row.id)) return row.id
    if (shown.has(this.selected)) return this.selected
    return this.shown.length ? this.shown[0].id : null
  }

  // Put the elements in order, moving as few as possible.
  place(lines) {
    const wanted = new Set(lines)
    for (const line of [...this.body.children]) if (!wanted.has(line)) line.remove()
    let next = this.body.firstElementChild
    for (const line of lines) {
      if (line === next) next = next.nextElementSibling
      else this.body.insertBefore(line, next)
    }
  }

  // An element that is moved or replaced loses the focus; the row keeps it, or the one that stands for it.
  focusPlace() {
    const active = this.root.getRootNode().activeElement
    if (!active || !this.body.contains(active)) return null
    const line = active.closest("tr")
    return { active, id: line.dataset.row, column: active === line ? null : this.cellsOf(line).indexOf(active) }
  }

  restoreFocus(focus) {
    if (!focus || this.root.getRootNode().activeElement === focus.active) return
    const line = this.elements.get(focus.id)
    const row = line && line.isConnected ? this.byId.get(focus.id) : this.byId.get(this.current)
    if (!row) return
    const target = this.elements.get(row.id)
    ;(focus.column === null ? target : this.cellsOf(target)[focus.column] || target).focus({ preventScroll: true })
  }

  writeRow(row) {
    let line = this.elements.get(row.id)
    const content = JSON.stringify([row.name, row.type, row.cells, row.flags, row.level, this.terms, row.matches])
    if (!line) {
      line = element("tr", "")
      line.setAttribute("role", "row")
      line.dataset.row = row.id
      this.elements.set(row.id, line)
    }
    if (line.content !== content) {
      line.content = content
      line.replaceChildren(this.nameCell(row), ...row.cells.map((cell, index) => this.cell(cell, index)))
      line.classList.toggle("failed", Boolean(row.flags.failed))
    }
    const attributes = {
      "aria-level": row.level,
      "aria-posinset": row.place,
      "aria-setsize": row.size,
      "aria-selected": row.path === this.selected,
      tabindex: row.id === this.current ? 0 : -1,
    }
    for (const [name, value] of Object.entries(attributes)) {
      if (line.getAttribute(name) !== String(value)) line.setAttribute(name, value)
    }
    if (row.children.length) line.setAttribute("aria-expanded", this.isOpen(row))
    else line.removeAttribute("aria-expanded")
    return line
  }

  nameCell(row) {
    const cell = element("th", "name")
    cell.scope = "row"
    cell.setAttribute("role", "rowheader")
    cell.tabIndex = -1
    cell.style.setProperty("--level", row.level - 1)
    cell.title = row.path && row.path !== row.name ? row.path : ""
    const line = element("div", "line")
    const twisty = element("span", "twisty")
    const label = element("span", "label")
    label.append(this.marked("text", row.name, row.matches))
    if (row.type) label.append(" ", this.marked("type", row.type, row.matches))
    line.append(twisty)
    if (row.flags.failed) line.append(alarm(this.labels.failed))
    line.append(label)
    cell.append(line)
    if (row.flags.note) cell.append(element("div", "note", row.flags.note))
    return cell
  }

  cell(cell, index) {
    const column = this.data.columns[index]
    const line = element("td", column.align, cell.text)
    line.setAttribute("role", "gridcell")
    line.dataset.column = index
    line.tabIndex = -1
    const parts = cell.title ? [cell.title] : []
    if (typeof cell.share === "number") {
      line.classList.add("share")
      line.style.setProperty("--share", Math.min(Math.max(cell.share, 0), 1))
      parts.push(fill(this.labels.share, { percent: this.percent.format(cell.share) }))
    }
    if (parts.length) line.title = parts.join(" · ")
    return line
  }

  // A name with what was searched for picked out.
  marked(className, text, matches) {
    const span = element("span", className)
    const lower = text.toLowerCase()
    let from = 0
    while (matches && from < text.length) {
      let found = null
      for (const term of this.terms) {
        const at = lower.indexOf(term, from)
        if (at >= 0 && (!found || at < found.at)) found = { at, length: term.length }
      }
      if (!found) break
      span.append(text.slice(from, found.at), element("mark", "", text.slice(found.at, found.at + found.length)))
      from = found.at + found.length
    }
    span.append(text.slice(from))
    return span
  }

  // Where the table is wider than its place, the least important columns leave, all of one priority together.
  fit() {
    this.hide(new Set())
    const room = this.scroller.clientWidth
    if (!room) return
    const heads = [...this.head.children]
    let width = heads.reduce((sum, cell) => sum + cell.offsetWidth, 0)
    const hidden = new Set()
    const priorities = [...new Set(this.data.columns.map(column => column.priority))].sort((a, b) => b - a)
    for (const priority of priorities) {
      if (width <= room + 1 || priority <= 0) break
      this.data.columns.forEach((column, index) => {
        if (column.priority !== priority) return
        hidden.add(index)
        width -= heads[index + 1].offsetWidth
      })
    }
    this.hide(hidden)
    const titles = [...hidden].sort((a, b) => a - b).map(index => this.data.columns[index].title)
    this["hidden-columns"].hidden = !titles.length
    setText(this["hidden-columns"], titles.length ? fill(this.labels.hidden, { columns: titles.join(", ") }) : "")
  }

  hide(columns) {
    this.hiddenColumns = columns
    const rules = [...columns].map(index => `[data-column="${index}"]`)
    this.style.textContent = rules.length ? `.layer-tree :is(${rules.join()}) { display: none }` : ""
  }

  // Scrolls inside the table only: scrollIntoView would move the page as well.
  scrollTo(row, smooth = true) {
    const line = this.elements.get(row.id)
    if (!line || !line.isConnected) return
    const head = this.head.offsetHeight
    const { scrollTop, clientHeight } = this.scroller
    let to = scrollTop
    if (line.offsetTop - head < scrollTop) to = line.offsetTop - head
    else if (line.offsetTop + line.offsetHeight > scrollTop + clientHeight) {
      to = line.offsetTop + line.offsetHeight - clientHeight
    }
    if (to === scrollTop) return
    const still = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches
    this.scroller.scrollTo({ top: to, behavior: still ? "instant" : "smooth" })
  }

  // What a person does ------------------------------------------------------------------------------------------------

  listen() {
    this.input.addEventListener("input", () => {
      this.search(this.input.value)
      this.render()
    })
    this.input.addEventListener("keydown", event => {
      if (event.key === "Escape" && this.input.value) this.clearSearch()
      else if (event.key === "ArrowDown" && this.shown.length) this.focusRow(this.shown[0])
      else return
      event.preventDefault()
      event.stopPropagation()
    })
    this.clear.addEventListener("click", () => {
      this.clearSearch()
      this.input.focus()
    })
    this.root.querySelector(".expand-all").addEventListener("click", () => this.openAll(true))
    this.root.querySelector(".collapse-all").addEventListener("click", () => this.openAll(false))
    this.head.addEventListener("click", event => {
      const cell = event.target.closest("button") && event.target.closest("[data-column]")
      if (cell) this.sortBy(Number(cell.dataset.column))
    })
    this.body.addEventListener("click", event => {
      const row = this.rowOf(event.target)
      if (!row) return
      if (event.target.closest(".twisty") && row.children.length) {
        this.current = row.id
        this.toggle(row, !this.isOpen(row))
      } else this.select(row)
    })
    this.body.addEventListener("focusin", event => {
      const row = this.rowOf(event.target)
      if (row && row.id !== this.current) this.makeCurrent(row)
    })
    this.body.addEventListener("keydown", event => this.press(event))
    this.scroller.addEventListener("scroll", () => {
      this.scroller.classList.toggle("moved", this.scroller.scrollLeft > 0)
    })
    this.observer = new ResizeObserver(() => {
      const width = this.scroller.clientWidth
      if (this.data && width !== this.width) {
        this.width = width
        this.fit()
      }
    })
    this.observer.observe(this.scroller)
  }

  rowOf(target) {
    const line = target.closest("tbody tr")
    return line ? this.byId.get(line.dataset.row) : null
  }

  clearSearch() {
    this.search("")
    this.render()
    const row = this.byId.get(this.current)
    if (row) this.scrollTo(row, false)
  }

  toggle(row, open) {
    this.setOpen(row, open)
    this.render()
  }

  select(row) {
    this.selected = row.path
    this.pending = { path: row.path, since: performance.now() }
    this.current = row.id
    this.render()
    tellSelection(this.data.group, this, row.path)
    this.choose(row.path)
  }

  sortBy(column) {
    const same = this.sort && this.sort.column === column
    if (!same) this.sort = { column, descending: true }
    else if (this.sort.descending) this.sort = { column, descending: false }
    else this.sort = null
    this.render()
    const { labels } = this
    const text = !this.sort ? labels.sort_none : this.sort.descending ? labels.sort_descending : labels.sort_ascending
    setText(this.spoken, fill(text, { column: this.data.columns[column].title }))
  }

  makeCurrent(row) {
    this.elements.get(this.current)?.setAttribute("tabindex", "-1")
    this.current = row.id
    this.elements.get(row.id)?.setAttribute("tabindex", "0")
  }

  // `column` is the cell to go to: 0 is the name, null the row itself.
  focusRow(row, column = null) {
    this.makeCurrent(row)
    this.scrollTo(row, false)
    const line = this.elements.get(row.id)
    const target = column === null ? line : this.cellsOf(line)[column] || line
    target.focus({ preventScroll: true })
    if (column !== null) this.scrollSideways(target)
  }

  cellsOf(line) {
    return [...line.children].filter(cell => !this.hiddenColumns.has(Number(cell.dataset.column)))
  }

  scrollSideways(cell) {
    if (cell.matches(".name")) return
    const left = cell.offsetLeft - cell.parentElement.firstElementChild.offsetWidth
    const right = cell.offsetLeft + cell.offsetWidth - this.scroller.clientWidth
    if (left < this.scroller.scrollLeft) this.scroller.scrollLeft = left
    else if (right > this.scroller.scrollLeft) this.scroller.scrollLeft = right
  }

  press(event) {
    if (event.altKey || event.metaKey) return
    const row = this.rowOf(event.target)
    if (!row) return
    const cells = this.cellsOf(this.elements.get(row.id))
    const column = event.target.matches("tr") ? null : cells.indexOf(event.target)
    if (event.ctrlKey && !["Home", "End"].includes(event.key)) return
    const index = this.shown.indexOf(row)
    const go = to => this.focusRow(this.shown[Math.min(Math.max(to, 0), this.shown.length - 1)], column)
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.elements.get(row.id).offsetHeight) - 2)
    const edge = (rowIndex, cell) =>
      column === null || event.ctrlKey ? go(rowIndex) : this.focusRow(row, cell)
    const keys = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      PageDown: () => go(index + page),
      PageUp: () => go(index - page),
      Home: () => edge(0, 0),
      End: () => edge(this.shown.length - 1, cells.length - 1),
      ArrowRight: () => this.right(row, column, cells),
      ArrowLeft: () => this.left(row, column),
      Enter: () => this.select(row),
      " ": () => this.select(row),
      "*": () => this.openSiblings(row),
    }
    if (!keys[event.key]) return
    event.preventDefault()
    event.stopPropagation()
    keys[event.key]()
  }

  right(row, column, cells) {
    if (column !== null) this.focusRow(row, Math.min(column + 1, cells.length - 1))
    else if (row.children.length && !this.isOpen(row)) this.toggle(row, true)
    else this.focusRow(row, 0)
  }

  left(row, column) {
    if (column !== null) this.focusRow(row, column > 0 ? column - 1 : null)
    else if (this.isOpen(row)) this.toggle(row, false)
    else if (row.parent) this.focusRow(row.parent)
  }

  openSiblings(row) {
    for (const sibling of row.parent ? row.parent.children : this.top) this.setOpen(sibling, true)
    this.render()
  }

  destroy() {
    this.observer.disconnect()
    this.leave?.()
    instances.delete(this.root)
  }
}

function element(tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

function alarm(label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("class", "alarm")
  svg.setAttribute("role", "img")
  svg.setAttribute("aria-label", label)
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", "M12 2 1 21h22zm-1 7h2v6h-2zm0 8h2v2h-2z")
  svg.append(path)
  return svg
}

// "{count} of {total}" → "3 of 68"
function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole))
}

// A live region speaks whenever it is written to, so it is only written to when there is news.
function setText(place, text) {
  if (place.textContent !== text) place.textContent = text
}
