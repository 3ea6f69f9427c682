// What is said of the first run above its curves: a sentence, how much of it is done, and its figures.
// The server writes all of it in the reader's language; it comes with a page's message and then with the points.

export class Words {
  constructor(place) {
    const make = (tag, className) => {
      const element = document.createElement(tag)
      element.className = className
      place.append(element)
      return element
    }
    this.place = place
    this.said = make("p", "said")
    this.bar = make("div", "bar")
    this.bar.setAttribute("role", "progressbar")
    this.bar.append(document.createElement("div"))
    this.figures = make("dl", "figures")
    this.place.hidden = true
  }

  // Null clears them. Returns whether the page has more to say than it said: a mark has changed since its last message.
  take(words) {
    this.place.hidden = !words
    this.language = words && (words.lang || this.language)
    if (!words) return false
    const fromPage = Boolean(words.labels)
    const news = !fromPage && words.told !== this.told
    this.told = words.told
    this.said.hidden = this.bar.hidden = !words.said
    write(this.said, words.said)
    this.bar.setAttribute("aria-label", words.said)
    this.bar.setAttribute("aria-valuenow", Math.round(100 * words.share))
    this.bar.firstChild.style.width = `${100 * words.share}%`
    if (fromPage) this.label(words.labels)
    words.figures.forEach((value, index) => write(this.figures.children[index].lastChild, value))
    return news
  }

  label(labels) {
    while (this.figures.children.length < labels.length) {
      const entry = document.createElement("div")
      entry.append(document.createElement("dt"), document.createElement("dd"))
      this.figures.append(entry)
    }
    labels.forEach((label, index) => write(this.figures.children[index].firstChild, label))
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
