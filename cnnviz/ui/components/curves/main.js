// Live training curves. Streamlit calls the default export again at every message and at every change of the theme.

import { buildFigure, colorOf, groupRuns, labelsDirectly, readTheme } from "./figure.js"
import { decode, Points } from "./points.js"
import { Words } from "./words.js"

const instances = new WeakMap()
const PAUSE = 450 // ms between two questions for new points
const RACING = "race" // a state of its own: see RunCurves.state
const SPEAK = 10_000 // ms between two announcements to a screen reader

let sheet
function loadStyle(url) {
  sheet ??= fetch(url)
    .then(answer => (answer.ok ? answer.text() : ""))
    .catch(() => "")
    .then(text => {
      const made = new CSSStyleSheet()
      made.replaceSync(text)
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, made]
    })
  return sheet
}

// One plotly.js per page, whoever asks first.
function loadPlotly(url) {
  window.cnnvizPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject(new Error(url)))
    script.onerror = () => {
      script.remove()
      window.cnnvizPlotly = undefined // so that it can be tried again
      reject(new Error(url))
    }
    document.head.append(script)
  })
  return window.cnnvizPlotly
}

export default async function (component, styleUrl, plotlyUrl) {
  const root = component.parentElement.querySelector(".live-curves")
  let curves = instances.get(root)
  if (!curves) {
    curves = new LiveCurves(root, plotlyUrl)
    instances.set(root, curves)
  }
  curves.receive(component)
  await loadStyle(styleUrl)
  root.classList.add("styled")
  // Streamlit also runs the clean-up of a call that a newer one has overtaken: only a removed element is torn down.
  return () => setTimeout(() => root.isConnected || curves.destroy())
}

class LiveCurves {
  constructor(root, plotlyUrl) {
    this.root = root
    this.plotlyUrl = plotlyUrl
    this.runs = new Map()
    this.order = []
    this.hidden = new Set()
    this.zoom = 0
    this.range = null // the part of the x axis that is looked at, null for all of it
    this.asked = { at: -Infinity, pause: 1000 }
    this.feed = { timer: 0, pause: PAUSE, at: performance.now() }
    this.spoken = -Infinity
    this.build()
    this.observer = new ResizeObserver(() => this.schedule())
    this.observer.observe(this.chart)
    this.load()
  }

  build() {
    const make = (tag, className, parent) => {
      const element = document.createElement(tag)
      element.className = className
      parent.append(element)
      return element
    }
    this.root.textContent = ""
    this.words = new Words(make("div", "words", this.root))
    this.figure = make("figure", "figure", this.root)
    this.figure.setAttribute("role", "figure")
    this.legend = make("ul", "legend", this.figure)
    this.area = make("div", "area", this.figure)
    this.chart = make("div", "chart", this.area)
    this.chart.setAttribute("aria-hidden", "true") // the sentence, the live region and the table say it in words
    this.skeleton = make("div", "skeleton", this.area)
    this.note = make("p", "note", this.area)
    this.note.hidden = true // until the chart is there and has nothing to show
    this.reset = make("button", "reset", this.area)
    this.reset.type = "button"
    this.reset.hidden = true
    this.reset.onclick = () => this.showAll()
    this.failure = make("div", "failure", this.area)
    this.failure.setAttribute("role", "alert")
    this.failure.hidden = true
    this.key = make("figcaption", "key", this.figure)
    this.live = make("p", "live", this.root)
    this.live.setAttribute("aria-live", "polite")
    this.details = make("details", "details", this.root)
    this.summary = make("summary", "", this.details)
    this.tablePlace = make("div", "table", this.details)
    this.tablePlace.tabIndex = 0
    this.details.ontoggle = () => this.writeTable()
  }

  async load() {
    try {
      this.plotly = await loadPlotly(this.plotlyUrl)
      this.failure.hidden = true
      this.schedule()
    } catch {
      this.fail()
    }
  }

  fail() {
    const { labels } = this.frame || { labels: {} }
    this.skeleton.hidden = true
    const text = document.createElement("p")
    text.textContent = `⚠ ${labels.failed || this.plotlyUrl}`
    const retry = document.createElement("button")
    retry.type = "button"
    retry.textContent = labels.retry || "↻"
    retry.onclick = () => {
      this.failure.hidden = true
      this.skeleton.hidden = false
      this.load()
    }
    this.failure.replaceChildren(text, retry)
    this.failure.hidden = false
    this.note.hidden = true
    this.details.open = true
  }

  // Data ------------------------------------------------------------------------------------------------------------

  receive({ data, setTriggerValue }) {
    this.trigger = setTriggerValue
    if (data && data !== this.data) {
      this.data = data
      const message = decode(data)
      if (message.frame) this.takeFrame(message.frame)
      this.words.take(message.words || null)
      if (message.alt !== undefined) this.figure.setAttribute("aria-label", message.alt)
      const whole = message.runs.map(run => this.takeRun(run)).every(Boolean) && Boolean(this.frame)
      this.order = message.runs.map(run => run.id)
      for (const id of [...this.runs.keys()]) if (!this.order.includes(id)) this.runs.delete(id)
      this.name()
      if (whole) this.asked.pause = 1000
      else this.ask(setTriggerValue)
      this.speak()
      this.follow()
    }
    this.schedule()
  }

  // New points of the runs that still move are fetched here, past the page's script, while somebody looks.
  follow() {
    if (this.feed.timer || !this.root.isConnected || !this.listed().some(run => run.follow)) return
    this.feed.timer = setTimeout(async () => {
      if (!document.hidden) await this.fetchPoints()
      this.feed.timer = 0
      this.follow()
    }, this.feed.pause)
  }

  async fetchPoints() {
    const asked = this.listed().filter(run => run.follow)
    const address = new URL("../points", import.meta.url)
    const now = performance.now()
    if (this.words.language && this.order[0] === asked[0].id) address.searchParams.set("words", this.words.language)
    if (this.frame.measure) address.searchParams.set("measure", this.frame.measure)
    address.searchParams.set("waited", ((now - this.feed.at) / 1000).toFixed(1))
    const runs = asked.map(run => [run.id, run.train.covered, run.test.covered, run.follow].join("."))
    try {
      const answer = await fetch(`${address}&runs=${runs}`, { signal: AbortSignal.timeout(10_000) })
      if (!answer.ok) throw new Error(answer.status)
      const { runs: found, words, pause } = decode(new Uint8Array(await answer.arrayBuffer()))
      for (const run of asked) this.takePoints(run, found.find(one => one.id === run.id))
      if (words && this.order[0] === asked[0].id && this.words.take(words)) this.trigger("moved", words.told)
      this.feed.at = now
      this.feed.pause = pause // longer for a class than for one person
    } catch {
      this.feed.pause = Math.min(2 * this.feed.pause, 10_000) // the page's next message may bring another ticket
    }
  }

  takePoints(run, found) {
    if (this.runs.get(run.id) !== run) return // it has started over meanwhile, or shows another measure
    const racing = run.state === RACING // ends and goes on with every turn
    if (!found || run.closing || (found.ended && !racing)) run.follow = null
    if (found?.train) {
      run.train.merge(found.train)
      run.test.merge(found.test)
      this.speak()
      this.schedule()
    }
    if (found && !racing && found.state !== run.state) {
      run.state = found.state
      this.trigger("moved", found.state) // the words around the chart change with it
    }
  }

  takeFrame(frame) {
    if (this.frame && ["x", "log", "measure"].some(name => this.frame[name] !== frame[name])) {
      this.showAll() // another axis
      this.twice = true // the labels find their places on the ranges drawn before
    }
    this.frame = frame
    this.area.style.height = `${frame.height}px`
    this.skeleton.textContent = frame.labels.loading
    this.reset.textContent = frame.labels.reset
    this.key.textContent = frame.labels.key
    this.summary.textContent = frame.labels.table
    this.tablePlace.setAttribute("role", "region")
    this.tablePlace.setAttribute("aria-label", frame.labels.table)
    this.note.textContent = frame.labels.waiting
  }

  takeRun({ id, rev, look, at, train, test, follow, state }) {
    let run = this.runs.get(id)
    if (!run || run.rev !== rev) {
      run = { id, rev, look: run && run.look, at: run && run.at, train: new Points(), test: new Points() }
      this.runs.set(id, run)
    }
    if (look) run.look = look
    if (at) run.at = at
    if (follow) Object.assign(run, { follow, state })
    run.closing = !follow // asked for once more: what came last may not have been fetched
    // A run that stands still comes without its points.
    const parts = [!train || run.train.merge(train), !test || run.test.merge(test)]
    return parts.every(Boolean) && Boolean(run.look)
  }

  // Two runs may have one name; the reader must still be able to tell them apart.
  name() {
    const seen = new Map()
    for (const run of this.listed()) {
      const times = (seen.get(run.look.name) || 0) + 1
      seen.set(run.look.name, times)
      run.label = times > 1 ? `${run.look.name} (${times})` : run.look.name
    }
  }

  listed() {
    return this.order.map(id => this.runs.get(id)).filter(run => run && run.look)
  }

  // Something is missing: a message was lost, or this page has just been opened again. Ask for everything, not too often.
  ask(setTriggerValue) {
    const now = performance.now()
    if (now - this.asked.at < this.asked.pause) return
    this.asked = { at: now, pause: Math.min(2 * this.asked.pause, 30_000) }
    setTriggerValue("need", true)
  }

  // Drawing ---------------------------------------------------------------------------------------------------------

  schedule() {
    this.pending ||= requestAnimationFrame(() => {
      this.pending = 0
      this.draw()
    })
  }

  draw() {
    if (!this.frame || !this.root.isConnected) return
    const width = Math.floor(this.chart.clientWidth)
    this.writeLegend(width)
    this.writeTable()
    if (!this.plotly || width < 50) return
    if (this.chart._dragging) return setTimeout(() => this.schedule(), 100) // a redrawing would take the zoom box away
    const theme = readTheme(this.root)
    const runs = this.listed()
    const { traces, layout } = buildFigure({
      items: groupRuns(runs),
      frame: this.frame,
      theme,
      width,
      hidden: this.hidden,
      zoom: this.zoom,
      range: this.range,
      view: this.view(runs),
    })
    const config = { displayModeBar: false, scrollZoom: false, doubleClick: false, showTips: false, responsive: false }
    this.plotly.react(this.chart, traces, layout, config)
    if (!this.listening) this.listen()
    else if (this.hovered) this.plotly.Fx.hover(this.chart, { xval: this.hovered.x }, this.hovered.panel)
    this.skeleton.hidden = true
    this.note.hidden = runs.some(run => run.train.length || run.test.length)
    this.draws = (this.draws || 0) + 1
    this.root.dataset.draws = this.draws
    if (this.twice) this.schedule()
    this.twice = false
  }

  // The ranges of the vertical axes, as drawn last; before the first drawing a guess. Plotly leaves an empty axis out.
  view(runs) {
    const drawn = this.chart._fullLayout
    if (drawn?.yaxis && drawn.yaxis2) return { accuracy: drawn.yaxis.range, loss: drawn.yaxis2.range }
    const losses = runs.flatMap(run => [...run.train.loss, ...run.test.loss]).filter(Number.isFinite)
    const highest = losses.reduce((a, b) => Math.max(a, b), 1)
    return { accuracy: [0, 100], loss: this.frame.log ? [-1.5, Math.log10(highest)] : [0, highest] }
  }

  listen() {
    this.listening = true
    this.chart.on("plotly_relayout", change => {
      const changed = Object.keys(change)
      if (!changed.some(name => name.includes("axis"))) return
      this.reset.hidden = false
      // Plotly keeps what was zoomed only while the page does not set it, and this axis grows with the run.
      if (changed.some(name => name.startsWith("xaxis"))) this.range = this.chart.layout.xaxis.range.map(Number)
      this.schedule() // more points where one looks closer
    })
    this.chart.on("plotly_doubleclick", () => this.showAll())
    // A redrawing takes the values under the pointer away; they are put back.
    this.chart.on("plotly_hover", ({ points }) => {
      const { x, yaxis } = points[0]
      this.hovered = { x, panel: yaxis._id === "y2" ? "xy2" : "xy" }
    })
    this.chart.on("plotly_unhover", () => (this.hovered = null))
  }

  showAll() {
    this.zoom++
    this.range = null
    this.reset.hidden = true
    this.schedule()
  }

  writeLegend(width) {
    const items = groupRuns(this.listed())
    this.legend.hidden = items.length < 2 || (labelsDirectly(items.length, width) && !this.frame.legend)
    if (this.legend.hidden) {
      this.hidden.clear() // nobody could bring them back
      return
    }
    const theme = readTheme(this.root)
    const looks = items.map(item => [item.id, item.label, colorOf(item.look, theme), item.look.dash, this.hidden.has(item.id)])
    const content = JSON.stringify(looks)
    if (content === this.legendContent) return
    this.legendContent = content
    const focused = this.legend.contains(document.activeElement) ? document.activeElement.dataset.run : null
    this.legend.replaceChildren(...items.map(item => this.legendEntry(item, colorOf(item.look, theme))))
    if (focused) this.legend.querySelector(`[data-run="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true })
  }

  legendEntry(run, color) {
    const button = document.createElement("button")
    button.type = "button"
    button.dataset.run = run.id
    button.setAttribute("aria-pressed", !this.hidden.has(run.id))
    button.append(swatch(color, run.look.dash), run.label)
    button.onclick = () => {
      if (!this.hidden.delete(run.id)) this.hidden.add(run.id)
      this.schedule()
    }
    const item = document.createElement("li")
    item.append(button)
    return item
  }

  // Words -----------------------------------------------------------------------------------------------------------

  values(run) {
    const { smoothing, labels, measure } = this.frame
    const plain = measure && measure !== "accuracy" // another measure has come in its place
    const number = (value, digits) =>
      value === undefined || !Number.isFinite(value)
        ? "–"
        : new Intl.NumberFormat(labels.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: "always" }).format(value)
    const percent = value => (Number.isFinite(value) ? `${number(100 * value, 1)}\u202f%` : "–")
    const last = array => array[array.length - 1]
    const { train, test, look } = run
    const step = Math.max(train.covered, test.covered)
    return {
      run: run.label,
      step: number(step, 0),
      epoch: look.perEpoch ? number(step / look.perEpoch, 2) : "–",
      train_loss: number(last(train.smoothed("loss", smoothing)), 3),
      train_accuracy: plain ? "–" : percent(last(train.smoothed("accuracy", smoothing))),
      test_loss: number(last(test.loss), 3),
      test_accuracy: percent(last(test.accuracy)),
      best: percent(test.length ? Math.max(...test.accuracy.filter(Number.isFinite)) : undefined),
    }
  }

  writeTable() {
    if (!this.details.open || !this.frame) return
    const { labels } = this.frame
    const columns = ["run", "step", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "best"]
    const table = document.createElement("table")
    const head = table.createTHead().insertRow()
    for (const column of columns) {
      const cell = document.createElement("th")
      cell.scope = "col"
      cell.textContent = labels[column]
      head.append(cell)
    }
    const body = table.createTBody()
    for (const run of this.listed()) {
      const row = body.insertRow()
      const values = this.values(run)
      for (const column of columns) {
        const cell = document.createElement(column === "run" ? "th" : "td")
        if (column === "run") cell.scope = "row"
        cell.textContent = values[column]
        row.append(cell)
      }
    }
    this.tablePlace.replaceChildren(table)
  }

  speak() {
    if (!this.frame) return // the first message was overtaken; the next one brings it
    const now = performance.now()
    const run = this.listed().findLast(one => one.train.covered > (one.spokenStep || 0))
    if (!run || now - this.spoken < SPEAK) return
    this.spoken = now
    run.spokenStep = run.train.covered
    const values = this.values(run)
    this.live.textContent = this.frame.labels.status.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
  }

  destroy() {
    cancelAnimationFrame(this.pending)
    clearTimeout(this.feed.timer)
    this.observer.disconnect()
    if (this.plotly && this.listening) this.plotly.purge(this.chart)
    instances.delete(this.root)
  }
}

// A short piece of the run's line, with its dash.
function swatch(color, dash) {
  const patterns = { dot: "2 3", dash: "6 4", longdash: "10 4", dashdot: "6 3 2 3", longdashdot: "10 3 2 3" }
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 28 8")
  svg.setAttribute("aria-hidden", "true")
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line")
  const attributes = { x1: 1, x2: 27, y1: 4, y2: 4, stroke: color, "stroke-width": 3, "stroke-dasharray": patterns[dash] || "none" }
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value)
  svg.append(line)
  return svg
}
