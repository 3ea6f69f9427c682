// A network from top to bottom as a WAI-ARIA tree: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/
//
// The server has laid out the inside of every block; here the pieces are only stacked, so unfolding asks nobody.
// Everything that comes from the server is set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg"
const PATIENCE = 3000 // ms in which an older answer of the server does not overrule a click
export default component => upToDate(component, ".network-diagram", NetworkDiagram)

class NetworkDiagram {
  constructor(root) {
    this.root = root
    this.scroller = root.querySelector(".scroller")
    this.tree = root.querySelector(".tree")
    this.toggled = new Map() // id → open or folded by hand
    this.everything = null // true or false after "expand all" or "collapse all"
    this.selected = null
    this.pending = null // a choice that the server has not answered yet
    this.current = null // id of the box that Tab leads to
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
    if (!before || before.network !== data.network) {
      this.toggled.clear()
      this.everything = null
    }
    this.writeTexts()
    const reveal = this.takeSelection()
    const drawing = JSON.stringify([data.drawing, data.labels])
    if (drawing !== this.drawn) {
      this.drawn = drawing
      this.read()
      if (reveal) this.openTo(reveal)
      this.redraw()
    } else if (reveal) this.openTo(reveal)
    this.mark()
    const broken = data.failed !== (before && before.failed) ? data.failed : null
    if (reveal) this.scrollTo(reveal)
    else if (broken) this.scrollTo(broken)
  }

  writeTexts() {
    const { labels, caption, description, drawing, height, colour } = this.data
    this.root.querySelector(".expand-all").textContent = labels.expand_all
    this.root.querySelector(".collapse-all").textContent = labels.collapse_all
    this.root.querySelector(".description").textContent = description
    this.tree.setAttribute("aria-label", caption)
    this.root.style.setProperty("--colour", colour)
    this.root.style.setProperty("--width", `${drawing.width}px`)
    this.scroller.style.maxHeight = height ? `${height}px` : ""
    const note = this.root.querySelector(".note")
    note.textContent = drawing.note
    note.hidden = !drawing.note
  }

  // Every part gets its path, and the parts around it.
  read() {
    this.items = []
    this.byPath = new Map()
    this.byId = new Map()
    const visit = (parts, prefix, parent, level) =>
      parts.map((part, index) => {
        const path = part.id ? null : prefix + part.n
        const item = { part, path, id: part.id ?? path, parent, level, place: index + 1, size: parts.length }
        item.foldable = Boolean(part.p || part.l)
        this.items.push(item)
        this.byId.set(item.id, item)
        if (path !== null) this.byPath.set(path, item)
        item.children = part.p ? visit(part.p, part.id ? prefix : `${path}.`, item, level + 1) : []
        return item
      })
    this.top = visit(this.data.drawing.parts, "", null, 1)
  }

  // A selection made elsewhere is taken over and shown; an older answer never overrules a newer click.
  takeSelection() {
    const wanted = this.data.selected ?? null
    if (this.pending) {
      const answered = wanted === this.pending.path
      if (!answered && performance.now() - this.pending.since < PATIENCE) return null
      this.pending = null
    }
    if (wanted === this.selected) return null
    this.selected = wanted
    return wanted
  }

  // Another view of the same network has selected: show it here too, before the server knows.
  hear(path) {
    this.selected = path
    this.pending = { path, since: performance.now() }
    if (path) this.openTo(path)
    this.mark()
    if (path) this.scrollTo(path)
  }

  // What is open --------------------------------------------------------------------------------------------------

  isOpen(item) {
    if (!item.foldable) return false
    return this.toggled.get(item.id) ?? this.everything ?? this.data.drawing.open.includes(item.id)
  }

  toggle(item, open = !this.isOpen(item)) {
    if (!item.foldable) return
    this.toggled.set(item.id, open)
    if (!open && item.inside?.contains(this.active())) this.focus(item.box)
    this.show(item)
    this.mark()
  }

  openAll(open) {
    this.toggled.clear()
    this.everything = open
    this.items.forEach(item => item.inside && this.show(item))
    this.mark()
  }

  // The part that holds a path, and whether the path is a layer or a branch inside a block.
  holder(path) {
    for (let known = path; known; known = known.slice(0, Math.max(0, known.lastIndexOf(".")))) {
      const item = this.byPath.get(known)
      if (item) return { item, inside: known !== path && Boolean(item.part.l) }
    }
    return null
  }

  openTo(path) {
    const found = this.holder(path)
    if (!found) return
    const line = []
    for (let item = found.inside ? found.item : found.item.parent; item; item = item.parent) line.unshift(item)
    for (const item of line) {
      if (this.isOpen(item)) continue
      this.toggled.set(item.id, true)
      if (item.inside) this.show(item)
    }
  }

  // Drawing -------------------------------------------------------------------------------------------------------

  redraw() {
    const focused = this.tree.contains(this.active()) ? this.active().dataset.id : null
    const { scrollTop } = this.scroller
    const last = this.arrow(this.data.drawing.end, !this.data.drawing.parts.some(part => part.u))
    this.tree.replaceChildren(...this.top.map(item => this.draw(item)), last)
    this.scroller.scrollTop = scrollTop
    if (focused !== null) this.boxOf(focused)?.focus({ preventScroll: true })
  }

  draw(item) {
    const { part } = item
    item.element = element("div", "item")
    item.box = this.drawBox(item)
    item.element.append(this.arrow(part.e, !part.u), item.box)
    if (item.foldable) {
      item.inside = element("div", "inside")
      item.inside.setAttribute("role", "group")
      item.element.append(item.inside)
      this.show(item)
    }
    return item.element
  }

  // Brings one part's element up to date with whether it is open; its inside is made when it is first needed.
  show(item) {
    const open = this.isOpen(item)
    item.element.classList.toggle("open", open)
    item.inside.hidden = !open
    item.box.setAttribute("aria-expanded", open)
    if (!open || item.inside.firstChild) return
    if (item.part.l) this.drawPiece(item)
    else item.inside.append(...item.children.map(child => this.draw(child)), this.arrow("", !item.part.q, false))
  }

  arrow(label, known, tip = true) {
    const line = element("div", `arrow${label ? " long" : ""}${known ? "" : " unknown"}${tip ? "" : " end"}`)
    line.setAttribute("role", "none")
    if (label) line.append(element("span", "shape", label))
    return line
  }

  drawBox(item) {
    const { part } = item
    const box = this.node(item.id, item.path, item.level, item.place, item.size)
    box.classList.add(item.foldable ? "part" : "layer", ...(part.w ? [part.w] : []))
    const title = part.t ?? part.n
    if (!item.foldable) {
      box.append(element("span", "what", part.d), " ", element("span", "name", title))
      this.nameNode(box, [part.d, title], part.o)
      return box
    }
    if (part.x) box.classList.add("repeat")
    const first = element("span", "first")
    if (part.x) first.append(element("span", "times", `×${part.x}`), " ")
    first.append(element("span", "title", title), " ", element("span", "what", part.d))
    const words = element("span", "words")
    words.append(first, " ", element("span", "cost", part.c))
    const twisty = element("span", "twisty")
    twisty.title = this.data.labels.unfold
    box.append(twisty, words)
    if (part.g !== undefined) box.append(glyph(this.data.drawing.glyphs[part.g]))
    if (part.s) box.append(bar(part.s))
    const times = part.x ? fill(this.data.labels.times, { count: part.x }) : null
    this.nameNode(box, [times, title, part.d, part.c], part.o)
    return box
  }

  node(id, path, level, place, size) {
    const box = element("div", "box")
    box.setAttribute("role", "treeitem")
    box.setAttribute("aria-level", level)
    box.setAttribute("aria-posinset", place)
    box.setAttribute("aria-setsize", size)
    box.dataset.id = id
    if (path !== null) box.dataset.path = path
    box.tabIndex = -1
    return box
  }

  nameNode(box, texts, output) {
    const words = [...texts, fill(this.data.labels.output, { shape: output })].filter(Boolean)
    box.words = words.join(", ")
    box.title = [box.dataset.path, words[words.length - 1]].filter(Boolean).join(" → ")
  }

  // The inside of a block, as the server laid it out.
  drawPiece(item) {
    const { part } = item
    const [height, nodes, edges] = this.data.drawing.templates[part.k]
    const piece = element("div", "piece")
    piece.setAttribute("role", "none")
    piece.style.height = `${height}px`
    const lines = vector("svg", { class: "lines", "aria-hidden": "true" })
    const shapes = []
    const said = repeated(part.r)
    let label = 0
    for (const [path, tipX, tipY, x, y] of edges) {
      lines.append(vector("path", { d: path }))
      if (tipX !== null) lines.append(vector("path", { d: `M${tipX} ${tipY}l-4 -6h8z`, class: "tip" }))
      if (x === undefined) continue
      const shape = element("span", "shape", said[label++])
      Object.assign(shape.style, { left: `${x}px`, top: `${y}px` })
      shapes.push(shape)
    }
    const outputs = repeated(part.m)
    const boxes = nodes.map(([name, x, y, width, boxHeight, tone], index) => {
      const path = item.path ? `${item.path}.${name}` : name
      const box = this.node(path, path, item.level + 1, index + 1, nodes.length)
      box.classList.add("inner", tone)
      Object.assign(box.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${boxHeight}px` })
      const text = part.l[index]
      box.append(element("span", "what", text))
      const sign = tone === "join" ? (text === "+" ? this.data.labels.add : this.data.labels.concatenate) : text
      this.nameNode(box, [sign, name], outputs[index])
      return box
    })
    piece.append(lines, ...shapes, ...boxes)
    item.inside.append(piece)
  }

  // What is selected, what cannot work, and where Tab leads.
  mark() {
    const { failed, labels } = this.data
    const boxes = [...this.tree.querySelectorAll(".box")]
    for (const box of boxes) {
      const { path } = box.dataset
      const item = this.byId.get(box.dataset.id)
      const inner = box.classList.contains("inner")
      const chosen = path !== undefined && path === this.selected
      const within = inner && Boolean(this.selected) && path.startsWith(`${this.selected}.`)
      const holds = Boolean(failed && item) && this.holds(item, failed) && !this.isOpen(item)
      const broken = Boolean(failed) && (path === failed || holds)
      set(box, "aria-selected", chosen)
      box.classList.toggle("within", within)
      box.classList.toggle("broken", broken)
      set(box, "aria-label", broken ? `${labels.failed}: ${box.words}` : box.words)
    }
    const shown = boxes.filter(box => this.isShown(box))
    const chosen = shown.find(box => box.getAttribute("aria-selected") === "true")
    const current = shown.find(box => box.dataset.id === this.current) || chosen || shown[0]
    for (const box of boxes) box.tabIndex = box === current ? 0 : -1
  }

  holds(item, path) {
    const own = item.path !== null && path.startsWith(`${item.path}.`)
    return own || item.children.some(child => child.path === path || (item.part.x && this.holds(child, path)))
  }

  isShown(box) {
    return !box.closest("[hidden]")
  }

  active() {
    return this.root.getRootNode().activeElement
  }

  boxOf(id) {
    return [...this.tree.querySelectorAll(".box")].find(box => box.dataset.id === id)
  }

  // Scrolls inside the diagram only: scrollIntoView would move the page as well.
  scrollTo(path, smooth = true) {
    const within = [...this.tree.querySelectorAll(".box.within")].filter(box => this.isShown(box))
    const box = [...this.tree.querySelectorAll(".box")].find(one => one.dataset.path === path) || within[0]
    if (box) this.bring(box, smooth)
  }

  bring(box, smooth) {
    const frame = this.scroller.getBoundingClientRect()
    const place = box.getBoundingClientRect()
    const margin = 24
    let by = 0
    if (place.top < frame.top + margin) by = place.top - frame.top - margin
    else if (place.bottom > frame.bottom - margin) by = place.bottom - frame.bottom + margin
    if (!by) return
    const still = !smooth || matchMedia("(prefers-reduced-motion: reduce)").matches
    this.scroller.scrollBy({ top: by, behavior: still ? "instant" : "smooth" })
  }

  // What a person does ----------------------------------------------------------------------------------------------

  listen() {
    this.root.querySelector(".expand-all").addEventListener("click", () => this.openAll(true))
    this.root.querySelector(".collapse-all").addEventListener("click", () => this.openAll(false))
    this.tree.addEventListener("click", event => {
      const box = event.target.closest(".box")
      if (!box) return
      const item = this.byId.get(box.dataset.id)
      this.focus(box)
      if (item?.foldable && (event.target.closest(".twisty") || item.path === null)) this.toggle(item)
      else this.select(box)
    })
    this.tree.addEventListener("dblclick", event => {
      const box = event.target.closest(".box")
      const item = box && this.byId.get(box.dataset.id)
      if (item?.foldable && item.path !== null && !event.target.closest(".twisty")) this.toggle(item)
    })
    this.tree.addEventListener("focusin", event => {
      const box = event.target.closest(".box")
      if (box) this.makeCurrent(box)
    })
    this.tree.addEventListener("keydown", event => this.press(event))
  }

  makeCurrent(box) {
    if (this.current === box.dataset.id && box.tabIndex === 0) return
    this.current = box.dataset.id
    for (const other of this.tree.querySelectorAll('.box[tabindex="0"]')) other.tabIndex = -1
    box.tabIndex = 0
  }

  focus(box) {
    this.makeCurrent(box)
    box.focus({ preventScroll: true })
    this.bring(box, false)
  }

  select(box) {
    const { path } = box.dataset
    if (path === undefined) return
    this.selected = path
    this.pending = { path, since: performance.now() }
    this.mark()
    tellSelection(this.data.group, this, path)
    this.choose(path)
  }

  press(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return
    const box = event.target.closest(".box")
    if (!box) return
    const item = this.byId.get(box.dataset.id)
    const shown = [...this.tree.querySelectorAll(".box")].filter(one => this.isShown(one))
    const index = shown.indexOf(box)
    const go = to => this.focus(shown[Math.min(Math.max(to, 0), shown.length - 1)])
    const choose = () => (item && item.path === null ? this.toggle(item) : this.select(box))
    const keys = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      Home: () => go(0),
      End: () => go(shown.length - 1),
      ArrowRight: () => {
        if (!item?.foldable) return
        if (this.isOpen(item)) go(index + 1)
        else this.toggle(item, true)
      },
      ArrowLeft: () => {
        if (item && this.isOpen(item)) this.toggle(item, false)
        else {
          const above = item ? item.parent : this.holder(box.dataset.path)?.item
          if (above) this.focus(above.box)
        }
      },
      Enter: choose,
      " ": choose,
      "*": () => {
        const siblings = item ? (item.parent ? item.parent.children : this.top) : []
        siblings.forEach(sibling => this.toggle(sibling, true))
      },
    }
    if (!keys[event.key]) return
    event.preventDefault()
    event.stopPropagation()
    keys[event.key]()
  }

  destroy() {
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

function vector(tag, attributes) {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return made
}

// What a folded block does with its input.
function glyph(path) {
  const drawing = vector("svg", { class: "glyph", viewBox: "0 0 40 34", "aria-hidden": "true" })
  drawing.append(vector("path", { d: path }))
  return drawing
}

function bar(share) {
  const made = element("span", "bar")
  made.style.setProperty("--share", share)
  return made
}

// An attribute is only written where it changes: a thousand boxes are looked at for every selection.
function set(box, name, value) {
  if (box.getAttribute(name) !== String(value)) box.setAttribute(name, value)
}

// ["6×28×28", "", "16×10×10"]: an empty text repeats the one before.
function repeated(texts) {
  let last = ""
  return texts.map(text => (last = text || last))
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole))
}
