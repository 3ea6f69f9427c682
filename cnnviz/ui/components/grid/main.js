// A grid of augmented draws that follows the sliders beside it. Streamlit calls the default export again at every
// message and at every change of the theme.
//
// While a thumb moves, the pictures are drawn here, along the random numbers that the server sent once. When the hand
// lets go, the chain goes to the server, and torchvision's own pictures take the place of those drawn here: from a
// question of our own where the server answers it, since a run of the page takes longer, and the page is told afterwards.
// A chain with an operation that a browser cannot draw goes to the server while the thumb moves, one question at a time.

import { Chain } from "./cards.js"
import { Engine } from "./engine.js"
import { canDraw, planOf } from "./operations.js"
import { decode, decodeAnswer, describe } from "./wire.js"

const instances = new WeakMap()
const GAP = 8 // px between two pictures, less between small ones
const gapOf = width => Math.max(1, Math.min(GAP, Math.round(width / 20)))
const PACE = 80 // ms between two questions to the server while a thumb moves
const PATIENCE = 3000 // ms until an answer counts as lost
const DIRECT = 1500 // ms until the page is asked in place of a question of our own
const SMOOTH = [17.5, 19] // ms between two frames: below the first there is time to spare, above the second too little
const LEAST_SHARE = 4 // without a graphics card at least a quarter of the pictures in each frame
const SCROLLER = '[data-testid="stMain"]' // what Streamlit scrolls in place of the document
const BELOW = 16 // px that stay free below the pictures
const NARROW = 640 // px of width below which the cards stand under the pictures

const sheets = new Map() // a style sheet for each shadow root's window, loaded once
function loadStyle(url) {
  if (!sheets.has(url)) {
    const sheet = fetch(url)
      .then(answer => (answer.ok ? answer.text() : ""))
      .catch(() => "")
      .then(text => {
        const made = new CSSStyleSheet()
        made.replaceSync(text)
        return made
      })
    sheets.set(url, sheet)
  }
  return sheets.get(url)
}

export const gridOf = root => instances.get(root)

export default async function (component, styleUrl) {
  const root = component.parentElement.querySelector(".live-grid")
  if (!root) return
  let grid = instances.get(root)
  if (!grid) {
    grid = new LiveGrid(root, new URL("../grid-pictures", styleUrl))
    instances.set(root, grid)
    loadStyle(styleUrl).then(sheet => {
      const home = root.getRootNode()
      home.adoptedStyleSheets = [...home.adoptedStyleSheets, sheet]
      root.classList.add("styled")
      grid.arrange()
    })
  }
  grid.receive(component)
  // Streamlit also runs the clean-up of a call that a newer one has overtaken: only a removed element is torn down.
  return () => setTimeout(() => root.isConnected || grid.destroy())
}

class LiveGrid {
  // `answers`: where the server answers questions for pictures.
  constructor(root, answers) {
    this.root = root
    this.answers = answers
    this.version = null // of the chain as the server set it; a new one overrules what is here
    this.edits = 0 // how often the chain was changed here since then
    this.sent = null // the question that the server has not answered: { edits, at }
    this.late = false // whether there is something to send as soon as it has
    this.exact = null // the server's pictures that are shown, or null while the browser's are
    this.shownEdits = -1
    this.askedEdits = 0 // those that the server has been told of, or is about to be
    this.question = null // of our own, to which there is no answer yet
    this.due = [] // the pictures that do not show the last edit yet
    this.turn = 0
    this.pace = new Pace()
    this.measured = { scripts: [], waits: [] } // ms: of a frame's script, and from a release to torchvision's pictures
    this.laidOut = null // how the pictures stand in the canvas
    this.build()
    this.arrange()
    this.observer = new ResizeObserver(() => this.arrange())
    this.observer.observe(root)
    this.start()
  }

  build() {
    const make = (tag, className, parent) => {
      const element = document.createElement(tag)
      element.className = className
      parent.append(element)
      return element
    }
    this.root.textContent = ""
    const place = make("div", "place", this.root)
    this.stage = make("div", "stage", place)
    this.canvas = make("canvas", "pictures", this.stage)
    this.canvas.setAttribute("aria-hidden", "true")
    this.list = make("div", "tiles", this.stage)
    this.before = make("div", "before", this.stage)
    this.before.setAttribute("role", "img")
    this.before.hidden = true
    this.unchanged = make("canvas", "", this.before)
    this.unchanged.setAttribute("aria-hidden", "true")
    make("span", "", this.before)
    this.note = make("p", "note", place)
    this.note.hidden = true
    this.cards = make("div", "cards", this.root)
    this.spoken = make("p", "spoken", this.root)
    this.spoken.setAttribute("aria-live", "polite")
    this.chain = new Chain(this.cards, {
      onMove: () => this.changed(true),
      onRelease: () => this.release(),
      onAdd: () => {
        this.edits++
        this.release()
      },
      onSpeak: text => (this.spoken.textContent = text),
    })
  }

  start() {
    try {
      this.engine = new Engine(this.canvas)
    } catch {
      this.engine = null
    }
    this.canvas.addEventListener("webglcontextlost", event => {
      event.preventDefault()
      this.lost = true
      this.tell()
    })
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.lost = false
      this.engine.restore()
      this.uploaded = this.exact?.bitmap
      this.laidOut = null
      if (this.source) this.engine.setSource(this.source.bitmap)
      if (this.exact) this.engine.setSheet(this.exact.bitmap)
      this.tell()
      this.schedule()
    })
  }

  // Whether the hand's movement can be drawn here now.
  get live() {
    if (!this.engine || this.lost || !this.source || !this.header || this.header.problem) return false
    return canDraw(this.chain.operations)
  }

  // Messages --------------------------------------------------------------------------------------------------------

  receive({ data, setStateValue, setTriggerValue }) {
    this.setStateValue = setStateValue
    this.setTriggerValue = setTriggerValue
    if (!data || data === this.data) return this.arrange() // another theme
    this.data = data
    const { header, source, sheet } = decode(data)
    this.header = header
    const overruled = header.version !== this.version
    if (overruled) {
      this.version = header.version
      this.edits = this.askedEdits = header.edits
      this.sent = null
      this.late = false
    } else if (this.sent && header.edits >= this.sent.edits) {
      this.sent = null
    }
    this.chain.update(header, overruled)
    if (this.chain.pending.length && header.edits >= this.edits) this.chain.complete(header)
    this.root.setAttribute("aria-label", header.labels.title)
    this.tell()
    this.takeSource(header, source)
    this.takeSheet(header, sheet)
    if (this.late && !this.sent) this.send(this.late === "moving")
  }

  async takeSource({ source: { id } }, bytes) {
    if (this.source?.id === id || this.awaited === id) return
    if (!bytes) return this.ask()
    this.awaited = id
    const bitmap = await decodeImage(bytes, "image/png")
    if (this.awaited !== id) return
    this.awaited = null
    this.source = { id, bitmap }
    if (this.engine && !this.lost) this.engine.setSource(bitmap)
    Object.assign(this.unchanged, { width: bitmap.width, height: bitmap.height })
    this.unchanged.getContext("2d").drawImage(bitmap, 0, 0)
    this.before.classList.toggle("coarse", bitmap.width < 64)
    this.schedule()
  }

  async takeSheet(header, bytes) {
    const { edits, version, sheet } = header
    if (this.sheet?.id !== sheet.id) {
      if (!bytes) return this.ask()
      const bitmap = await decodeImage(bytes, "image/jpeg")
      this.sheet = { ...sheet, bitmap }
    }
    if (version !== this.version || (header.problem && this.exact)) return
    // An answer to an earlier question is shown only where the browser has nothing better.
    if (edits !== this.edits && (this.live || edits < this.shownEdits)) return
    this.exact = { ...this.sheet, drawn: header.drawn }
    this.shownEdits = edits
    if (this.engine && !this.lost && this.uploaded !== this.exact.bitmap) this.engine.setSheet(this.exact.bitmap)
    this.uploaded = this.exact.bitmap
    this.schedule()
    clearTimeout(this.warming)
    this.warming = setTimeout(() => this.warm(), 200)
  }

  // Something is missing: a message was overtaken, or this page has just been opened again. Once a second at most.
  ask() {
    const pause = 1000 - (performance.now() - (this.asked ?? -Infinity))
    if (pause > 0) {
      this.again ||= setTimeout(() => {
        this.again = 0
        this.ask()
      }, pause)
      return
    }
    this.asked = performance.now()
    this.setTriggerValue("need", true)
  }

  // The hand --------------------------------------------------------------------------------------------------------

  changed(moving) {
    this.edits++
    if (this.live) {
      this.exact = null
      this.due = [...Array(this.header.count).keys()]
      this.schedule()
    } else if (moving) {
      this.send(true)
    }
  }

  release() {
    if (this.edits === this.askedEdits) return
    this.released = performance.now()
    this.question?.abort()
    if (this.header.question && !this.chain.pending.length && !this.header.problem) this.askDirectly()
    else this.send(false)
  }

  // The pictures first; then the page is told, for its link, its code and its drawers. What is refused or lost is asked
  // of the page, and what a new movement has overtaken is told when that ends.
  async askDirectly() {
    const { edits, version } = this
    const question = (this.question = new AbortController())
    const patience = setTimeout(() => question.abort(), DIRECT)
    this.askedEdits = edits
    let sheet
    try {
      const body = JSON.stringify({ ...this.header.question, operations: this.entries })
      const headers = { "Content-Type": "application/json" }
      const answer = await fetch(this.answers, { method: "POST", headers, body, signal: question.signal })
      if (answer.ok) {
        const found = decodeAnswer(await answer.arrayBuffer())
        await this.takeSheet({ ...found, edits, version }, found.bytes)
        sheet = this.sheet?.id
        await nextPaint()
      }
    } catch {
      // overtaken, too late, or no connection
    }
    clearTimeout(patience)
    if (this.question !== question) return
    this.question = null
    if (this.edits === edits && this.version === version && this.root.isConnected) this.send(false, sheet)
  }

  // The chain as it is told to the server.
  get entries() {
    return this.chain.asked.map(({ kind, enabled, settings, exact }) => ({ kind, enabled, settings, exact }))
  }

  // One question at a time; while a thumb moves, not more often than every PACE. `sheet`: that of the answer, if it is here.
  send(moving, sheet) {
    const now = performance.now()
    const waiting = this.sent && now - this.sent.at < PATIENCE
    const soon = moving && now - (this.asking ?? -Infinity) < PACE
    if (waiting || soon) {
      if (this.late !== "released") this.late = moving ? "moving" : "released"
      if (!this.timer) this.timer = setTimeout(() => this.retry(), waiting ? PATIENCE : PACE)
      return
    }
    clearTimeout(this.timer)
    this.timer = 0
    this.late = false
    this.asking = now
    this.sent = { edits: this.edits, at: now }
    this.askedEdits = this.edits
    this.setStateValue("chain", {
      version: this.version,
      edits: this.edits,
      operations: this.entries,
      ...(sheet && { sheet }),
    })
  }

  retry() {
    this.timer = 0
    if (this.late) this.send(this.late === "moving")
  }

  // Drawing ---------------------------------------------------------------------------------------------------------

  schedule() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0
      this.paint()
    })
  }

  paint() {
    const began = performance.now()
    if (this.engine?.software && !this.exact) this.pace.tick(began)
    if (!this.header || !this.root.isConnected) return
    if (this.exact) this.paintExact()
    else if (this.live) this.paintOwn()
    else return
    const now = performance.now()
    if (this.exact && this.shownEdits === this.edits && this.released) {
      this.measured.waits.push(now - this.released)
      this.released = 0
    }
    this.root.dataset.frames = this.engine?.frames ?? Number(this.root.dataset.frames ?? 0) + 1
    this.root.dataset.exact = Boolean(this.exact)
    if (!this.exact) this.measured.scripts.push(now - began)
    for (const list of Object.values(this.measured)) if (list.length > 600) list.shift()
  }

  paintExact() {
    const { width, height, drawn } = this.exact
    const frame = this.layout({ width, height })
    if (this.engine && !this.lost) this.engine.show(this.exact, frame)
    else this.paintPlain(frame)
    this.laidOut = this.arranged
    this.write(drawn, true)
  }

  paintOwn() {
    const { plan, drawn } = this.plan()
    const frame = this.layout(plan.size)
    const turns = this.laidOut === this.arranged ? Math.min(this.pace.turns, drawn.length) : 1
    this.turn = (this.turn + 1) % turns
    const chosen = tile => tile % turns === this.turn
    this.engine.draw(plan, frame, chosen)
    this.laidOut = this.arranged
    this.due = this.due.filter(tile => !chosen(tile))
    if (this.due.length) this.schedule()
    this.write(drawn, false)
  }

  plan() {
    const { source, count, units } = this.header
    return planOf(this.chain.operations, source, count, units)
  }

  // The programs are made before the first thumb moves.
  warm() {
    if (!this.live || !this.exact) return
    this.engine.draw(this.plan().plan, null)
  }

  // Without WebGL: the server's pictures on a plain canvas.
  paintPlain(frame) {
    const context = this.plain?.getContext("2d") ?? this.replaceCanvas()
    Object.assign(this.plain, { width: frame.width, height: frame.height })
    const { bitmap, columns, pitchWidth, pitchHeight, width, height } = this.exact
    frame.cells.forEach(([x, y], tile) => {
      const [left, top] = [(tile % columns) * pitchWidth, Math.floor(tile / columns) * pitchHeight]
      context.drawImage(bitmap, left, top, width, height, x, y, width, height)
    })
  }

  replaceCanvas() {
    this.plain = document.createElement("canvas")
    this.plain.className = "pictures"
    this.plain.setAttribute("aria-hidden", "true")
    this.canvas.after(this.plain)
    this.canvas.hidden = true
    return this.plain.getContext("2d")
  }

  // Where the pictures stand in the canvas, in px of the pictures; as many columns as make them largest.
  layout({ width, height }) {
    const { original } = this.header
    const count = this.header.count + (original ? 1 : 0) // the picture before comes first
    const { background } = this
    const columns = this.columns(width, height, count)
    // A little less space between them where pixel for pixel is just too wide.
    const spare = Math.floor((this.room.width - columns * width) / Math.max(columns - 1, 1))
    const usual = gapOf(width)
    const gap = spare >= 3 && spare < usual ? spare : usual
    const all = Array.from({ length: count }, (_, tile) => [
      (tile % columns) * (width + gap), Math.floor(tile / columns) * (height + gap),
    ])
    const [before, cells] = original ? [all[0], all.slice(1)] : [null, all]
    const frame = { cells, before, background, width: columns * (width + gap) - gap, height: Math.ceil(count / columns) * (height + gap) - gap }
    const key = [frame.width, frame.height, width, count, original, this.room.width, this.room.height, ...background].join()
    if (key !== this.arranged) {
      this.arranged = key
      this.place(frame, { width, height })
    }
    return frame
  }

  columns(width, height, count) {
    const gap = gapOf(width)
    const scale = columns => Math.min(
      this.room.width / (columns * (width + gap)), this.room.height / (Math.ceil(count / columns) * (height + gap)),
    )
    const all = Array.from({ length: count }, (_, index) => index + 1)
    const largest = Math.max(...all.map(scale))
    // Rather a full last row than a little more size.
    const full = all.filter(columns => count % columns === 0 && scale(columns) > 0.85 * largest)
    return (full.length ? full : all).reduce((best, columns) => (scale(columns) > scale(best) ? columns : best))
  }

  // The size of the canvas on the page, and a box with words over each picture.
  place(frame, size) {
    const fitting = Math.min(this.room.width / frame.width, this.room.height / frame.height)
    const scale = fitting >= 1 && fitting < 1.15 ? 1 : fitting
    this.stage.style.width = `${Math.floor(frame.width * scale)}px`
    this.stage.style.aspectRatio = `${frame.width} / ${frame.height}`
    this.stage.classList.toggle("coarse", scale >= 2)
    const share = (value, whole) => `${(100 * value) / whole}%`
    const lay = (element, [x, y]) => Object.assign(element.style, {
      left: share(x, frame.width), top: share(y, frame.height),
      width: share(size.width, frame.width), height: share(size.height, frame.height),
    })
    while (this.list.children.length > frame.cells.length) this.list.lastChild.remove()
    frame.cells.forEach((cell, tile) => lay(this.list.children[tile] ?? this.addTile(), cell))
    this.before.hidden = !frame.before
    if (frame.before) lay(this.before, frame.before)
  }

  addTile() {
    const item = document.createElement("div")
    item.setAttribute("role", "img")
    item.append(document.createElement("span"))
    this.list.append(item)
    return item
  }

  // Measured here only: asking the page for its sizes in every frame makes it lay itself out in every frame.
  arrange() {
    if (!this.root.isConnected) return // another page: nothing has a size any more
    const narrow = this.root.clientWidth < NARROW
    this.root.classList.toggle("narrow", narrow)
    const width = this.root.querySelector(".place").clientWidth || 320
    // As much height as is left under what stands above, so that nobody has to scroll to see all pictures.
    const above = this.root.getBoundingClientRect().top + (document.querySelector(SCROLLER)?.scrollTop ?? 0)
    const left = Math.min(Math.max(window.innerHeight - above - BELOW, 0.55 * window.innerHeight), 0.78 * window.innerHeight)
    this.room = { width, height: Math.round(narrow ? 0.36 * window.innerHeight : left) }
    this.background = getComputedStyle(this.canvas).backgroundColor.match(/[\d.]+/g).slice(0, 3).map(Number)
    this.schedule()
  }

  // Words -----------------------------------------------------------------------------------------------------------

  // The name of the picture before. What was drawn for each picture: on it where that was asked for, and for a screen reader once the hand lets go.
  write(drawn, released) {
    const { labels, values } = this.header
    if (this.before.lastChild.textContent !== labels.original) {
      this.before.lastChild.textContent = labels.original
      this.before.setAttribute("aria-label", labels.original)
    }
    if (!values && !released) return
    drawn.forEach((of, tile) => {
      const item = this.list.children[tile]
      if (!item) return
      const words = describe(of, labels)
      const caption = item.firstChild
      caption.hidden = !values
      if (values && caption.textContent !== words) caption.textContent = item.title = words
      if (released) item.setAttribute("aria-label", labels.alt.replace("{words}", () => words))
    })
  }

  // Why the pictures wait for the hand to let go, where they do.
  tell() {
    const { labels } = this.header ?? {}
    if (!labels) return
    const { problem } = this.header
    const slow = !this.engine || this.lost ? labels.no_webgl : canDraw(this.chain.operations) ? "" : labels.by_server
    const text = problem || slow
    this.note.classList.toggle("problem", Boolean(problem))
    this.note.textContent = text
    this.note.hidden = !text
  }

  destroy() {
    this.question?.abort()
    cancelAnimationFrame(this.pending)
    clearTimeout(this.timer)
    clearTimeout(this.warming)
    clearTimeout(this.again)
    this.observer.disconnect()
    this.engine?.destroy()
    instances.delete(this.root)
  }
}

// In how many frames all pictures have their turn. With a graphics card that is one; without it as many as keep the frames
// coming, so that each of them shows where the hand is.
class Pace {
  constructor() {
    this.turns = 1
    this.last = -Infinity
    this.between = []
    this.calm = 0
  }

  tick(now) {
    const passed = now - this.last
    this.last = now
    if (passed > 250) return // a new movement
    this.between.push(passed)
    if (this.between.length < 6) return
    const usual = this.between.sort((a, b) => a - b)[3]
    this.between = []
    if (usual > SMOOTH[1]) this.turns = Math.min(this.turns + 1, LEAST_SHARE)
    else if (usual < SMOOTH[0] && ++this.calm > 20) {
      this.turns = Math.max(this.turns - 1, 1)
      this.calm = 0
    }
  }
}

// What is shown next has been drawn; a page in the background draws nothing, and waits no longer for that.
function nextPaint() {
  return new Promise(done => {
    requestAnimationFrame(() => setTimeout(done))
    setTimeout(done, 250)
  })
}

// As it is: no colour profile, no premultiplied transparency.
function decodeImage(bytes, type) {
  return createImageBitmap(new Blob([bytes], { type }), { colorSpaceConversion: "none", premultiplyAlpha: "none" })
}
