// Charts whose parts are chosen like the entries of a list box: https://www.w3.org/WAI/ARIA/apg/patterns/listbox/
//
// This text stands between `selection.js` and the script of such a chart, which says how to `draw` its `panels`: of each
// its element and its options by path. All text is set as text.

class Choices {
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
    const drawn = JSON.stringify({ ...data, selected: null })
    this.data = data
    if (drawn !== this.drawn) this.draw()
    this.drawn = drawn
    this.mark(data.selected ?? null)
  }

  destroy() {
    this.leave?.()
    instances.delete(this.root)
  }

  option(className, path, words, options) {
    const option = element("div", className)
    option.setAttribute("role", "option")
    option.setAttribute("aria-label", words)
    option.title = words
    option.dataset.path = path
    option.tabIndex = -1
    option.addEventListener("click", () => this.pick(option))
    option.addEventListener("keydown", event => this.press(event, option, options))
    options.set(path, option)
    return option
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

  // Tab leads to one part of each panel; the arrow keys to the others.
  lead(options, wanted) {
    for (const option of options.values()) option.tabIndex = option === wanted ? 0 : -1
    return wanted
  }

  // The selected layer, or the closest module around it that is drawn; "" is the network itself, never its layers'.
  mark(path) {
    this.selected = path
    for (const { options } of this.panels ?? []) {
      let near = path ?? ""
      while (near && !options.has(near)) near = near.slice(0, Math.max(0, near.lastIndexOf(".")))
      const chosen = near || path === "" ? options.get(near) : undefined
      for (const option of options.values()) option.setAttribute("aria-selected", option === chosen)
      this.lead(options, chosen ?? options.values().next().value)
    }
  }
}

function element(tag, className = "") {
  return Object.assign(document.createElement(tag), className && { className })
}

