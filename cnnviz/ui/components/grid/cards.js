// The chain as cards: for each operation a switch, its sliders, what it teaches, and buttons to move and remove it; under
// them a menu of operations to add.
//
// A slider is an <input type="range">, which keyboards, fingers and screen readers know; a range of values is two of them
// over one track. Focus stays where it was when a card moves.

import { dragToMove } from "./drag.js"
import { format } from "./wire.js"

const NOTCHES = 200 // positions of a slider with a logarithmic scale or no step of its own

export class Chain {
  constructor(root, { onMove, onRelease, onAdd, onSpeak }) {
    this.onMove = onMove
    this.onRelease = onRelease
    this.onAdd = onAdd
    this.onSpeak = onSpeak
    this.cards = []
    this.pending = [] // kinds that were added and whose settings the server has not named yet
    this.list = document.createElement("ol")
    this.empty = document.createElement("p")
    this.empty.className = "empty"
    this.empty.tabIndex = -1
    dragToMove(this.list, ".head", {
      onOrder: () => {
        this.cards.sort((one, other) =>
          one.element.compareDocumentPosition(other.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
        )
        this.number()
        this.onMove()
      },
      onEnd: element => {
        this.tellPlace(this.cards.find(card => card.element === element))
        this.onRelease()
      },
    })
    this.adder = new Adder(kind => this.add(kind))
    root.append(this.list, this.empty, this.adder.element)
  }

  // What the chain is now: [{ kind, enabled, settings, exact? }, …].
  get operations() {
    return this.cards.map(card => card.operation)
  }

  // The chain as the server is told of it: a new operation still without settings, which the server knows.
  get asked() {
    return [...this.operations, ...this.pending.map(kind => ({ kind, enabled: true, settings: {} }))]
  }

  // `overruled`: whether the server has set another chain. Otherwise only words may have changed.
  update({ operations, labels, fields, titles, menu, limit }, overruled) {
    const wordsOf = ({ kind }) => JSON.stringify([labels, titles[kind], fields[kind]])
    this.adder.update(labels, menu, limit)
    if (overruled) this.pending = []
    const known = this.cards.every(card => !titles[card.operation.kind] || card.key === wordsOf(card.operation))
    if (this.labels && known && !overruled) return
    this.labels = labels
    const chain = (overruled ? operations : this.operations).filter(({ kind }) => kind in titles)
    const focus = this.focus()
    this.cards = chain.map(operation => {
      const { kind } = operation
      return new Card(structuredClone(operation), titles[kind], fields[kind], this, wordsOf(operation))
    })
    this.list.replaceChildren(...this.cards.map(card => card.element))
    this.number()
    if (focus) controls(this.cards[Math.min(focus[0], this.cards.length - 1)]?.element)[focus[1]]?.focus({ preventScroll: true })
  }

  // An operation is added at the end, once the server has named its settings.
  add(kind) {
    this.pending.push(kind)
    this.number()
    this.onAdd()
  }

  // The server knows the operations that were added: the last ones of its chain.
  complete({ operations, titles, fields, labels }) {
    const added = operations.slice(-this.pending.length)
    if (added.map(({ kind }) => kind).join() !== this.pending.join()) return
    this.pending = []
    for (const operation of added) {
      const { kind } = operation
      const key = JSON.stringify([labels, titles[kind], fields[kind]])
      const card = new Card(structuredClone(operation), titles[kind], fields[kind], this, key)
      this.cards.push(card)
      this.list.append(card.element)
      card.explain(true)
    }
    this.number()
    const card = this.cards.at(-1)
    card.power.focus({ preventScroll: true })
    card.element.scrollIntoView({ block: "nearest" })
    this.tellPlace(card, this.labels.added)
  }

  // The card and the control in it that have the focus.
  focus() {
    const active = this.list.getRootNode().activeElement
    const card = this.cards.findIndex(({ element }) => element.contains(active))
    return card < 0 ? null : [card, controls(this.cards[card].element).indexOf(active)]
  }

  number() {
    this.cards.forEach((card, place) => {
      card.up.disabled = place === 0
      card.down.disabled = place === this.cards.length - 1
    })
    this.empty.textContent = this.labels.empty
    this.empty.hidden = this.cards.length > 0
    this.adder.count(this.cards.length + this.pending.length)
  }

  shift(card, by) {
    const from = this.cards.indexOf(card)
    const other = this.cards[from + by]
    if (!other) return
    this.cards.splice(from, 1)
    this.cards.splice(from + by, 0, card)
    // The other card is moved: one that leaves the document for a moment loses the focus.
    if (by < 0) card.element.after(other.element)
    else card.element.before(other.element)
    const pressed = by < 0 ? card.up : card.down
    this.number()
    if (pressed.disabled) (by < 0 ? card.down : card.up).focus()
    this.tellPlace(card)
    this.onMove()
    this.onRelease()
  }

  tellPlace(card, message = this.labels.moved) {
    const words = { title: card.words.title, place: this.cards.indexOf(card) + 1, count: this.cards.length }
    this.onSpeak(message.replace(/\{(\w+)\}/g, (_, name) => words[name]))
  }

  remove(card) {
    const place = this.cards.indexOf(card)
    this.cards.splice(place, 1)
    card.element.remove()
    this.number()
    const next = this.cards[Math.min(place, this.cards.length - 1)]
    ;(next?.gone ?? this.empty).focus()
    this.onSpeak(this.labels.removed.replace("{title}", () => card.words.title))
    this.onMove()
    this.onRelease()
  }
}

class Card {
  constructor(operation, words, fields, chain, key) {
    this.key = key // of its words: where they change it is made anew
    this.operation = operation
    this.values = operation.exact ?? operation.settings // what the sliders set: a value or its range
    this.words = words
    this.chain = chain
    const { labels } = chain
    this.element = make("li", "card")
    this.element.dataset.kind = operation.kind
    const head = make("div", "head", this.element)
    const toggle = make("label", "toggle", head)
    this.power = make("input", "", toggle)
    this.power.type = "checkbox"
    this.power.setAttribute("role", "switch")
    this.power.checked = operation.enabled
    make("span", "title", toggle).textContent = words.title
    toggle.title = `${words.teaches}\n\n${words.harms}`
    this.about = this.button(
      head, "M11 7h2v2h-2zm0 4h2v6h-2zM12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 18a8 8 0 1 1 0-16 8 8 0 0 1 0 16z",
      labels.about, () => this.explain(this.lesson.hidden),
    )
    this.up = this.button(head, "M12 6 5 13l1.5 1.5L12 9l5.5 5.5L19 13z", labels.up, () => chain.shift(this, -1))
    this.down = this.button(head, "M12 18l7-7-1.5-1.5L12 15 6.5 9.5 5 11z", labels.down, () => chain.shift(this, 1))
    this.gone = this.button(
      head, "M18.3 7.1 16.9 5.7 12 10.6 7.1 5.7 5.7 7.1 10.6 12 5.7 16.9 7.1 18.3 12 13.4 16.9 18.3 18.3 16.9 13.4 12z",
      labels.remove, () => chain.remove(this),
    )
    this.lesson = make("div", "about", this.element)
    for (const [title, text] of [[labels.teaches, words.teaches], [labels.harms, words.harms]]) {
      const line = make("p", "", this.lesson)
      make("b", "", line).textContent = `${title} `
      line.append(text)
    }
    this.explain(false)
    this.body = make("div", "fields", this.element)
    for (const field of fields) this.add(field)
    this.power.onchange = () => {
      operation.enabled = this.power.checked
      this.dim()
      chain.onMove()
      chain.onRelease()
    }
    this.dim()
  }

  // What the operation teaches and when it harms, shown or hidden.
  explain(shown) {
    this.lesson.hidden = !shown
    this.about.setAttribute("aria-expanded", shown)
  }

  dim() {
    this.element.classList.toggle("off", !this.operation.enabled)
    for (const input of this.body.querySelectorAll("input, select")) input.disabled = !this.operation.enabled
  }

  button(parent, path, label, press) {
    const button = make("button", "", parent)
    button.type = "button"
    const name = label.replace("{title}", () => this.words.title)
    button.setAttribute("aria-label", name)
    button.title = name
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    svg.setAttribute("viewBox", "0 0 24 24")
    svg.setAttribute("aria-hidden", "true")
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path")
    line.setAttribute("d", path)
    svg.append(line)
    button.append(svg)
    button.onclick = press
    return button
  }

  add(field) {
    const row = make("div", "field", this.body)
    const head = make(field.type === "range" ? "div" : "label", "name", row)
    make("span", "", head).textContent = field.title
    head.title = field.help
    if (field.type === "choice" || field.type === "switch") return this.addChoice(field, row, head)
    const shown = make("output", "", head)
    const track = make("div", field.type === "range" ? "track double" : "track", row)
    const count = field.type === "range" ? 2 : 1
    const inputs = Array.from({ length: count }, () => make("input", "", track))
    const read = () => (count === 2 ? this.values[field.name] : [this.values[field.name]])
    const draw = () => {
      const values = read()
      const texts = values.map(value => format(value, field.format, field.unit, this.chain.labels))
      shown.textContent = texts[0] === texts[1] || count === 1 ? texts[0] : texts.join(" – ")
      const shares = inputs.map((input, end) => {
        input.setAttribute("aria-valuetext", texts[end])
        return (100 * position(values[end], field)) / notches(field)
      })
      track.style.setProperty("--from", count === 2 ? `${shares[0]}%` : "0%")
      track.style.setProperty("--to", `${shares[count - 1]}%`)
    }
    inputs.forEach((input, end) => {
      Object.assign(input, { type: "range", min: 0, max: notches(field), step: 1 })
      input.value = position(read()[end], field)
      input.dataset.field = field.name
      const ends = [this.chain.labels.smallest, this.chain.labels.largest]
      input.setAttribute("aria-label", count === 2 ? `${field.title}, ${ends[end]}` : field.title)
      input.oninput = () => {
        const values = [...read()]
        values[end] = valueAt(Number(input.value), field)
        if (count === 2 && values[0] > values[1]) values[end] = values[1 - end]
        input.value = position(values[end], field) // a thumb stops at the other one
        this.values[field.name] = count === 2 ? values : values[0]
        draw()
        this.chain.onMove()
      }
      input.onchange = () => this.chain.onRelease()
      // A thumb that comes back to where it was lifted has not changed, but the pictures have.
      input.onpointerup = input.onpointercancel = input.onblur = () => this.chain.onRelease()
    })
    draw()
  }

  addChoice(field, row, head) {
    const input = make(field.type === "choice" ? "select" : "input", "", head)
    const settings = this.values
    if (field.type === "choice") {
      for (const [value, label] of field.options) {
        const option = make("option", "", input)
        option.value = JSON.stringify(value)
        option.textContent = label
      }
      input.value = JSON.stringify(settings[field.name])
    } else {
      input.type = "checkbox"
      input.checked = Boolean(settings[field.name])
    }
    input.dataset.field = field.name
    input.onchange = () => {
      settings[field.name] = field.type === "choice" ? JSON.parse(input.value) : this.operation.exact ? Number(input.checked) : input.checked
      this.chain.onMove()
      this.chain.onRelease()
    }
  }
}

// The menu of operations, in groups, and the button that adds the chosen one.
class Adder {
  constructor(add) {
    this.element = make("div", "adder")
    this.label = make("label", "", this.element)
    this.words = make("span", "", this.label)
    this.select = make("select", "", this.label)
    this.button = make("button", "", this.element)
    this.button.type = "button"
    this.button.onclick = () => add(this.select.value)
  }

  update(labels, menu, limit) {
    const key = JSON.stringify([labels.add, menu])
    this.limit = limit
    if (key === this.key) return
    this.key = key
    this.words.textContent = labels.add
    this.button.textContent = labels.add_button
    const { value } = this.select
    this.select.replaceChildren()
    for (const [title, kinds] of menu) {
      const group = make("optgroup", "", this.select)
      group.label = title
      for (const [kind, name] of kinds) {
        const option = make("option", "", group)
        option.value = kind
        option.textContent = name
      }
    }
    if (value) this.select.value = value
  }

  count(number) {
    this.button.disabled = this.select.disabled = number >= this.limit
  }
}

function controls(element) {
  return element ? [...element.querySelectorAll("input, select, button")] : []
}

function make(tag, className, parent) {
  const element = document.createElement(tag)
  if (className) element.className = className
  parent?.append(element)
  return element
}

// Values and the positions of a thumb: whole steps on a linear scale, equal ratios on a logarithmic one.
export function notches({ low, high, step, scale }) {
  return scale === "log" || !step ? NOTCHES : Math.round((high - low) / step)
}

export function position(value, field) {
  const { low, high, scale } = field
  const share = scale === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)
  return Math.round(share * notches(field))
}

export function valueAt(place, field) {
  const { low, high, step, scale } = field
  if (place >= notches(field)) return high
  if (scale === "log") return Math.max(low, Number((low * (high / low) ** (place / notches(field))).toPrecision(3)))
  return Number((low + place * (step || (high - low) / NOTCHES)).toPrecision(10))
}
